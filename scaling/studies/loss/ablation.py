"""What if these runs were missing? Laws fitted to every choice of small runs, judged at large ones.

A design is a choice of small runs: a row of booleans over them, which serve as weights of a batch
of fits. Every design is judged at the three large runs of its training set, which none holds.
"""

from __future__ import annotations

from dataclasses import astuple, fields
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling.forecast.rulers import relative_error
from scaling.laws.fit import fit_loss_law, fit_loss_surface
from scaling.laws.law import LossLaw
from scaling.testbed.labels import LOSS_COLUMN
from scaling.testbed.runs import run_table, select_large, select_small

Designs = NDArray[np.bool_]  # (n_designs, n_runs)

FITTERS = {"tied": fit_loss_law, "free": fit_loss_surface}
# The least that a design must hold. Two sizes leave the free law open: E + A N^-alpha passes
# through any two values at every alpha.
LEAST_RUNS = {"tied": 4, "free": 5}
LEAST_SIZES = {"tied": 1, "free": 3}
TARGETS = ["1.4B", "1.4B over-trained", "6.9B"]  # in the order of `select_large`
DESIGN = ["sizes", "multipliers"]  # the columns that name a choice
BATCH = 1024  # designs fitted at once: more would leave the processor's cache
SUBSET_SIZE = 5  # as many runs as the authors fit
TIE = 1e-9  # of a miss


# --- which designs there are --------------------------------------------------------------


def list_choices(runs: pd.DataFrame) -> tuple[pd.DataFrame, Designs]:
    """List every non-empty choice of sizes with every non-empty choice of multipliers.

    A choice that names a size or a multiplier of which it holds no run is left out, because a
    shorter name has the same runs.

    Parameters
    ----------
    runs : pandas.DataFrame
        Small runs of one training set, with size, M and C.

    Returns
    -------
    choices : pandas.DataFrame
        Columns sizes and multipliers (as ``0.011B+0.411B`` and ``M20+M320``), n_sizes,
        n_multipliers, n_runs and compute (FLOPs of all its runs).
    designs : ndarray of bool of shape (n_choices, n_runs)
        The runs of each.
    """
    sizes, in_sizes = _choose_from(runs["size"], "{}")
    multipliers, in_multipliers = _choose_from(runs["M"], "M{:g}")
    designs = (in_sizes[:, None] & in_multipliers).reshape(-1, len(runs))
    names = pd.MultiIndex.from_product([sizes, multipliers], names=["sizes", "multipliers"])
    choices = names.to_frame(index=False).assign(
        n_sizes=_count_values(designs, runs["size"]),
        n_multipliers=_count_values(designs, runs["M"]),
        n_runs=designs.sum(axis=1),
        compute=designs @ runs["C"].to_numpy(),
    )
    named = choices[["sizes", "multipliers"]].apply(lambda text: text.str.count(r"\+") + 1)
    full = (named.to_numpy() == choices[["n_sizes", "n_multipliers"]].to_numpy()).all(axis=1)
    return choices[full].reset_index(drop=True), designs[full]


def _choose_from(column: pd.Series, form: str) -> tuple[list[str], Designs]:
    """Every non-empty choice of the values of a column: its name, and the runs it holds."""
    values = list(column.unique())
    chosen = [c for n in range(len(values)) for c in combinations(values, n + 1)]
    names = ["+".join(form.format(value) for value in choice) for choice in chosen]
    return names, np.array([column.isin(choice) for choice in chosen])


def _count_values(designs: Designs, column: pd.Series) -> NDArray[np.int64]:
    return (designs @ pd.get_dummies(column).to_numpy()).sum(axis=1)


def list_subsets(n_small: int, n_runs: int = SUBSET_SIZE) -> Designs:
    """List every subset of `n_runs` of the `n_small` runs: shape (n_subsets, n_small)."""
    chosen = np.array(list(combinations(range(n_small), n_runs)))
    designs = np.zeros((len(chosen), n_small), dtype=bool)
    np.put_along_axis(designs, chosen, True, axis=1)
    return designs


# --- what they predict --------------------------------------------------------------------


def fit_designs(
    runs: pd.DataFrame, designs: Designs, law: str = "tied"
) -> tuple[Any, NDArray[np.str_]]:
    """Fit a law to every design.

    Parameters
    ----------
    runs : pandas.DataFrame
        Small runs with N, D and the loss on C4 eval.
    designs : ndarray of bool of shape (n_designs, n_runs)
        The runs of each.
    law : {"tied", "free"}
        Which law.

    Returns
    -------
    law : LossLaw or LossSurface
        Its parameters have shape (n_designs,).
    status : ndarray of str of shape (n_designs,)
        As in `scaling.laws.fit.Fit`.
    """
    fits = []
    for first in range(0, len(designs), BATCH):
        batch = designs[first : first + BATCH]
        used = batch.any(axis=0)  # neighbours share runs: what none holds would only be waited for
        some = runs[used]
        fits.append(FITTERS[law](some["N"], some["D"], some[LOSS_COLUMN], weights=batch[:, used]))
    record = type(fits[0].law)
    names = [field.name for field in fields(record)]
    columns = {name: np.concatenate([getattr(fit.law, name) for fit in fits]) for name in names}
    return record(**columns), np.concatenate([fit.status for fit in fits])


