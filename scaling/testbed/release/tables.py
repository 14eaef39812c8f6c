"""How does the public release read into tidy tables? From raw JSON to five data frames.

Rebuild the shipped tables from a copy of the release with
``python -m scaling.testbed.release.tables SOURCE DESTINATION``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from scaling.costs.compute import count_parameters, training_flops
from scaling.costs.steps import steps
from scaling.testbed.labels import DATASETS, LOSS_SETS, SIZES
from scaling.testbed.release.checks import fault, field, known, number, read_json, read_shape
from scaling.testbed.release.rebuild import run_rebuild, write_tables
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


def _arguments(record: dict[str, Any], path: Path) -> dict[str, str]:
    """Read the argument list: every word of it, with the word behind."""
    words = record.get("open_lm_args", [])
    if not isinstance(words, list):
        raise fault(path, "open_lm_args must be a list of names and values", words)
    return dict(pairwise(map(str, words)))


def _argument_flags(said: dict[str, str], given: dict[str, Any], path: Path) -> list[str]:
    """Flag a run whose argument list disagrees with its hyperparameters."""
    try:
        differing = [
            reason
            for reason, name, key in ARGUMENTS
            if name in said and not _says(said[name], given[key])
        ]
        if {"--train-num-samples", "--epochs"} <= said.keys():
            tokens = int(said["--train-num-samples"]) * int(said["--epochs"])
            if tokens != given["tokens"]:
                differing.append(f"tokens (M = {tokens / given['params']:.3g})")
    except ValueError as problem:
        rule = "open_lm_args must be a list of names and values"
        raise fault(path, rule, str(problem)) from problem
    if not differing:
        return []
    return [f"open_lm_args disagrees in {', '.join(differing)}: hyperparameters used"]


def _says(word: str, kept: str | float) -> bool:
    return word == kept if isinstance(kept, str) else float(word) == kept


def _training_files(said: dict[str, str], path: Path) -> tuple[str, str]:
    """Name store and folder of the training files, the only thing taken from the argument list."""
    if "--dataset-manifest" not in said:
        return "", ""
    named = MANIFEST.fullmatch(said["--dataset-manifest"])
    if named is None:
        rule = "--dataset-manifest must be s3://STORE/.../FOLDER/FILE"
        raise fault(path, rule, said["--dataset-manifest"])
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
    said = _arguments(record, path)
    flags += _argument_flags(said, record["hyperparameters"], path)
    store, folder = _training_files(said, path)
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


def _read_runs(folder: Path) -> dict[str, pd.DataFrame]:
    """Read runs, losses and errors, ordered by data set, N and M."""
    rows: list[dict[str, Any]] = []
    losses, errors = {}, {}
    for model, evaluation in _pair_files(folder).items():
        record = read_json(model)
        rows.append(_run_row(record, model))
        run = rows[-1]["run"]
        if run in losses:
            raise fault(model, "each run must be there once", run)
        losses[run] = _loss_rows(record, run, model)
        errors[run] = _error_rows(evaluation, run)
    runs = pd.DataFrame(rows).sort_values(["dataset", "N", "M"], ignore_index=True)
    tables = {
        "runs": runs,
        "losses": pd.DataFrame([row for run in runs["run"] for row in losses[run]]),
        "errors": pd.DataFrame([row for run in runs["run"] for row in errors[run]]),
    }
    _check_tasks(tables["errors"], folder)
    return tables


def read_release(folder: str | Path) -> dict[str, pd.DataFrame]:
    """Read a copy of the public release.

    Parameters
    ----------
    folder : str or pathlib.Path
        Folder that holds ``models/``, ``evals/``, ``eval_metadata.csv`` and ``grid.json``.

    Returns
    -------
    dict of str to pandas.DataFrame
        By file name: ``runs``, one row each; ``losses``, by run and loss set, in nats per token;
        ``errors``, by run and task, as fractions; ``tasks``; and ``search``, one row per run of the
        configuration search. Nothing is dropped; a suspect run or task says why in its `flags`.

    Raises
    ------
    ValueError
        If a file is missing or a value breaks a rule; the message names file and value.

    References
    ----------
    Gadre et al., arXiv 2403.08540, Table 3 and appendix C.
    """
    folder = Path(folder)
    tables = _read_runs(folder)
    tables["tasks"] = read_tasks(folder / "eval_metadata.csv", tables["errors"], tables["runs"])
    return tables | {"search": read_search(folder / "grid.json")}


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild the tidy tables from a folder of the release: an exit code."""
    return run_rebuild(
        "scaling.testbed.release.tables",
        lambda source, destination: write_tables(read_release(source), destination),
        arguments,
    )


if __name__ == "__main__":
    sys.exit(main())
