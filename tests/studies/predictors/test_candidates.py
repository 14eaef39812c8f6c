"""Every candidate by plain NumPy and SciPy, on one case; fall-backs; who reads the siblings."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from plain import fit_plainly

from scaling.laws.fit_options import ExponentPrior
from scaling.studies.predictors.candidates import (
    ALPHAS,
    BASELINES,
    SINGLE_CHANGES,
    Candidate,
    Case,
    common_alpha,
    fit_free,
    fit_tied,
    influence,
)
from scaling.studies.predictors.families import (
    first_family,
    member_of_first,
    member_of_second,
    second_family,
)
from scaling.testbed.runs import run_table

CANDIDATES = {candidate.name: candidate for candidate in (*BASELINES, *SINGLE_CHANGES)}
POOLED = ("one exponent", "partial pooling")
COLUMNS = ["loss_c4_eval", "loss_paloma_code"]
CHINCHILLA = {"centre": 0.3478, "stiffness": 1e-3}


def table_of(dataset: str) -> pd.DataFrame:
    table = run_table(dataset)
    return table.assign(warmup_tokens=table["warmup_steps"] * table["batch_tokens"])


def case_of(dataset: str, *siblings: str) -> Case:
    """All small runs, M of 5 included."""
    runs = table_of(dataset).query("N < 1e9")
    return Case(runs, runs[COLUMNS].to_numpy().T, tuple(case_of(name) for name in siblings))


CASE = case_of("redpajama", "c4", "refinedweb")
ASKED = table_of("redpajama").query("N > 1e9")[["N", "N_body", "D", "warmup_tokens"]]


def one_by_one(
    runs: pd.DataFrame = CASE.runs, asked: pd.DataFrame = ASKED, **options
) -> np.ndarray:
    """Predictions of `fit_plainly`, one row per loss set; options of a row each where in a list."""
    rows = []
    for i, column in enumerate(COLUMNS):
        own = {
            name: value[i] if isinstance(value, list) else value for name, value in options.items()
        }
        predict, _, _ = fit_plainly(runs["N"], runs["D"], runs[column], **own)
        rows.append(predict(asked["N"], asked["D"]))
    return np.array(rows)


def plane() -> np.ndarray:
    """``log L = c - alpha log N - beta log D`` by the normal equations."""
    X, new = (
        np.array([np.ones(len(t)), np.log(t["N"]), np.log(t["D"])]).T for t in (CASE.runs, ASKED)
    )
    y = np.log(CASE.runs[COLUMNS].to_numpy())
    return np.exp(new @ np.linalg.solve(X.T @ X, X.T @ y)).T


@cache
def pooled_alphas() -> list[float]:
    """Of exponents 4% apart the one where the costs of the three training sets sum to the least."""
    alphas = [0.1 * 10 ** (i / 58) for i in range(59)]
    cases = [case.runs for case in (CASE, *CASE.siblings)]
    costs = [
        [
            sum(fit_plainly(t["N"], t["D"], t[column], alpha=alpha)[1] for t in cases)
            for alpha in alphas
        ]
        for column in COLUMNS
    ]
    return [alphas[int(np.argmin(row))] for row in costs]


def without_half_of_the_warmup(table: pd.DataFrame) -> pd.DataFrame:
    lost = 0.5 * np.where(table["warmup_tokens"] < table["D"], table["warmup_tokens"], table["D"])
    return table.assign(D=table["D"] - lost)


def by_hand(name: str) -> np.ndarray:
    """What a candidate predicts, without the package's fits."""
    fed = CASE.runs[CASE.runs["M"] >= 10]
    changed = [without_half_of_the_warmup(table) for table in (CASE.runs, ASKED)]
    body = [table.assign(N=table["N_body"]) for table in (CASE.runs, ASKED)]
    dearest = CASE.runs.loc[CASE.runs["C"].idxmax(), COLUMNS].to_numpy(float)
    predictions = {
        "recipe": lambda: one_by_one(log=False),
        "no E": plane,
        "no change": lambda: np.outer(dearest, np.ones(len(ASKED))),
        "one exponent": lambda: one_by_one(alpha=pooled_alphas()),
        "free": lambda: one_by_one(log=False, free=True),
        "partial pooling": lambda: one_by_one(centre=pooled_alphas(), stiffness=1e-3),
        "external prior": lambda: one_by_one(**CHINCHILLA),
        "free, external prior": lambda: one_by_one(free=True, **CHINCHILLA),
        "no starved runs": lambda: one_by_one(fed, log=False),
        "warm-up discounted": lambda: one_by_one(*changed, log=False),
        "N_body": lambda: one_by_one(*body, log=False),
        "coupled 1/2": lambda: one_by_one(power=0.5),
        "coupled 2": lambda: one_by_one(power=2.0),
    }
    return predictions[name]()