def miss_targets(law: Any, large: pd.DataFrame) -> pd.DataFrame:
    """Signed relative errors at the three large runs, and the largest of them in size.

    Parameters
    ----------
    law : LossLaw or LossSurface
        Laws of many designs.
    large : pandas.DataFrame
        The large runs, from `scaling.testbed.runs.select_large`.

    Returns
    -------
    pandas.DataFrame
        One row per design; columns `TARGETS` and ``worst`` (absolute), fractions.
    """
    predicted = law.predict(large["N"], large["D"])
    misses = pd.DataFrame(relative_error(predicted, large[LOSS_COLUMN]), columns=TARGETS)
    return misses.assign(worst=misses.abs().max(axis=1))


def is_nearer(miss: Any, than: Any) -> Any:
    """Whether a miss is smaller than another by more than rounding.

    Ties are real: with four runs at M = 20 and a fifth elsewhere the fifth is fitted exactly, so
    whichever it is, the prediction at M = 20 is the same.
    """
    return miss < than * (1 - TIE)


def count_conditions(law: Any, runs: pd.DataFrame, designs: Designs) -> NDArray[np.float64]:
    """Condition number of each fit of `fit_designs`: by how much it can blow up an error.

    Largest over smallest singular value of the Jacobian at the fit, its columns scaled to length
    one. Digits are lost at about 1e8; at 1e16 the parameters cannot be told apart at all.
    """
    tied = isinstance(law, LossLaw)
    surface = law.surface if tied else law
    _, A, B, alpha, beta = (np.asarray(p)[:, None] for p in astuple(surface))
    N, D = runs["N"].to_numpy(), runs["D"].to_numpy()
    u, v = N**-alpha, D**-beta
    slopes = [-A * u * np.log(N), -B * v * np.log(D)]
    columns = [np.ones_like(u), u, v, *([sum(slopes)] if tied else slopes)]
    jacobian = np.stack(columns, axis=-1) * designs[:, :, None]
    jacobian /= np.linalg.norm(jacobian, axis=1, keepdims=True)
    return np.linalg.cond(jacobian)


def sweep_choices(dataset: str, law: str = "tied", first_files: bool = False) -> pd.DataFrame:
    """Fit a law to every choice of sizes and multipliers of one training set, and judge it.

    Choices with fewer runs than parameters, and for the free law with fewer than three sizes,
    cannot be fitted and are left out.

    Parameters
    ----------
    dataset : {"c4", "redpajama", "refinedweb"}
        Training set.
    law : {"tied", "free"}
        Which law.
    first_files : bool
        Whether no design may hold a run of other training files than the paper's five.

    Returns
    -------
    pandas.DataFrame
        The columns of `list_choices`, dataset, law, status, E, eta (half of alpha), condition, and
        those of `miss_targets`.
    """
    table = run_table(dataset)
    small = select_small(table[~(table["other_files"] & first_files)])
    choices, designs = list_choices(small)
    fitted = choices["n_runs"] >= LEAST_RUNS[law]
    fitted &= choices["n_sizes"] >= LEAST_SIZES[law]
    designs = designs[fitted]
    laws, status = fit_designs(small, designs, law)
    found = choices[fitted].reset_index(drop=True)
    found = found.assign(status=status, E=laws.E, eta=laws.alpha / 2)
    found["condition"] = count_conditions(laws, small, designs)
    found.insert(0, "dataset", dataset)
    found.insert(1, "law", law)
    return found.join(miss_targets(laws, select_large(table)))


def find_cheapest(designs: pd.DataFrame, limit: float) -> pd.DataFrame:
    """Cheapest design of each training set that misses no large run by more than `limit`.

    It is found by looking at the large runs, so its row also says how such a choice fares.

    Parameters
    ----------
    designs : pandas.DataFrame
        Sound designs of one law on several training sets, from `sweep_choices`.
    limit : float
        Largest miss allowed, a fraction.

    Returns
    -------
    pandas.DataFrame
        One row per training set: n_designs; elsewhere, the worst miss here of the design that is
        the cheapest under the limit on every other training set; sizes, multipliers, n_runs,
        compute and worst of the cheapest here; n_alike, how many others cost between half and
        twice as much, and share_alike, the share of those under the limit. NaN where none is.
    """
    worst = designs.pivot(index=DESIGN, columns="dataset", values="worst")
    cost = designs.groupby(DESIGN)["compute"].max()
    rows = []
    for dataset, own in designs.groupby("dataset"):
        others = worst.drop(columns=str(dataset))
        passed = worst[dataset][(others <= limit).all(axis=1) & worst[dataset].notna()]
        row = {"dataset": dataset, "limit": limit, "n_designs": len(own)} | _cheapest(own, limit)
        by_cost = passed.loc[cost[passed.index].sort_values(kind="stable").index]
        row["elsewhere"] = by_cost.iloc[0] if len(passed) else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def _cheapest(own: pd.DataFrame, limit: float) -> dict[str, Any]:
    """The cheapest design under the limit, and how many of like cost are under it too."""
    by_cost = own.sort_values("compute", kind="stable")
    under = by_cost["worst"] <= limit
    if not under.any():
        return {}
    cheapest = by_cost[under].iloc[0]
    alike = by_cost["compute"].between(cheapest["compute"] / 2, cheapest["compute"] * 2)
    alike &= by_cost.index != cheapest.name
    shown = {name: cheapest[name] for name in (*DESIGN, "n_runs", "compute", "worst")}
    return shown | {"n_alike": int(alike.sum()), "share_alike": under[alike].mean()}
