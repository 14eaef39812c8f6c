"""Where runs lie: lines and what they share, how near is on one, and what is said of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling.forecast.design import LEAST_MINOR, read_design
from scaling.forecast.fitted import fit_table
from scaling.laws.law import LossLaw

SIZES = np.geomspace(1e7, 1e9, 6)
LAW = LossLaw(1.8, 180.0, 220.0, 0.25)
RAY = "all runs have one D/N: what other tokens per parameter bring is not known"


@pytest.mark.parametrize(
    ("N", "D", "shared", "variable", "said"),
    [
        (SIZES, 1e10 + 0 * SIZES, "D", "N", "all runs have one D: what more tokens bring"),
        (1e8 + 0 * SIZES, 10 * SIZES, "N", "D", "all runs have one N: what more parameters bring"),
        (SIZES, 20 * SIZES, "D/N", "N", RAY),
        (SIZES, 1e18 / SIZES, "6ND", None, "all runs cost the same: how the loss falls"),
        (SIZES, SIZES**1.5, "", "D", "N and D rise together in all runs"),
        (SIZES, 1e6 * SIZES**0.5, "", "N", "N and D rise together in all runs"),
    ],
)
def test_a_line_is_told_by_what_its_runs_share(N, D, shared, variable, said):
    design = read_design(N, D)
    assert design.is_line
    assert (design.shared, design.variable) == (shared, variable)
    assert design.in_words().startswith(said)


def test_a_column_that_hardly_varies_is_told_by_its_span():
    D = 1e10 * np.array([1, 1.008, 1.002, 1.004, 1.0, 1.006])
    assert read_design(SIZES, D).in_words() == (
        "D spans a factor of 1.008 only: what more tokens bring is not known"
    )


@pytest.mark.parametrize("unit_N", [1.0, 1e-6])
@pytest.mark.parametrize("off", [0.5, 2.0])
def test_one_run_off_a_ray_makes_a_plane_once_it_is_far_enough(unit_N, off):
    """The distance across the ray counts, whatever the units."""
    D = 20 * SIZES
    D[2] *= np.exp(off * LEAST_MINOR * np.sqrt(2) / np.sqrt(5 / 6))  # the ray moves with it
    assert read_design(unit_N * SIZES, 1e-9 * D).is_line == (off < 1)


def test_the_paper_s_five_runs_are_no_line():
    N = np.array([1.05e7, 7.9e7, 1.54e8, 4.12e8, 1.05e7])
    assert not read_design(N, N * [20, 20, 20, 20, 320]).is_line


def test_points_are_put_onto_the_line():
    design = read_design(SIZES, 20 * SIZES)
    N, D = design.project([1e8, 1e8], [2e9, 8e9])
    assert (D / N).tolist() == pytest.approx([20, 20])
    assert (N * D).tolist() == pytest.approx([2e17, 8e17])
    assert design.is_off([1e12, 1e12, 1e12], [2e13, 2.4e13, 4e13]).tolist() == [False, False, True]


def table(N, D, noise=0.0):
    noisy = LAW.predict(N, D) * np.exp(noise * np.cos(np.arange(len(N)) * 2.0))
    return pd.DataFrame({"N": N, "D": D, "loss": noisy})


def test_along_one_budget_the_law_asked_for_interpolates_and_goes_no_further():
    fitted = fit_table(table(SIZES, 1e18 / SIZES), "loss", law="tied")
    assert fitted.reduced is None
    near = fitted.predict(1e8, 1e10)
    assert (near.doubt, near.loss) == ("", pytest.approx(LAW.predict(1e8, 1e10), rel=1e-6))
    assert "how the loss falls with compute" in fitted.predict(1e9, 2e10).doubt


def test_a_law_that_leaves_too_much_open_is_marked():
    """Nearly one D: at another D the law says little."""
    D = 1e10 * np.array([1, 1.3, 0.8, 1.2, 0.9, 1.1])
    fitted = fit_table(table(SIZES, D, 0.004), "loss")
    assert fitted.predict(2e9, 1e10).doubt == ""
    assert not fitted.design.is_line
    doubt = fitted.predict(2e9, 1e12).doubt
    assert doubt.startswith("the law itself leaves ")
    assert doubt.endswith(" open")


def test_a_predicted_loss_below_zero_is_none():
    fitted = fit_table(plane(), "loss", law="tied")
    assert fitted.predict(1e30, 1e30).doubt in ("no loss", "status wrong_sign")


def plane():
    N, D = (axis.ravel() for axis in np.meshgrid(SIZES[:4], [1e9, 1e11]))
    return pd.DataFrame({"N": N, "D": D, "loss": LossLaw(-1.0, 20.0, 20.0, 0.1).predict(N, D)})
