"""What of the plan matters? Other constants, other prices and stops, and other budgets, replayed.

The shipped constants were looked at with the large runs in view at one budget, that of the paper's
five; the other budgets were replayed after they had been chosen.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import pandas as pd

from scaling.decide.gain import NOISE_ALONE
from scaling.decide.plan import LEAST_GAIN
from scaling.decide.purchases import SHIPPED, BuyingRule
from scaling.studies.decide.replay import (
    FIVE,
    LARGEST,
    MOST_EXPENSIVE,
    PLAN,
    STOPPED,
    Buyer,
    buy,
    buy_dearest,
    buy_largest,
    replay,
    replay_random,
    sum_up,
)
from scaling.testbed.labels import DATASETS

NEIGHBOURS = {
    "shared": (0.0, 0.4, 0.5, 0.8),
    "length": (0.5, 0.7, 1.5, 2.0),
    "closer": (0.0, 0.05, 0.1, 0.15),
    "kappa": (0.0, 0.2, 0.6, 1.0),
    "noise": (0.005, 0.01, 0.014, 0.025),
}
MISFITS = {"none": NOISE_ALONE, "shipped": SHIPPED.misfit}
SHARES = (0.25, 0.5, 2.0, 4.0)  # of the compute of the paper's five
N_RANDOM_OF_SHARE = 60


def list_rules() -> dict[tuple[str, float], BuyingRule]:
    """The shipped rule, and rules that differ from it in one constant."""
    rules = {("shipped", float("nan")): SHIPPED}
    for name, values in NEIGHBOURS.items():
        for value in values:
            changed: dict[str, Any] = {name: value}
            if name not in BuyingRule._fields:
                changed = {"misfit": replace(SHIPPED.misfit, **changed)}
            rules[name, value] = SHIPPED._replace(**changed)
    return rules


def _sum_up_each(
    buyers: dict[Any, Buyer], keys: tuple[str, ...], random: pd.DataFrame, share: float = 1.0
) -> pd.DataFrame:
    """Replay buyers, a row for each; its name becomes the columns of the keys."""
    tables = []
    for name, buyer in buyers.items():
        rows = pd.DataFrame(replay(PLAN, buyer, share))
        table = sum_up(pd.concat([rows, random])).loc[[PLAN]]
        named = name if isinstance(name, tuple) else (name,)
        tables.append(table.assign(**dict(zip(keys, named, strict=True))))
    return pd.concat(tables).set_index(list(keys)).reset_index()


def tabulate_rules() -> pd.DataFrame:
    """Replay neighbouring rules beside the random plans that are stored.

    Returns
    -------
    pandas.DataFrame
        A row per constant and value, as `sum_up` has them.
    """
    buyers: dict[Any, Buyer] = {
        name: partial(buy, rule=rule) for name, rule in list_rules().items()
    }
    return _sum_up_each(buyers, ("constant", "value"), pd.DataFrame(replay_random()))


def tabulate_factors() -> pd.DataFrame:
    """Replay rules with and without misfit, price and the stop rule, each with each.

    Returns
    -------
    pandas.DataFrame
        A row per misfit, kappa and least_gain, as `sum_up` has them.
    """
    kappas, stops = (0.0, SHIPPED.kappa), (0.0, LEAST_GAIN)
    buyers: dict[Any, Buyer] = {
        (misfit, kappa, stop): partial(
            buy, rule=BuyingRule(MISFITS[misfit], kappa), least_gain=stop
        )
        for misfit, kappa, stop in product(MISFITS, kappas, stops)
    }
    keys = ("misfit", "kappa", "least_gain")
    return _sum_up_each(buyers, keys, pd.DataFrame(replay_random()))


def tabulate_budgets() -> pd.DataFrame:
    """Replay the plan and the plain rules at other budgets, each with random plans of its own.

    Returns
    -------
    pandas.DataFrame
        A row per share of the compute of the paper's five and plan, as `sum_up` has them.
    """
    buyers: dict[str, Buyer] = {
        PLAN: buy,
        STOPPED: partial(buy, least_gain=LEAST_GAIN),
        LARGEST: buy_largest,
        MOST_EXPENSIVE: buy_dearest,
    }
    tables = []
    for share in SHARES:
        rows = [row for name, buyer in buyers.items() for row in replay(name, buyer, share)]
        random = replay_random(N_RANDOM_OF_SHARE, share)
        tables.append(sum_up(pd.DataFrame([*rows, *random])).assign(share=share))
    return pd.concat(tables).set_index("share", append=True).swaplevel().reset_index()


def choose_without(rules: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Choose the constants by two training sets, and judge them on the third.

    Parameters
    ----------
    rules : pandas.DataFrame
        `tabulate_rules`.
    summary : pandas.DataFrame
        `sum_up` of the replays, with the paper's five.

    Returns
    -------
    pandas.DataFrame
        Indexed by the training set left out: ``constant`` and ``value`` of the rule that beats
        most on the other two, ``beats`` of it on the one left out, and ``five`` there.
    """
    rows = {}
    for dataset in DATASETS.values():
        others = [f"beats_{name}" for name in DATASETS.values() if name != dataset]
        best = rules.iloc[int(rules[others].mean(axis=1).to_numpy().argmax())]
        rows[dataset] = {
            "constant": best["constant"],
            "value": best["value"],
            "beats": best[f"beats_{dataset}"],
            "five": summary.loc[FIVE, f"beats_{dataset}"],
        }
    return pd.DataFrame.from_dict(rows, orient="index")
