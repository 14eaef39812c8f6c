"""Backtest: exact on a planted law, SciPy's on the testbed, blind to what is larger."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit

from scaling.forecast.backtest import LARGEST_FLOAT, miss, run_backtest, sum_up
from scaling.forecast.fitted import fit_table
from scaling.laws.fit import FitError
from scaling.laws.law import LossLaw, LossSurface
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import run_table

TRUTHS = {
    "tied": LossLaw(1.8, 180.0, 220.0, 0.25),
    "free": LossSurface(1.8, 180.0, 400.0, 0.25, 0.29),
}
SIZES = (1e7, 4e7, 1.6e8, 6.4e8, 2.5e9)


def planted(law: str = "tied", sizes=SIZES, multipliers=(20.0, 80.0, 320.0)) -> pd.DataFrame:
    """Noise-free runs of a law, in no order."""
    N, M = (grid.ravel() for grid in np.meshgrid(sizes, multipliers, indexing="ij"))
    loss = TRUTHS[law].predict(N, M * N)
    table = pd.DataFrame({"N": N, "D": M * N, "loss": loss, "flags": ""})
    table.insert(0, "run", [f"run {i}" for i in range(len(table))])
    return table.sample(frac=1, random_state=0).reset_index(drop=True)


@pytest.mark.parametrize(("law", "n_needed"), [("tied", 2), ("free", 3)])
def test_a_planted_law_is_found_from_its_smaller_sizes(law, n_needed):
    table = planted(law)
    held_out, not_predicted = run_backtest(table, "loss", law=law)
    assert not_predicted == [4e7]  # three runs below it
    assert list(held_out["N"]) == sorted(held_out["N"])
    assert set(held_out["run"]) == set(table.loc[table["N"] > 4e7, "run"])
    merged = held_out.merge(table, on="run", suffixes=("", "_table"))
    for name, other in (("N", "N_table"), ("D", "D_table"), ("actual", "loss")):
        assert (merged[name] == merged[other]).all()
    for row in held_out.itertuples():
        below = [size for size in SIZES if size < row.N]
        assert row.fit_sizes == below
        assert (row.n_sizes, row.n_runs) == (len(below), 3 * len(below))
        expected = "converged" if len(below) >= n_needed else "unidentified"
        assert row.status == expected
        if expected == "converged":
            assert row.predicted == pytest.approx(row.actual, rel=1e-9)
            assert abs(row.relative_error) < 1e-9


def best_of_scipy(runs: pd.DataFrame) -> np.ndarray:
    def law(x, E, a, b, alpha):
        return E + np.exp(a - alpha * x[0]) + np.exp(b - alpha * x[1])

    x, y = np.log(runs[["N", "D"]].to_numpy(float)).T, runs[LOSS_COLUMN].to_numpy()
    best = None
    for E, a, alpha in ((1.8, 5.0, 0.25), (1.0, 3.0, 0.15), (2.5, 8.0, 0.4)):
        start = (E, a, a, alpha)
        p, _ = curve_fit(law, x, y, p0=start, maxfev=20_000, xtol=1e-14, ftol=1e-14)
        ssr = np.sum((law(x, *p) - y) ** 2)
        if best is None or ssr < best[0]:
            best = (ssr, p)
    return lambda N, D: law(np.log([N, D]), *best[1])


@pytest.mark.parametrize("dataset", DATASETS.values())
def test_the_testbed_comes_out_as_by_scipy(dataset):
    table = run_table(dataset)
    held_out, not_predicted = run_backtest(table, LOSS_COLUMN, law="tied")
    assert not_predicted == []
    assert len(held_out) == (table["N"] > table["N"].min()).sum()
    for N, part in held_out.groupby("N"):
        smaller = table[table["N"] < N]
        n_sizes = len(set(smaller["N"]))
        assert set(part["status"]) == {"unidentified" if n_sizes == 1 else "converged"}
        own = table.set_index("run").loc[part["run"]]
        if n_sizes > 1:
            predict = best_of_scipy(smaller)
            expected = predict(own["N"].to_numpy(float), own["D"].to_numpy(float))
            assert part["predicted"].to_numpy() == pytest.approx(expected, rel=1e-6)
        signed = (part["predicted"] - part["actual"]) / part["actual"]
        assert part["relative_error"].to_numpy() == pytest.approx(signed.to_numpy(), abs=1e-12)
        second, last = smaller.nlargest(2, "C").sort_values("C").to_dict("records")
        assert (part["no_change"] == last[LOSS_COLUMN]).all()
        slope = np.log(last[LOSS_COLUMN] / second[LOSS_COLUMN]) / np.log(last["C"] / second["C"])
        line = last[LOSS_COLUMN] * (own["C"] / last["C"]) ** slope
        assert part["line"].to_numpy() == pytest.approx(line.to_numpy())


def test_law_beats_the_line_only_where_it_is_identified():
    """The table of the chapter: mean misses of law and line, M above 5."""
    found = []
    for dataset in ("c4", "redpajama", "refinedweb"):
        held_out = run_backtest(run_table(dataset).query("M > 5"), LOSS_COLUMN, law="tied").held_out
        sound = held_out[held_out["status"] == "converged"]
        found.append(
            [sum_up(t)["mean"][name] for t in (sound, held_out) for name in ("predicted", "line")]
        )
    expected = [
        [0.0190, 0.0543, 0.0878, 0.0887],
        [0.0169, 0.0442, 0.0778, 0.0773],
        [0.0146, 0.0456, 0.0764, 0.0804],
    ]
    assert np.array(found) == pytest.approx(np.array(expected), abs=1e-4)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_a_run_is_judged_by_the_bet_of_a_prediction(level):
    """As if it had been asked for before it was trained; no bet where none would be given."""
    table = run_table("refinedweb")
    found = run_backtest(table, LOSS_COLUMN, level=level).held_out
    judged = found["inside"].notna()
    assert 0 < judged.sum() < len(found)
    assert found.loc[judged, "inside"].any()
    for row in found.iloc[::5].itertuples():
        told = fit_table(table[table["N"] < row.N], LOSS_COLUMN).predict(row.N, row.D, level)
        assert row.predicted == pytest.approx(told.loss, rel=1e-12)
        if told.doubt:
            assert np.isnan([row.lo, row.hi]).all() and row.inside is pd.NA
            continue
        assert (row.lo, row.hi) == pytest.approx((told.lo, told.hi), rel=1e-12)
        assert row.inside == (told.lo <= row.actual <= told.hi)


def test_larger_runs_are_not_read():
    """Poison every loss from one size up: the predictions of that size and below stay."""
    table = planted()
    before, _ = run_backtest(table, "loss", law="tied")
    poisoned = table.assign(loss=table["loss"].where(table["N"] < 6.4e8, 9.0))
    after, _ = run_backtest(poisoned, "loss", law="tied")
    at_or_below = before["N"] <= 6.4e8
    pd.testing.assert_series_equal(
        before["predicted"][at_or_below], after["predicted"][at_or_below]
    )
    assert (before["predicted"][~at_or_below] != after["predicted"][~at_or_below]).all()


def test_order_of_the_table_does_not_matter():
    table = planted()
    first, _ = run_backtest(table, "loss", law="tied")
    second, _ = run_backtest(table.iloc[::-1].set_index("run", drop=False), "loss", law="tied")
    columns = ["run", "predicted", "no_change", "line"]
    first, second = (t[columns].set_index("run").sort_index() for t in (first, second))
    pd.testing.assert_frame_equal(first, second, rtol=1e-9)


def test_sizes_are_those_of_the_count():
    """Two runs of one N and different N_body are two sizes in N_body."""
    table = planted().assign(N_body=lambda t: t["N"] - 4e6)
    table["loss"] = TRUTHS["tied"].predict(table["N_body"], table["D"])
    table["N"] = table["N"].replace(4e7, 1e7)
    by_body, _ = run_backtest(table, "loss", "N_body", law="tied")
    assert np.abs(by_body["relative_error"]).max() < 1e-9
    assert by_body["fit_sizes"].iloc[-1] == pytest.approx([size - 4e6 for size in SIZES[:-1]])
    assert len(run_backtest(table, "loss", law="tied")[0]["fit_sizes"].iloc[-1]) == 3


def test_baselines_cost_the_runs_in_the_count_that_is_asked_for():
    """The same as if that count were the table's N, and not what the table's own N gives."""
    table = planted().assign(N_body=lambda t: t["N"] ** 1.5)
    names = ["no_change", "line"]
    by_body, _ = run_backtest(table, "loss", "N_body", law="tied")
    as_N, _ = run_backtest(table.assign(N=table["N_body"]), "loss", law="tied")
    pd.testing.assert_frame_equal(by_body[names], as_N[names])
    assert (by_body["line"] != run_backtest(table, "loss", law="tied")[0]["line"]).all()


def test_runs_of_like_cost_give_a_flat_line():
    N = np.array([1e8, 2e8, 3e8, 4e8, 1e9])
    D = np.array([*(1e18 / N[:4]), 2e11])
    table = pd.DataFrame({"run": list("abcde"), "N": N, "D": D, "loss": [3.4, 3.2, 3.1, 3.15, 2.5]})
    for cost in (1.0, 0.6, 0.5):
        table.loc[0, ["D", "loss"]] = [cost * 1e18 / 1e8, 3.6]
        held_out, _ = run_backtest(table.assign(flags=""), "loss", law="tied")
        last = held_out["no_change"].item()
        assert last in set(table["loss"][:4])
        assert (held_out["line"].item() == last) is (cost > 0.5)
    slope = np.log(last / 3.6) / np.log(2)
    assert held_out["line"].item() == pytest.approx(last * 200**slope)


@pytest.mark.parametrize("order", [1, -1])
def test_of_runs_of_one_cost_the_best_stands_for_the_dearest(order):
    table = planted(sizes=SIZES[:3])
    dearest = table[table["N"] == SIZES[1]].nlargest(1, "D")
    seeds = [dearest.assign(run=f"{by}", loss=by * dearest["loss"]) for by in (1.01, 0.99)]
    held_out, _ = run_backtest(pd.concat([table, *seeds]).iloc[::order], "loss", law="tied")
    assert set(held_out["no_change"]) == {0.99 * dearest["loss"].item()}


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((1e7,), r"a backtest needs at least 2 sizes \(distinct N\), got 1"),
        ((1e7, 4e7), "no size can be predicted from the smaller ones: a law with 4 parameters"),
    ],
)
def test_too_few_sizes_are_refused(sizes, said):
    with pytest.raises(FitError, match=said):
        run_backtest(planted(sizes=sizes), "loss", law="tied")


def test_sums_and_misses_by_hand():
    held_out = pd.DataFrame(
        {
            "actual": [2.0, 4.0, 5.0],
            "predicted": [2.2, 3.0, 5.0],
            "no_change": [3.0, 4.0, 5.0],
            "line": [2.0, 6.0, 4.0],
        }
    )
    summary = sum_up(held_out)
    assert list(summary.index) == ["predicted", "no_change", "line"]
    assert summary["mean"].tolist() == pytest.approx([0.35 / 3, 0.5 / 3, 0.7 / 3])
    assert summary["max"].tolist() == pytest.approx([0.25, 0.5, 0.5])
    assert miss([2.2, 1.5], [2.0, 2.0]) == pytest.approx([0.1, -0.25])
    assert miss([1e30, -1e30], [5e-324, 5e-324]).tolist() == [LARGEST_FLOAT, -LARGEST_FLOAT]


def test_many_sizes_and_many_runs():
    """300 sizes, one fit each; 100,000 runs of four."""
    rng = np.random.default_rng(1)
    sizes = np.geomspace(1e7, 1e10, 300)
    held_out, _ = run_backtest(
        planted(sizes=tuple(sizes), multipliers=(20.0, 80.0)), "loss", law="tied"
    )
    assert len(held_out) == 2 * 298
    apart = held_out[held_out["N"] > 2e7]  # nearer sizes are as good as one
    assert np.abs(apart["relative_error"]).max() < 1e-5
    N = rng.choice(SIZES[:4], 100_000)
    D = N * np.exp(rng.uniform(2, 6, len(N)))
    loss = TRUTHS["tied"].predict(N, D) * np.exp(0.01 * rng.standard_normal(len(N)))
    table = pd.DataFrame({"run": np.arange(len(N)).astype(str), "N": N, "D": D, "loss": loss})
    held_out, _ = run_backtest(table.assign(flags=""), "loss", law="tied")
    largest = held_out[held_out["N"] == SIZES[3]]
    assert largest["relative_error"].std() == pytest.approx(0.01, rel=0.05)
    assert abs(largest["relative_error"].mean()) < 0.002
