"""Which loss laws are on offer? A line for each: how it is fitted, how it reads, what it needs."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from scaling.laws.fit import Fit


class Entry(NamedTuple):
    """A loss law on offer.

    Parameters
    ----------
    fitter : str
        Where the function is that fits it to N, D and loss; loaded when it is called.
    formula : str
        How it reads.
    n_parameters : int
        Its coefficients, and so the least number of runs that differ in N or D.
    """

    fitter: str
    formula: str
    n_parameters: int


LAWS = {
    "tied": Entry("scaling.laws.fit:fit_loss_law", "E + A N^-alpha + B D^-alpha", 4),
    "free": Entry("scaling.laws.fit:fit_loss_surface", "E + A N^-alpha + B D^-beta", 5),
    "best": Entry("scaling.laws.best:fit_best", "E + A N^-alpha + B D^-alpha, prior on alpha", 4),
}


def fit_law(law: str, N: ArrayLike, D: ArrayLike, loss: ArrayLike) -> Fit:
    """Fit a law of `LAWS`; arguments, returns and errors are those of `scaling.laws.fit`.

    Raises
    ------
    ValueError
        If there is no such law.
    """
    if law not in LAWS:
        raise ValueError(f"law must be one of {', '.join(LAWS)}, got {law!r}")
    fit: Fit = resolve_name(LAWS[law].fitter)(N, D, loss)
    return fit
