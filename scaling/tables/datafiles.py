"""Where are the tables that ship with the package? One function finds them, in a wheel or not."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

PACKAGE_FOLDER = Path(__file__).resolve().parents[1]


def data_path(*parts: str) -> Path:
    """Find a shipped table or folder, from an installed wheel or from the checkout.

    A wheel carries the tables in ``scaling/_data``; a checkout keeps them in ``data`` beside the
    package.

    Parameters
    ----------
    *parts : str
        Path below the data folder, such as ``"testbed", "runs.csv"``. None gives the folder.

    Returns
    -------
    pathlib.Path
        An existing file or folder.

    Raises
    ------
    ValueError
        If a part is absolute or climbs out of the data folder.
    FileNotFoundError
        If neither place holds it; the message names both.
    """
    relative = Path(*parts)
    if relative.is_absolute() or ".." in relative.parts:
        raise ValueError(f"parts must stay inside the data folder, got {parts!r}")
    places = (PACKAGE_FOLDER / "_data", PACKAGE_FOLDER.parent / "data")
    for place in places:
        if (place / relative).exists():
            return place / relative
    looked = " and ".join(str(place) for place in places)
    raise FileNotFoundError(f"no shipped data {relative.as_posix()!r}: looked in {looked}")


def read_result(path: Path) -> pd.DataFrame:
    """Read a table that `scaling.studies.results` wrote; an empty text stays a text."""
    return pd.read_csv(path, encoding="utf-8", keep_default_na=False, na_values=["nan"])
