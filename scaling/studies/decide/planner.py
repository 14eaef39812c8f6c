"""What does the planner in the page know, and what does its script compute? The same in Python.

`make_data` gives the script all that it needs: the paper's runs of each training set, and the grids
that their posteriors are sums over. `compute` is what the script must agree with. It asks the laws
and prices that `scaling predict` and `scaling cost` ask, so the page says what they say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling.costs.money import Prices, default_prices
from scaling.costs.total import SERVING, TRAINING, Model, best_for_budget
from scaling.figures.style import DATASET_LABELS
from scaling.forecast.averages import find_average_intervals, load_average_constants
from scaling.forecast.fitted import FARTHEST, OF_THE_FALL, WIDEST, FittedTable, fit_table
from scaling.forecast.intervals import N_NODES, NORMAL_HALF_WIDTH, find_ends, load_constants, widen
from scaling.laws.error_posterior import find_error_posterior
from scaling.laws.fit import Fit, fit_error_law
from scaling.laws.marginal import Sum
from scaling.testbed.labels import ERROR_COLUMN, LOSS_COLUMN
from scaling.testbed.runs import run_table, select_error_fit, select_loss_fit

BY_HAND, BY_BUDGET = "model", "budget"


@dataclass(frozen=True)
class Choice:
    """What a reader of the page chooses.

    Parameters
    ----------
    dataset : str
        Training set.
    by : str
        How the model is set: `BY_HAND`, by N and M; or `BY_BUDGET`, as the one of least loss whose
        training and serving together cost the budget.
    N, M : float
        Parameters, and tokens per parameter, > 0; they count by hand alone.
    budget : float
        Currency, > 0; it counts by budget alone.
    tokens_in, tokens_out, days : float
        Tokens that are read and written in a day, and for how many days, >= 0.
    price, peak : float
        Currency per accelerator-hour; peak of the accelerator, FLOP/s; both > 0.
    mfu_training, mfu_in, mfu_out : float
        Shares of the peak that are reached, above 0 and at most 1.
    currency : str
        A label.
    """

    dataset: str
    by: str
    N: float
    M: float
    budget: float
    tokens_in: float
    tokens_out: float
    days: float
    price: float
    peak: float
    mfu_training: float
    mfu_in: float
    mfu_out: float
    currency: str

    @property
    def served(self) -> tuple[float, float]:
        """Tokens that are read and written, all days."""
        return self.tokens_in * self.days, self.tokens_out * self.days

    @property
    def prices(self) -> Prices:
        """Prices, those of training and of serving alike."""
        return default_prices().change(
            currency=self.currency,
            price_training=self.price,
            price_serving=self.price,
            peak_training=self.peak,
            peak_serving=self.peak,
            mfu_training=self.mfu_training,
            mfu_in=self.mfu_in,
            mfu_out=self.mfu_out,
        )


def first_choice() -> Choice:
    """What the page shows first: the design of the paper's largest run, a year, shipped prices."""
    prices = default_prices()
    return Choice(
        dataset="c4",
        by=BY_HAND,
        N=6.9e9,
        M=20.0,
        budget=50e3,
        tokens_in=2e9,
        tokens_out=5e8,
        days=365.0,
        price=prices.price_training,
        peak=prices.peak_training,
        mfu_training=prices.mfu_training,
        mfu_in=prices.mfu_in,
        mfu_out=prices.mfu_out,
        currency=prices.currency,
    )


@cache
def fit_five(dataset: str) -> FittedTable:
    """Fit the tied law to the paper's five runs of a training set, loss on C4 eval."""
    return fit_table(select_loss_fit(run_table(dataset)), LOSS_COLUMN, law="tied")


@cache
def fit_six(dataset: str) -> tuple[ArrayLike, ArrayLike, Fit]:
    """Loss and mean error of the paper's six runs of a training set, and their error law."""
    six = select_error_fit(run_table(dataset))
    loss, error = six[LOSS_COLUMN].to_numpy(), six[ERROR_COLUMN].to_numpy()
    return loss, error, fit_error_law(loss, error)


def describe_loss(fitted: FittedTable) -> dict[str, Any]:
    """Give what a script needs to find the posterior of a tied law again.

    Parameters
    ----------
    fitted : FittedTable
        Of the tied law.

    Returns
    -------
    dict
        N, D and L of the runs; the grid of alpha with the weight of each, the degrees of freedom
        and the height of the density of their Student's t; E, A, B and alpha of the law that
        predicts.

    Raises
    ------
    ValueError
        The law is another; or the runs lie on a line, or carry weights.
    """
    posterior, law = fitted.posterior, fitted.fit.law
    if posterior.law != "tied" or posterior.held is not None:
        raise ValueError("the planner needs a tied law with nothing held")
    if fitted.on_line or fitted.weights is not None:
        raise ValueError("the planner needs runs of one weight that do not lie on a line")
    return {
        "N": fitted.N.tolist(),
        "D": fitted.D.tolist(),
        "L": fitted.L.tolist(),
        "alpha": posterior.exponents[0, :, 0].tolist(),
        "law": [float(value) for value in (law.E, law.A, law.B, law.alpha)],
        **_describe_sum(posterior.sum),
    }


def describe_error(loss: ArrayLike, error: ArrayLike, fit: Fit) -> dict[str, Any]:
    """Give what a script needs to find the posterior of an error law again.

    Parameters
    ----------
    loss, error : array_like of shape (n_runs,)
        Those measured: nats per token, fractions.
    fit : Fit
        Their error law.

    Returns
    -------
    dict
        As `describe_loss` has it, with the rate gamma in the place of alpha.
    """
    posterior = find_error_posterior(loss, error, load_average_constants().belief)
    return {
        "L": np.asarray(loss).tolist(),
        "error": np.asarray(error).tolist(),
        "gamma": posterior.gamma[0].tolist(),
        "law": [float(value) for value in (fit.law.epsilon, fit.law.k, fit.law.gamma)],
        **_describe_sum(posterior.sum),
    }


