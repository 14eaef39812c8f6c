"""The commands of ``scaling grid`` about text: prepare it, ask tasks, count right tokens."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from scaling.commands.console import print_json, says_what_is_wrong, warn
from scaling.commands.grid import Device, GridFolder, RunsFile, app, progress_bar, write_runs
from scaling.commands.options import AsJson, read_number

__all__ = ["app"]

OnlyRun = Annotated[str | None, typer.Option("--run", metavar="NAME", help="Only this run.")]


@app.command()
@says_what_is_wrong
def prepare(
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FOLDER", help="Gets a folder train and a folder held_out."),
    ],
    tokenizer: Annotated[
        str,
        typer.Option(
            "--tokenizer",
            metavar="FILE",
            help="A tokenizer.json, or a name on the hub: EleutherAI/gpt-neox-20b.",
        ),
    ],
    text: Annotated[
        list[str] | None,
        typer.Option(
            "--text",
            metavar="FILE",
            help="Files, as often as you like: a path, a quoted pattern or an address. .txt is one "
            "document; .jsonl, .json, .parquet and .csv are one a row; .gz may follow, in small "
            "letters or capitals.",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            metavar="NAME",
            help="A folder of such files, a name on the hub, or c4 or refinedweb.",
        ),
    ] = None,
    config: Annotated[str | None, typer.Option("--config", help="Of the data set.")] = None,
    split: Annotated[str, typer.Option("--split", help="Of the data set.")] = "train",
    revision: Annotated[
        str | None,
        typer.Option("--revision", help="Of the data set on the hub; by default its newest."),
    ] = None,
    field: Annotated[
        str | None,
        typer.Option("--field", help="Holds the text of a row. By default text."),
    ] = None,
    end_of_text: Annotated[
        str,
        typer.Option(
            "--end-of-text", metavar="TOKEN", help="Entry of the tokenizer that ends a document."
        ),
    ] = "<|endoftext|>",
    vocab: Annotated[
        int | None,
        typer.Option(
            "--vocab",
            metavar="V",
            max=2**31,
            help="Vocabulary size of the models, at least the tokenizer's, which is the default.",
        ),
    ] = None,
    tokens: Annotated[
        float | None,
        typer.Option(
            "--tokens",
            parser=read_number,
            metavar="D",
            help="Stop after so many training tokens, as 20B, at the end of a document.",
        ),
    ] = None,
    held_out_share: Annotated[
        float,
        typer.Option(
            "--held-out-share",
            metavar="SHARE",
            help="Share of the documents to hold out; of the tokens, where there is one document.",
        ),
    ] = 0.01,
    force: Annotated[
        bool, typer.Option("--force", help="Make token files that stand there anew.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Turn text into token files to train on and to measure the loss on.

    A specification names both: {kind: tokens, folder: FOLDER/train, loss_sets: {c4:
    FOLDER/held_out}}. A document is held out by a hash of its text, so its copies stay together;
    of a single document the end is held out. Byte order marks are left out.
    Documents come in the order of their source: where it is sorted, --tokens takes one kind only.

    The beginning of C4, cut as for the 104 runs, 20 billion tokens:

    scaling grid prepare --dataset c4 --tokenizer EleutherAI/gpt-neox-20b --vocab 50432
    --tokens 20B --out c4

    RedPajama is files, named on the page of togethercomputer/RedPajama-Data-1T: download what you
    need of them, then --text 'redpajama/**/*.jsonl'.
    """
    from scaling.training.text.documents import choose_source
    from scaling.training.text.prepare import Cut, describe
    from scaling.training.text.prepare import prepare as make

    source = choose_source(
        text or [], dataset, config=config, split=split, revision=revision, field=field
    )
    wanted = None if tokens is None else math.ceil(tokens)
    cut = Cut(tokenizer, end_of_text, vocab, wanted, held_out_share)
    with progress_bar(as_json, total=wanted, unit=" tokens", unit_scale=True) as bar:
        made = make(out, source, cut, force=force, show=bar.update)
    written = {"train": made.train, "held_out": made.held_out}
    if as_json:
        manifests = {part: manifest and describe(manifest) for part, manifest in written.items()}
        print_json({"folder": str(out), "skipped": made.skipped} | manifests)
    else:
        for part, manifest in written.items():
            if manifest is not None:
                counts = f"{manifest.documents:,} documents, {manifest.tokens:,} tokens"
                typer.echo(f"{out / part}: {counts}")
        typer.echo(f"vocabulary: {made.train.vocab:,}; documents without text: {made.skipped:,}")
    if made.one_document and made.held_out is not None:
        warn(
            [
                f"{source.name} is one document: its last {made.held_out.tokens - 1:,} tokens are "
                "held out"
            ]
        )
    if wanted is not None and made.train.tokens < wanted:
        warn([f"the text ended after {made.train.tokens:,} of {wanted:,} training tokens"])


