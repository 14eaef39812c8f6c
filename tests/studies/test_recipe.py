"""Recipe: the authors' runs, their chain, the sign of an error."""

import pytest

from scaling.forecast.rulers import relative_error
from scaling.laws.fit import fit_error_law, fit_loss_law
from scaling.studies.recipe import AUTHORS, Recipe, fit_chain
from scaling.testbed.labels import ERROR_COLUMN, LOSS_COLUMN
from scaling.testbed.runs import run_table, select_error_fit, select_large, select_loss_fit


@pytest.fixture(scope="module")
def table():
    return run_table("redpajama")


@pytest.fixture(scope="module")
def chain(table):
    return fit_chain(table)


def test_relative_error_is_positive_where_the_prediction_is_too_high():
    assert relative_error([1.1, 0.9], 1.0) == pytest.approx([0.1, -0.1])
    assert relative_error([1.5, 1.5], [2.0, 1.0]) == pytest.approx([-0.25, 0.5])


def test_chain_fits_five_runs_and_six(table, chain):
    assert len(chain.loss_fit.residuals) == 5
    assert len(chain.error_fit.residuals) == 6
    assert (chain.loss_fit.dof, chain.error_fit.dof) == (1, 3)
    five, six = select_loss_fit(table), select_error_fit(table)
    assert chain.loss_fit.law == fit_loss_law(five["N"], five["D"], five[LOSS_COLUMN]).law
    assert chain.error_fit.law == fit_error_law(six[LOSS_COLUMN], six[ERROR_COLUMN]).law


def test_residuals_are_observed_minus_predicted(table, chain):
    five = select_loss_fit(table)
    expected = five[LOSS_COLUMN] - chain.predict_loss(five["N"], five["D"])
    assert chain.loss_fit.residuals == pytest.approx(expected.to_numpy(), abs=1e-12)


def test_predicted_error_is_the_error_law_of_the_predicted_loss(chain):
    N, D = [1.4e9, 6.9e9], [9e11, 1.4e11]
    loss = chain.loss_fit.law.predict(N, D)
    assert chain.predict_loss(N, D).tolist() == loss.tolist()
    assert chain.predict_error(N, D).tolist() == chain.error_fit.law.predict(loss).tolist()


def test_chain_fits_the_columns_it_is_told(table):
    chain = fit_chain(table, "loss_paloma_c4", "err_avg46")
    five, six = select_loss_fit(table), select_error_fit(table)
    assert chain.loss_fit.law == fit_loss_law(five["N"], five["D"], five["loss_paloma_c4"]).law
    assert chain.error_fit.law == fit_error_law(six["loss_paloma_c4"], six["err_avg46"]).law


def test_recipe_chooses_runs(table):
    others = [lambda t: t[t["M"] <= 320], lambda t: t.drop(select_large(t).index[:3])]
    chain = fit_chain(table, recipe=Recipe("other", *others))
    assert len(chain.loss_fit.residuals) == (table["M"] <= 320).sum()
    assert len(chain.error_fit.residuals) == len(table) - 3
    assert AUTHORS.name == "authors"
