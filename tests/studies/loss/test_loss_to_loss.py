"""Relations between losses: planted truths, exact on a ray, and the rivals by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling.laws.law import LossLaw
from scaling.laws.loss_to_loss import LossToLoss, fit_loss_to_loss
from scaling.studies.loss.loss_to_loss import (
    OTHER_SETS,
    compare_routes,
    compare_training_sets,
    relate_sets,
)
from scaling.testbed.labels import LOSS_COLUMN, LOSS_SETS
from scaling.testbed.runs import run_table, select_loss_fit, select_targets

X_LAW, Y_LAW = LossLaw(1.8, 170.0, 370.0, 0.27), LossLaw(2.5, 900.0, 1500.0, 0.36)
RAY = [("0.011B", 1e7), ("0.079B", 8e7), ("0.154B", 1.5e8), ("0.411B", 4e8)]
LARGE = [("1.4B", 1.4e9, 20), ("6.9B", 7e9, 20), ("1.4B", 1.4e9, 640)]
SHAPES = [(size, N, 20) for size, N in RAY] + [("0.011B", 1e7, 320), *LARGE]


def make_runs(dataset="redpajama", y_law=Y_LAW):
    runs = pd.DataFrame(SHAPES, columns=["size", "N", "M"])
    runs["D"] = runs["M"] * runs["N"]
    return runs.assign(
        dataset=dataset,
        run=dataset + "-" + runs["size"] + "-M" + runs["M"].astype(str),
        C=6 * runs["N"] * runs["D"],
        **{LOSS_COLUMN: X_LAW.predict(runs["N"], runs["D"])},
        loss_y=y_law.predict(runs["N"], runs["D"]),
    )


def test_the_record_reads_like_its_formula():
    relation = LossToLoss(1.0, 2.0, 3.0, 0.5)
    assert relation.predict(5.0) == pytest.approx(2 + 3 * 2.0)
    assert relation.predict([1.25, 2.0]) == pytest.approx([3.5, 5.0])


def test_there_is_no_answer_at_or_below_the_irreducible_loss():
    assert np.isnan(LossToLoss(1.0, 2.0, 3.0, 0.5).predict([1.0, 0.5])).all()


def test_a_planted_relation_comes_back():
    truth = LossToLoss(1.7, 2.2, 1.4, 0.8)
    L_x = np.array([2.0, 2.5, 3.0, 4.0])
    found = fit_loss_to_loss(L_x, truth.predict(L_x), 1.7, 2.2)
    assert vars(found) == pytest.approx(vars(truth))


@pytest.mark.parametrize(
    ("L_x", "L_y", "message"),
    [
        ([2.0, 1.5], [3.0, 4.0], "L_x must be above E = 1.5, got 1.5"),
        ([2.0, 2.5], [3.0, 2.0], "L_y must be above E = 2.2, got 2"),
        ([2.0, 2.0], [3.0, 4.0], "two different losses"),
    ],
)
def test_what_cannot_be_related_is_refused(L_x, L_y, message):
    with pytest.raises(ValueError, match=message):
        fit_loss_to_loss(L_x, L_y, 1.5, 2.2)


def test_on_a_ray_the_relation_is_exact_and_adds_nothing():
    runs = make_runs()
    ray, beyond = runs.iloc[:4], runs.iloc[5:7]
    relation = fit_loss_to_loss(ray[LOSS_COLUMN], ray["loss_y"], X_LAW.E, Y_LAW.E)
    assert relation.kappa == pytest.approx(Y_LAW.alpha / X_LAW.alpha)
    assert relation.predict(beyond[LOSS_COLUMN]) == pytest.approx(beyond["loss_y"].to_numpy())


def test_each_set_brings_its_own_irreducible_loss():
    *_, relation = relate_sets(make_runs().iloc[:5], "loss_y")
    assert (relation.E_x, relation.E_y) == pytest.approx((X_LAW.E, Y_LAW.E), rel=1e-6)


def test_routes_by_hand():
    runs = make_runs()
    learnt = select_loss_fit(runs)
    judged = runs.iloc[[7]].assign(**{LOSS_COLUMN: 2.9})
    routes = compare_routes(learnt, judged, "loss_y")
    assert len(routes.columns) == 6
    truth = judged["loss_y"].item()
    predicted = truth * (1 + routes.iloc[0])
    assert predicted["direct"] == pytest.approx(truth)
    *_, relation = relate_sets(learnt, "loss_y")
    x_hat = float(X_LAW.predict(1.4e9, 640 * 1.4e9))
    assert predicted["relation"] == pytest.approx(relation.predict(x_hat), rel=1e-6)
    assert predicted["relation, fed x"] == pytest.approx(relation.predict(2.9), rel=1e-6)
    (x_1, y_1), (x_2, y_2) = runs.loc[[2, 3], [LOSS_COLUMN, "loss_y"]].to_numpy()
    slope = (y_2 - y_1) / (x_2 - x_1)
    assert predicted["ruler"] == pytest.approx(y_2 + slope * (x_hat - x_2))
    assert predicted["ruler, fed x"] == pytest.approx(y_2 + slope * (2.9 - x_2))
    assert predicted["no change"] == pytest.approx(y_2)


def test_training_sets_by_hand():
    known, wanted = make_runs("c4"), make_runs("refinedweb", LossLaw(2.0, 500.0, 700.0, 0.3))
    wanted = wanted[wanted["M"] < 640]
    routes = compare_training_sets(known, wanted, "loss_y")
    assert list(routes.index) == ["refinedweb-1.4B-M20", "refinedweb-6.9B-M20"]
    assert routes["direct"].to_numpy() == pytest.approx(np.zeros(2), abs=1e-6)
    x, y = known["loss_y"], wanted["loss_y"]
    assert y[6] * (1 + routes["same ratio"].iloc[1]) == pytest.approx(x[6] * y[3] / x[3])
    line = y[3] + (x[6] - x[3]) * (y[3] - y[2]) / (x[3] - x[2])
    assert y[6] * (1 + routes["ruler"].iloc[1]) == pytest.approx(line)
    relation = fit_loss_to_loss(x[:5], y[:5], Y_LAW.E, 2.0)
    assert y[6] * (1 + routes["relation"].iloc[1]) == pytest.approx(
        relation.predict(x[6]), rel=1e-5
    )


def test_on_the_testbed_the_detour_does_not_pay():
    assert len(OTHER_SETS) == len(LOSS_SETS) - 1
    tables = [run_table(dataset) for dataset in ("c4", "redpajama", "refinedweb")]
    misses = pd.concat(
        compare_routes(select_loss_fit(table), select_targets(table), y)
        for table in tables
        for y in OTHER_SETS
    )
    mean = (100 * misses.abs().mean()).round(2)
    assert len(misses) == 42
    assert mean.to_dict() == {
        "direct": 6.03,
        "relation": 6.37,
        "relation, fed x": 6.18,
        "ruler": 4.72,
        "ruler, fed x": 4.16,
        "no change": 30.19,
    }
    assert (misses["ruler"].abs() < misses["direct"].abs()).sum() == 27
    assert (misses["relation"].abs() < misses["direct"].abs()).sum() == 12


def test_the_ruler_is_ahead_where_runs_name_other_files():
    """By files: cells, cells where the ruler is closer, mean miss of the direct law and the ruler.

    Small runs by C4 loss and by compute beyond the dearest of the five, large runs by role.
    """
    parts = []
    for dataset in ("c4", "redpajama", "refinedweb"):
        table = run_table(dataset)
        five, targets = select_loss_fit(table), select_targets(table)["run"]
        judged = table[~table["run"].isin(five["run"]) & (table["M"] >= 10)].set_index("run")
        dearest = five.loc[five["C"].idxmax()]
        small = judged["N"] < 1e9
        groups = {
            "small": small,
            "lower": small & (judged[LOSS_COLUMN] < dearest[LOSS_COLUMN]),
            "dearer": small & (judged["C"] > dearest["C"]),
            "large": ~small & ~judged.index.isin(targets),
            "target": judged.index.isin(targets),
            "other": judged["other_files"],
        }
        for y in OTHER_SETS:
            parts.append(compare_routes(five, judged.reset_index(), y).abs().assign(**groups))
    misses = pd.concat(parts).assign(closer=lambda t: t["ruler"] < t["direct"])
    found = {}
    for name in ("small", "lower", "dearer", "large", "target"):
        for other, cells in misses[misses[name]].groupby("other"):
            means = (100 * cells[["direct", "ruler"]].mean()).round(1)
            found[name, other] = (len(cells), cells["closer"].sum(), *means)
    assert found == {
        ("small", False): (413, 206, 1.9, 2.4),
        ("small", True): (63, 47, 4.0, 3.5),
        ("lower", False): (77, 38, 1.2, 1.2),
        ("lower", True): (49, 34, 4.2, 3.9),
        ("dearer", False): (119, 71, 1.9, 1.6),
        ("dearer", True): (63, 47, 4.0, 3.5),
        ("large", False): (14, 8, 2.8, 3.0),
        ("large", True): (7, 5, 2.3, 1.4),
        ("target", False): (7, 1, 4.1, 8.7),
        ("target", True): (35, 26, 6.4, 3.9),
    }