def _describe_sum(found: Sum) -> dict[str, Any]:
    from scipy.special import gammaln  # here: a table is checked without SciPy

    dof = np.unique(found.dof)
    if np.any(found.inverse == 0) or len(dof) != 1 or dof[0] % 1 != 0:
        raise ValueError("the planner needs runs that settle every coefficient, and whole dof")
    top = np.exp(gammaln((dof[0] + 1) / 2) - gammaln(dof[0] / 2)) / np.sqrt(np.pi * dof[0])
    return {"weight": found.weight[0].tolist(), "dof": float(dof[0]), "top": float(top)}


def _describe_constants() -> dict[str, Any]:
    average = load_average_constants()
    x, weight = np.polynomial.legendre.leggauss(N_NODES)
    above = [(float(a), float(b)) for a, b in zip(x, weight, strict=True) if a > 0]
    return {
        "bet": asdict(load_constants()),
        "average": {
            "s_0": average.s_0,
            "nu": average.nu,
            "more": average.allowance / NORMAL_HALF_WIDTH,
        },
        "nodes": [
            {"ends": find_ends(level), "widen": widen(level), "share": share / 2}
            for level, share in above
        ],
        "told": {"farthest": FARTHEST, "widest": WIDEST, "of_the_fall": OF_THE_FALL},
    }


def make_data() -> dict[str, Any]:
    """Make the data of the page: training sets by name, constants, and what is shown first."""
    sets = {
        name: {
            "label": label,
            "loss": describe_loss(fit_five(name)),
            "error": describe_error(*fit_six(name)),
        }
        for name, label in DATASET_LABELS.items()
    }
    return {"sets": sets, "constants": _describe_constants(), "first": asdict(first_choice())}


def find_model(choice: Choice) -> Model:
    """Give the model that is chosen: by hand, or the best for the budget, by the law of the runs.

    It is that of least loss in `scaling.cost` for the same money.
    """
    if choice.by == BY_HAND:
        return Model(np.array(choice.N), np.array(choice.N * choice.M))
    flops, as_tokens = _read_budget(choice)
    return best_for_budget(fit_five(choice.dataset).fit.law, flops, as_tokens)


def tokens_of_sizes(choice: Choice, N: ArrayLike) -> NDArray[np.float64]:
    """Training tokens of other sizes on the map: as many a parameter, or what the budget leaves.

    Parameters
    ----------
    choice : Choice
    N : array_like
        Parameters, > 0.

    Returns
    -------
    ndarray
        0 or less where serving takes more than the budget.
    """
    size = np.asarray(N, dtype=float)
    if choice.by == BY_HAND:
        return size * choice.M
    flops, as_tokens = _read_budget(choice)
    return np.asarray((flops / size - SERVING * as_tokens) / TRAINING)


def _read_budget(choice: Choice) -> tuple[float, float]:
    """Give the budget in FLOPs of training, and tokens whose ``2 N T`` cost as much as serving."""
    prices = choice.prices
    return choice.budget / prices.of_training, float(prices.as_tokens(*choice.served))


def compute(choice: Choice) -> dict[str, Any]:
    """Compute what the page shows of a choice.

    Parameters
    ----------
    choice : Choice

    Returns
    -------
    dict
        ``N`` and ``D`` of the model; ``loss``, ``law_lo``, ``law_hi``, ``lo`` and ``hi`` in nats
        per token; ``error`` and its ends likewise, fractions; `doubt`, why there are no ends, which
        then are None; FLOPs and money of ``training``, ``in``, ``out`` and ``total``.
    """
    read, written = choice.served
    model = find_model(choice)
    N, D = float(model.N), float(model.D)
    bill = choice.prices.bill(N, D, read, written)
    flops = (model.training_flops(), model.serving_flops(read), model.serving_flops(written))
    return {
        "N": N,
        "D": D,
        **predict(choice.dataset, N, D),
        "flops": _name_parts(*flops, model.total_flops(read + written)),
        "money": _name_parts(bill.training, bill.reading, bill.writing, bill.total),
    }


def _name_parts(*parts: ArrayLike) -> dict[str, float]:
    names = ("training", "in", "out", "total")
    return {name: float(np.asarray(part)) for name, part in zip(names, parts, strict=True)}


def predict(dataset: str, N: float, D: float, with_error: bool = True) -> dict[str, Any]:
    """Predict loss and mean error of a model, as `compute` gives them."""
    fitted = fit_five(dataset)
    told = fitted.predict(N, D)
    found: dict[str, Any] = {
        "loss": told.loss,
        **{name: getattr(told, name) for name in ("lo", "hi", "law_lo", "law_hi", "doubt")},
    }
    if with_error:
        found |= _predict_error(fitted, dataset, N, D, found)
    return found


def _predict_error(
    fitted: FittedTable, dataset: str, N: float, D: float, told: Mapping[str, Any]
) -> dict[str, float | None]:
    loss, error, fit = fit_six(dataset)
    value = float(fit.law.predict(told["loss"]))
    ends: tuple[float | None, ...] = (None,) * 4
    if not told["doubt"]:
        ends = find_average_intervals(fitted.find_nodes(N, D), loss, error, value)
    names = ("error_lo", "error_hi", "error_law_lo", "error_law_hi")
    return {"error": value, **dict(zip(names, ends, strict=True))}
