"""Walks with a known entropy, and what is measured on them: exact losses, exact errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2

from scaling.training.text.choices import ChoiceTask, make_choices
from scaling.training.text.walks import Walk

WALK = Walk(vocab=32, decay=0.75, strength=2.0, seed=5)


def test_rows_are_distributions_and_the_long_run_is_kept():
    table, share = WALK.transitions, WALK.stationary
    np.testing.assert_allclose(table.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(share @ table, share, rtol=1e-9)
    assert share.sum() == pytest.approx(1, abs=1e-12)
    assert table.min() > 0 < share.min()


def test_entropy_is_what_a_long_power_of_the_table_says():
    share = np.linalg.matrix_power(WALK.transitions, 500)[0]
    rows = [-sum(p * math.log(p) for p in row) for row in WALK.transitions]
    assert WALK.entropy == pytest.approx(float(share @ rows), rel=1e-10)


def test_noise_has_the_entropy_of_an_even_choice():
    assert Walk(vocab=7, decay=1.0, strength=0.0, seed=0).entropy == pytest.approx(math.log(7))


def test_stronger_features_leave_less_entropy():
    entropies = [Walk(64, 1.0, strength, 0).entropy for strength in (0.5, 1.0, 2.0, 4.0)]
    assert entropies == sorted(entropies, reverse=True)
    assert len(set(entropies)) == 4


def test_the_spectrum_of_the_logits_decays_as_asked():
    """Centred columns take one direction away; the others follow k^-decay."""
    for decay in (0.5, 1.5):
        walk = Walk(256, decay, 1.0, 3)
        logits = np.log(walk.transitions)
        logits -= logits.mean(axis=1, keepdims=True)
        singular = np.linalg.svd(logits, compute_uv=False)
        k = np.arange(4, 64)
        slope = np.polyfit(np.log(k), np.log(singular[k - 1]), 1)[0]
        assert slope == pytest.approx(-decay, abs=0.25)


def test_drawn_steps_have_the_chances_of_the_table():
    walks = WALK.draw(np.random.default_rng(0), 4000, 30)
    counts = np.zeros((32, 32))
    np.add.at(counts, (walks[:, :-1].ravel(), walks[:, 1:].ravel()), 1)
    expected = counts.sum(axis=1, keepdims=True) * WALK.transitions
    usual = expected > 5
    distance = ((counts - expected)[usual] ** 2 / expected[usual]).sum()
    dof = usual.sum() - 32
    assert distance < chi2.ppf(1 - 1e-6, dof)
    first = np.bincount(walks[:, 0], minlength=32)
    last = np.bincount(walks[:, -1], minlength=32)
    for seen in (first, last):
        assert ((seen - 4000 * WALK.stationary) ** 2 / (4000 * WALK.stationary)).sum() < chi2.ppf(
            1 - 1e-6, 31
        )


def test_a_draw_is_a_function_of_its_generator():
    draws = [WALK.draw(np.random.default_rng(seed), 3, 9) for seed in (1, 1, 2)]
    assert np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
    assert draws[0].dtype == np.int64


def make_task(n_choices=4, n_items=3000, seed=0) -> ChoiceTask:
    rng = np.random.default_rng(seed)
    return make_choices(WALK, rng, n_items=n_items, n_choices=n_choices, length=6)


@pytest.mark.parametrize("n_choices", [2, 4, 32])
def test_who_knows_the_table_makes_the_best_error(n_choices):
    task = make_task(n_choices)
    known = np.log(WALK.transitions[task.contexts[:, -1]])
    assert task.error(known) == pytest.approx(task.best_error, abs=1e-12)
    assert task.best_error < task.chance_error == 1 - 1 / n_choices


def test_the_worst_answers_are_worse_than_guessing_and_guessing_is_chance():
    task = make_task()
    known = np.log(WALK.transitions[task.contexts[:, -1]])
    assert task.error(-known) > task.chance_error
    guesses = np.random.default_rng(1).random(known.shape)
    assert task.error(guesses) == pytest.approx(task.chance_error, abs=0.02)


def test_the_stated_error_is_what_drawn_answers_would_count():
    """Draw items by hand, answer them by a wrong model, count misses: the stated error."""
    rng = np.random.default_rng(2)
    wrong = np.roll(np.log(WALK.transitions), 1, axis=0)
    walks = WALK.draw(rng, 20_000, 2)
    misses = 0
    for last, follows in walks:
        others = rng.choice(np.delete(np.arange(32), follows), size=3, replace=False)
        candidates = np.append(others, follows)
        misses += candidates[wrong[last, candidates].argmax()] != follows
    task = make_task(n_items=20_000, seed=3)
    stated = task.error(wrong[task.contexts[:, -1]])
    assert misses / 20_000 == pytest.approx(stated, abs=4 * math.sqrt(0.25 / 20_000))


def test_candidates_differ_and_hold_the_one_that_follows():
    task = make_task(n_choices=5)
    assert all(len(set(row)) == 5 for row in task.candidates)
    np.testing.assert_allclose(task.chances.sum(axis=1), 1)
    with pytest.raises(ValueError, match="between 2 and the 32 symbols, got 33"):
        make_task(33)
