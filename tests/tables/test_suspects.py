"""Suspect rows: who gets which reason, and who gets none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling.tables.runs import validate_runs
from scaling.tables.suspects import BEATEN_BY, FAR_M, LARGEST_USUAL_M, REASONS, find_better
from scaling.testbed.grids import GRIDS, load_grid
from scaling.testbed.runs import run_table


def frame(**columns: list[object]) -> pd.DataFrame:
    """Give a table of two sound runs with these columns added or replaced."""
    return pd.DataFrame({"N": [1e8, 2e8], "D": [2e9, 4e9], "loss": [3.1, 3.0]} | columns)


def test_flags_are_added_once_and_after_those_given() -> None:
    """Checking twice adds nothing; a flag that is there stays first."""
    table = frame(N=[1e8, 1e8], D=[5e7, 5e7], flags=["ours", None])
    once = validate_runs(table)
    below = "D = 5e+07 is below N = 1e+08: swapped, or a wrong unit?"
    assert once["flags"].tolist() == [
        f"ours; {below}",
        below,
    ]
    pd.testing.assert_frame_equal(validate_runs(once), once)


def test_warmup_of_the_smallest_multiplier() -> None:
    """A run of 376 steps with 400 steps of warm-up is flagged, one of 403 with 100 is not."""
    batch = np.array([512, 64]) * 2048.0
    table = frame(D=batch * [376, 403], batch_tokens=batch, warmup_steps=[400, 100], N=[8e7, 1e7])
    assert validate_runs(table)["flags"].tolist() == ["ends before its warm-up does", ""]


@pytest.mark.parametrize(
    ("key", "limit", "columns", "suspect_side"),
    [
        ("undertrained", 1e8, lambda x: {"N": [1e8], "D": [x]}, "below"),
        (
            "warmup",
            5e8,
            lambda x: {"N": [1e7], "D": [x], "batch_tokens": [1e6], "warmup_steps": [500]},
            "below",
        ),
        ("batch", 1e9, lambda x: {"N": [1e7], "D": [x], "batch_tokens": [1e9]}, "below"),
        ("loss", 20.0, lambda x: {"N": [1e7], "D": [1e9], "loss": [x]}, "above"),
        (
            "loss",
            20.0,
            lambda x: {"N": [1e7], "D": [1e9], "loss": [3.0], "loss_other": [x]},
            "above",
        ),
    ],
    ids=["undertrained", "warmup", "batch", "loss", "another loss"],
)
def test_flags_stand_on_one_side_of_their_limit(
    key: str, limit: float, columns: Callable[[float], dict], suspect_side: str
) -> None:
    """A run at the limit itself is not suspect."""
    for share, side in ((0.999, "below"), (1.0, "at"), (1.001, "above")):
        run = pd.DataFrame({"loss": [3.0]} | columns(limit * share))
        flags = validate_runs(run)["flags"].tolist()
        assert bool(flags[0]) is (side == suspect_side), side
        assert flags[0].endswith(REASONS[key] if flags[0] else "")


def test_the_same_n_and_d_is_no_reason() -> None:
    """Seeds are no fault; far apart in loss they may be a sweep."""
    table = frame(run=["a", "b"], N=[1e8, 1e8], D=[2e9, 2e9], loss=[3.0, 3.1])
    assert validate_runs(table)["flags"].tolist() == ["", ""]
    (_, said) = validate_runs(table.assign(loss=[3.0, 3.4]))["flags"]
    assert said.endswith(
        "of 'a', which has the same N and D: a sweep, or is one of the two mistyped?"
    )


def test_a_count_below_a_thousand_is_asked_about() -> None:
    table = validate_runs(frame(N=[999, 1000], D=[1000, 2000]))
    assert table["flags"].tolist() == ["N is 999: did you mean 999M or 999B?", ""]


# --- tokens per parameter -----------------------------------------------------------------


def asked_for_unit(M: list[float], **columns: object) -> list[int]:
    """Give the positions of the runs, of 100M parameters and more, whose M is asked about."""
    N = 1e8 * np.arange(1, len(M) + 1)
    table = validate_runs(pd.DataFrame({"N": N, "D": N * M, "loss": 3.0} | columns))
    return np.flatnonzero(table["flags"].str.fullmatch("M = .* a wrong unit.")).tolist()


@pytest.mark.parametrize(
    ("M", "asked"),
    [
        ([20, 20, 20, 0.99 * FAR_M * 20], []),
        ([20, 20, 20, 1.01 * FAR_M * 20], [3]),
        ([2, 1.01 * FAR_M * 2, 1.01 * FAR_M * 2], [0]),
        ([20, 20_000, 21_000], [0]),  # two that lie together vouch for each other
        ([20, 200, 2_000, 20_000], []),
        ([20, 20, 640], []),
        ([0.99 * LARGEST_USUAL_M] * 2, []),
        ([1.01 * LARGEST_USUAL_M] * 2, [0, 1]),
        ([1.01 * LARGEST_USUAL_M], [0]),
        ([5_000], []),
    ],
)
def test_an_M_that_lies_alone_or_beyond_all_use(M: list[float], asked: list[int]) -> None:
    """From both sides of the two limits."""
    assert asked_for_unit(M) == asked


def test_the_M_of_another_training_set_is_no_neighbour():
    M = [20, 20, 5_000, 5_000]
    assert asked_for_unit(M, dataset=list("aabb")) == []
    assert asked_for_unit(M, dataset=list("aaab")) == [2]


def test_another_reason_asks_first():
    """Swapped or without its letter: M is not asked about as well."""
    table = frame(N=[1e8, 2e8, 4e8, 70], D=[2e9, 4e9, 8e6, 1.4e9], loss=[3.1, 3.0, 2.9, 3.2])
    said = validate_runs(table)["flags"].tolist()
    assert [bool(text) for text in said] == [False, False, True, True]
    assert not any("M = " in text for text in said)


def test_no_shipped_M_is_asked_about():
    for table in (run_table(), *(load_grid(name) for name in GRIDS), FIVE):
        assert not validate_runs(table)["flags"].str.contains(r"M = .* a wrong unit\?").any()


# --- beaten runs --------------------------------------------------------------------------

FIVE = pd.DataFrame(
    {
        "run": list("abcde"),
        "N": [10.6e6, 78.9e6, 154e6, 412e6, 10.6e6],
        "D": [211e6, 1.58e9, 3.07e9, 8.23e9, 3.38e9],
        "loss": [5.39, 3.90, 3.53, 3.15, 4.57],
    }
)


def beaten(table: pd.DataFrame) -> dict[str, str]:
    """Runs that are flagged as beaten, and why."""
    checked = validate_runs(table).set_index("run")["flags"]
    return checked[checked.str.contains("is above the")].to_dict()


@pytest.mark.parametrize(
    ("run", "loss", "said"),
    [
        ("d", 3.75, {"d": "loss 3.75 is above the 3.53 of 'c'"}),
        ("b", 3.09, {"c": "loss 3.53 is above the 3.09 of 'b'"}),
        ("b", 9.30, {"b": "loss 9.3 is above the 5.39 of 'a'"}),
        ("a", 3.59, dict.fromkeys("be", "of 'a'")),
        ("c", 3.54, {}),
    ],
)
def test_a_mistyped_loss(run, loss, said):
    """Too high it is beaten, too low it beats; the reason names both losses and the other run."""
    table = FIVE.assign(loss=FIVE["loss"].mask(FIVE["run"] == run, loss))
    found = beaten(table)
    assert set(found) == set(said)
    for name, text in said.items():
        assert text in found[name]
        assert found[name].endswith(
            "which has no more N or D: is N, D or loss of one of the two mistyped?"
        )
    assert beaten(FIVE) == {}


@pytest.mark.parametrize(("excess", "flagged"), [(0.999, False), (1.001, True)])
@pytest.mark.parametrize("column", ["loss", "loss_a"])
def test_the_margin(excess, flagged, column):
    table = frame(run=["a", "b"]).rename(columns={"loss": column})
    table[column] = [3.0, 3.0 * (1 + excess * BEATEN_BY)]
    assert set(beaten(table)) == ({"b"} if flagged else set())
    assert all(text.startswith(f"{column} ") for text in beaten(table).values())


def test_more_of_either_is_not_held_against_a_run():
    """Only a run with no more N and no more D beats; one of the same N and D does."""
    for N, D, n_beaten in ((2e8, 1e9, 0), (5e7, 9e9, 0), (1e8, 2e9, 1), (9e7, 1e9, 1)):
        table = frame(run=["a", "b"], N=[1e8, N], D=[2e9, D], loss=[4.0, 3.0])
        assert len(beaten(table)) == n_beaten


def test_training_sets_are_not_compared():
    table = frame(run=["a", "b"], loss=[3.0, 4.0])
    assert len(beaten(table)) == 1
    assert beaten(table.assign(dataset=["x", "y"])) == {}


def test_the_loss_that_is_most_beaten_is_named_and_unknown_ones_are_not_compared():
    table = frame(run=["a", "b"], loss=[3.0, 3.3], loss_a=[2.0, 4.0], loss_b=[np.nan, 9.0])
    assert beaten(table)["b"].startswith("loss_a 4 is above the 2 of 'a'")
    assert beaten(table.assign(loss_a=[np.nan, 4.0]))["b"].startswith("loss 3.3 is above")


def test_a_run_whose_first_loss_is_unknown_is_held_to_its_second():
    table = frame(run=["a", "b"], loss_a=[2.0, np.nan], loss_b=[3.0, 4.0]).drop(columns="loss")
    said = beaten(table)
    assert set(said) == {"b"}
    assert said["b"].startswith("loss_b 4 is above the 3 of 'a'")


def test_checking_twice_adds_nothing():
    once = validate_runs(frame(loss=[3.0, 4.0]))
    assert once["flags"].tolist()[0] == ""
    pd.testing.assert_frame_equal(validate_runs(once), once)


few = st.integers(1, 6)
tables = st.lists(
    st.tuples(few, few, st.none() | few, st.sampled_from("ab")), min_size=1, max_size=30
)


@given(tables, st.booleans())
def test_the_better_run_is_that_of_the_plain_rule(runs, several):
    """Every pair compared, ties and unknown losses with them."""
    table = pd.DataFrame(runs, columns=["N", "D", "loss", "dataset"]).astype({"loss": float})
    table = table if several else table.drop(columns="dataset")
    better = find_better(table, "loss")
    N, D, loss = (table[name].to_numpy() for name in ("N", "D", "loss"))
    allowed = (N[:, None] >= N) & (D[:, None] >= D) & np.isfinite(loss)
    if several:
        allowed &= table["dataset"].to_numpy() == table["dataset"].to_numpy()[:, None]
    known = np.isfinite(loss)
    least = np.where(allowed, loss, np.inf).min(axis=1)
    assert loss[better][known].tolist() == least[known].tolist()
    assert allowed[np.arange(len(table)), better][known].all()
    assert better[~known].tolist() == np.flatnonzero(~known).tolist()
    own = loss == least
    assert (loss[better][own] == loss[own]).all()


def test_how_many_shipped_runs_the_rule_flags():
    """Few sound ones: a shape of three layers, repeated data, two tables of code and old text."""
    count = {name: len(beaten(load_grid(name))) for name in GRIDS}
    assert count == {"olmo_ladder": 0, "gemstones": 8, "porian": 0, "datablations": 89}
    gemstones, table = beaten(load_grid("gemstones")), load_grid("datablations").set_index("run")
    assert all(run.startswith("PyGemma-768x3_") for run in gemstones)
    once = table.loc[list(beaten(load_grid("datablations")))].query("epochs == 1").index
    assert sorted(once) == ["2b8100m100m", "3b926b26b", "8b712b12b"]
    assert all("had no more N, D or unique data" in table.loc[run, "flags"] for run in once)
    testbed = run_table().drop(columns="flags")
    reasons = beaten(testbed)
    assert beaten(testbed[["run", "dataset", "N", "D", "loss_c4_eval"]]) == {}
    assert all(
        text.startswith(("loss_paloma_code", "loss_paloma_ptb")) for text in reasons.values()
    )