@pytest.mark.parametrize("name", CANDIDATES)
def test_a_candidate_is_what_it_says(name):
    predicted = CANDIDATES[name].fit(CASE)(ASKED)
    assert predicted.shape == (2, len(ASKED))
    assert predicted == pytest.approx(by_hand(name), rel=1e-5)


def test_the_case_can_tell_the_candidates_apart():
    """No two predict the same here, so that none can stand in for another."""
    predicted = [CANDIDATES[name].fit(CASE)(ASKED).ravel() for name in CANDIDATES]
    apart = [np.abs(a / b - 1).max() for i, a in enumerate(predicted) for b in predicted[:i]]
    assert min(apart) > 3e-5


def test_no_change_is_the_dearest_run_not_the_largest_or_the_longest():
    runs = pd.DataFrame({"N": [1e7, 1e8, 1e9], "D": [1e11, 5e10, 1e9]})
    predict = CANDIDATES["no change"].fit(Case(runs, np.array([[3.0, 2.5, 3.5], [5.0, 4.0, 6.0]])))
    assert predict(runs.iloc[:2]).tolist() == [[2.5, 2.5], [4.0, 4.0]]


def test_parts_are_counted():
    """A baseline for comparison has none, but one exponent for all is a part."""
    parts = {name: candidate.n_parts for name, candidate in CANDIDATES.items()}
    assert parts.pop("free, external prior") == 2
    assert [name for name, n_parts in parts.items() if n_parts == 0] == [
        "recipe",
        "no E",
        "no change",
    ]
    assert set(parts.values()) == {0, 1}
    assert all(candidate.about for candidate in CANDIDATES.values())


def test_the_exponents_that_pooling_tries():
    assert (ALPHAS[0], ALPHAS[-1], len(ALPHAS)) == pytest.approx((0.1, 1.0, 59))
    assert ALPHAS[1:] / ALPHAS[:-1] == pytest.approx(np.full(58, 1.0405), abs=1e-4)


def test_the_pooled_exponent_is_one_per_loss_set_and_kept():
    assert common_alpha(CASE) == pytest.approx(pooled_alphas())
    assert len(set(pooled_alphas())) == 2
    assert common_alpha(CASE) is common_alpha(CASE)
    assert common_alpha(replace(CASE, siblings=())) != pytest.approx(common_alpha(CASE))


# --- fall-backs ----------------------------------------------------------------------------


def first(n_runs: int, case: Case = CASE) -> Case:
    """The case with every fourth run, so that sizes differ."""
    chosen = np.arange(len(case.runs)) % 4 == 0
    return case.keep(pd.Series(chosen & (np.cumsum(chosen) <= n_runs), case.runs.index))


def test_a_case_keeps_losses_beside_their_runs():
    kept = CASE.keep(CASE.runs["M"] == 20)
    assert kept.runs["M"].tolist() == [20.0] * 4
    assert kept.losses.tolist() == kept.runs[COLUMNS].to_numpy().T.tolist()
    assert kept.siblings is CASE.siblings


