"""The half-blind test: what is asked, that nothing of it is read, and how it came out."""

from __future__ import annotations

import numpy as np
import pytest

from scaling.studies.predictors import blind_test as study
from scaling.studies.results import load_result
from scaling.testbed.grids import load_grid, select_plain


def test_what_is_asked_and_what_is_known():
    ladder, *shares = study.blind_tasks(load_grid("olmo_ladder"))
    assert ladder.asked["run"].tolist() == ["7B-4T-anneal", "13B-5T"]
    assert (ladder.case.runs["target"] == 0).all()
    assert len(ladder.case.runs) == 30
    assert ladder.columns == ["loss", "loss_pile"]
    known = ladder.case.runs
    for fraction, task in zip((1 / 20, 1 / 100), shares, strict=True):
        limit = known["C"].max()
        assert task.columns == ["loss_pile"]
        assert task.case.runs["C"].max() <= fraction * limit
        assert task.asked["C"].min() >= limit / 10
        assert (len(task.asked), task.case.losses[0].tolist()) == (
            6,
            task.case.runs["loss_pile"].tolist(),
        )
    assert [task.keys["known"] for task in (ladder, *shares)] == ["ladder", "1/20", "1/100"]


def test_the_targets_are_not_read_by_the_predictions():
    table = load_grid("olmo_ladder")
    poisoned = table.copy()
    poisoned.loc[poisoned["target"] == 1, ["loss", "loss_pile"]] *= 1.7
    task, other = study.blind_tasks(table)[0], study.blind_tasks(poisoned)[0]
    for candidate in study.blind_candidates():
        predictions = [candidate.fit(t.case)(t.asked) for t in (task, other)]
        np.testing.assert_array_equal(*predictions)


def test_the_blind_test_came_out_so():
    """The outcome that the chapter reads aloud, first run after the chapter was written."""
    table = study.run_blind_test()
    assert len(table) == 6 * (2 * 2 + 6 + 6)
    errors = table.assign(error=100 * table["relative_error"].abs())
    means = errors.groupby(["known", "loss_set", "candidate"])["error"].mean().unstack()
    two = means.loc["ladder"]
    assert two.loc["loss", ["recipe", "prior"]].tolist() == pytest.approx([0.99, 0.40], abs=0.005)
    assert two.loc["pile", ["recipe", "prior"]].tolist() == pytest.approx([0.59, 0.69], abs=0.005)
    names = ["recipe", "log", "free", "prior"]
    assert two.loc["pile", names].tolist() == pytest.approx([0.59, 0.40, 0.76, 0.69], abs=0.005)
    asked = table[table["known"] == "ladder"].set_index(["loss_set", "run", "candidate"])
    signed = 100 * asked["relative_error"].unstack()[names]
    # blind: log before the recipe before `prior`, on both models
    order = signed.loc["pile", ["log", "recipe", "prior"]].abs().to_numpy()
    assert (np.diff(order, axis=1) > 0).all()
    assert (signed.loc["pile"].abs().idxmin(axis=1) == "log").all()
    # sighted: the recipe was known to be too low
    assert sorted(signed.loc["loss", "recipe"]) == pytest.approx([-1.47, -0.50], abs=0.005)
    over_four = two.mean()
    assert over_four[["recipe", "log", "free", "prior"]].tolist() == pytest.approx(
        [0.79, 0.72, 0.84, 0.54], abs=0.005
    )
    assert means.loc[("1/20", "pile"), "prior"] > means.loc[("1/20", "pile"), "recipe"]
    assert means.loc[("1/100", "pile"), "prior"] < means.loc[("1/100", "pile"), "recipe"]


def test_the_candidates_of_the_blind_test_are_those_of_the_table():
    """The same names mean the same predictors."""
    series = select_plain(load_grid("olmo_ladder"))
    misses = load_result("grids")
    stored = misses[(misses["grid"] == "olmo_ladder") & (misses["count"] == "N")]
    task = study.blind_tasks(series.assign(target=0, loss_pile=series["loss"]))[1]
    for candidate in study.blind_candidates():
        own = stored[(stored["candidate"] == candidate.name) & (stored["fit_share"] == "1/20")]
        predicted = candidate.fit(task.case)(task.asked)[0]
        assert predicted.tolist() == pytest.approx(own["predicted"].tolist(), rel=1e-6)
