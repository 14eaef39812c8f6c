"""The large runs: no task knows what it asks for, plain SciPy on cells, the paper's numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from plain import fit_plainly

from scaling.laws.prior import load_belief
from scaling.studies.predictors import extrapolation
from scaling.studies.predictors.backtests import LOSSES
from scaling.studies.predictors.candidates import BASELINES, SINGLE_CHANGES, Candidate
from scaling.studies.predictors.extrapolation import (
    OTHER_GRIDS,
    OTHERS,
    grid_tasks,
    named_candidates,
    run_tasks,
)
from scaling.studies.predictors.selection import first_choice, list_candidates
from scaling.studies.results import load_result
from scaling.testbed.grids import GRIDS, load_grid
from scaling.testbed.labels import DATASETS, LOSS_SETS
from scaling.testbed.published import load_published
from scaling.testbed.runs import run_table

SIX = {
    *("c4-1.4B-M80", "c4-6.9B-M20"),
    *("redpajama-1.4B-M640", "redpajama-6.9B-M20"),
    *("refinedweb-1.4B-M320", "refinedweb-6.9B-M20"),
}
FIVE = ["0.011B-M20", "0.079B-M20", "0.154B-M20", "0.411B-M20", "0.011B-M320"]


@pytest.fixture(scope="module")
def large_runs() -> pd.DataFrame:
    return load_result("large_runs")


@pytest.fixture(scope="module")
def grids() -> pd.DataFrame:
    return load_result("grids")


@pytest.fixture(scope="module")
def candidates() -> pd.DataFrame:
    return load_result("candidates").set_index("candidate")


def mean_error(misses: pd.DataFrame, keys: list[str]) -> pd.Series:
    return misses["relative_error"].abs().groupby([misses[key] for key in keys]).mean()


# --- tasks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("six", [False, True])
def test_tasks_of_the_testbed(six):
    tasks = extrapolation.testbed_tasks(six=six)
    assert [tuple(task.keys.values()) for task in tasks] == [
        (known, dataset) for known in ("five", "M >= 10", "all") for dataset in DATASETS.values()
    ]
    table = run_table().set_index("run")
    for task in tasks:
        dataset, runs = task.keys["dataset"], task.case.runs["run"]
        own = table[table["dataset"] == dataset]
        small = own[own["size"].isin(["0.011B", "0.079B", "0.154B", "0.411B"])]
        expected = {
            "five": [f"{dataset}-{run}" for run in FIVE],
            "M >= 10": small.index[small["M"] != 5],
            "all": small.index,
        }[task.keys["fit_runs"]]
        assert set(runs) == set(expected)
        assert len(runs) == len(expected)
        asked = set(task.asked["run"])
        assert asked == (SIX & set(own.index) if six else set(own.index) - set(small.index))
        assert len(asked) == (2 if six else 3)
        assert task.columns == LOSSES
        assert task.case.losses.T.tolist() == table.loc[runs, LOSSES].to_numpy().tolist()
        assert {tuple(case.runs["dataset"].unique()) for case in task.case.siblings} == {
            (other,) for other in DATASETS.values() if other != dataset
        }
        for case in task.case.siblings:
            assert case.losses.T.tolist() == case.runs[LOSSES].to_numpy().tolist()
            assert case.runs["N"].max() < 1e9
        steps, batch = (
            table.loc[task.asked["run"], name].to_numpy()
            for name in ("warmup_steps", "batch_tokens")
        )
        assert task.asked["warmup_tokens"].tolist() == (steps * batch).tolist()


def test_tasks_of_the_grids():
    """Known is what costs at most the share of the dearest plain run of the series, asked is what
    costs a tenth of it or more; the cost is that of the published N in either count."""
    tasks = {tuple(task.keys.values()): task for task in grid_tasks()}
    assert len(tasks) == len(grid_tasks()) == 2 * (2 + 2 + 2 + 1)
    assert {keys[:3] for keys in tasks} == {
        *(("olmo_ladder", "", "N"), ("olmo_ladder", "", "N_body"), ("gemstones", "", "N")),
        *(("gemstones", "", "N_body"), ("datablations", "", "N")),
        *(("porian", "openwebtext2", "N"), ("porian", "refinedweb", "N")),
    }
    for (name, series, count, share), task in tasks.items():
        grid = load_grid(name)
        plain = pd.Series(True, grid.index)
        for column, value in (("epochs", 1), ("target", 0), ("dataset", series)):
            if column in grid:
                plain &= grid[column] == value
        grid = grid[plain]
        cost = grid["C"] / grid["C"].max()
        known = cost <= {"1/20": 0.05, "1/100": 0.01}[share] * (1 + 1e-6)
        asked = ~known & (cost >= 0.1 * (1 - 1e-6))
        assert task.case.runs["run"].tolist() == grid.loc[known, "run"].tolist()
        assert task.asked["run"].tolist() == grid.loc[asked, "run"].tolist()
        assert task.case.losses.tolist() == [grid.loc[known, "loss"].tolist()]
        assert task.case.runs["N"].tolist() == grid.loc[known, count].tolist()
        assert task.asked["N"].tolist() == grid.loc[asked, count].tolist()
        others = {"openwebtext2": ["refinedweb"], "refinedweb": ["openwebtext2"], "": []}[series]
        assert [case.runs["dataset"].unique().tolist() for case in task.case.siblings] == [
            [other] for other in others
        ]
        assert all(
            (case.losses == case.runs["loss"].to_numpy()).all() for case in task.case.siblings
        )


def test_no_task_knows_a_run_that_it_asks_for():
    for task in (
        *extrapolation.testbed_tasks(),
        *extrapolation.testbed_tasks(six=True),
        *grid_tasks(),
    ):
        asked = set(task.asked["run"])
        assert len(asked) == len(task.asked) > 0
        for case in (task.case, *task.case.siblings):
            assert not asked & set(case.runs["run"])
        larger = "C" if "grid" in task.keys else "N"
        assert task.case.runs[larger].max() < task.asked[larger].min()


def test_misses_are_signed_and_stand_beside_their_run():
    """A candidate that predicts where it stands: number of the loss set, and tenths for the run."""
    tasks = [task for task in extrapolation.testbed_tasks() if task.keys["fit_runs"] == "five"]
    candidate = Candidate(
        "count",
        "",
        0,
        lambda case: lambda runs: np.arange(8)[:, None] + np.arange(len(runs)) / 10,
    )
    table = run_tasks(tasks, [candidate])
    assert table.columns.tolist() == (
        "candidate fit_runs dataset loss_set run n_fit predicted actual relative_error".split()
    )
    assert len(table) == 3 * 8 * 3
    assert table["n_fit"].unique().tolist() == [5]
    measured = run_table().set_index("run")
    position = {run: i for task in tasks for i, run in enumerate(task.asked["run"])}
    for row in table.itertuples():
        assert row.actual == measured.loc[row.run, f"loss_{row.loss_set}"]
        assert row.relative_error == pytest.approx(row.predicted / row.actual - 1)
        assert int(row.predicted) == list(LOSS_SETS.values()).index(row.loss_set)
        assert row.predicted % 1 == pytest.approx(position[row.run] / 10)


# --- the stored tables ---------------------------------------------------------------------


def test_the_table_of_large_runs_is_complete(large_runs):
    names = [candidate.name for candidate in (*BASELINES, *SINGLE_CHANGES, *named_candidates())]
    assert names[-3:] == ["log", "first choice", "prior"]
    assert large_runs["candidate"].unique().tolist() == [*names, OTHERS, OTHER_GRIDS]
    assert len(large_runs) == 18 * 3 * 3 * 8 * 3
    sizes = large_runs.groupby(["fit_runs", "dataset"])["n_fit"].unique().map(list).to_dict()
    assert sizes == {
        **{("five", dataset): [5] for dataset in DATASETS.values()},
        **{("M >= 10", dataset): [28] for dataset in DATASETS.values()},
        **{("all", dataset): [32] for dataset in DATASETS.values()},
        ("M >= 10", "c4"): [27],
        ("all", "c4"): [31],
    }
    measured = run_table().set_index("run")
    actual = [
        measured.loc[run, f"loss_{name}"]
        for run, name in zip(large_runs["run"], large_runs["loss_set"], strict=True)
    ]
    assert large_runs["actual"].tolist() == pytest.approx(actual, rel=1e-8)
    signed = large_runs["predicted"] / large_runs["actual"] - 1
    assert large_runs["relative_error"].tolist() == pytest.approx(signed.tolist(), abs=1e-7)


def pull_toward(alpha_0: float, tau: float, sigma_0: float, N, D, loss) -> dict[str, float]:
    """Prior of the second family: the fixed point of its stiffness, by plain SciPy."""
    variance, before = 0.0, 1.0
    while abs(variance / before - 1) > 1e-7:
        options = {"centre": alpha_0, "stiffness": variance / tau**2}
        _, cost, (alpha, _) = fit_plainly(N, D, loss, **options)
        ssr = cost - options["stiffness"] * np.log(alpha / alpha_0) ** 2
        before, variance = variance or 1.0, (ssr + 2 * sigma_0**2) / (len(loss) - 4 + 2)
    return options


@pytest.mark.parametrize("fit_runs", ["five", "M >= 10"])
@pytest.mark.parametrize("loss_set", ["c4_eval", "paloma_ptb"])
def test_a_cell_by_plain_scipy(large_runs, fit_runs, loss_set):
    """RefinedWeb: the recipe, the log loss, and best with each of three sets of constants."""
    table = run_table("refinedweb")
    known = table[(table["N"] < 1e9) & (table["M"] > 9)]
    if fit_runs == "five":
        known = table[table["run"].isin([f"refinedweb-{run}" for run in FIVE])]
    asked = table[table["N"] > 1e9]
    N, D, loss = (known[name].to_numpy(float) for name in ("N", "D", f"loss_{loss_set}"))
    beliefs = {"prior": (0.28, 0.3, 0.018), OTHERS: (0.28, 0.3, 0.019)}
    beliefs[OTHER_GRIDS] = (0.24, 0.4, 0.019)
    options = {"recipe": {"log": False}, "log": {}}
    options |= {name: pull_toward(*belief, N, D, loss) for name, belief in beliefs.items()}
    cell = large_runs.query("dataset == 'refinedweb' and loss_set == @loss_set")
    cell = cell[cell["fit_runs"] == fit_runs].set_index(["candidate", "run"])["predicted"]
    for name, own in options.items():
        predict, _, _ = fit_plainly(N, D, loss, **own)
        expected = predict(asked["N"], asked["D"])
        assert cell.loc[name].loc[asked["run"]].to_numpy() == pytest.approx(expected, rel=2e-6)


def test_constants_without_a_training_set(large_runs):
    """Without RedPajama's runs 0.26 within 0.4 is chosen, and the noise of the others is 0.019."""
    by_name = large_runs.set_index(["candidate", "fit_runs", "dataset", "loss_set", "run"])
    five = run_table("redpajama").set_index("run").loc[[f"redpajama-{run}" for run in FIVE]]
    N, D, loss = (five[name].to_numpy(float) for name in ("N", "D", "loss_c4_eval"))
    predict, _, _ = fit_plainly(N, D, loss, **pull_toward(0.26, 0.4, 0.019, N, D, loss))
    target = run_table("redpajama").set_index("run").loc["redpajama-6.9B-M20"]
    found = by_name["predicted"].loc[(OTHERS, "five", "redpajama", "c4_eval", "redpajama-6.9B-M20")]
    assert found == pytest.approx(float(predict(target["N"], target["D"])), rel=2e-6)