@pytest.mark.parametrize(("n_runs", "least"), [(4, 5), (5, 5), (5, 6), (6, 6)])
def test_the_free_law_needs_six_runs_or_five_and_a_prior(n_runs, least):
    few = first(n_runs)
    assert len(few.runs) == n_runs
    assert np.ptp(few.runs["N"]) > 0
    prior = {"prior": ExponentPrior(0.3, 1e-3)} if least == 5 else {}
    for options in (prior, {"objective": "log", **prior}):
        tied, free = (fit(few, **options)(ASKED) for fit in (fit_tied, fit_free))
        assert (tied.tolist() == free.tolist()) == (n_runs < least)


@pytest.mark.parametrize(("n_values_N", "n_values_D"), [(2, 3), (3, 2), (3, 3)])
def test_the_free_law_needs_three_values_of_either(n_values_N, n_values_D):
    """Through two values of N or D a law passes at any exponent."""
    N, D = np.meshgrid(1e7 * 4.0 ** np.arange(n_values_N), 1e9 * 4.0 ** np.arange(n_values_D))
    runs = pd.DataFrame({"N": N.ravel(), "D": D.ravel()})
    case = Case(runs, 1.8 + 90.0 * np.array([runs["N"] ** -0.24 + runs["D"] ** -0.3]))
    tied, free = (fit(case)(ASKED) for fit in (fit_tied, fit_free))
    assert (tied.tolist() == free.tolist()) == (n_values_N + n_values_D < 6)


def fed_and_starved(M: list[float], N: list[float]) -> Case:
    N, D = np.array(N), np.array(N) * M
    return Case(pd.DataFrame({"N": N, "D": D}), 1.8 + 90.0 * np.array([N**-0.24 + D**-0.25]))


@pytest.mark.parametrize(
    ("M", "N", "left_out"),
    [
        ([5, 5, 20, 20, 20, 160, 160], [1e7, 4e7, 1e7, 4e7, 2e8, 1e7, 4e7], 2),
        ([5, 9, 10, 9.995, 20, 160, 160], [1e7, 4e7, 1e7, 4e7, 2e8, 1e7, 4e7], 2),
        ([5, 5, 5, 20, 20, 160, 160], [1e7, 4e7, 1.1e7, 1e7, 2e8, 1.2e7, 4e7], 0),  # four are left
        ([5, 5, 20, 40, 80, 160, 320], [1e8, 4e7, 1e7, 1e7, 1e7, 1e7, 1e7], 0),  # one size is left
    ],
)
def test_starved_runs_are_left_out_while_five_others_stay(M, N, left_out):
    case = fed_and_starved(M, N)
    fed = np.array(M) > 9.9
    predicted = CANDIDATES["no starved runs"].fit(case)(ASKED)
    expected = fit_tied(case.keep(pd.Series(fed)) if left_out else case)(ASKED)
    assert predicted.tolist() == expected.tolist()
    assert (predicted.tolist() != fit_tied(case)(ASKED).tolist()) == (left_out > 0)


def test_a_warmup_that_never_ends_costs_half_of_the_run():
    longer = CASE.runs.assign(warmup_tokens=3 * CASE.runs["D"])
    predicted = CANDIDATES["warm-up discounted"].fit(Case(longer, CASE.losses))
    halved = fit_tied(Case(CASE.runs.assign(D=CASE.runs["D"] / 2), CASE.losses))
    asked = ASKED.assign(warmup_tokens=2 * ASKED["D"])
    assert predicted(asked) == pytest.approx(halved(ASKED.assign(D=ASKED["D"] / 2)))


@pytest.mark.parametrize(
    ("name", "column"), [("warm-up discounted", "warmup_tokens"), ("N_body", "N_body")]
)
def test_a_column_that_is_not_there_gives_the_recipe(name, column):
    bare = Case(CASE.runs.drop(columns=column), CASE.losses)
    predicted = CANDIDATES[name].fit(bare)(ASKED.drop(columns=column))
    assert predicted.tolist() == fit_tied(CASE)(ASKED).tolist()


