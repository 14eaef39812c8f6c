"""How does the public release read into tidy tables? From raw JSON to five data frames.

Rebuild the shipped tables from a copy of the release with
``python -m scaling.testbed.release.tables SOURCE DESTINATION``.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from scaling.compute import count_parameters, steps, training_flops
from scaling.testbed.labels import DATASETS, LOSS_SETS, SIZES
from scaling.testbed.release.checks import fault, field, known, number, read_json, read_shape
from scaling.testbed.release.search import read_search
from scaling.testbed.release.tasks import read_tasks

LOSS_COLUMNS = {
    "loss": "loss",
    "loss_lo": "loss_sequences_lower_95",
    "loss_hi": "loss_sequences_upper_95",
    "loss_token_lo": "loss_tokens_lower_95",
    "loss_token_hi": "loss_tokens_upper_95",
    "n_sequences": "sequences",
    "n_tokens": "tokens",
}
HYPERPARAMETERS = ("params", "tokens", "global_bs", "warmup", "lr", "wd", "chinchilla_multiplier")
# The release holds 1 for the three largest runs; the paper's Table 3 prints the batch.
PLACEHOLDER_BATCH = 1
PRINTED_BATCH = {"6.9B": 2_048}
# What the release says twice: reason, name in `open_lm_args`, name in `hyperparameters`.
ARGUMENTS = (
    ("model path", "--model", "model"),
    ("learning rate", "--lr", "lr"),
    ("weight decay", "--wd", "wd"),
    ("warm-up", "--warmup", "warmup"),
    ("batch", "--global-batch-size", "global_bs"),
)
# The list of training files that a run was given, `s3://STORE/.../FOLDER/FILE`.
MANIFEST = re.compile(r"s3://([^/]+)/(?:.+/)?([^/]+)/[^/]+")
# The release counts multiples of 20 tokens per parameter.
MULTIPLIER_UNIT = 20


@dataclass(frozen=True)
class ReleaseTables:
    """The release as five tidy tables.

    Parameters
    ----------
    runs : pandas.DataFrame
        One row per run.
    losses : pandas.DataFrame
        One row per run and loss set; nats per token.
    errors : pandas.DataFrame
        One row per run and task; top-1 error as a fraction.
    tasks : pandas.DataFrame
        One row per task.
    search : pandas.DataFrame
        One row per run of the configuration search.
    """

    runs: pd.DataFrame
    losses: pd.DataFrame
    errors: pd.DataFrame
    tasks: pd.DataFrame
    search: pd.DataFrame


def _argument(arguments: list[str], name: str) -> str | None:
    """Take the word after `name`, or None where the list lacks it."""
    position = arguments.index(name) + 1 if name in arguments else len(arguments)
    return arguments[position] if position < len(arguments) else None


def _differing(arguments: list[str], given: dict[str, Any]) -> list[str]:
    """Name what the argument list says otherwise than the hyperparameters."""
    found = []
    for reason, argument, key in ARGUMENTS:
        said, kept = _argument(arguments, argument), given[key]
        same = said == kept if isinstance(kept, str) else said is None or float(said) == kept
        if said is not None and not same:
            found.append(reason)
    samples, epochs = (_argument(arguments, name) for name in ("--train-num-samples", "--epochs"))
    if samples is not None and epochs is not None:
        tokens = int(samples) * int(epochs)
        if tokens != given["tokens"]:
            found.append(f"tokens (M = {tokens / given['params']:.3g})")
    return found


def _argument_flags(record: dict[str, Any], path: Path) -> list[str]:
    """Flag a run whose argument list disagrees with its hyperparameters."""
    arguments = record.get("open_lm_args", [])
    try:
        differing = _differing(arguments, record["hyperparameters"])
    except (TypeError, ValueError, AttributeError) as problem:
        rule = "open_lm_args must be a list of names and values"
        raise fault(path, rule, str(problem)) from problem
    if not differing:
        return []
    return [f"open_lm_args disagrees in {', '.join(differing)}: hyperparameters used"]


def _training_files(record: dict[str, Any], path: Path) -> tuple[str, str]:
    """Name store and folder of the training files, the only thing taken from the argument list."""
    manifest = _argument(record.get("open_lm_args", []), "--dataset-manifest")
    if manifest is None:
        return "", ""
    named = MANIFEST.fullmatch(manifest)
    if named is None:
        raise fault(path, "--dataset-manifest must be s3://STORE/.../FOLDER/FILE", manifest)
    return named[1], named[2]


def _hyperparameters(record: dict[str, Any], path: Path) -> dict[str, Any]:
    """Read size, shape and budget, and check that they agree with one another."""
    given = field(record, "hyperparameters", path, dict)
    kept = {
        name: number(field(given, name, path), name, path, above=True) for name in HYPERPARAMETERS
    }
    kept["size"] = known(SIZES, kept["params"], "params", path)
    kept["shape"] = width, layers, _ = read_shape(field(given, "model", path), path)
    kept["count"] = count_parameters(width, layers)
    kept["M"] = round(MULTIPLIER_UNIT * kept["chinchilla_multiplier"])
    if kept["count"].total != kept["params"]:
        rule = f"params must be the shape's count, {kept['count'].total}"
        raise fault(path, rule, kept["params"])
    if kept["tokens"] != kept["M"] * kept["params"]:
        rule = f"tokens must be 20 chinchilla_multiplier params, {kept['M'] * kept['params']}"
        raise fault(path, rule, kept["tokens"])
    return kept


def _batch(kept: dict[str, Any], path: Path) -> tuple[int, list[str]]:
    """Read the batch, in sequences; a placeholder gives way to the printed one, with a flag."""
    if kept["global_bs"] != PLACEHOLDER_BATCH:
        return kept["global_bs"], []
    printed = known(PRINTED_BATCH, kept["size"], "size of a run whose global_bs is 1", path)
    return printed, [f"release states batch 1: {printed:,} taken from the paper's Table 3"]


def _run_row(record: dict[str, Any], path: Path) -> dict[str, Any]:
    """Turn one model file into one row of the run table, with its flags."""
    dataset = known(DATASETS, field(record, "dataset_name", path), "dataset_name", path)
    kept = _hyperparameters(record, path)
    width, layers, heads = kept["shape"]
    batch, flags = _batch(kept, path)
    flags += _argument_flags(record, path)
    store, folder = _training_files(record, path)
    n_steps, warmup = steps(kept["tokens"], batch), kept["warmup"]
    if n_steps < warmup:
        flags.append(f"ends before its warm-up does: {n_steps:,} of {warmup:,} steps")
    return {
        "run": f"{dataset}-{kept['size']}-M{kept['M']}",
        "dataset": dataset,
        "size": kept["size"],
        "N": kept["params"],
        "N_body": kept["count"].body,
        "D": kept["tokens"],
        "M": kept["M"],
        "C": training_flops(kept["params"], kept["tokens"]),
        "layers": layers,
        "heads": heads,
        "width": width,
        "batch_sequences": batch,
        "steps": n_steps,
        "warmup_steps": warmup,
        "lr": kept["lr"],
        "weight_decay": kept["wd"],
        "store": store,
        "folder": folder,
        "flags": "; ".join(flags),
    }


def _loss_rows(record: dict[str, Any], run: str, path: Path) -> list[dict[str, Any]]:
    """Turn the evaluations of one model file into rows, in the order of the loss sets."""
    found: dict[str, dict[str, Any]] = {}
    for result in field(record, "results", path, list):
        files = field(result, "val_data", path, list)
        folder = PurePosixPath(str(files[0])).parent.name if files else ""
        loss_set = known(LOSS_SETS, folder, "folder of val_data", path)
        if loss_set in found:
            raise fault(path, "each loss set must be there once", loss_set)
        found[loss_set] = {"run": run, "loss_set": loss_set} | {
            column: number(field(result, key, path), f"{key} on {loss_set}", path, above=True)
            for column, key in LOSS_COLUMNS.items()
        }
    if missing := [name for name in LOSS_SETS.values() if name not in found]:
        raise fault(path, "every loss set must be there, missing", ", ".join(missing))
    return [found[name] for name in LOSS_SETS.values()]


def _error_rows(path: Path, run: str) -> list[dict[str, Any]]:
    """Turn one evaluation file into rows, tasks sorted by name; error = 1 - accuracy."""
    accuracies = field(field(read_json(path), "eval_metrics", path), "icl", path, dict)
    return [
        {"run": run, "task": task, "error": 1 - number(accuracies[task], task, path, 0, 1)}
        for task in sorted(accuracies)
    ]


def _pair_files(folder: Path) -> dict[Path, Path]:
    """Pair every model file with its evaluation file; a file without the other is a fault."""
    models = sorted((folder / "models").glob("*.json"))
    if not models:
        raise fault(folder / "models", "the release must hold model files", "none")
    pairs = {path: folder / "evals" / f"evaluation_{path.stem}_heavy.json" for path in models}
    for path in sorted((folder / "evals").glob("*.json")):
        if path not in pairs.values():
            raise fault(path, "an evaluation must belong to a model file", "no such model")
    return pairs


def _check_tasks(errors: pd.DataFrame, folder: Path) -> None:
    """Refuse a release whose runs were evaluated on different tasks."""
    counts = errors.groupby("task")["run"].agg(["size", "first"])
    few = counts[counts["size"] < errors["run"].nunique()]
    if len(few):
        task, seen = few.index[0], few["size"].iloc[0]
        raise fault(folder / "evals", f"every run must have task {task}, runs that do", int(seen))


def _read_runs(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Read runs, losses and errors, ordered by data set, N and M."""
    read = {}
    for model, evaluation in _pair_files(folder).items():
        record = read_json(model)
        row = _run_row(record, model)
        if row["run"] in read:
            raise fault(model, "each run must be there once", row["run"])
        losses = _loss_rows(record, row["run"], model)
        read[row["run"]] = row, losses, _error_rows(evaluation, row["run"])
    order = list(DATASETS.values())
    ordered = sorted(
        read.values(), key=lambda one: (order.index(one[0]["dataset"]), one[0]["N"], one[0]["M"])
    )
    runs = pd.DataFrame([row for row, _, _ in ordered])
    losses_table = pd.DataFrame([line for _, lines, _ in ordered for line in lines])
    errors = pd.DataFrame([line for _, _, lines in ordered for line in lines])
    _check_tasks(errors, folder)
    return runs, losses_table, errors