def test_constants_without_a_grid(grids):
    """Only the OLMo ladder's noise moves sigma_0: the other grids are predicted as by best."""
    by_name = grids.set_index(["candidate", "grid", "series", "count", "fit_share", "run"])
    best, others = by_name["predicted"].loc["prior"], by_name["predicted"].loc[OTHERS]
    apart = (best / others.loc[best.index] - 1).abs().groupby("grid").max()
    expected = {name: name == "olmo_ladder" for name in GRIDS}
    assert (apart > 1e-6).to_dict() == expected


def test_the_recipe_misses_by_what_the_paper_prints(large_runs):
    """Fig. 5: nine large runs, absolute errors in per cent, two decimals."""
    printed = load_published().query("source == 'Fig. 5' and size in ('1.4B', '6.9B')")
    assert len(printed) == 9
    ours = large_runs.query(
        "candidate == 'recipe' and fit_runs == 'five' and loss_set == 'c4_eval'"
    )
    ours = (100 * ours.set_index("run")["relative_error"].abs()).to_dict()
    for row in printed.itertuples():
        found = ours[f"{row.dataset}-{row.size}-M{row.M}"]
        assert found == pytest.approx(row.value, abs=0.5 * 10**-row.digits + 1e-6)


def test_the_table_of_grids_is_complete(grids):
    assert grids["candidate"].unique().tolist() == (
        ["recipe", "no E", "no change", "free", "log", "first choice", "prior", OTHERS]
    )
    per_candidate = sum(len(task.asked) for task in grid_tasks())
    assert len(grids) == 8 * per_candidate == 3792
    names = dict(zip(grids["run"], grids["actual"], strict=True))
    for name in GRIDS:
        measured = load_grid(name).set_index("run")["loss"]
        own = grids[grids["grid"] == name]
        assert own["actual"].tolist() == pytest.approx(measured.loc[own["run"]].tolist(), rel=1e-8)
    assert len(names) == grids["run"].nunique()


