"""How do other groups' grids read into run tables? From four raw extracts to four tidy tables.

Rebuild the shipped tables with ``python -m scaling.testbed.release.grids SOURCE DESTINATION``.
Nothing is dropped; a suspect run says why in `flags`. Reasons that `scaling.tables.runs` finds
itself (D below N, same N and D as another run) are left to it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from scaling.testbed.release.checks import fault, known
from scaling.testbed.release.extract import SHARED, join_reasons, read_extract, require, tidy, where

VOCABULARY_OLMO = 100_352  # rows of one vocabulary matrix, padded
VOCABULARY_GEMSTONES = 2 * 50_304  # rows of both
ROUNDING = 1e-9  # relative: what a product of printed floats may lose
TARGETS = {
    "7B-4T-anneal": "target: an annealed checkpoint, with another late data mix",
    "13B-5T": "target: the end of stage 1",
}
RERUN = "-rerun"
LARGEST_BUMP = 1e-3  # of a loss over the line through its neighbours; all others stay below 5e-4
SMALL_N = 1e7
BEATEN_BY = 0.02  # five times the scatter between seeds of the 4.2B model (0.4 %)
NAMED_BY = 0.05  # a name may round N by 3 %


# --- one function per grid ----------------------------------------------------------------


def _read_olmo_ladder(path: Path) -> pd.DataFrame:
    """Read the OLMo ladder (Bhagia et al., arXiv 2412.04403): five sizes, reruns, two targets."""
    raw = read_extract(path, ["pile_loss", "batch_tokens", "peak_lr", "target", "N_noemb"])
    head = raw["N"] - raw["N_noemb"]  # N leaves the input embedding out
    rule = f"must leave a head of {VOCABULARY_OLMO:,} rows"
    require((head > 0) & (head % VOCABULARY_OLMO == 0), rule, "N_noemb", raw, path)
    is_target = raw["target"] == 1
    require(is_target | (raw["target"] == 0), "must be 0 or 1", "target", raw, path)
    targets = [known(TARGETS, run, "a target", path) for run in raw.loc[is_target, "run"]]
    repeated = raw["run"].str.endswith(RERUN)
    first = raw["run"].str.removesuffix(RERUN)
    design = raw.set_index("run")[["N", "D"]].reindex(first).reset_index(drop=True)
    same = (design == raw[["N", "D"]]).all(axis=1)
    require(same, "must repeat N and D of the run that it names", "run", raw, path)
    goals = pd.Series(targets, raw.index[is_target], dtype=object).reindex(raw.index, fill_value="")
    return tidy(
        pd.DataFrame(
            {
                "run": raw["run"],
                "N": raw["N"],
                "N_body": raw["N_noemb"],
                "D": raw["D"],
                "loss": raw["loss"],
                "loss_pile": raw["pile_loss"],
                "batch_tokens": raw["batch_tokens"],
                "lr": raw["peak_lr"],
                "target": raw["target"],
                "flags": join_reasons(goals, where(repeated, "repeats " + first)),
            }
        )
    )


def _find_bumps(raw: pd.DataFrame) -> pd.Series:
    """Find checkpoints above the line, in log D, through their neighbours of the same shape."""
    trunks = raw.assign(x=np.log(raw["D"])).sort_values("D").groupby("shape")
    before, after = trunks[["x", "loss"]].shift(1), trunks[["x", "loss"]].shift(-1)
    share = (np.log(raw["D"]) - before["x"]) / (after["x"] - before["x"])
    line = before["loss"] + share * (after["loss"] - before["loss"])
    return raw["loss"] / line - 1 > LARGEST_BUMP


def _read_gemstones(path: Path) -> pd.DataFrame:
    """Read the Gemstones (McLeish et al., arXiv 2502.06857): up to ten checkpoints a trunk."""
    raw = read_extract(path, ["N_noemb", "width", "depth"], ["shape"])
    shape = raw["width"].astype(str) + "x" + raw["depth"].astype(str)
    require(raw["shape"] == shape, "must be width x depth", "shape", raw, path)
    matrices = VOCABULARY_GEMSTONES * raw["width"]
    rule = f"must be N without {VOCABULARY_GEMSTONES:,} rows of the width"
    require(raw["N"] - raw["N_noemb"] == matrices, rule, "N_noemb", raw, path)
    named = raw["run"].str.extract(r"^PyGemma-(\w+)_pretrain-([1-9]\d*)$")
    require(named[0] == shape, "must read PyGemma-<shape>_pretrain-<step>", "run", raw, path)
    batch = raw["D"] / named[1].astype(float)
    require(batch == batch.iloc[0], "must be the same batch times the step", "D", raw, path)
    bump = "loss above the line through the checkpoints before and after"
    return tidy(
        pd.DataFrame(
            {
                "run": raw["run"],
                "N": raw["N"],
                "N_body": raw["N_noemb"],
                "D": raw["D"],
                "loss": raw["loss"],
                "batch_tokens": batch,
                "shape": raw["shape"],
                "width": raw["width"],
                "layers": raw["depth"],
                "flags": where(_find_bumps(raw), bump),
            }
        )
    )


def _read_porian(path: Path) -> pd.DataFrame:
    """Read the cosine runs of Porian et al., arXiv 2406.19146: two sets, twelve budgets."""
    raw = read_extract(path, ["C"], ["series", "dataset", "schedule", "hparams"])
    require(raw["schedule"] == "cosine", "must be 'cosine'", "schedule", raw, path)
    require(raw["hparams"] == "base", "must be 'base'", "hparams", raw, path)
    series = raw["dataset"] + "/cosine"
    require(raw["series"] == series, "must be dataset/schedule", "series", raw, path)
    held = (6.0 * raw["N"] * raw["D"] / raw["C"] - 1).abs() <= ROUNDING
    require(held, "must be 6 N D", "C", raw, path)
    small = "one batch for all sizes: too large for a model this small"
    return tidy(
        pd.DataFrame(
            {
                "run": raw["run"],
                "dataset": raw["dataset"],
                "N": raw["N"],
                "D": raw["D"],
                "loss": raw["loss"],
                "C_nominal": raw["C"],
                "flags": where(raw["N"] < SMALL_N, small),
            }
        ),
        order=("dataset", "N", "D"),
    )


def _name_beaten(raw: pd.DataFrame) -> pd.Series:
    """Name, for each run of one epoch, a run that had no more of anything and did far better."""
    columns = ["N", "D", "unique_tokens"]
    have = raw[columns].to_numpy(float)
    no_more = (have[None, :, :] <= have[:, None, :]).all(axis=2)  # [run, other]
    losses = np.where(no_more, raw["loss"].to_numpy(float)[None, :], np.inf)
    ratio = raw["loss"] / losses.min(axis=1)
    best = raw["run"].to_numpy()[losses.argmin(axis=1)]
    better = "loss above that of " + pd.Series(best, raw.index)
    reason = better + ", which had no more N, D or unique data"
    return where((raw["epochs"] == 1) & (ratio > 1 + BEATEN_BY), reason)


def _named_size(raw: pd.DataFrame, path: Path) -> pd.Series:
    """Read N from the start of each name, such as ``25m`` or ``2b8``."""
    read = raw["run"].str.extract(r"^(?:(\d+)m|(\d+)b(\d))")
    require(read[0].notna() | read[1].notna(), "must start with a size", "run", raw, path)
    return (read[0].astype(float) * 1e6).fillna((read[1] + "." + read[2]).astype(float) * 1e9)


def _read_datablations(path: Path) -> pd.DataFrame:
    """Read the runs of Muennighoff et al., arXiv 2305.16264, those that repeat data too."""
    raw = read_extract(path, ["unique_tokens", "epochs"])
    held = (raw["D"] / raw["unique_tokens"] / raw["epochs"] - 1).abs() <= ROUNDING
    require(held & (raw["epochs"] >= 1), "must be D / unique_tokens, >= 1", "epochs", raw, path)
    misnamed = (raw["N"] / _named_size(raw, path) - 1).abs() > NAMED_BY
    size = (raw["N"] / 1e6).map("the name says another size, N is {:.3g} million".format)
    epochs = raw["epochs"].map("data repeated: {:,.4g} epochs".format)
    twin = raw.duplicated("loss", keep=False)
    flags = join_reasons(
        where(raw["epochs"] > 1, epochs),
        where(misnamed, size),
        where(twin, "loss equal to another run's to the last digit"),
        _name_beaten(raw),
    )
    columns = [*SHARED, "unique_tokens", "epochs"]
    return tidy(raw[columns].assign(flags=flags), order=("N", "D", "unique_tokens"))


# --- all four -----------------------------------------------------------------------------

READERS: dict[str, tuple[str, Callable[[Path], pd.DataFrame]]] = {
    "olmo_ladder": ("olmo_ladder.csv", _read_olmo_ladder),
    "gemstones": ("gemstones_cool.csv", _read_gemstones),
    "porian": ("porian_cosine.csv", _read_porian),
    "datablations": ("datablations.csv", _read_datablations),
}


def read_grids(folder: str | Path) -> dict[str, pd.DataFrame]:
    """Read the four extracts.

    Parameters
    ----------
    folder : str or pathlib.Path
        Folder that holds the four files of `READERS`.

    Returns
    -------
    dict of str to pandas.DataFrame
        A run table for each grid, by name; every row of the extract is there.

    Raises
    ------
    ValueError
        If a file is missing or a value breaks a rule; the message names file, run and value.

    References
    ----------
    arXiv 2412.04403, 2502.06857, 2406.19146 and 2305.16264, in the order of `READERS`.
    """
    return {name: read(Path(folder) / file) for name, (file, read) in READERS.items()}


def read_licences(folder: str | Path) -> dict[str, bytes]:
    """Read the licence texts, which go where the numbers go.

    Parameters
    ----------
    folder : str or pathlib.Path
        Folder that holds ``LICENSE-<grid>.txt`` for each grid.

    Returns
    -------
    dict of str to bytes
        The texts, by file name.

    Raises
    ------
    ValueError
        If one is missing.
    """
    paths = [Path(folder) / f"LICENSE-{name}.txt" for name in READERS]
    for path in paths:
        if not path.is_file():
            raise fault(path, "the folder must hold this file", "no such file")
    return {path.name: path.read_bytes() for path in paths}


def write_grids(tables: dict[str, pd.DataFrame], folder: str | Path) -> list[Path]:
    """Write the tables as CSV, with floats that read back to the same bits.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        What `read_grids` returned.
    folder : str or pathlib.Path
        Destination; made if need be.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.csv" for name in tables]
    for path, table in zip(paths, tables.values(), strict=True):
        # The line end is fixed so that a rebuild gives the same bytes on every system.
        path.write_bytes(table.to_csv(index=False, lineterminator="\n").encode("utf-8"))
    return paths


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild the tidy tables; 0 when done, 2 when an extract cannot be read.

    Parameters
    ----------
    arguments : sequence of str, optional
        Source and destination; by default those of the command line.

    Returns
    -------
    int
        Exit code.
    """
    parser = argparse.ArgumentParser(prog="python -m scaling.testbed.release.grids")
    parser.add_argument("source", help="folder of the four extracts and their licences")
    parser.add_argument("destination", help="folder for the four tables and the licences")
    chosen = parser.parse_args(arguments)
    try:
        tables, licences = read_grids(chosen.source), read_licences(chosen.source)
        write_grids(tables, chosen.destination)
        for name, text in licences.items():
            (Path(chosen.destination) / name).write_bytes(text)
    except (ValueError, OSError) as problem:
        print(f"scaling.testbed.release.grids: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