@app.command()
@says_what_is_wrong
def tasks(
    folder: GridFolder,
    names: Annotated[
        list[str],
        typer.Option(
            "--tasks",
            metavar="NAME",
            help="Task, group or tag of lm-evaluation-harness; as often as you like, or with "
            "commas between.",
        ),
    ],
    out: RunsFile,
    include: Annotated[
        Path | None,
        typer.Option("--include", metavar="PATH", help="Folder with task files of your own."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            metavar="NAME",
            help="Share of right answers; the error is 1 minus it. By default acc; others are "
            "acc_norm and exact_match. Of several, the first that a task has.",
        ),
    ] = None,
    shots: Annotated[
        int | None,
        typer.Option(
            "--shots", min=0, metavar="K", help="Solved examples before each question, if it may."
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, metavar="K", help="Only K questions of each: for a try."),
    ] = None,
    run: OnlyRun = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Ask tasks of every finished run on a token file, and add their errors to the run table.

    Each task is a column err_<task>, a fraction, as scaling tasks takes it. The questions come
    from the hub, unless a task file of your own names local data.

    scaling grid tasks GRID --tasks arc_easy,hellaswag --out runs.csv
    """
    from scaling.training.tasks.answers import METRICS, answer

    _check_place(out)
    asked = [name for part in names for name in part.split(",") if name]
    with _bar_of_runs(as_json) as show:
        table, missing, damaged = answer(
            folder,
            asked,
            include=include,
            shots=shots,
            metrics=metric or METRICS,
            limit=limit,
            run=run,
            device=device,
            show=show,
        )
    errors = [str(name) for name in table if str(name).startswith("err_")]
    write_runs(out, table, missing, damaged, as_json, errors=errors)


@app.command()
@says_what_is_wrong
def accuracy(
    folder: GridFolder,
    at: Annotated[
        list[str],
        typer.Option(
            "--at",
            metavar="NAME=REGEX",
            help="Where the next token matches a regular expression, which may be empty: at every "
            "token; as often as you like.",
        ),
    ],
    out: RunsFile,
    loss_set: Annotated[
        str | None,
        typer.Option(
            "--loss-set", metavar="NAME", help="On which held-out text, where there are several."
        ),
    ] = None,
    run: OnlyRun = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    r"""Count how often each run on a token file has the right next token, where it matters.

    Right is the token that the model holds for the likeliest of all, on the held-out text that its
    loss was measured on. Each pattern adds the columns acc_<name>, a fraction, and items_<name>, of
    how many places, to the run table. Nothing is trained again.

    Closing brackets, and the indentation of the next line:

    scaling grid accuracy GRID --at 'bracket=^[^(]*[)]' --at 'indent=^\n'
    --out runs.csv
    """
    from scaling.training.tasks.accuracy import measure_accuracies, read_patterns

    _check_place(out)
    patterns = read_patterns(at)
    with _bar_of_runs(as_json) as show:
        table, missing, damaged = measure_accuracies(
            folder, patterns, loss_set=loss_set, run=run, device=device, show=show
        )
    accuracies = [f"acc_{name}" for name in patterns]
    write_runs(out, table, missing, damaged, as_json, accuracies=accuracies)


def _check_place(out: Path) -> None:
    """Check that a table can be written there, before hours of work and not after."""
    from scaling.training.errors import GridError

    if not out.parent.is_dir():
        raise GridError(f"--out: there is no folder {out.parent}")


@contextmanager
def _bar_of_runs(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Show a bar of runs; give what is told how many of how many are done."""
    with progress_bar(quiet, unit=" runs") as bar:

        def show(done: int, runs: int) -> None:
            bar.total = runs
            bar.update(done - bar.n)

        yield show