def test_what_the_recipe_misses_on_the_other_grids(grids):
    """At 1/20, in the published N: per cent, mean over a grid's series."""
    recipe = grids.query("candidate == 'recipe' and count == 'N' and fit_share == '1/20'")
    means = 100 * mean_error(recipe, ["grid", "series"]).groupby("grid").mean()
    assert means.to_dict() == pytest.approx(
        {"olmo_ladder": 0.32, "gemstones": 3.27, "porian": 1.3, "datablations": 2.8}, abs=0.15
    )
    assert round(means["olmo_ladder"], 2) == 0.32
    assert round(means["gemstones"], 2) == 3.27
    assert round(means["porian"], 1) == 1.3
    assert round(means["datablations"], 1) == 2.8


def test_a_grid_by_plain_scipy(grids):
    """Porian's OpenWebText2 at 1/100: recipe, log loss, best."""
    table = load_grid("porian").query("dataset == 'openwebtext2'")
    cost = table["C"] / table["C"].max()
    known, asked = table[cost <= 0.01 * (1 + 1e-6)], table[cost >= 0.1 * (1 - 1e-6)]
    N, D, loss = (known[name].to_numpy(float) for name in ("N", "D", "loss"))
    options = {
        "recipe": {"log": False},
        "log": {},
        "prior": pull_toward(0.28, 0.3, 0.018, N, D, loss),
    }
    cell = grids.query("grid == 'porian' and series == 'openwebtext2' and fit_share == '1/100'")
    cell = cell.set_index(["candidate", "run"])["predicted"]
    for name, own in options.items():
        predict, _, _ = fit_plainly(N, D, loss, **own)
        expected = predict(asked["N"], asked["D"])
        assert cell.loc[name].loc[asked["run"]].to_numpy() == pytest.approx(expected, rel=2e-6)


