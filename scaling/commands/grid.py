"""The commands of ``scaling grid`` that train: price, run, status, collect, truth."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from scaling.commands.console import print_json, says_what_is_wrong, warn
from scaling.commands.options import AsJson, one_of

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Train a grid from a specification, and gather it into a run table.",
)


EXECUTORS = ("local", "slurm", "debug")
LINE_SECONDS = 60.0  # between lines that tell how far a command is, where no terminal shows a bar
LINE = "{n_fmt} of {total_fmt}{unit} after {elapsed}, {remaining} left"

SpecFile = Annotated[
    Path, typer.Argument(metavar="SPEC", help="Specification of the grid: a YAML file.")
]
GridFolder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Folder of the grid, as given to run.")
]
RunsFile = Annotated[
    Path, typer.Option("--out", "-o", metavar="RUNS", help="The run table to write: CSV.")
]
Device = Annotated[
    str, typer.Option("--device", help="auto, cpu, cuda, cuda:1, as PyTorch names it.")
]


@app.command()
@says_what_is_wrong
def price(spec: SpecFile, as_json: AsJson = False) -> None:
    """Say what a grid costs before it is trained: FLOPs, hours and money.

    Hours and money need the part `hardware` of the specification.
    """
    from scaling.training.plan.cells import list_cells, list_warnings
    from scaling.training.plan.price import price_cells, price_in_words
    from scaling.training.plan.spec import read_spec

    plan = read_spec(spec)
    cells = list_cells(plan)
    bill = price_cells(cells, plan.hardware)
    if as_json:
        print_json(bill)
    else:
        typer.echo(price_in_words(bill, plan.hardware))
    warn(list_warnings(cells))


@app.command()
@says_what_is_wrong
def run(
    spec: SpecFile,
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Where the grid is trained.")
    ],
    executor: Annotated[
        str,
        typer.Option(
            "--executor",
            parser=one_of(EXECUTORS),
            metavar="|".join(EXECUTORS),
            help="local: processes of this machine. slurm: a job array. debug: this process.",
        ),
    ] = EXECUTORS[0],
    workers: Annotated[
        int, typer.Option("--workers", min=1, help="Workers at a time, each with one run.")
    ] = 1,
    threads: Annotated[
        int,
        typer.Option("--threads", min=1, help="Threads of a worker; their number changes sums."),
    ] = 1,
    device: Device = "auto",
    minutes: Annotated[
        int,
        typer.Option("--minutes", min=1, help="Time limit of a job of Slurm; it is requeued then."),
    ] = 24 * 60,
    gpus: Annotated[
        int,
        typer.Option(
            "--gpus",
            min=0,
            help="GPUs of a job, per node. On this machine: of all workers, which share them.",
        ),
    ] = 0,
    partition: Annotated[str | None, typer.Option("--partition", help="Of Slurm.")] = None,
    account: Annotated[str | None, typer.Option("--account", help="Of Slurm.")] = None,
    constraint: Annotated[str | None, typer.Option("--constraint", help="Of Slurm.")] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Stay until the grid is trained, or leave.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Train a grid, or go on with one: finished runs are passed over, stopped ones resumed.

    Prints the bill first. Exit code 0 when every run is finished, 1 when some are not, with why.
    On a terminal a bar shows how far it is, elsewhere a line a minute on standard error;
    `scaling grid status` does so from anywhere. Ctrl-C, a hang-up or a request to terminate ends
    the workers, then the command; workers started with --no-wait, or whose command is killed by
    force, go on.
    """
    from scaling.training.grid.grid import begin_grid
    from scaling.training.grid.launch import (
        Launch,
        make_executor,
        start_workers,
        stops_interrupt,
        worker_failures,
    )
    from scaling.training.grid.progress import count_states
    from scaling.training.plan.cells import list_warnings
    from scaling.training.plan.price import price_cells, price_in_words

    cells = begin_grid(spec, out)
    hardware = cells[0].spec.hardware
    bill = price_cells(cells, hardware)
    asked = Launch(
        executor=executor,
        workers=workers,
        threads=threads,
        device=device,
        minutes=minutes,
        gpus=gpus,
        partition=partition,
        account=account,
        constraint=constraint,
    )
    submitter = make_executor(out, asked, cells[0].spec.sharding.nodes)
    if not as_json:
        typer.echo(price_in_words(bill, hardware))
    warn(list_warnings(cells))
    try:
        with stops_interrupt():
            jobs = start_workers(submitter, out, len(cells), asked)
            states = _watch(out, cells, jobs, quiet=as_json) if wait else None
    except KeyboardInterrupt as stop:
        typer.echo(f"stopped: run the same command again to go on; {out} keeps it all", err=True)
        raise typer.Exit(128 + stop.args[0]) from None
    if states is None:
        names = [job.job_id for job in jobs]
        print_json({"jobs": names}) if as_json else typer.echo(f"jobs: {', '.join(names)}")
        return
    troubles = [f"{s.cell.name}: {s.state}: {s.says}".strip(": ") for s in states if s.says]
    troubles += worker_failures(jobs)
    counts = count_states(states)
    if as_json:
        print_json({"folder": str(out), "states": counts, "troubles": troubles, "price": bill})
    else:
        typer.echo(f"{out}: " + ", ".join(f"{n} {state}" for state, n in counts.items()))
    warn(troubles)
    if counts != {"finished": len(cells)}:
        raise typer.Exit(1)


