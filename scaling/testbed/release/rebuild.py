"""How are the shipped tables made again? The command that both releases share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd


def write_tables(tables: Mapping[str, pd.DataFrame], folder: str | Path) -> list[Path]:
    """Write tables as CSV by their names, with floats that read back to the same bits."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.csv" for name in tables]
    for path, table in zip(paths, tables.values(), strict=True):
        # The line end is fixed so that a rebuild gives the same bytes on every system.
        path.write_bytes(table.to_csv(index=False, lineterminator="\n").encode("utf-8"))
    return paths


def run_rebuild(
    room: str, write: Callable[[Path, Path], object], arguments: Sequence[str] | None = None
) -> int:
    """Run ``python -m room SOURCE DESTINATION``; 0 when done, 2 when the source cannot be read.

    Parameters
    ----------
    room : str
        The module that is run.
    write : callable
        Reads the folder of a release, then writes tables into another.
    arguments : sequence of str, optional
        Source and destination; by default those of the command line.

    Returns
    -------
    int
        Exit code.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {room}", description="Rebuild tidy tables.")
    parser.add_argument("source", help="folder of the public release")
    parser.add_argument("destination", help="folder for the tables")
    chosen = parser.parse_args(arguments)
    try:
        write(Path(chosen.source), Path(chosen.destination))
    except (ValueError, OSError) as problem:
        print(f"{room}: {problem}", file=sys.stderr)
        return 2
    return 0