def test_the_named_candidates_are_the_two_choices():
    log, first, best = named_candidates()
    assert (log.name, log.n_parts) == ("log", 0)
    assert (first.name, first.about) == ("first choice", first_choice().name)
    assert (best.name, best.about) == ("prior", "prior 0.28 within 0.3")
    assert best.fit.keywords["belief"] == load_belief()


def test_every_candidate_stands_beside_its_outcome(candidates):
    listed = list_candidates(0.018)
    assert candidates.index.tolist() == [candidate.name for candidate in listed]
    assert candidates["n_parts"].tolist() == [candidate.n_parts for candidate in listed]
    assert candidates["round"].tolist() == ["both"] * 13 + ["first"] * 252 + ["second"] * 15


NAMES = {
    "recipe": "recipe",
    "no E": "no E",
    "no change": "no change",
    "free": "free",
    "log": "log",
    "first choice": "huber 0.001 C^0.25 alpha 0.3 x 0.0003",
    "prior": "prior 0.28 within 0.3",
    "one exponent": "one exponent",
    "N_body": "N_body",
}


@pytest.mark.parametrize("name", NAMES)
def test_the_candidates_table_sums_up_the_other_two(candidates, large_runs, grids, name):
    row = candidates.loc[NAMES[name]]
    six = large_runs[large_runs["run"].isin(SIX) & (large_runs["candidate"] == name)]
    for known in ("five", "all"):
        own = six[six["fit_runs"] == known]
        assert len(own) == 48
        on_c4 = own.loc[own["loss_set"] == "c4_eval", "relative_error"].abs()
        assert row[f"{known}_c4_eval"] == pytest.approx(on_c4.mean(), rel=1e-6)
        assert row[f"{known}_all_sets"] == pytest.approx(
            own["relative_error"].abs().mean(), rel=1e-6
        )
    if name in ("one exponent", "N_body"):
        return
    own = grids.query("candidate == @name and count == 'N'")
    by_grid = mean_error(own, ["fit_share", "grid", "series"]).groupby(["fit_share", "grid"]).mean()
    means = by_grid.groupby("fit_share").mean()
    assert row[["grids_20", "grids_100"]].tolist() == pytest.approx(
        [means["1/20"], means["1/100"]], rel=1e-6
    )


