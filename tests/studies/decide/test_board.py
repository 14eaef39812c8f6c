"""What the board reads: each number on its own way, and each sentence that rests on one."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from places import ROOT

import scaling
from scaling.costs.price_tables import default_prices
from scaling.costs.total import least_total
from scaling.forecast.fitted import fit_table
from scaling.forecast.residuals import residual_share
from scaling.laws.law import LossLaw
from scaling.studies.decide import smallest_experiment
from scaling.studies.decide.board import WRITTEN, gather, write_numbers
from scaling.studies.decide.board_evidence import (
    compare_hours,
    compute_of_lower_loss,
    predict_six,
    share_of_serving,
)
from scaling.studies.decide.promised_gain import find_share
from scaling.studies.recipe import fit_chain
from scaling.studies.results import load_result
from scaling.testbed.grids import GRIDS, load_grid, select_plain, split_series
from scaling.testbed.labels import DATASETS
from scaling.testbed.runs import (
    run_table,
    select_error_fit,
    select_loss_fit,
    select_small,
    select_targets,
)

PAGES = {
    name: (ROOT / "book" / f"{name}.md").read_text("utf-8")
    for name in ("board", "board_ja", "smallest_experiment")
}
ROLE = re.compile(r"\{glue:text\}`(\w+)`")
FENCE = re.compile(r"```\{code-cell\}.*?```|^---.*?^---", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\([^)]*\)|`[^`]*`|:\w+:.*|\$[^$\n]*\$")
LAW = LossLaw(E=1.6, A=300.0, B=450.0, alpha=0.29)
NAME = re.compile(r"[A-Z]\d+")  # C4, H100
# What is typed: minutes, stages and chapters, dates, what others printed, and, in Japanese, small
# counts that English spells.
DATES = {"31", "2026", "2025", "1.2"}
TYPED = {
    "board": set("1 2 3 6 9 10 11 13".split()) | DATES,
    "board_ja": set("1 2 3 5 6 7 9 10 11 13 53".split()) | DATES,
    "smallest_experiment": set("6 6.9 1.4 11 12 46 18 0.82 0.86 95 100 1,000".split()),
}


@pytest.fixture(scope="module")
def told():
    return gather()


@pytest.fixture(scope="module")
def words():
    return {language: write_numbers(language) for language in ("en", "ja")}


@pytest.fixture(scope="module")
def first():
    return smallest_experiment.write_numbers()


# --- the pages ----------------------------------------------------------------------------


def test_both_languages_have_the_same_numbers(words):
    english, japanese = words["en"], words["ja"]
    assert set(ROLE.findall(PAGES["board"])) == set(ROLE.findall(PAGES["board_ja"]))
    assert set(english) == set(japanese)
    apart = {name for name in english if english[name] != japanese[name]}
    assert apart == {"N_large", "N_middle", "N_five", "served", "in_ten", "price_date"}
    assert (english["N_large"], japanese["N_large"]) == ("6.9B", "69億")
    assert (english["served"], japanese["served"]) == ("2.5B", "25億")
    assert (english["price_date"], japanese["price_date"]) == ("2026-05", "2026年5月")
    assert (english["in_ten"], japanese["in_ten"]) == ("nine", "9")


def test_every_number_named_is_computed_and_every_one_written_is_named(told, words, first):
    for page in ("board", "board_ja"):
        assert set(ROLE.findall(PAGES[page])) == set(words["en"])
    assert set(ROLE.findall(PAGES["smallest_experiment"])) == set(first)
    listed = [name for names in WRITTEN.values() for name in names.split()]
    assert len(listed) == len(set(listed))
    assert set(listed) < set(told)


@pytest.mark.parametrize("page", PAGES)
def test_no_number_of_the_prose_is_typed(page):
    prose = NAME.sub("", LINK.sub("", ROLE.sub("", FENCE.sub("", PAGES[page]))))
    typed = set(re.findall(r"\d[\d.,]*\d|\d", prose))
    assert typed <= TYPED[page], typed - TYPED[page]


# --- the numbers --------------------------------------------------------------------------


def test_the_six_are_those_of_the_command(told):
    worse, better, missing, below, above, inside = [], [], [], [], [], 0
    for dataset in DATASETS.values():
        table = run_table(dataset)
        five = select_loss_fit(table)
        for run in select_targets(table).itertuples():
            answer = scaling.predict(five, N=run.N, D=run.D, loss_set="c4_eval").report()
            below.append(1 - answer["lo"] / answer["loss"])
            above.append(answer["hi"] / answer["loss"] - 1)
            gain = np.log(five["loss_c4_eval"].min() / answer["loss"])
            worse.append(np.log(answer["hi"] / answer["loss"]) / gain)
            better.append(np.log(answer["loss"] / answer["lo"]) / gain)
            missing.append(np.log(run.loss_c4_eval / answer["loss"]) / gain)
            inside += answer["lo"] <= run.loss_c4_eval <= answer["hi"]
    assert (told["n_six"], told["n_inside"]) == (6, inside) == (6, 6)
    assert told["below"] == pytest.approx(max(below))
    assert told["above"] == pytest.approx(max(above))
    assert [told["worse_lo"], told["worse_hi"]] == pytest.approx([min(worse), max(worse)])
    assert [told["better_lo"], told["better_hi"]] == pytest.approx([min(better), max(better)])
    assert told["missing"] == pytest.approx(max(missing))


def test_how_far_the_six_are_off_by_either_law(told):
    """By the tool's default law, which the intervals use, and by the paper's."""
    ours, paper = [], []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        targets, chain = select_targets(table), fit_chain(table)
        fitted = fit_table(select_loss_fit(table), "loss_c4_eval")
        by_ours = fitted.read(targets["N"], targets["D"])[0]
        by_paper = chain.predict_loss(targets["N"], targets["D"])
        ours.extend(np.abs(by_ours / targets["loss_c4_eval"] - 1))
        paper.extend(np.abs(by_paper / targets["loss_c4_eval"] - 1))
    assert [told["off_lo"], told["off_hi"]] == pytest.approx([min(ours), max(ours)])
    assert told["off_paper"] == pytest.approx(max(paper))
    assert told["off_hi"] < told["off_paper"]


def test_where_the_six_lie_and_what_runs_cost(told):
    """One of the six lies farther out than intervals are said to be checked, and inside."""
    six = predict_six()
    beyond = six[six["ratio"] > told["farthest"]]
    assert beyond[["dataset", "M"]].to_numpy().tolist() == [["redpajama", told["beyond_M"]]]
    assert beyond["measured"].between(beyond["lo"], beyond["hi"]).all()
    assert told["beyond"] == pytest.approx(391.5, abs=0.1)
    table = run_table("redpajama")
    large = table[table["size"] == "6.9B"]["C"].item()
    six_runs = select_error_fit(table)["C"].sum()
    over_trained = table[(table["size"] == "1.4B") & (table["M"] == 640)]["C"].item()
    assert told["beyond_five"] == pytest.approx(over_trained / select_loss_fit(table)["C"].sum())
    assert told["share_six"] == pytest.approx(six_runs / large)
    assert told["share_six"] < 0.05 < told["share_small_lo"] < told["share_small_hi"] < 0.3
    assert told["hours_paper"] > 5 * told["hours_five"]


def test_prices_and_hours_range_over_what_is_reported(told):
    """All cheapest to all most expensive, as `scaling cost`; hours hang on utilisation alone."""
    shipped = default_prices()
    hour, share = shipped.reported["price_training"], shipped.reported["mfu_training"]
    quickest, slowest = (shipped.mfu_training / each for each in (share.most, share.least))
    cheapest = hour.least / shipped.price_training * quickest
    dearest = hour.most / shipped.price_training * slowest
    for size in ("five", "middle", "large"):
        price, hours = told[f"price_{size}"], told[f"hours_{size}"]
        assert told[f"price_{size}_lo"] == pytest.approx(cheapest * price)
        assert told[f"price_{size}_hi"] == pytest.approx(dearest * price)
        assert told[f"hours_{size}_lo"] == pytest.approx(quickest * hours)
        assert told[f"hours_{size}_hi"] == pytest.approx(slowest * hours)


def test_what_six_of_six_show_and_how_often_chance_gives_as_much(told):
    """Clopper and Pearson: at the lower end six of six come 2.5% of the time."""
    assert told["covered_lo"] ** told["n_six"] == pytest.approx((1 - told["confidence"]) / 2)
    assert told["one_in"] * told["covered_lo"] ** told["n_six"] == pytest.approx(1)
    stored = load_result("interval_coverage").query("method == 'bet' and evidence == 'five'")
    on_c4 = stored.set_index("group").loc["C4 eval"]
    assert told["covered_lo"] == pytest.approx(on_c4["covered_lo"])
    assert predict_six().groupby("dataset").size().tolist() == [2] * told["n_sets"]


def test_the_saving_ranges_over_every_corner_of_what_is_reported(told):
    """Its ends are those over all ways to take each utilisation at its least or most."""
    shipped = default_prices()
    names = ("mfu_training", "mfu_in", "mfu_out")
    saved = []
    for dataset in DATASETS.values():
        five = select_loss_fit(run_table(dataset))
        for ends in itertools.product(*(shipped.reported[name] for name in names)):
            asked = {"tokens_in": "2B", "tokens_out": "0.5B", "loss_set": "c4_eval"}
            prices = shipped.change(**dict(zip(names, ends, strict=True)))
            for law in ("prior", "tied"):
                answer = scaling.cost(five, loss=2.4, **asked, prices=prices, law=law).to_frame()
                money = answer.set_index("choice")["money"]
                saved.append(1 - money["least money"] / money["M = 20"])
    ends = [told["saved_money_least"], told["saved_money_most"]]
    assert ends == pytest.approx([min(saved), max(saved)])


def test_the_formula_has_fewer_hours_than_the_paper_on_the_same_gpu(told):
    """The five on an A100, 312 TFLOP/s, at the shipped utilisation."""
    C = select_loss_fit(run_table("redpajama"))["C"].sum()
    hours = C / (312e12 * told["mfu"] * 3600)
    assert told["paper_times"] == pytest.approx(told["hours_paper"] / hours, rel=1e-3)
    assert told["paper_times_lo"] < told["paper_times"] < told["paper_times_hi"]
    assert round(told["paper_times"]) == 2  # "expect about twice"


def test_the_shares_add_up_as_they_are_written(words):
    five, middle, six = (words["en"][f"share_{which}"] for which in ("five", "middle", "six"))
    assert float(five[:-1]) + float(middle[:-1]) == pytest.approx(float(six[:-1]))


def test_the_middle_run_is_the_one_that_was_trained(told):
    """At the target's tokens per parameter; over-trained in its place it does harm on C4."""
    errors = []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        six, run = select_error_fit(table), table[table["size"] == "6.9B"].iloc[0]
        added = six[~six["run"].isin(select_loss_fit(table)["run"])]
        assert added[["size", "M"]].to_numpy().tolist() == [["1.4B", run["M"]]]
        for text in (
            "c4_eval",
            "openlm_eval",
            "paloma_c4",
            "paloma_redpajama",
            "paloma_refinedweb",
        ):
            answer = scaling.predict(six, N=run["N"], D=run["D"], loss_set=text)
            errors.append(abs(answer.loss / run[f"loss_{text}"] - 1))
    assert len(errors) == told["n_held"] == 15
    assert told["error_middle"] == pytest.approx(np.mean(errors))


