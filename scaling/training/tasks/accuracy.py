"""How often is a model right where it matters? Shares of right next tokens, at chosen places.

A place of held-out text is chosen by the token that stands there: a pattern picks those tokens of
the vocabulary whose text it matches. A closing bracket, the indentation of a line, a currency sign
and a word of one's trade are such places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling.training.errors import GridError
from scaling.training.grid.grid import collect
from scaling.training.model.engine import find_device
from scaling.training.model.evaluate import measure_hits
from scaling.training.plan.cells import Cell
from scaling.training.plan.parts import TokenSource
from scaling.training.tasks.trained import (
    choose_runs,
    find_cell,
    load_model,
    open_tokenizer_beside,
)
from scaling.training.text.sources import FileLoss, open_loss_sets

NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
Places = dict[str, NDArray[np.bool_]]


def read_patterns(written: list[str]) -> dict[str, re.Pattern[str]]:
    """Read patterns as the command line takes them, each ``NAME=REGEX``.

    Raises
    ------
    GridError
        If one has no name, a name stands twice, or it is no regular expression.
    """
    patterns: dict[str, re.Pattern[str]] = {}
    for part in written:
        name, sign, pattern = part.partition("=")
        if not sign or not NAME.fullmatch(name):
            raise GridError(
                "--at: must read NAME=REGEX, the name in small letters, digits and underscores, "
                f"got {part!r}"
            )
        if name in patterns:
            raise GridError(f"--at: the name {name!r} stands twice")
        try:
            patterns[name] = re.compile(pattern)
        except re.error as error:
            raise GridError(f"--at: {pattern!r} is no regular expression: {error}") from error
    return patterns


def find_places(
    cell: Cell, patterns: Mapping[str, re.Pattern[str]], loss_set: str | None = None
) -> tuple[FileLoss, Places]:
    """Find the places of a run's held-out text whose next token a pattern picks.

    Parameters
    ----------
    cell : Cell
        A run on a token file; all runs of its source have the same places.
    patterns : mapping of str to Pattern
        By name; searched for in the text of each token of the vocabulary.
    loss_set : str, optional
        Which held-out text, where the source has several.

    Returns
    -------
    held_out : FileLoss
        The windows on which the run's loss was measured.
    places : dict of str to ndarray of bool, shape (n_sequences, length)
        By name of the pattern.

    Raises
    ------
    GridError
        If the loss set is not known, or a pattern picks no token of it.
    """
    assert isinstance(cell.source, TokenSource)
    sets = list(cell.source.loss_sets)
    if (loss_set or len(sets) > 1) and loss_set not in sets:
        raise GridError(
            f"--loss-set: must be one of those of {cell.source_name}, {', '.join(sets)}, "
            f"got {loss_set!r}"
        )
    held_out = open_loss_sets(cell)[f"loss_{loss_set or sets[0]}"]
    assert isinstance(held_out, FileLoss)
    tokenizer = open_tokenizer_beside(cell.source.folder)
    texts = [
        tokenizer.decode([token], skip_special_tokens=False) for token in range(cell.source.vocab)
    ]
    places = {}
    for name, pattern in patterns.items():
        picked = np.array([bool(pattern.search(text)) for text in texts])
        places[name] = picked[held_out.targets]
        if not places[name].any():
            raise GridError(
                f"--at {name}: no token of the held-out text matches {pattern.pattern!r}, which "
                "is searched for in one token at a time"
            )
    return held_out, places


def measure_accuracies(
    folder: str | Path,
    patterns: Mapping[str, re.Pattern[str]],
    *,
    loss_set: str | None = None,
    run: str | None = None,
    device: str = "auto",
    show: Callable[[int, int], object] = lambda done, runs: None,
) -> tuple[pd.DataFrame, int, list[str]]:
    """Measure how often the finished runs of a grid are right at the places that patterns pick.

    A model is right where it holds the token that follows for the likeliest of all.

    Parameters
    ----------
    folder : str or Path
        Folder of the grid.
    patterns, loss_set
        As for `find_places`.
    run : str, optional
        Only this run.
    device : str, default "auto"
        As PyTorch names it.
    show : callable
        Is told how many of how many runs are done.

    Returns
    -------
    table : DataFrame of shape (n_runs, n_columns)
        The run table of these runs, with ``acc_<name>``, the share that is right, a fraction, and
        ``items_<name>``, of how many places, for each pattern.
    missing, damaged
        As `scaling.training.grid.grid.collect` gives them.

    Raises
    ------
    GridError
        If no such run is finished, or a pattern, the loss set or a run cannot be used.
    """
    table, missing, damaged = collect(folder)
    chosen = choose_runs(folder, table, run)
    cells = [find_cell(folder, name) for name in chosen]
    of_source = {
        cell.source_name: find_places(cell, patterns, loss_set)
        for cell in {cell.source_name: cell for cell in cells}.values()
    }
    rows = []
    for done, cell in enumerate(cells):
        show(done, len(cells))
        held_out, places = of_source[cell.source_name]
        model = load_model(Path(folder), cell).to(find_device(device))
        hits = measure_hits(model, held_out)
        row: dict[str, float] = {}
        for name, picked in places.items():
            row |= {f"acc_{name}": float(hits[picked].mean()), f"items_{name}": int(picked.sum())}
        rows.append(row)
    show(len(cells), len(cells))
    measured = pd.DataFrame(rows, index=chosen)
    kept = table[table["run"].isin(chosen)].dropna(axis="columns", how="all")
    return kept.join(measured, on="run").reset_index(drop=True), missing, damaged