@pytest.mark.parametrize("seed", [104, 166])
def test_losses_of_no_order_do_not_send_the_coupled_law_out_of_range(seed):
    """Warnings are errors here: a search that strays may not overflow."""
    rng = np.random.default_rng(seed)
    N, D = np.exp(rng.uniform(16, 22, 8)), np.exp(rng.uniform(1, 6, 8))
    runs = pd.DataFrame({"N": N, "D": N * D})
    predict = CANDIDATES["coupled 2"].fit(Case(runs, np.exp(rng.uniform(-3, 3, (1, 8)))))
    assert np.isfinite(predict(runs)).all()


@pytest.mark.parametrize("unit", [1e-6, 1e3])
@pytest.mark.parametrize("name", ["coupled 1/2", "coupled 2"])
def test_the_coupled_law_holds_in_any_unit_of_the_loss(name, unit):
    fit = CANDIDATES[name].fit
    scaled = fit(Case(CASE.runs, CASE.losses / unit))(ASKED)
    assert scaled * unit == pytest.approx(fit(CASE)(ASKED), rel=1e-4)


# --- what a candidate reads ----------------------------------------------------------------

FAMILIES = (
    *map(member_of_first, first_family()[::50]),
    *map(member_of_second, second_family(0.018)[::7]),
)
POISONED = replace(
    CASE, siblings=tuple(replace(case, losses=-case.losses) for case in CASE.siblings)
)


@pytest.mark.parametrize("candidate", [*CANDIDATES.values(), *FAMILIES], ids=lambda c: c.name)
def test_only_pooling_reads_the_siblings(candidate: Candidate):
    """Losses below zero fail wherever they are read."""
    if candidate.name in POOLED:
        with pytest.raises(ValueError, match="loss must be finite and > 0"):
            candidate.fit(POISONED)
        return
    expected = candidate.fit(CASE)(ASKED)
    assert candidate.fit(POISONED)(ASKED).tolist() == expected.tolist()


@pytest.mark.parametrize("candidate", [*CANDIDATES.values(), *FAMILIES], ids=lambda c: c.name)
def test_a_loss_set_is_predicted_from_its_own_losses(candidate: Candidate):
    """Row by row: the other rows can be anything."""
    swapped = Case(
        CASE.runs,
        CASE.losses[::-1],
        tuple(replace(case, losses=case.losses[::-1]) for case in CASE.siblings),
    )
    expected = candidate.fit(CASE)(ASKED)[::-1]
    assert candidate.fit(swapped)(ASKED) == pytest.approx(expected, rel=1e-9)


# --- how a prediction moves ----------------------------------------------------------------


def test_influence_of_a_plane_is_its_hat_matrix():
    X, new = (
        np.array([np.ones(len(t)), np.log(t["N"]), np.log(t["D"])]).T for t in (CASE.runs, ASKED)
    )
    hat = new @ np.linalg.solve(X.T @ X, X.T)
    found = influence(CANDIDATES["no E"], CASE, ASKED)
    assert found.shape == (len(CASE.runs), len(ASKED))
    assert found == pytest.approx(hat.T, abs=1e-9)


def test_influence_by_one_run_of_the_recipe():
    few = first(6)
    found = influence(CANDIDATES["recipe"], few, ASKED)
    bumped = few.losses[0] * np.where(np.arange(6) == 2, 1.0001, 1.0)
    before, after = (
        fit_tied(Case(few.runs, loss[None]))(ASKED)[0] for loss in (few.losses[0], bumped)
    )
    assert found[2] == pytest.approx(np.log(after / before) / np.log(1.0001), rel=1e-3)
    assert found.sum(axis=0) == pytest.approx(np.ones(len(ASKED)), abs=1e-3)  # all losses by 1%