class _Lines:
    """What a bar writes to where there is no terminal: every state of it is a line."""

    def write(self, text: str) -> None:
        if line := text.strip():
            typer.echo(line, err=True)

    def flush(self) -> None:
        pass


def progress_bar(quiet: bool, *, line: str = LINE, **how: Any) -> Any:
    """Make a bar of tqdm; where there is no terminal, it is a line a minute, of another format."""
    from tqdm import tqdm

    if not sys.stderr.isatty():
        how |= {"bar_format": line, "file": _Lines()}
        how |= {"mininterval": LINE_SECONDS, "delay": LINE_SECONDS}
    return tqdm(disable=quiet, miniters=0, smoothing=0, **how)


def _watch(folder: Path, cells: list[Any], jobs: list[Any], quiet: bool) -> list[Any]:
    """Watch workers with a bar in units of work, which moves evenly over small and large runs."""
    from scaling.training.grid.launch import watch_workers
    from scaling.training.grid.progress import find_states

    total = sum(cell.C_exact for cell in cells)

    def percent(states: list[Any]) -> float:
        return 100 * sum(state.share * state.cell.C_exact for state in states) / total

    with progress_bar(
        quiet,
        line="{desc}{postfix}: {n:.0f} % of the work after {elapsed}, {remaining} left",
        total=100,
        initial=percent(find_states(folder, cells)),  # took no time of this command
        bar_format="{desc} |{bar}| {n:.0f} % [{elapsed}<{remaining}]",
    ) as bar:

        def show(states: list[Any]) -> None:
            finished = sum(state.state == "finished" for state in states)
            bar.set_description_str(f"{finished} of {len(states)} runs", refresh=False)
            bar.set_postfix_str(_under_way(states), refresh=False)
            bar.update(percent(states) - bar.n)

        return watch_workers(folder, cells, jobs, show)


def _under_way(states: list[Any]) -> str:
    """Name the run that is trained now, the first of several."""
    running = [state for state in states if state.state == "running"]
    if not running:
        return "none under way"
    first = running[0]
    others = f" and {len(running) - 1} more" if running[1:] else ""
    return f"{first.cell.name} at step {first.step} of {first.cell.steps}{others}"


@app.command()
@says_what_is_wrong
def status(folder: GridFolder, as_json: AsJson = False) -> None:
    """Say how far a grid is: every run that is not finished or waiting, and how many there are."""
    from scaling.training.grid.grid import open_grid
    from scaling.training.grid.progress import count_states, find_states

    _, cells = open_grid(folder)
    states = find_states(folder, cells)
    counts = count_states(states)
    if as_json:
        runs = [
            {"run": s.cell.name, "state": s.state, "step": s.step, "steps": s.cell.steps,
             "says": s.says or None}
            for s in states
        ]  # fmt: skip
        print_json({"folder": str(folder), "states": counts, "runs": runs})
        return
    for own in states:
        if own.state not in ("finished", "waiting"):
            says = f": {own.says}" if own.says else ""
            typer.echo(f"{own.cell.name}: {own.state} at step {own.step} of {own.cell.steps}{says}")
            if own.state == "damaged":
                typer.echo("  run the grid again: it is made anew from its last checkpoint")
    typer.echo(f"{folder}: " + ", ".join(f"{n} {state}" for state, n in counts.items()))


@app.command()
@says_what_is_wrong
def collect(folder: GridFolder, out: RunsFile, as_json: AsJson = False) -> None:
    """Gather the finished runs of a grid into a run table that every other command takes."""
    from scaling.training.grid.grid import collect as gather

    write_runs(out, *gather(folder), as_json)


def write_runs(
    out: Path,
    table: Any,
    missing: int,
    damaged: list[str],
    as_json: bool,
    **measured: list[str],
) -> None:
    """Write a run table, and say what it holds, and which runs are missing.

    `measured` are the columns that a command has added, under what it calls them.
    """
    from scaling.training.plan.records import write_text

    write_text(out, table.to_csv(index=False, lineterminator="\n"))
    if as_json:
        print_json(
            {"file": str(out), "runs": len(table), "missing": missing, "damaged": damaged}
            | measured
        )
    else:
        columns = itertools.chain(*measured.values())
        typer.echo(f"{out}: " + ", ".join([f"{len(table)} runs", *columns]))
    warn(damaged)
    if missing:
        warn([f"{missing} runs are not finished and not in the table"])


@app.command()
@says_what_is_wrong
def truth(
    spec: SpecFile,
    runs: Annotated[Path, typer.Argument(metavar="RUNS", help="Run table that collect wrote.")],
    as_json: AsJson = False,
) -> None:
    """Hold fits of a grid on walks against what is known: irreducible loss and best errors.

    The tied law is fitted to the first seed's runs of at least 10 tokens per parameter; the
    interval of E is from runs resampled, 95 %.
    """
    from scaling.tables.runs import read_runs
    from scaling.training.grid.truth import (
        hold_against_truth,
        hold_errors_against_truth,
        summary_line,
    )
    from scaling.training.plan.spec import read_spec

    plan = read_spec(spec)
    table = read_runs(runs)
    losses = hold_against_truth(table, plan)
    errors = hold_errors_against_truth(table, plan)
    if as_json:
        print_json({"losses": losses.to_dict("records"), "errors": errors.to_dict("records")})
        return
    typer.echo(losses.to_string(index=False, float_format="{:.5g}".format))
    if len(errors):
        typer.echo(errors.to_string(index=False, float_format="{:.4g}".format))
    typer.echo(summary_line(table, losses))
