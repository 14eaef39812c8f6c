"""Do the runs follow the law? The residual beside sound grids, and what may be the cause."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import scaling
from scaling.forecast.residuals import (
    residual_share,
    residual_std,
    strays,
    warn_of_guessing,
    warn_of_residual,
)
from scaling.laws.fit import fit_loss_law
from scaling.laws.law import LossLaw
from scaling.laws.registry import fit_law
from scaling.tables.runs import validate_runs

LAW = LossLaw(1.8, 150.0, 300.0, 0.27)
N, D = (grid.ravel() for grid in np.meshgrid([1e7, 4e7, 1.6e8, 6.4e8], [4e8, 3e9, 2e10]))
RUNS = [f"r{i}" for i in range(len(N))]
# Losses of runs of a few million tokens, of which no law has E above zero.
FEW_TOKENS = pd.DataFrame(
    {
        "N": np.repeat([2e5, 8e5, 5e6, 2.5e7], 3),
        "D": [5e6, 2e7, 8e7] * 4,
        "loss": [8.16, 5.64, 4.21, 7.29, 5.30, 3.82, 6.65, 4.80, 3.21, 6.06, 4.50, 2.79],
    }
)


def table(loss: np.ndarray, **columns: object) -> pd.DataFrame:
    return validate_runs(pd.DataFrame({"run": RUNS, "N": N, "D": D, "loss": loss} | columns))


def uneven(size: float) -> np.ndarray:
    """Losses off the law by so much, one up, one down."""
    return LAW.predict(N, D) * (1 + size * np.resize([1, -1, -1, 1, 1], len(N)))


def told(runs: pd.DataFrame, law: str = "tied") -> list[str]:
    fit = fit_law(law, runs["N"], runs["D"], runs["loss"])
    return warn_of_residual(fit, runs, "loss", law=law)


def test_the_residual_is_a_standard_deviation_and_a_share_of_each_loss():
    loss = uneven(0.02)
    fit = fit_loss_law(N, D, loss)
    off = fit.law.predict(N, D) - loss
    assert residual_std(fit) == pytest.approx(np.sqrt(np.sum(off**2) / 8))
    assert residual_share(fit, loss) == pytest.approx(np.sqrt(np.sum((off / loss) ** 2) / 8))
    assert residual_share(fit, loss) == pytest.approx(0.02, rel=0.4)
    four = fit_loss_law(N[[0, 3, 8, 11]], D[[0, 3, 8, 11]], loss[[0, 3, 8, 11]])
    assert np.isnan(residual_share(four, loss[[0, 3, 8, 11]]))
    assert not strays(four, loss[[0, 3, 8, 11]])


def test_a_residual_as_of_sound_grids_is_not_warned_about():
    for size in (0.0, 0.005, 0.03):
        assert told(table(uneven(size))) == []


def test_a_large_residual_is_said_first_of_all_in_every_answer():
    runs = table(uneven(0.2), err_task=np.linspace(0.9, 0.4, len(N)))
    fit = scaling.fit(runs, law="tied")
    std, lowest = residual_std(fit.fit), runs["loss"].min()
    first = (
        f"the residual, {std:.2f} nats, is {100 * std / lowest:.0f}% of the lowest loss "
        "(sound grids: 0.5 to 4% of the loss): these runs do not follow the law"
    )
    target = {"N": 1e10, "D": 2e11}
    items = pd.DataFrame({"task": ["other"], "n_items": [100]})
    answers = [
        fit,
        scaling.predict(runs, **target, law="tied"),
        scaling.backtest(runs, law="tied"),
        scaling.tasks(runs, **target, law="tied", items=items),
    ]
    assert [answer.warnings[0] for answer in answers] == [first] * 4
    mark = "nats/token, not to be used: the runs do not follow the law"
    for answer in (answers[1], answers[3]):
        assert answer.text().splitlines()[0].endswith(mark)
    assert fit.report()["residual_share"] == residual_share(fit.fit, runs["loss"])
    assert "do not follow" not in str(scaling.predict(table(uneven(0.0)), **target))


def test_losses_above_guessing_are_said_by_every_answer_and_by_check():
    loss = uneven(0.0)
    loss[[0, 1]] = 13.1, 11.2
    runs = table(loss)
    said = (
        "loss of 2 runs (r0, r1) is above 10.8, that of guessing among the tokens of the "
        "vocabulary, if that has 50,000: untrained, diverged, or not in nats per token?"
    )
    answers = [scaling.fit(runs), scaling.predict(runs, N=1e10, M=20), scaling.backtest(runs)]
    for answer in [*answers, scaling.check_runs(runs)]:
        assert said in answer.warnings


def test_a_known_vocabulary_sets_the_loss_of_guessing():
    loss = uneven(0.0) + 8.0
    assert warn_of_guessing(table(loss, vocabulary=[256_000] * 12), "loss") != []
    (small,) = warn_of_guessing(table(uneven(0.0), vocabulary=[50] * 12), "loss")
    assert "is above 3.9, that of guessing among the tokens of the vocabulary: " in small
    assert warn_of_guessing(table(uneven(0.0), vocabulary=[512] * 12), "loss") == []
    large = table(np.full(12, 11.5), vocabulary=[128_000] * 12)
    assert warn_of_guessing(large, "loss") == []


def test_a_mistyped_row_is_looked_for_only_where_one_explains_it():
    loss = uneven(0.0)
    loss[7] *= 3.0
    spoiled = told(table(loss))
    assert any(line.startswith("without r7 the fit converges, and its") for line in spoiled)
    no_row = told(validate_runs(FEW_TOKENS))
    assert not any("mistyped" in line for line in no_row)


@pytest.mark.parametrize("law", ["prior", "tied", "free"])
def test_a_negative_E_is_said_to_be_what_the_runs_do_not_tell(law):
    first, second = told(validate_runs(FEW_TOKENS), law)
    assert first.startswith("a coefficient is negative, E = -")
    assert "E cannot be told from these runs; --nonneg keeps it at zero or above" in first
    assert "no single row explains it: a learning rate that was never annealed" in second


def test_kept_above_zero_such_runs_give_a_prediction_to_be_used():
    kept = scaling.predict(FEW_TOKENS, N=1e8, D=2e8, law="tied", nonneg=True)
    assert kept.forecast.fit.law.E == 0
    assert kept.loss == pytest.approx(2.157, abs=0.02)
    assert "not to be used" not in str(kept)
    assert "E = 0, where --nonneg keeps it: these runs do not tell it" in kept.warnings


def test_a_loss_that_rises_is_named_by_its_amplitude():
    said = told(table(LossLaw(1.8, -50.0, 300.0, 0.27).predict(N, D)))
    assert said[0] == "a coefficient is negative, A = -50: the loss rises where the law has it fall"


def test_like_runs_of_unlike_losses_are_asked_about():
    """Two architectures: the loss of every second run is a fifth lower."""
    loss = np.concatenate([LAW.predict(N, D), 0.75 * LAW.predict(1.02 * N, D)])
    twice = pd.DataFrame({"N": [*N, *(1.02 * N)], "D": [*D, *D], "loss": loss})
    said = told(validate_runs(twice))
    assert said[0].endswith("these runs do not follow the law")
    assert said[1].startswith("runs of like N and D differ by 3")
    assert said[1].endswith("one law for several architectures or recipes?")


@pytest.mark.parametrize(
    ("of_N", "of_D", "of_loss", "asked"),
    [(1.19, 1.0, 1.11, True), (1.0, 1.19, 0.89, True), (1.0, 1.0, 1.11, True),
     (1.21, 1.0, 1.11, False), (1.0, 1.21, 1.11, False), (1.19, 1.19, 1.09, False)],
)  # fmt: skip
def test_check_asks_about_like_runs_of_unlike_losses(of_N, of_D, of_loss, asked):
    """Within a fifth of both counts, by more than a tenth of the loss, in one training set."""
    pair = pd.DataFrame({"N": [1e8, 1e8 * of_N], "D": [2e9, 2e9 * of_D], "loss": [3, 3 * of_loss]})
    more = pd.concat([table(uneven(0.0)), pair.assign(run=["a", "b"])], ignore_index=True)
    said = [line for line in scaling.check_runs(more).warnings if "like N and D" in line]
    ends = "(a and b): one law for several architectures or recipes?"
    assert [line.endswith(ends) for line in said] == [True] * asked
    apart = more.assign(dataset=[*["x"] * (len(more) - 1), "y"])
    assert not any("like N and D" in line for line in scaling.check_runs(apart).warnings)


def test_runs_of_one_cost_do_not_tell_how_the_loss_falls_with_compute():
    budget = pd.DataFrame({"N": N[:4], "D": 1e19 / N[:4] * [1, 1.01, 0.99, 1.02]})
    budget["loss"] = [3.0, 2.9, 2.95, 3.1]
    said = "C spans a factor of 1.03 only, 30 or more fixes the exponent: how the loss falls with"
    assert any(line.startswith(said) for line in scaling.fit(budget, law="compute").warnings)
    wide = scaling.fit(table(uneven(0.01)), law="compute")
    assert not any("C spans" in line for line in wide.warnings)


def test_what_is_held_at_zero_is_not_said_to_be_kept_there():
    held = scaling.fit(FEW_TOKENS, law="tied", fix={"E": 0.0}, nonneg=True)
    assert held.fit.status == "converged"
    rising = pd.DataFrame({"N": N, "D": D, "loss": 300 * D**-0.27 - 5 * N**-0.27})
    said = scaling.fit(rising, law="tied", fix={"E": 0.0}, nonneg=True).warnings
    assert "A = 0, where --nonneg keeps it: these runs do not tell it" in said


def test_a_law_in_compute_is_told_of_what_it_does_not_see():
    said = told(table(LossLaw(1.0, 30.0, 900.0, 0.27).predict(N, D)), "compute")
    assert said[-1] == "--law compute takes no notice of D/N: --law tied and free do"


# --- one loss, several kinds --------------------------------------------------------------


def test_runs_of_one_loss_are_asked_about_and_give_no_bet():
    flat = table(np.full(len(N), 3.0))
    assert (
        "all runs have one loss, 3: is that the right column?" in scaling.check_runs(flat).warnings
    )
    predicted = scaling.predict(flat, N=6.9e9, M=20)
    assert predicted.forecast.doubt == "all runs have one loss"
    assert predicted.lo is predicted.hi is None
    apart = flat.assign(loss=uneven(0.0))
    assert not any("one loss" in line for line in scaling.check_runs(apart).warnings)


def test_two_seeds_of_one_loss_are_not_asked_about():
    seeds = pd.DataFrame({"N": [1e8, 1e8], "D": [2e9, 2e9], "loss": [3.1, 3.1]})
    assert not any("one loss" in line for line in scaling.check_runs(seeds).warnings)


def test_a_column_of_kinds_is_named_where_the_runs_follow_no_law():
    """Mapped to the training set, as the message says, each kind has its law."""
    kinds = pd.concat(
        [table(uneven(0.0), Arch="dense"), table(0.6 * uneven(0.0), Arch="hybrid")]
    ).assign(run=[f"r{i}" for i in range(2 * len(N))])
    refused = scaling.predict(kinds, N=6.9e9, M=20)
    (said,) = [line for line in refused.warnings if line.startswith("the runs differ in")]
    assert said == (
        "the runs differ in Arch and may need a law for each: map it, "
        '--map "dataset=Arch", and choose one by --dataset'
    )
    own = scaling.predict(kinds, N=6.9e9, M=20, columns={"dataset": "Arch"}, dataset="dense")
    assert own.forecast.doubt == ""
    assert not any("differ in" in line for line in own.warnings)
