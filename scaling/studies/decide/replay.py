"""Would the plan have bought well? Small runs bought one by one, and the large ones predicted.

From three tiny runs and the compute of the paper's five, runs are bought among the testbed's small
ones; each is measured when it is bought. Then the law with its prior predicts the two large runs
of Table 1, on the loss sets near the training text. Beside it stand the paper's five, plain rules
that need no planner, plans that know of noise alone, and plans drawn at random.

The constants of `scaling.decide.purchases.BuyingRule` were looked at with these large runs in view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling.decide.gain import (
    NOISE_ALONE,
    WIDE,
    Array,
    Cells,
    Variances,
    find_variances,
    read_law,
)
from scaling.decide.plan import LEAST_GAIN
from scaling.decide.purchases import SHIPPED, BuyingRule, Known, choose_next, is_affordable
from scaling.laws.prior import fit_with_prior
from scaling.studies.decide.forecasts import NEAR_TEXT
from scaling.studies.decide.ideal_weights import find_ideal_variances
from scaling.testbed.labels import DATASETS
from scaling.testbed.runs import run_table, select_loss_fit, select_small, select_targets

START = (("0.011B", 20), ("0.011B", 160), ("0.079B", 20))
STEPS = (("0.154B", 20), ("0.411B", 20))  # the largest two sizes: with the start, a ladder
LEAST_M = 10.0  # below, most runs end inside their warm-up
N_RANDOM = 200
SEED = 12
SAME = 1e-6  # relative, of two errors
PLAN, STOPPED, FIVE, RANDOM = "plan", "plan, stopped", "the paper's five", "random"
IDEAL = "as if weighed ideally"
NOISE_GREEDY, NOISE_FIVE = "noise alone, greedy", "noise alone, best five"
LADDER, LARGEST, MOST_EXPENSIVE = "ladder of two", "largest affordable", "most expensive first"
RANDOM_HELD = "random, with the largest"
Bought = list[int]  # places of runs among the small ones, in the order in which they are bought


@dataclass(frozen=True)
class Shop:
    """Small runs of one training set, what a plan begins with, and what it may spend.

    Parameters
    ----------
    runs, targets : pandas.DataFrame
        Runs that may be bought, and those to be predicted.
    start, five : list of int
        Places of the runs that stand at the start, and of the paper's five.
    steps : list of int
        Places of `STEPS`.
    share : float
        What may be spent, over the compute of the paper's five.
    """

    runs: pd.DataFrame
    targets: pd.DataFrame
    start: Bought
    five: Bought
    steps: Bought
    share: float = 1.0

    @property
    def cells(self) -> Cells:
        """Parameters and tokens of the runs."""
        return Cells(self.runs["N"].to_numpy(float), self.runs["D"].to_numpy(float))

    @property
    def budget(self) -> float:
        """Compute that may be spent, FLOPs."""
        return self.share * float(self.cells.C[self.five].sum())

    def measure(self, plan: Bought, loss: str) -> Known:
        """What the runs of a plan were measured to have."""
        return Known(self.cells.take(plan), self.runs[loss].to_numpy(float)[plan])

    def spent(self, plan: Bought) -> float:
        """Compute of a plan, FLOPs."""
        return float(self.cells.C[plan].sum())

    def miss(self, plan: Bought, loss: str) -> Array:
        """Relative errors of the targets that a plan predicts, predicted over measured less one."""
        known = self.measure(plan, loss)
        law = fit_with_prior(*known.cells, known.loss).law
        predicted = law.predict(self.targets["N"].to_numpy(float), self.targets["D"])
        return np.asarray(predicted / self.targets[loss].to_numpy(float) - 1)


@cache
def open_shop(dataset: str, share: float = 1.0) -> Shop:
    """Take the small runs of a training set, from `LEAST_M` tokens per parameter on."""
    table = run_table(dataset)
    small = select_small(table, least_M=LEAST_M)
    places = {name: i for i, name in enumerate(zip(small["size"], small["M"], strict=True))}
    five = select_loss_fit(table)
    of_five = [places[name] for name in zip(five["size"], five["M"], strict=True)]
    start, steps = ([places[name] for name in names] for names in (START, STEPS))
    return Shop(small, select_targets(table), start, of_five, steps, share)


def buy(
    shop: Shop,
    loss: str,
    target: tuple[float, float],
    rule: BuyingRule = SHIPPED,
    least_gain: float = 0.0,
    find: Callable[..., Variances] = find_variances,
) -> Bought:
    """Buy what the rule says until no run gains more than `least_gain`, or none is affordable."""
    plan = list(shop.start)
    while True:
        left = shop.budget - shop.spent(plan)
        known, cells = shop.measure(plan, loss), shop.cells
        choice = choose_next(known, cells, cells.C, target, left, rule, find)
        if choice is None or choice.most <= least_gain:
            return plan
        plan.append(choice.which)


def buy_in_order(shop: Shop, order: Iterable[int]) -> Bought:
    """Go once through runs in an order of one's own, and buy what is affordable."""
    plan = list(shop.start)
    for place in map(int, order):
        left = shop.budget - shop.spent(plan)
        if place not in plan and is_affordable(shop.cells.C[[place]], left)[0]:
            plan.append(place)
    return plan