def made_for(monkeypatch, *names: str) -> pd.DataFrame:
    """The table of candidates, made here for a few of them."""
    some = [candidate for candidate in list_candidates(0.018) if candidate.name in names]
    monkeypatch.setattr(extrapolation, "list_candidates", lambda sigma_0: some)
    return extrapolation.tabulate_candidates().set_index("candidate")


def test_a_row_of_the_candidates_table_comes_out_again(monkeypatch, candidates):
    names = [NAMES[name] for name in ("recipe", "log", "prior")]
    made = made_for(monkeypatch, *names)
    pd.testing.assert_frame_equal(made, candidates.loc[names], rtol=1e-6, check_names=False)


def test_the_series_of_a_grid_count_alike_however_many_runs_they_judge(monkeypatch):
    """Porian's first data set is asked for its last run alone, and counts as much as the other."""
    tasks = [
        task._replace(asked=task.asked.tail(1)) if task.keys["series"] == "openwebtext2" else task
        for task in grid_tasks(("N",))
    ]
    monkeypatch.setattr(extrapolation, "grid_tasks", lambda counts: tasks)
    row = made_for(monkeypatch, "recipe").loc["recipe"]
    misses = run_tasks(tasks, [BASELINES[0]])
    of_series = {
        (share, grid, series): own["relative_error"].abs().mean()
        for (share, grid, series), own in misses.groupby(["fit_share", "grid", "series"])
    }
    for share, column in (("1/20", "grids_20"), ("1/100", "grids_100")):
        porian = [of_series[share, "porian", name] for name in ("openwebtext2", "refinedweb")]
        others = [of_series[share, name, ""] for name in GRIDS if name != "porian"]
        assert row[column] == pytest.approx((sum(others) + sum(porian) / 2) / 4)


def test_what_is_predicted_was_not_read_by_the_constants(monkeypatch):
    """Constants that predict, as a loss, the number of what they were chosen without."""
    left_out = [None, *DATASETS.values(), "testbed", *GRIDS]

    def predict_number(number, name):
        def fit(case):
            return lambda runs: np.full((len(case.losses), len(runs)), float(number))

        return Candidate(name, "", 0, fit)

    monkeypatch.setattr(extrapolation, "second_choice", lambda name=None: left_out.index(name))
    monkeypatch.setattr(extrapolation, "member_of_second", predict_number)
    monkeypatch.setattr(extrapolation, "named_candidates", lambda: [BASELINES[0]])
    monkeypatch.setattr(extrapolation, "BASELINES", ())
    monkeypatch.setattr(extrapolation, "SINGLE_CHANGES", ())
    for make in (extrapolation.tabulate_large_runs, extrapolation.tabulate_grids):
        table = make()
        others = table[table["candidate"] == OTHERS]
        own = others["grid" if "grid" in others else "dataset"]
        assert others["predicted"].tolist() == [left_out.index(name) for name in own]
        other_grids = table.loc[table["candidate"] == OTHER_GRIDS, "predicted"]
        assert set(other_grids) == (set() if "grid" in others else {left_out.index("testbed")})
        assert len(others) == (table["candidate"] == "recipe").sum() > 0


def test_pooling_pools_on_the_other_grids_too(candidates):
    """Porian's two data sets share one exponent, as in the backtests."""
    pooled = next(candidate for candidate in BASELINES if candidate.name == "one exponent")
    tasks = [task for task in grid_tasks(("N",)) if task.keys["fit_share"] == "1/100"]
    misses = run_tasks(tasks, [pooled])
    means = mean_error(misses, ["grid", "series"]).groupby("grid").mean()
    assert candidates.loc["one exponent", "grids_100"] == pytest.approx(means.mean(), rel=1e-6)


def test_outcomes_that_the_chapters_rest_on(candidates):
    """The second choice beside the recipe, in per cent."""
    columns = ["five_c4_eval", "five_all_sets", "all_c4_eval", "all_all_sets", "grids_20"]
    columns.append("grids_100")
    rows = (100 * candidates.loc[[NAMES["recipe"], NAMES["prior"]], columns]).round(2)
    assert rows.loc["recipe"].tolist() == [1.48, 5.46, 2.48, 4.29, 1.94, 3.25]
    assert rows.loc[NAMES["prior"]].tolist() == [1.48, 4.07, 1.24, 2.69, 1.92, 3.26]