def test_what_a_lower_loss_costs():
    N, D = 6.9e9, 138e9
    grown = np.sqrt(1 + compute_of_lower_loss(LAW, N, D))
    assert LAW.predict(N * grown, D * grown) == pytest.approx(0.99 * LAW.predict(N, D), rel=1e-7)


@pytest.mark.parametrize("M", [10.0, 20.0, 80.0])
def test_the_share_of_serving_is_that_of_the_cheapest_model(M):
    share, N = share_of_serving(LAW, M), 3e9
    served = 3 * M * N * share / (1 - share)
    cheapest = least_total(LAW, float(LAW.predict(N, M * N)), served)
    assert float(cheapest.D / cheapest.N) == pytest.approx(M, rel=1e-4)


def test_a_promised_gain():
    gain, share = find_share([3.0, 3.0, 3.0], 2.5, [2.5, 3.0, 2.3])
    assert gain == pytest.approx(np.log(1.2))
    assert share[:2] == pytest.approx([0, 1])
    assert share[2] < 0


# --- the sentences ------------------------------------------------------------------------


def test_what_is_said_of_the_gain(told):
    """The worse end leaves most of it; and what the errors were, of series that count alike."""
    assert told["missing"] < told["worse_lo"] < told["worse_hi"] < told["better_lo"]
    promised = load_result("promised_gain").set_index(["evidence", "source"])
    assert promised.loc["five", "n_predictions"].tolist() == [10, 10, 10]
    of_others = promised.loc["1/100", "n_predictions"]
    assert of_others.sum() == told["n_far"] < 2 * of_others["gemstones"]
    worst = promised["median"].idxmax()
    assert worst == ("1/20", "gemstones")
    assert told["risk_worst"] == promised.loc[worst, "median"]
    assert promised.loc[worst, "gain"] == promised["gain"].min()


