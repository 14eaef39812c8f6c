"""The scorecard: complete, matched to the printed digits, and able to fail."""

import pytest

from scaling.studies import scorecard
from scaling.studies.decide.published_costs import COST_MEASURES, NOT_REPRODUCED
from scaling.studies.scorecard import EXPLAINED, make_scorecard, rounds_to
from scaling.testbed.published import load_published, load_published_costs


@pytest.fixture(scope="module")
def entries():
    return make_scorecard()


def test_every_printed_number_is_there_and_none_differs(entries):
    printed = [e for e in entries if e.published is not None]
    assert [e.id for e in printed] == [*load_published()["id"], *load_published_costs()["id"]]
    assert len(printed) >= 150
    assert {e.status for e in printed} <= {"match", "explained", "not_reproduced"}
    assert all(e.reason for e in entries if e.status in ("explained", "not_reproduced"))
    assert [e.id for e in entries if e.status == "explained"] == list(EXPLAINED)
    assert [e.id for e in entries if e.status == "not_reproduced"] == list(NOT_REPRODUCED)


def test_headline_numbers_of_the_paper(entries):
    ours = {e.id: e.ours for e in entries}
    assert ours["notebook/redpajama/1.4B/M640/loss"] == pytest.approx(0.7103, abs=5e-5)
    assert ours["notebook/redpajama/6.9B/M20/error"] == pytest.approx(0.0464, abs=5e-5)
    assert ours["table6/c4/eta"] == pytest.approx(0.121, abs=5e-4)
    assert ours["rank_correlation"] == pytest.approx(0.88, abs=5e-3)


def test_the_cancellation_on_c4(entries):
    ours = {e.id: e.ours for e in entries}
    assert ours["fig5/c4/6.9B/M20"] == pytest.approx(4.3, abs=0.05)
    assert ours["ours/c4/6.9B/error_given_true_loss"] == pytest.approx(5.6, abs=0.05)
    assert ours["fig12/c4/6.9B/M20"] < 0.2


@pytest.mark.parametrize(
    ("ours", "printed", "digits", "expected"),
    [
        (0.0049, "0.00", 2, True),
        (0.0051, "0.00", 2, False),
        (141.49, "141", 0, True),
        (141.51, "141", 0, False),
        (0.125, "0.13", 2, True),
        (float("nan"), "0.13", 2, False),
    ],
)
def test_rounding_to_printed_digits(ours, printed, digits, expected):
    assert rounds_to(ours, printed, digits) is expected


def test_a_wrong_number_is_called_different(monkeypatch):
    """Where there is an explanation too: it holds for one value alone."""
    for name in ("E", "parameters", "compute_ratio", *COST_MEASURES):
        own = scorecard.MEASURES[name]
        monkeypatch.setitem(scorecard.MEASURES, name, lambda row, own=own: 1.01 * own(row))
    entries = {e.id: e for e in make_scorecard()}
    for name in ("table6/c4/E", "devries/1e23/1/D", "sardana/13e9/2e12/saving", *EXPLAINED):
        assert (entries[name].status, entries[name].reason) == ("differs", None)
