"""Does the loss on one text tell that on another? Relations between losses, and rivals."""

from __future__ import annotations

import pandas as pd

from scaling.forecast.rulers import predict_no_change, predict_on_line, relative_error
from scaling.laws.fit import fit_loss_law
from scaling.laws.law import LossLaw
from scaling.laws.loss_to_loss import LossToLoss, fit_loss_to_loss
from scaling.testbed.labels import LOSS_COLUMN, LOSS_SETS
from scaling.testbed.runs import select_loss_fit

OTHER_SETS = tuple(f"loss_{name}" for name in LOSS_SETS.values() if f"loss_{name}" != LOSS_COLUMN)


def relate_sets(
    runs: pd.DataFrame, y: str, x: str = LOSS_COLUMN
) -> tuple[LossLaw, LossLaw, LossToLoss]:
    """Relate two loss sets of the same models.

    Parameters
    ----------
    runs : pandas.DataFrame
        Run table of the runs to learn from.
    y, x : str
        Columns of the losses.

    Returns
    -------
    law_x, law_y : LossLaw
        Each set's own loss law.
    relation : LossToLoss
        y over x, with the irreducible losses of the two.
    """
    law_x, law_y = (fit_loss_law(runs["N"], runs["D"], runs[name]).law for name in (x, y))
    return law_x, law_y, fit_loss_to_loss(runs[x], runs[y], law_x.E, law_y.E)


def compare_routes(learnt: pd.DataFrame, judged: pd.DataFrame, y: str) -> pd.DataFrame:
    """Predict the loss on y on several routes, all from the same runs, by that on C4 eval, x.

    ``direct``: the loss law of y. ``relation``: the loss law of x, then the shifted power law.
    ``ruler``: the loss law of x, then the straight line through the two dearest runs. ``fed x``:
    the same with the measured loss on x. ``no change``: the loss of the dearest run.

    Parameters
    ----------
    learnt, judged : pandas.DataFrame
        Run tables of one training set: runs to learn from, and runs to predict.
    y : str
        Column of the loss.

    Returns
    -------
    pandas.DataFrame
        Signed relative errors, fractions; a row per judged run, a column per route.
    """
    law_x, law_y, relation = relate_sets(learnt, y)
    predicted_x = law_x.predict(judged["N"], judged["D"])
    predicted = {
        "direct": law_y.predict(judged["N"], judged["D"]),
        "relation": relation.predict(predicted_x),
        "relation, fed x": relation.predict(judged[LOSS_COLUMN]),
        "ruler": predict_on_line(learnt, predicted_x, (LOSS_COLUMN, y)),
        "ruler, fed x": predict_on_line(learnt, judged[LOSS_COLUMN], (LOSS_COLUMN, y)),
        "no change": predict_no_change(learnt, y),
    }
    misses = {name: relative_error(value, judged[y]) for name, value in predicted.items()}
    return pd.DataFrame(misses, index=pd.Index(judged["run"], name="run"))


def compare_training_sets(
    known: pd.DataFrame, wanted: pd.DataFrame, column: str = LOSS_COLUMN
) -> pd.DataFrame:
    """Predict large runs trained on one text from the same shapes trained on another.

    The five runs of the recipe exist on both texts; the large runs of equal N and D on the first
    are known, those on the second wanted. ``direct`` does not look at the first text; ``relation``
    and ``ruler`` are fed its measured losses; ``same ratio`` keeps that of the dearest of the five.

    Parameters
    ----------
    known, wanted : pandas.DataFrame
        Run tables of the two training sets.
    column : str
        Column of the loss, the same for both.

    Returns
    -------
    pandas.DataFrame
        Signed relative errors, fractions; a row per large run that both have.
    """
    pairs = known.merge(wanted, on=["size", "M", "N", "D", "C"], suffixes=("_x", "_y"))
    x, y = f"{column}_x", f"{column}_y"
    five = pairs[pairs["run_y"].isin(select_loss_fit(wanted)["run"])]
    large = pairs[pairs["N"] > 1e9]
    _, law_y, relation = relate_sets(five, y, x)
    last = five.sort_values("C").iloc[-1]
    predicted = {
        "direct": law_y.predict(large["N"], large["D"]),
        "relation": relation.predict(large[x]),
        "ruler": predict_on_line(five, large[x], (x, y)),
        "same ratio": large[x] * (last[y] / last[x]),
    }
    misses = {name: relative_error(value, large[y]) for name, value in predicted.items()}
    return pd.DataFrame(misses, index=pd.Index(large["run_y"], name="run"))