def test_what_is_said_of_the_middle_run(told):
    """It helps on every training set; all small runs together do better than it on one of three."""
    assert told["error_middle"] < told["error_small"] < told["error_five"]
    assert (told["n_nearer"], told["n_sets"]) == (2, 3)
    for what in ("error", "half"):
        for runs in ("five", "middle", "small"):
            lo, mean, hi = (told[f"{what}_{runs}{end}"] for end in ("_lo", "", "_hi"))
            assert lo < mean < hi
    assert told["half_middle_hi"] < told["half_five_lo"]
    assert told["half_middle"] < told["half_small"] < told["half_five"]
    assert told["held_small"] < told["held_middle"] == told["held_five"] == told["n_held"]
    assert told["c4_off_ray"] > told["c4_five"]
    assert told["share_five"] < 0.005 < told["share_middle"] < 0.05


@pytest.mark.parametrize("dataset", DATASETS.values())
def test_the_plan_names_the_middle_run_itself_and_then_stops(told, dataset):
    """Given its price as the budget; after it laws are closer than they have held real runs."""
    table = run_table(dataset)
    large, middle = (table[table["size"] == size].iloc[0] for size in ("6.9B", "1.4B"))
    asked = {"N": large["N"], "M": large["M"], "loss_set": "c4_eval"}
    five = select_loss_fit(table)
    plan = scaling.plan(five, **asked, budget=float(middle["C"])).plan
    (run,) = plan.purchases
    assert pytest.approx(told["N_middle"], rel=0.1) == run.N
    assert pytest.approx(large["M"]) == run.D / run.N
    assert plan.stop == "misfit"
    halves = [
        (after["law_hi"] - after["law_lo"]) / 2 / after["loss"]
        for runs in (five, select_error_fit(table))
        if (after := scaling.predict(runs, **asked).report())
    ]
    assert halves[0] > told["most"] > halves[1]


