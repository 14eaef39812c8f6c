"""A forecast says how far outside the runs its target lies. Its words are in ``test_cli``."""

import pytest

from scaling.forecast.prediction import make_forecast
from scaling.testbed.runs import run_table


def test_reach_where_whole_numbers_would_overflow():
    """N D of the 6.9B run is 9.5e20, above what 64 bits hold; in the testbed both are whole."""
    table = run_table("c4")
    assert table["N"].dtype.kind == table["D"].dtype.kind == "i"
    dearest = table.loc[table["C"].idxmax()]
    target = 4 * float(dearest["N"]), 2 * float(dearest["D"])
    reach = make_forecast(table, target, "loss_c4_eval").reach
    assert (reach.compute_ratio, reach.N_ratio) == (pytest.approx(8), 4)
    assert reach.M_inside


@pytest.mark.parametrize(("share", "said"), [(1.0, False), (1.01, True)])
def test_the_dearest_run_itself_is_no_extrapolation(share, said):
    table = run_table("c4")
    dearest = table.loc[table["C"].idxmax()]
    forecast = make_forecast(table, (dearest["N"], share * dearest["D"]), "loss_c4_eval")
    assert any("extrapolated" in text for text in forecast.warnings) == said
