"""The shipped testbed: counts, flags, the 17 tasks, the authors' selections."""

import csv
import hashlib
import re

import numpy as np
import pandas as pd
import pytest

from scaling.tables.datafiles import data_path
from scaling.tables.runs import validate_runs
from scaling.testbed import runs as testbed
from scaling.testbed.labels import LOSS_SETS

SPLIT = """bigbench_operators pubmed_qa_labeled hellaswag_zeroshot boolq arc_easy coqa
bigbench_dyck_languages lambada_openai bigbench_novel_concepts winograd bigbench_cs_algorithms
commonsense_qa bigbench_qa_wikidata hellaswag copa squad piqa""".split()
MULTIPLES = {5, 10, 20, 40, 80, 160, 320, 640}


def test_row_counts():
    loaded = {
        name: len(getattr(testbed, f"load_{name}")())
        for name in ("runs", "losses", "errors", "tasks", "search")
    }
    assert loaded == {"runs": 104, "losses": 832, "errors": 4784, "tasks": 46, "search": 435}


def test_checksums_stand_in_the_readme():
    text = data_path("testbed", "README.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"`(\w+\.csv)` \| [\d,]+ \| `([0-9a-f]{64})`", text))
    files = sorted(data_path("testbed").glob("*.csv"))
    assert said == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("name", ["runs", "losses", "errors", "search"])
def test_floats_are_read_to_the_last_bit(name):
    with data_path("testbed", f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for column, read in getattr(testbed, f"load_{name}")().select_dtypes("float").items():
        assert read.tolist() == [float(row[column]) for row in rows]


def test_columns_are_those_of_the_readme():
    text = data_path("testbed", "README.md").read_text(encoding="utf-8")
    for path in data_path("testbed").glob("*.csv"):
        section = text.split(f"## `{path.name}`")[1].split("\n## ")[0]
        for column in pd.read_csv(path, nrows=1):
            assert f"`{column}`" in section, (path.name, column)


def test_the_grid_of_runs():
    runs = testbed.load_runs()
    assert runs["dataset"].value_counts().to_dict() == {"c4": 34, "redpajama": 35, "refinedweb": 35}
    for (dataset, size), own in runs.groupby(["dataset", "size"]):
        if size in ("0.011B", "0.079B", "0.154B", "0.411B"):
            missing = {640} if (dataset, size) == ("c4", "0.411B") else set()
            assert set(own["M"]) == MULTIPLES - missing
    assert runs["run"].is_unique
    assert (runs["D"] == runs["M"] * runs["N"]).all()
    assert (runs["N_body"] == runs["N"] - 2 * 50_432 * runs["width"]).all()


def test_rows_are_ordered():
    runs = testbed.load_runs()
    assert runs.sort_values(["dataset", "N", "M"])["run"].tolist() == runs["run"].tolist()
    names = [run for run in runs["run"] for _ in LOSS_SETS]
    losses = testbed.load_losses()
    assert losses["run"].tolist() == names
    assert losses["loss_set"].tolist() == list(LOSS_SETS.values()) * 104
    tasks = testbed.load_tasks()["task"]
    assert tasks.is_monotonic_increasing
    assert testbed.load_errors()["task"].tolist() == tasks.tolist() * 104


def test_suspect_runs_say_why():
    flags = testbed.load_runs().set_index("run")["flags"]
    large = {f"{d}-6.9B-M20" for d in ("c4", "redpajama", "refinedweb")}
    late = {f"{d}-{s}-M5" for d in ("c4", "redpajama", "refinedweb") for s in ("0.079B", "0.411B")}
    lists = {"refinedweb-0.154B-M80", "refinedweb-0.154B-M160"}
    assert set(flags.index[flags.str.contains("batch 1: 2,048")]) == large
    assert set(flags.index[flags.str.contains("open_lm_args disagrees")]) == large | lists
    assert set(flags.index[flags.str.contains("ends before its warm-up")]) == late
    assert set(flags.index[flags != ""]) == large | late | lists
    assert len(flags[next(iter(sorted(large)))].split("; ")) == 2


def test_the_training_files_that_runs_name():
    """The five of each training set share store and folder; the rest of the release by name."""
    runs = testbed.load_runs().set_index("run")
    five = runs.loc[testbed.select_loss_fit(runs.reset_index())["run"]]
    assert set(five["store"]) == {"laion-west"}
    assert five.groupby("dataset")["folder"].unique().map(list).to_dict() == {
        "c4": ["original_c4"],
        "redpajama": ["rpj_tokenized_upsampled_eleutherai"],
        "refinedweb": ["refined_web_tokenized"],
    }
    other = runs[runs["other_files"]].groupby(["store", "folder"])
    assert other.apply(lambda own: list(own.index)).to_dict() == {
        ("dcnlp-west", "rpj_tokenized_upsampled_eleutherai"): ["redpajama-1.4B-M20"],
        ("laion-west", "original_rpj"): ["redpajama-6.9B-M20"],
        ("laion-west", "rw_original"): ["refinedweb-6.9B-M20"],
        ("tri-ml-datasets", "original_c4"): [
            "c4-0.154B-M160",
            "c4-0.154B-M320",
            "c4-0.411B-M80",
            "c4-0.411B-M320",
            "c4-1.4B-M80",
        ],
        ("tri-ml-datasets", "refined_web_tokenized"): [
            "refinedweb-0.079B-M640",
            "refinedweb-0.411B-M320",
            "refinedweb-0.411B-M640",
            "refinedweb-1.4B-M320",
        ],
        ("tri-ml-datasets", "rpj"): ["redpajama-1.4B-M640"],
        ("tri-ml-datasets", "rpj_original"): ["redpajama-0.411B-M320", "redpajama-0.411B-M640"],
    }


def test_other_files_stand_in_the_wide_table_too():
    runs, table = testbed.load_runs(), testbed.run_table()
    assert table["run"].tolist() == runs["run"].tolist()
    assert table["other_files"].tolist() == runs["other_files"].tolist()


def test_the_largest_runs_carry_the_printed_recipe():
    runs = testbed.load_runs()
    large = runs[runs["size"] == "6.9B"]
    assert set(large["batch_sequences"]) == {2048}
    assert set(large["lr"]) == {3e-4}
    assert set(large["warmup_steps"]) == {5000}
    assert set(large["steps"]) == {32_851}


def test_the_rule_gives_the_17_tasks():
    # Independent of the reader: from errors and chance alone.
    errors = testbed.load_errors().merge(testbed.load_runs()[["run", "size"]], on="run")
    tasks = testbed.load_tasks().set_index("task")
    best = 1 - errors[errors["size"] == "0.154B"].groupby("task")["error"].min()
    by_rule = tasks.index[best[tasks.index] - tasks["chance"] >= 0.10]
    assert set(by_rule) == set(SPLIT)
    assert set(tasks.index[tasks["in_17"]]) == set(SPLIT)


def test_item_counts_that_the_accuracies_contradict_are_flagged():
    tasks = testbed.load_tasks().set_index("task")
    flagged = tasks.index[tasks["flags"] != ""]
    assert list(flagged) == ["arc_challenge", "bbq", "jeopardy", "mmlu", "mmlu_zeroshot"]
    changed = tasks[tasks["n_items"] != tasks["n_items_stated"]]
    assert changed["n_items"].to_dict() == {"arc_challenge": 1172}
    assert (tasks["n_items"].min(), tasks["n_items"].max()) == (32, 58_492)


def test_unflagged_counts_divide_every_accuracy():
    tasks = testbed.load_tasks().set_index("task")
    errors = testbed.load_errors()
    hits = (1 - errors["error"]) * errors["task"].map(tasks["n_items"])
    fits = (hits - hits.round()).abs() <= 5e-8 * errors["task"].map(tasks["n_items"])
    bad = set(errors.loc[~fits, "task"])
    assert bad == {"bbq", "jeopardy", "mmlu", "mmlu_zeroshot"}


def test_jeopardy_is_a_mean_over_its_five_categories():
    errors = testbed.load_errors()
    accuracy = 1 - errors.loc[errors["task"] == "jeopardy", "error"]
    smallest = sorted(accuracy[accuracy > 1e-9].round(9).unique())[:2]
    assert smallest == pytest.approx([1 / (5 * 476), 1 / (5 * 373)], abs=1e-9)


def test_labels_are_short_and_unique():
    labels = testbed.load_tasks()["label"]
    assert labels.is_unique
    assert labels.str.len().max() <= 35


def test_search_is_complete():
    search = testbed.load_search()
    assert search[["width", "layers", "heads"]].drop_duplicates().shape[0] == 130
    assert (search["D"] == 20 * search["N"]).all()
    assert search.drop(columns="loss").duplicated().sum() == 0


def test_the_wide_table_is_a_sound_run_table():
    table = testbed.run_table()
    assert table.shape == (104, 13 + 8 + 46 + 2)
    assert list(table.columns[:13]) == testbed.RUN_COLUMNS + testbed.DETAIL_COLUMNS
    assert table.notna().all().all()
    assert len(validate_runs(table, "testbed")) == 104


def test_the_wide_table_holds_the_long_tables():
    table = testbed.run_table().set_index("run")
    for row in testbed.load_losses().sample(40, random_state=1).itertuples():
        assert table.loc[row.run, f"loss_{row.loss_set}"] == row.loss
    for row in testbed.load_errors().sample(40, random_state=2).itertuples():
        assert table.loc[row.run, f"err_{row.task}"] == row.error


def test_averages_are_plain_means():
    table = testbed.run_table("redpajama")
    split = table[[f"err_{task}" for task in SPLIT]]
    assert table["err_avg17"].to_numpy() == pytest.approx(split.mean(axis=1).to_numpy(), abs=1e-14)
    errors = testbed.load_errors().groupby("run")["error"].mean()
    expected = errors[table["run"]].to_numpy()
    assert table["err_avg46"].to_numpy() == pytest.approx(expected, abs=1e-14)


def test_one_training_set_at_a_time():
    assert set(testbed.run_table("c4")["dataset"]) == {"c4"}
    assert list(testbed.run_table("c4").index) == list(range(34))
    with pytest.raises(ValueError, match="dataset must be one of c4, redpajama, refinedweb.*pile"):
        testbed.run_table("pile")


@pytest.mark.parametrize("load", ["load_runs", "load_errors", "load_tasks", "run_table"])
def test_the_caller_cannot_spoil_the_tables(load):
    first = getattr(testbed, load)()
    kept = first.copy()
    first.loc[:, first.columns[0]] = "spoilt"
    first["new"] = 1
    pd.testing.assert_frame_equal(getattr(testbed, load)(), kept)


def test_the_fit_runs_cost_what_table_1_prints():
    for dataset in testbed.TARGET_RUNS:
        table = testbed.run_table(dataset)
        assert f"{testbed.select_loss_fit(table)['C'].sum():.1e}" == "2.4e+19"
        assert f"{testbed.select_error_fit(table)['C'].sum():.1e}" == "2.7e+20"


def test_the_selections():
    table = testbed.run_table("redpajama")
    fitted = testbed.select_error_fit(table)
    assert fitted["run"].tolist() == [
        "redpajama-0.011B-M20",
        "redpajama-0.079B-M20",
        "redpajama-0.154B-M20",
        "redpajama-0.411B-M20",
        "redpajama-0.011B-M320",
        "redpajama-1.4B-M20",
    ]
    assert fitted["run"].tolist()[:5] == testbed.select_loss_fit(table)["run"].tolist()
    targets = testbed.select_targets(table)["run"].tolist()
    assert targets == ["redpajama-1.4B-M640", "redpajama-6.9B-M20"]


def test_the_selections_of_all_sets_at_once():
    table = testbed.run_table()
    assert len(testbed.select_loss_fit(table)) == 15
    assert len(testbed.select_error_fit(table)) == 18
    assert testbed.select_targets(table)["run"].tolist() == [
        "c4-1.4B-M80",
        "c4-6.9B-M20",
        "redpajama-1.4B-M640",
        "redpajama-6.9B-M20",
        "refinedweb-1.4B-M320",
        "refinedweb-6.9B-M20",
    ]
    assert len(testbed.select_large(table)) == 9


def test_a_selection_does_not_depend_on_row_order_or_labels():
    table = testbed.run_table("c4")
    shuffled = table.sample(frac=1, random_state=3)
    assert testbed.select_loss_fit(shuffled)["run"].tolist() == (
        testbed.select_loss_fit(table)["run"].tolist()
    )


@pytest.mark.parametrize("times", [0, 2])
def test_a_selection_needs_each_run_once(times):
    table = testbed.run_table("c4")
    chosen = table["run"] == "c4-0.011B-M320"
    table = pd.concat([table[~chosen]] + times * [table[chosen]])
    with pytest.raises(ValueError, match=rf"c4 0\.011B at M = 320 once, got {times} rows"):
        testbed.select_loss_fit(table)


def test_a_selection_refuses_another_training_set():
    with pytest.raises(ValueError, match="pile"):
        testbed.select_targets(testbed.run_table("c4").assign(dataset="pile"))


def test_tokens_make_the_steps_of_every_run():
    table = testbed.run_table()
    assert len(table) == 104
    assert np.rint(table["D"] / table["batch_tokens"]).tolist() == table["steps"].tolist()


def test_the_body_is_all_but_both_vocabulary_matrices():
    runs = testbed.load_runs()
    assert (runs["N"] - 2 * 50_432 * runs["width"]).tolist() == runs["N_body"].tolist()
    table = testbed.run_table().set_index("run")
    assert table.loc[runs["run"], "N_body"].tolist() == runs["N_body"].tolist()


def test_runs_that_end_before_their_warm_up_say_so_and_no_others():
    table = testbed.run_table()
    early = table["steps"] < table["warmup_steps"]
    assert early.any()
    assert table["flags"].str.contains("ends before its warm-up").tolist() == early.tolist()
    checked = validate_runs(table.drop(columns="flags"))["flags"]
    assert checked.str.contains("ends before its warm-up").tolist() == early.tolist()