def test_whole_grids_leave_what_sound_ones_are_said_to(told):
    """To half a per cent: the least and the most that a law leaves, here and of other groups."""
    tables = [(select_small(run_table(name)), "loss_c4_eval") for name in DATASETS.values()]
    for name in GRIDS:
        plain = split_series(select_plain(load_grid(name)))
        tables += [(table, "loss") for table in plain.values()]
    left = []
    for table, loss in tables:
        fit = fit_table(table, loss).fit
        left.append(residual_share(fit, table[loss]))
    nearest = np.round(200 * np.array(left)) / 200
    assert len(left) == 8
    assert nearest.min() == told["sound_lo"]
    assert nearest.max() == told["sound_hi"] < told["residual"]


def test_what_is_said_of_the_rest(told):
    assert told["calls_right"] == told["n_calls"]
    calls = load_result("task_verdicts").query("kind == 'target' and verdict == 'predictable'")
    at_large = calls[calls["step"] == "6.9B"]
    assert len(at_large) == told["n_calls_large"] > told["calls_held"]
    assert (at_large["measured"] < at_large["no_change"]).all()  # all improved
    assert (told["small_lo"], told["small_hi"]) == (27, 28)
    assert told["random_lo"] < 0.9 < told["random_hi"]
    assert told["held_far"] / told["n_far"] > 0.9
    assert told["n_average"] == 17
    assert told["allowed_lo"] < told["most"] < told["allowed_hi"]
    assert 0 < told["loses_lo"] < told["loses_hi"] < 1 / 3
    assert 0 < told["saved_lo"] < told["saved_hi"] < told["saved_money_hi"]
    assert 0 < told["saved_money_least"] < told["saved_money_lo"]
    assert told["saved_money_hi"] < told["saved_money_most"] < 1
    assert 0.0001 < told["average_lo"] < told["average_least"] == 0.001


def test_both_pages_give_the_five_the_same_hours(words, first):
    for end in ("_lo", "_hi"):
        assert first[f"hours{end}"] == words["en"][f"hours_five{end}"]
        assert first[f"price{end}"] == words["en"][f"price_five{end}"]
    for name in ("covered_lo", "one_in", "confidence", "below", "above", "hours_paper"):
        assert first[name] == words["en"][name]


def test_what_the_smallest_experiment_rests_on():
    halves = smallest_experiment.measure_half_widths()
    assert halves["without_largest"] > 1.5 * halves["five"] > 2 * halves["six"]
    assert halves["without_far"] == pytest.approx(halves["five"], rel=0.1)
    hours = compare_hours()
    assert hours["reached"].is_monotonic_increasing
    assert hours["M"].tolist() == [20, 320, 20, 20, 20]
    assert smallest_experiment.count_std(2500) == pytest.approx(0.01)
    assert smallest_experiment.count_std(100, 0.1) == pytest.approx(0.03)
