"""Which loss laws are on offer? A line for each: how it is fitted, how it reads, what it needs."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from scaling.laws.fit import Fit


class Entry(NamedTuple):
    """A loss law on offer.

    Parameters
    ----------
    fitter : str
        Where the function is that fits it to N, D and loss, with ``weights`` by name; loaded when
        it is called.
    formula : str
        How it reads.
    n_parameters : int
        Its coefficients, and so the least number of runs that differ in N or D.
    alone : str
        The law that the runs alone give, without a prior: its fitter takes many sets of weights at
        once.
    """

    fitter: str
    formula: str
    n_parameters: int
    alone: str


LAWS = {
    "prior": Entry(
        "scaling.laws.prior:fit_with_prior",
        "E + A N^-alpha + B D^-alpha, prior on alpha",
        4,
        "tied",
    ),
    "tied": Entry("scaling.laws.fit:fit_loss_law", "E + A N^-alpha + B D^-alpha", 4, "tied"),
    "free": Entry("scaling.laws.fit:fit_loss_surface", "E + A N^-alpha + B D^-beta", 5, "free"),
}
DEFAULT_LAW = "prior"
ALIASES = {"best": "prior"}


def find_law(name: str) -> str:
    """Name of a law in `LAWS`, of which `name` may be an alias.

    Raises
    ------
    ValueError
        If there is no such law.
    """
    law = ALIASES.get(name, name)
    if law not in LAWS:
        raise ValueError(f"law must be one of {', '.join(LAWS)}, got {name!r}")
    return law


def fit_law(law: str, N: ArrayLike, D: ArrayLike, loss: ArrayLike, **options: Any) -> Fit:
    """Fit a law of `LAWS`; arguments, returns and errors are those of `scaling.laws.fit`.

    Raises
    ------
    ValueError
        If there is no such law.
    """
    fit: Fit = resolve_name(LAWS[find_law(law)].fitter)(N, D, loss, **options)
    return fit
