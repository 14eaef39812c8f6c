"""How do other groups' grids read into run tables? From four raw extracts to four tidy tables.

Rebuild the shipped tables with ``python -m scaling.testbed.release.grids SOURCE DESTINATION``.
Nothing is dropped; a suspect run says why in `flags`. Reasons that `scaling.tables.runs` finds
itself (D below N, same N and D as another run) are left to it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from scaling.testbed.release.checks import fault, known
from scaling.testbed.release.rebuild import run_rebuild, write_tables

SHARED = ("run", "N", "D", "loss")
MAY_BE_ZERO = ("target",)
LARGEST_WHOLE = 2.0**53  # up to here a float holds every whole number
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


# --- any extract -------------------------------------------------------------------------


def _require(held: pd.Series, rule: str, column: str, raw: pd.DataFrame, path: Path) -> None:
    """Refuse a table, naming the first run of the raw extract for which a rule does not hold."""
    broken = raw[~held]
    if len(broken):
        run, value = broken["run"].iloc[0], broken[column].tolist()[0]
        raise fault(path, f"{column} of run {run} {rule}", value)


def _read_extract(path: Path, numbers: Sequence[str], texts: Sequence[str] = ()) -> pd.DataFrame:
    """Read one extract: names unique, texts there, numbers finite and above zero.

    It must have the columns run, N, D and loss, and those of `numbers` and `texts`.
    """
    if not path.is_file():
        raise fault(path, "the folder must hold this file", "no such file")
    try:
        raw = pd.read_csv(path, encoding="utf-8", dtype={"run": str})
    except ValueError as problem:
        raise fault(path, "the file must be CSV", str(problem).strip()) from problem
    for column in (*SHARED, *numbers, *texts):
        if column not in raw:
            raise fault(path, f"column {column} must be there", ", ".join(map(str, raw)))
    if raw.empty:
        raise fault(path, "the file must hold runs", "none")
    _require(raw["run"].notna() & ~raw.duplicated("run"), "must be there once", "run", raw, path)
    for column in texts:
        _require(raw[column].notna(), "must be there", column, raw, path)
    for column in (*SHARED[1:], *numbers):
        values = pd.to_numeric(raw[column], errors="coerce")
        sound = np.isfinite(values) & ((values > 0) | ((values == 0) & (column in MAY_BE_ZERO)))
        _require(sound, "must be a finite number above 0", column, raw, path)
    return raw


def _where(suspect: pd.Series, reason: str | pd.Series) -> pd.Series:
    """Give the reason where a run is suspect, and an empty text elsewhere."""
    return pd.Series(reason, suspect.index, dtype=object).where(suspect, "")


def _join_reasons(*reasons: pd.Series) -> list[str]:
    """Join the reasons of each run by "; ", leaving out the empty ones."""
    return ["; ".join(filter(None, row)) for row in zip(*reasons, strict=True)]


def tidy(table: pd.DataFrame, order: Sequence[str] = ("N", "D")) -> pd.DataFrame:
    """Sort the runs, and make a column whole where all its numbers are."""
    table = table.sort_values(list(order), kind="stable", ignore_index=True)
    floats = table.select_dtypes("float")
    whole = (floats % 1 == 0).all() & (floats.max() <= LARGEST_WHOLE)
    return table.astype(dict.fromkeys(floats.columns[whole], "int64"))


# --- one function per grid ----------------------------------------------------------------


def _read_olmo_ladder(path: Path) -> pd.DataFrame:
    """Read the OLMo ladder (Bhagia et al., arXiv 2412.04403): five sizes, reruns, two targets."""
    raw = _read_extract(path, ["pile_loss", "batch_tokens", "peak_lr", "target", "N_noemb"])
    head = raw["N"] - raw["N_noemb"]  # N leaves the input embedding out
    rule = f"must leave a head of {VOCABULARY_OLMO:,} rows"
    _require((head > 0) & (head % VOCABULARY_OLMO == 0), rule, "N_noemb", raw, path)
    is_target = raw["target"] == 1
    _require(is_target | (raw["target"] == 0), "must be 0 or 1", "target", raw, path)
    targets = [known(TARGETS, run, "a target", path) for run in raw.loc[is_target, "run"]]
    repeated = raw["run"].str.endswith(RERUN)
    first = raw["run"].str.removesuffix(RERUN)
    design = raw.set_index("run")[["N", "D"]].reindex(first).reset_index(drop=True)
    same = (design == raw[["N", "D"]]).all(axis=1)
    _require(same, "must repeat N and D of the run that it names", "run", raw, path)
    goals = pd.Series(targets, raw.index[is_target], dtype=object).reindex(raw.index, fill_value="")
    renamed = raw.rename(columns={"N_noemb": "N_body", "pile_loss": "loss_pile", "peak_lr": "lr"})
    columns = ["run", "N", "N_body", "D", "loss", "loss_pile", "batch_tokens", "lr", "target"]
    flags = _join_reasons(goals, _where(repeated, "repeats " + first))
    return tidy(renamed[columns].assign(flags=flags))


def _find_bumps(raw: pd.DataFrame) -> pd.Series:
    """Find checkpoints above the line, in log D, through their neighbours of the same shape."""
    trunks = raw.assign(x=np.log(raw["D"])).sort_values("D").groupby("shape")
    before, after = trunks[["x", "loss"]].shift(1), trunks[["x", "loss"]].shift(-1)
    share = (np.log(raw["D"]) - before["x"]) / (after["x"] - before["x"])
    line = before["loss"] + share * (after["loss"] - before["loss"])
    return raw["loss"] / line - 1 > LARGEST_BUMP


def _read_gemstones(path: Path) -> pd.DataFrame:
    """Read the Gemstones (McLeish et al., arXiv 2502.06857): up to ten checkpoints a trunk."""
    raw = _read_extract(path, ["N_noemb", "width", "depth"], ["shape"])
    shape = raw["width"].astype(str) + "x" + raw["depth"].astype(str)
    _require(raw["shape"] == shape, "must be width x depth", "shape", raw, path)
    matrices = VOCABULARY_GEMSTONES * raw["width"]
    rule = f"must be N without {VOCABULARY_GEMSTONES:,} rows of the width"
    _require(raw["N"] - raw["N_noemb"] == matrices, rule, "N_noemb", raw, path)
    named = raw["run"].str.extract(r"^PyGemma-(\w+)_pretrain-([1-9]\d*)$")
    _require(named[0] == shape, "must read PyGemma-<shape>_pretrain-<step>", "run", raw, path)
    batch = raw["D"] / named[1].astype(float)
    _require(batch == batch.iloc[0], "must be the same batch times the step", "D", raw, path)
    bump = "loss above the line through the checkpoints before and after"
    renamed = raw.rename(columns={"N_noemb": "N_body", "depth": "layers"})
    renamed = renamed.assign(batch_tokens=batch, flags=_where(_find_bumps(raw), bump))
    columns = ["run", "N", "N_body", "D", "loss", "batch_tokens", "shape", "width", "layers"]
    return tidy(renamed[[*columns, "flags"]])


def _read_porian(path: Path) -> pd.DataFrame:
    """Read the cosine runs of Porian et al., arXiv 2406.19146: two sets, twelve budgets."""
    raw = _read_extract(path, ["C"], ["series", "dataset", "schedule", "hparams"])
    _require(raw["schedule"] == "cosine", "must be 'cosine'", "schedule", raw, path)
    _require(raw["hparams"] == "base", "must be 'base'", "hparams", raw, path)
    series = raw["dataset"] + "/cosine"
    _require(raw["series"] == series, "must be dataset/schedule", "series", raw, path)
    held = (6.0 * raw["N"] * raw["D"] / raw["C"] - 1).abs() <= ROUNDING
    _require(held, "must be 6 N D", "C", raw, path)
    small = "one batch for all sizes: too large for a model this small"
    columns = ["run", "dataset", "N", "D", "loss", "C_nominal"]
    table = raw.rename(columns={"C": "C_nominal"})[columns]
    flags = _where(raw["N"] < SMALL_N, small)
    return tidy(table.assign(flags=flags), order=("dataset", "N", "D"))


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
    return _where((raw["epochs"] == 1) & (ratio > 1 + BEATEN_BY), reason)


def _named_size(raw: pd.DataFrame, path: Path) -> pd.Series:
    """Read N from the start of each name, such as ``25m`` or ``2b8``."""
    read = raw["run"].str.extract(r"^(?:(\d+)m|(\d+)b(\d))")
    _require(read[0].notna() | read[1].notna(), "must start with a size", "run", raw, path)
    return (read[0].astype(float) * 1e6).fillna((read[1] + "." + read[2]).astype(float) * 1e9)


def _read_datablations(path: Path) -> pd.DataFrame:
    """Read the runs of Muennighoff et al., arXiv 2305.16264, those that repeat data too."""
    raw = _read_extract(path, ["unique_tokens", "epochs"])
    held = (raw["D"] / raw["unique_tokens"] / raw["epochs"] - 1).abs() <= ROUNDING
    _require(held & (raw["epochs"] >= 1), "must be D / unique_tokens, >= 1", "epochs", raw, path)
    misnamed = (raw["N"] / _named_size(raw, path) - 1).abs() > NAMED_BY
    size = (raw["N"] / 1e6).map("the name says another size, N is {:.3g} million".format)
    epochs = raw["epochs"].map("data repeated: {:,.4g} epochs".format)
    twin = raw.duplicated("loss", keep=False)
    flags = _join_reasons(
        _where(raw["epochs"] > 1, epochs),
        _where(misnamed, size),
        _where(twin, "loss equal to another run's to the last digit"),
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


def _write_grids(source: Path, destination: Path) -> None:
    """Write the four tables, and the licence texts, which go where the numbers go."""
    tables, licences = read_grids(source), [source / f"LICENSE-{name}.txt" for name in READERS]
    for path in licences:
        if not path.is_file():
            raise fault(path, "the folder must hold this file", "no such file")
    write_tables(tables, destination)
    for path in licences:
        (destination / path.name).write_bytes(path.read_bytes())


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild the tidy tables from a folder of extracts and their licences: an exit code."""
    return run_rebuild("scaling.testbed.release.grids", _write_grids, arguments)


if __name__ == "__main__":
    sys.exit(main())