def buy_largest(shop: Shop, *_: object) -> Bought:
    """Buy the most parameters that are affordable, of those the most tokens, until nothing is."""
    N, D = shop.cells
    return buy_in_order(shop, np.lexsort((D, N))[::-1])


def buy_dearest(shop: Shop, *_: object) -> Bought:
    """Buy the most compute that is affordable until nothing is."""
    return buy_in_order(shop, np.argsort(shop.cells.C, kind="stable")[::-1])


def draw_plan(shop: Shop, rng: np.random.Generator, held: Bought | None = None) -> Bought:
    """Buy what is held, then at random among what is affordable until nothing is."""
    plan = shop.start + (held or [])
    while True:
        affordable = is_affordable(shop.cells.C, shop.budget - shop.spent(plan))
        affordable[plan] = False
        if not affordable.any():
            return plan
        plan.append(int(rng.choice(np.flatnonzero(affordable))))


def find_best_five(shop: Shop, loss: str, target: tuple[float, float]) -> Bought:
    """The five runs within the budget of least variance if there is noise alone, by enumeration.

    The law that they are judged by is that of the three runs of the start.
    """
    law = read_law(shop.measure(shop.start, loss).find_posterior())
    fives = np.array(list(combinations(range(len(shop.runs)), 5)))
    fives = fives[shop.cells.C[fives].sum(axis=1) <= shop.budget * (1 + 1e-9)]
    J = law.slopes(*shop.cells)[fives]
    g = law.slopes([target[0]], [target[1]])[0]
    belief = SHIPPED.belief
    P = np.diag(np.array([WIDE, WIDE, WIDE, belief.tau]) ** -2.0)
    precision = J.swapaxes(1, 2) @ J / belief.sigma_0**2 + P
    variance = np.linalg.solve(precision, np.broadcast_to(g[:, None], (len(fives), 4, 1)))[..., 0]
    return [int(i) for i in fives[(variance @ g).argmin()]]


Buyer = Callable[[Shop, str, tuple[float, float]], Bought]
BUYERS: dict[str, Buyer] = {
    PLAN: buy,
    STOPPED: partial(buy, least_gain=LEAST_GAIN),
    IDEAL: partial(buy, find=find_ideal_variances),
    FIVE: lambda shop, *_: shop.five,
    LADDER: lambda shop, *_: shop.start + shop.steps,
    LARGEST: buy_largest,
    MOST_EXPENSIVE: buy_dearest,
    NOISE_GREEDY: partial(buy, rule=BuyingRule(NOISE_ALONE)),
    NOISE_FIVE: find_best_five,
}


