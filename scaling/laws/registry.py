"""Which loss laws are on offer? A line for each, and what may be asked of its fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
    exponents : tuple of str
        What of it besides E may be held.
    """

    fitter: str
    formula: str
    n_parameters: int
    alone: str
    exponents: tuple[str, ...]


LAWS = {
    "prior": Entry(
        "scaling.laws.prior:fit_with_prior",
        "E + A N^-alpha + B D^-alpha, prior on alpha",
        4,
        "tied",
        (),
    ),
    "tied": Entry(
        "scaling.laws.fit:fit_loss_law", "E + A N^-alpha + B D^-alpha", 4, "tied", ("alpha",)
    ),
    "free": Entry(
        "scaling.laws.fit:fit_loss_surface",
        "E + A N^-alpha + B D^-beta",
        5,
        "free",
        ("alpha", "beta"),
    ),
    "compute": Entry(
        "scaling.laws.power:fit_power", "E + A C^-alpha, C = 6 N D", 3, "compute", ("alpha",)
    ),
}
DEFAULT_LAW = "prior"
ALIASES = {"best": "prior"}
OBJECTIVES = ("loss", "log", "huber")


@dataclass(frozen=True)
class LawChoice:
    """A law of `LAWS`, and what is asked of its fit; made by `choose_law`.

    Parameters
    ----------
    name : str
        Which law.
    fix : mapping of str to float
        What is held, by name.
    nonneg : bool
        Whether E and the amplitudes are kept at zero or above.
    objective : {"loss", "log", "huber"}
        What is minimised.
    huber_delta : float or None
        Where Huber's loss begins to grow linearly; None for another objective.
    """

    name: str
    fix: Mapping[str, float] = field(default_factory=dict)
    nonneg: bool = False
    objective: str = OBJECTIVES[0]
    huber_delta: float | None = None

    @property
    def n_parameters(self) -> int:
        """Its coefficients that are fitted, the least number of runs that differ."""
        return LAWS[self.name].n_parameters - len(self.fix)

    @property
    def alone(self) -> LawChoice:
        """The same without a prior, then by least squares on the loss."""
        alone = LAWS[self.name].alone
        return self if alone == self.name else LawChoice(alone, self.fix, self.nonneg)

    def report(self) -> dict[str, Any]:
        """What is asked of the fit, in plain values."""
        return {
            "fix": dict(self.fix),
            "nonneg": self.nonneg,
            "objective": self.objective,
            "huber_delta": self.huber_delta,
        }

    @property
    def formula(self) -> str:
        """How it reads, with what is held."""
        held = [f", {name} = {value:g} held" for name, value in self.fix.items()]
        kept = ", no coefficient below 0" * self.nonneg
        return LAWS[self.name].formula + "".join(held) + kept

    def fit(self, N: ArrayLike, D: ArrayLike, loss: ArrayLike, **options: Any) -> Fit:
        """Fit it; arguments, returns and errors are those of `scaling.laws.fit.fit_loss_law`."""
        asked: dict[str, Any] = {"fix": self.fix, "nonneg": self.nonneg}
        if LAWS[self.name].alone == self.name:
            asked["objective"] = self.objective
        if self.huber_delta is not None:
            asked["huber_delta"] = self.huber_delta
        fit: Fit = resolve_name(LAWS[self.name].fitter)(N, D, loss, **asked, **options)
        return fit


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


def choose_law(
    law: str | LawChoice = DEFAULT_LAW,
    *,
    fix: Mapping[str, float] | Iterable[tuple[str, float]] | None = None,
    nonneg: bool = False,
    objective: str | None = None,
    huber_delta: float | None = None,
) -> LawChoice:
    """Choose a law and what is asked of its fit; a choice that is made already is given back.

    Parameters
    ----------
    law : str or LawChoice
        Name of a law in `LAWS`, or an alias.
    fix, nonneg, objective, huber_delta
        As in `scaling.laws.fit_options.FitOptions`; `fix` may be pairs of name and value, too.

    Raises
    ------
    ValueError
        No such law or objective, or the law cannot take what is asked; says what can.
    """
    from scaling.laws.fit_options import (  # here: the command line's help is quick
        HUBER_DELTA,
        check_fixed,
    )

    if isinstance(law, LawChoice):
        return law
    name, fix = find_law(law), dict(fix or {})
    pulled = LAWS[name].alone != name
    if pulled and set(fix) - {"E"}:
        held = ", ".join(sorted(set(fix) - {"E"}))
        raise ValueError(
            f"--law {name} pulls its exponent, so {held} cannot be held: use --law tied or free"
        )
    check_fixed(fix, LAWS[name].exponents)
    if objective is not None and objective not in OBJECTIVES:
        raise ValueError(f"objective must be one of {', '.join(OBJECTIVES)}, got {objective!r}")
    if pulled and objective not in (None, "log"):
        raise ValueError(
            f"--law {name} is fitted to the log loss and takes no objective {objective}: "
            "use --law tied, free or compute"
        )
    if huber_delta is not None and objective != "huber":
        raise ValueError("--huber-delta goes with --objective huber alone: add that")
    if objective == "huber":
        huber_delta = HUBER_DELTA if huber_delta is None else huber_delta
        if not 0 < huber_delta < float("inf"):
            raise ValueError(f"huber_delta must be finite and > 0, got {huber_delta!r}")
    default = "log" if pulled else OBJECTIVES[0]
    return LawChoice(name, fix, nonneg, objective or default, huber_delta)


def fit_law(
    law: str | LawChoice, N: ArrayLike, D: ArrayLike, loss: ArrayLike, **options: Any
) -> Fit:
    """Fit a law of `LAWS`; arguments, returns and errors are those of `scaling.laws.fit`.

    Raises
    ------
    ValueError
        If there is no such law.
    """
    return choose_law(law).fit(N, D, loss, **options)