def read_release(folder: str | Path) -> ReleaseTables:
    """Read a copy of the public release.

    Parameters
    ----------
    folder : str or pathlib.Path
        Folder that holds ``models/``, ``evals/``, ``eval_metadata.csv`` and ``grid.json``.

    Returns
    -------
    ReleaseTables
        Nothing is dropped; a suspect run or task says why in its column ``flags``.

    Raises
    ------
    ValueError
        If a file is missing or a value breaks a rule; the message names file and value.

    References
    ----------
    Gadre et al., arXiv 2403.08540, Table 3 and appendix C.
    """
    folder = Path(folder)
    runs, losses, errors = _read_runs(folder)
    tasks = read_tasks(folder / "eval_metadata.csv", errors, runs)
    return ReleaseTables(runs, losses, errors, tasks, read_search(folder / "grid.json"))


def write_tables(tables: ReleaseTables, folder: str | Path) -> list[Path]:
    """Write the five tables as CSV, with floats that read back to the same bits.

    Parameters
    ----------
    tables : ReleaseTables
        What `read_release` returned.
    folder : str or pathlib.Path
        Destination; made if need be.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for table in fields(tables):
        path = folder / f"{table.name}.csv"
        # The line end is fixed so that a rebuild gives the same bytes on every system.
        text = getattr(tables, table.name).to_csv(index=False, lineterminator="\n")
        path.write_bytes(text.encode("utf-8"))
        paths.append(path)
    return paths


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild the tidy tables; 0 when done, 2 when the release cannot be read.

    Parameters
    ----------
    arguments : sequence of str, optional
        Source and destination; by default those of the command line.

    Returns
    -------
    int
        Exit code.
    """
    parser = argparse.ArgumentParser(
        prog="python -m scaling.testbed.release.tables", description=main.__doc__
    )
    parser.add_argument("source", help="folder of the public release")
    parser.add_argument("destination", help="folder for the five tables")
    chosen = parser.parse_args(arguments)
    try:
        write_tables(read_release(chosen.source), chosen.destination)
    except (ValueError, OSError) as problem:
        print(f"scaling.testbed.release.tables: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