def replay(name: str, buyer: Buyer, share: float = 1.0) -> Iterator[dict[str, object]]:
    """Let a buyer buy for every training set, loss set and target, and predict that target."""
    for dataset in DATASETS.values():
        shop = open_shop(dataset, share)
        for loss_set in NEAR_TEXT:
            loss = f"loss_{loss_set}"
            for i, (N, D) in enumerate(shop.targets[["N", "D"]].to_numpy(float)):
                plan = buyer(shop, loss, (N, D))
                yield {
                    "plan": name,
                    "draw": 0,
                    "dataset": dataset,
                    "loss_set": loss_set,
                    "target": shop.targets["run"].iloc[i],
                    "n_runs": len(plan),
                    "C": shop.spent(plan),
                    "relative_error": shop.miss(plan, loss)[i],
                    "bought": " ".join(name_cell(shop, place) for place in plan),
                }


def name_cell(shop: Shop, place: int) -> str:
    """Name a run by size and tokens per parameter."""
    return f"{shop.runs['size'].iloc[place]}-M{shop.runs['M'].iloc[place]:g}"


def replay_random(
    n_plans: int = N_RANDOM, share: float = 1.0, name: str = RANDOM
) -> Iterator[dict[str, object]]:
    """Draw plans for every training set, the same for all loss sets and both targets.

    Those called `RANDOM_HELD` must hold the first run that `buy_largest` buys.
    """
    for number, dataset in enumerate(DATASETS.values()):
        shop, rng = open_shop(dataset, share), np.random.default_rng([SEED, number])
        held = buy_largest(shop)[len(START) :][:1] if name == RANDOM_HELD else []
        for draw in range(n_plans):
            plan = draw_plan(shop, rng, held)
            for loss_set in NEAR_TEXT:
                for target, error in zip(
                    shop.targets["run"], shop.miss(plan, f"loss_{loss_set}"), strict=True
                ):
                    yield {
                        "plan": name,
                        "draw": draw,
                        "dataset": dataset,
                        "loss_set": loss_set,
                        "target": target,
                        "n_runs": len(plan),
                        "C": shop.spent(plan),
                        "relative_error": error,
                        "bought": "",
                    }


CASE = ["dataset", "loss_set", "target"]


def tabulate_replays() -> pd.DataFrame:
    """Replay every buyer, and random plans.

    Returns
    -------
    pandas.DataFrame
        A row per plan, draw, training set, loss set and target: n_runs and C (FLOPs) with the
        start, relative_error of the target's loss, and bought, in order, empty for random plans.
    """
    rows = [row for name, buyer in BUYERS.items() for row in replay(name, buyer)]
    return pd.DataFrame([*rows, *replay_random(), *replay_random(name=RANDOM_HELD)])


def compare_with_random(replays: pd.DataFrame, random: pd.DataFrame) -> pd.DataFrame:
    """Say for each case which share of random plans errs more.

    Parameters
    ----------
    replays, random : pandas.DataFrame
        Rows of `tabulate_replays`.

    Returns
    -------
    pandas.DataFrame
        The replays with ``error``, its size, and ``beats``, a fraction, a tie for half.
    """
    drawn = {case: np.abs(rows["relative_error"].to_numpy()) for case, rows in random.groupby(CASE)}
    error = replays["relative_error"].abs()
    cases = zip(replays[CASE].itertuples(index=False, name=None), error, strict=True)
    beats = [_share_beaten(drawn[case], error) for case, error in cases]
    return replays.assign(error=error, beats=beats)


def _share_beaten(drawn: NDArray[np.float64], error: float) -> float:
    """Share that errs more; what differs by a rounding is a tie."""
    ties = np.isclose(drawn, error, rtol=SAME, atol=0.0)
    return float(((drawn > error) & ~ties).mean() + ties.mean() / 2)


def sum_up(replays: pd.DataFrame) -> pd.DataFrame:
    """Mean error and share of random plans beaten, a row per plan.

    Returns
    -------
    pandas.DataFrame
        Indexed by plan: ``n_runs``, ``C``, ``error`` and ``beats``, means over all cases, and
        ``beats_<training set>``.
    """
    compared = compare_with_random(replays, replays[replays["plan"] == RANDOM])
    by_plan = compared.groupby("plan", sort=False)
    table = by_plan[["n_runs", "C", "error", "beats"]].mean()
    sets = compared.pivot_table(index="plan", columns="dataset", values="beats")
    return table.join(sets[list(DATASETS.values())].add_prefix("beats_"))
