"""The reader of the public release: rebuild of the real one, and small made-up ones."""

import json
import subprocess
import sys

import numpy as np
import pytest
from places import RELEASE, ROOT

from scaling.tables.datafiles import data_path
from scaling.testbed.labels import LOSS_SETS
from scaling.testbed.release.rebuild import write_tables
from scaling.testbed.release.tables import main, read_release
from scaling.testbed.release.tasks import is_multiple, judge_item_count

TABLES = ("runs", "losses", "errors", "tasks", "search")
SMALL = ("scaling/open_lm_configs/d=96_l=8_h=4.json", 10_569_312, 64, 100)
MIDDLE = ("scaling/open_lm_configs/d=576_l=24_h=8.json", 153_677_376, 512, 400)
LARGE = ("open_lm_7b", 6_889_410_560, 1, 5_000)
ACCURACIES = {"copa": 0.75, "arc_easy": 0.25, "arc_challenge": 293 / 1172, "jeopardy": 1 / 2380}
METADATA = """Eval Task,Task Category,Task Type,#shots,#datapoints,Random baseline,Description
copa,commonsense reasoning,multiple choice,0,100,50,"two, choices"
gsm8k,symbolic problem solving,question answering,3,1319,0,never evaluated
arc_easy,world knowledge,multiple choice,10,2376,25,x
arc_challenge,world knowledge,multiple choice,10,2376,25,x
jeopardy,world knowledge,language modeling,10,2117,0,x
"""
KEY = "d=96_l=8_h=12-16-0.003-0.033-16-211386240-100-3e-05"


def make_model(shape=SMALL, multiplier=1.0, dataset="c4_original"):
    """Make one model file as the release writes it."""
    model, N, batch, warmup = shape
    tokens = round(20 * multiplier) * N
    results = [
        {
            "loss": 4.0 + position / 7,
            "loss_sequences_lower_95": 3.9,
            "loss_sequences_upper_95": 5.1,
            "loss_tokens_lower_95": 3.95,
            "loss_tokens_upper_95": 5.05,
            "sequences": 10,
            "tokens": 20_480,
            "val_data": [f"training/eval_data/{folder}/00000001.tar"],
        }
        for position, folder in enumerate(reversed(LOSS_SETS))
    ]
    return {
        "dataset_name": dataset,
        "hyperparameters": {
            "model": model,
            "tokens": tokens,
            "warmup": warmup,
            "lr": 0.003,
            "wd": 0.033,
            "global_bs": batch,
            "params": N,
            "chinchilla_multiplier": multiplier,
        },
        "open_lm_args": [
            "--train-num-samples", str(tokens // 5), "--epochs", "5", "--lr", "0.003",
            "--warmup", str(warmup), "--model", model, "--wd", "0.033",
            "--global-batch-size", str(batch), "--qk-norm",
            "--dataset-manifest", "s3://bucket/some/where/text/manifest.jsonl",
        ],
        "results": results,
    }  # fmt: skip


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")


def put_run(folder, name, model, accuracies=ACCURACIES):
    put(folder / "models" / f"{name}.json", model)
    evaluation = {"eval_metrics": {"icl": accuracies}}
    put(folder / "evals" / f"evaluation_{name}_heavy.json", evaluation)


@pytest.fixture
def release(tmp_path):
    """Make a release of two runs and one searched configuration."""
    folder = tmp_path / "exp_data"
    put_run(folder, "b", make_model(multiplier=0.25))
    put_run(folder, "a", make_model(MIDDLE))
    put(folder / "eval_metadata.csv", METADATA)
    put(folder / "grid.json", {KEY: 5.2})
    return folder


def change(folder, edit, name="b"):
    """Edit one model file in place."""
    path = folder / "models" / f"{name}.json"
    model = json.loads(path.read_text(encoding="utf-8"))
    edit(model)
    put(path, model)


def name_manifest(model, manifest):
    arguments = model["open_lm_args"]
    arguments[arguments.index("--dataset-manifest") + 1] = manifest


def given(model):
    return model["hyperparameters"]


@pytest.mark.skipif(
    not RELEASE.is_dir(),
    reason="no copy of the public release: set SCALING_RELEASE to its folder exp_data",
)
def test_the_shipped_tables_are_rebuilt_byte_for_byte(tmp_path):
    write_tables(read_release(RELEASE), tmp_path)
    for name in TABLES:
        rebuilt = (tmp_path / f"{name}.csv").read_bytes()
        assert rebuilt == data_path("testbed", f"{name}.csv").read_bytes(), name


def test_a_small_release_reads(release):
    tables = read_release(release)
    assert tables["runs"]["run"].tolist() == ["c4-0.011B-M5", "c4-0.154B-M20"]
    assert tables["runs"]["steps"].tolist() == [403, 2931]
    assert tables["runs"]["flags"].tolist() == ["", ""]
    assert tables["losses"]["loss_set"].tolist() == list(LOSS_SETS.values()) * 2
    assert tables["errors"]["task"].tolist() == sorted(ACCURACIES) * 2
    assert tables["errors"]["error"].iloc[2] == 0.25
    assert len(tables["search"]) == 1


def test_losses_come_from_the_right_file(release):
    losses = read_release(release)["losses"].iloc[:8]
    expected = [4.0 + position / 7 for position in reversed(range(8))]
    assert losses["loss"].tolist() == expected


def test_rows_are_ordered_by_set_then_size_then_budget(release):
    put_run(release, "0", make_model(dataset="rw_original"))
    put_run(release, "1", make_model(dataset="rpj", multiplier=32.0))
    put_run(release, "2", make_model(dataset="rpj", multiplier=2.0))
    assert read_release(release)["runs"]["run"].tolist() == [
        "c4-0.011B-M5", "c4-0.154B-M20",
        "redpajama-0.011B-M40", "redpajama-0.011B-M640", "refinedweb-0.011B-M20",
    ]  # fmt: skip


def test_hyperparameters_win_over_the_argument_list(release):
    def edit(model):
        arguments = model["open_lm_args"]
        arguments[arguments.index("--lr") + 1] = "0.3"
        arguments[arguments.index("--train-num-samples") + 1] = "42277248"

    change(release, edit)
    row = read_release(release)["runs"].iloc[0]
    assert (row["lr"], row["D"]) == (0.003, 5 * 10_569_312)
    assert row["flags"] == (
        "open_lm_args disagrees in learning rate, tokens (M = 20): hyperparameters used"
    )


def test_a_run_without_argument_list_is_no_suspect(release):
    change(release, lambda model: model.pop("open_lm_args"))
    row = read_release(release)["runs"].iloc[0]
    assert row[["flags", "store", "folder"]].tolist() == ["", "", ""]


@pytest.mark.parametrize("place", ["text", "some/where/text"])
def test_store_and_folder_are_those_of_the_manifest(release, place):
    change(release, lambda model: name_manifest(model, f"s3://bucket/{place}/manifest.jsonl"))
    row = read_release(release)["runs"].iloc[0]
    assert row[["store", "folder", "flags"]].tolist() == ["bucket", "text", ""]


def test_a_placeholder_batch_is_replaced_and_flagged(release):
    put_run(release, "c", make_model(LARGE))
    row = read_release(release)["runs"].iloc[-1]
    assert (row["batch_sequences"], row["steps"]) == (2048, 32_851)
    assert row["flags"] == "release states batch 1: 2,048 taken from the paper's Table 3"


def test_a_run_that_ends_in_its_warmup_is_flagged(release):
    change(release, lambda model: given(model).update(warmup=404))
    flag = read_release(release)["runs"]["flags"].iloc[0]
    assert "ends before its warm-up does: 403 of 404 steps" in flag.split("; ")


def test_tasks_are_described_and_judged(release):
    tasks = read_release(release)["tasks"].set_index("task")
    assert tasks.index.tolist() == ["arc_challenge", "arc_easy", "copa", "jeopardy"]
    assert tasks["in_17"].to_dict() == {
        "arc_challenge": False, "arc_easy": False, "copa": True, "jeopardy": False,
    }  # fmt: skip
    assert tasks.loc["arc_challenge", ["n_items", "n_items_stated"]].tolist() == [1172, 2376]
    assert "2,376 items" in tasks.loc["arc_challenge", "flags"]
    assert "mean over 5 categories" in tasks.loc["jeopardy", "flags"]
    assert tasks.loc["copa", ["flags", "chance", "shots"]].tolist() == ["", 0.5, 0]


@pytest.mark.parametrize(("accuracy", "inside"), [(0.60, True), (0.59, False), (0.41, False)])
def test_only_the_0154B_models_decide_about_the_17(release, accuracy, inside):
    put_run(release, "a", make_model(MIDDLE), ACCURACIES | {"copa": accuracy})
    put_run(release, "b", make_model(multiplier=0.25), ACCURACIES | {"copa": 1.0})
    tasks = read_release(release)["tasks"].set_index("task")
    assert tasks.loc["copa", "in_17"] == inside


def test_a_search_key_holds_a_dash_in_its_last_number(release):
    row = read_release(release)["search"].iloc[0].to_dict()
    assert row == {
        "width": 96, "layers": 8, "heads": 12, "batch": 16, "lr": 0.003, "D": 211_386_240,
        "N": 10_569_312, "warmup_steps": 100, "loss": 5.2,
    }  # fmt: skip


def test_every_searched_run_is_kept(release):
    again = KEY.replace("-100-", "-200-")
    put(release / "grid.json", {again: 5.0, KEY: 5.2})
    assert read_release(release)["search"]["warmup_steps"].tolist() == [100, 200]


def test_written_tables_read_back_to_the_same_bits(release, tmp_path):
    change(release, lambda model: model["results"][0].update(loss=0.1 + 0.2))
    paths = write_tables(read_release(release), tmp_path / "new" / "folder")
    assert [path.stem for path in paths] == list(TABLES)
    assert ",0.30000000000000004," in paths[1].read_text(encoding="utf-8")
    assert b"\r" not in paths[0].read_bytes()


def drop(path):
    return lambda folder: (folder / path).unlink()


def edit_model(edit):
    return lambda folder: change(folder, edit)


def edit_accuracies(accuracies):
    return lambda folder: put_run(folder, "b", make_model(multiplier=0.25), accuracies)


def edit_grid(content):
    return lambda folder: put(folder / "grid.json", content)


def edit_metadata(old, new):
    return lambda folder: put(folder / "eval_metadata.csv", METADATA.replace(old, new))


def rename_loss_set(model):
    model["results"][3]["val_data"] = ["training/eval_data/pile/00000001.tar"]


NAN, INFINITE = float("nan"), float("inf")
HOSTILE = {
    "no search": (drop("grid.json"), "grid.json", "no such file"),
    "no metadata": (drop("eval_metadata.csv"), "eval_metadata.csv", "no such file"),
    "no evaluation": (drop("evals/evaluation_b_heavy.json"), "evaluation_b_heavy", "no such file"),
    "no model": (drop("models/b.json"), "evaluation_b_heavy", "belong to a model"),
    "not JSON": (lambda f: put(f / "models" / "b.json", "{"), "models/b.json", "must be JSON"),
    "a list": (lambda f: put(f / "models" / "b.json", []), "models/b.json", "list"),
    "UTF-16": (
        lambda f: (f / "models" / "b.json").write_bytes('{"a": "é"}'.encode("utf-16")),
        "models/b.json",
        "must be JSON",
    ),
    "no hyperparameters": (
        edit_model(lambda m: m.pop("hyperparameters")), "models/b.json", "hyperparameters"),
    "no tokens": (edit_model(lambda m: given(m).pop("tokens")), "models/b.json", "tokens"),
    "unknown set": (edit_model(lambda m: m.update(dataset_name="pile")), "b.json", "'pile'"),
    "unknown size": (edit_model(lambda m: given(m).update(params=7)), "b.json", "got 7"),
    "unknown shape": (edit_model(lambda m: given(m).update(model="gpt")), "b.json", "'gpt'"),
    "other shape": (
        edit_model(lambda m: given(m).update(model="d=96_l=9_h=4")), "b.json", "10569312"),
    "other tokens": (edit_model(lambda m: given(m).update(tokens=5)), "b.json", "got 5"),
    "no steps": (edit_model(lambda m: given(m).update(global_bs=0)), "b.json", "global_bs"),
    "batch 1": (edit_model(lambda m: given(m).update(global_bs=1)), "b.json", "'0.011B'"),
    "text for a number": (edit_model(lambda m: given(m).update(lr="3e-3")), "b.json", "'3e-3'"),
    "broken arguments": (
        edit_model(lambda m: m.update(open_lm_args=["--lr", "high"])), "b.json", "open_lm_args"),
    "manifest in no folder": (
        edit_model(lambda m: name_manifest(m, "s3://bucket/manifest.jsonl")),
        "b.json",
        "s3://STORE/.../FOLDER/FILE",
    ),
    "unknown val_data": (edit_model(rename_loss_set), "models/b.json", "'pile'"),
    "no val_data": (
        edit_model(lambda m: m["results"][0].update(val_data=[])), "b.json", "val_data"),
    "loss set missing": (edit_model(lambda m: m["results"].pop()), "b.json", "c4_eval"),
    "loss set twice": (
        edit_model(lambda m: m["results"].append(m["results"][0])), "b.json", "c4_german"),
    "no results": (edit_model(lambda m: m.update(results=None)), "b.json", "results"),
    "NaN loss": (edit_model(lambda m: m["results"][7].update(loss=NAN)), "b.json", "c4_eval.*nan"),
    "infinite loss": (edit_model(lambda m: m["results"][0].update(loss=INFINITE)), "b.json", "inf"),
    "zero loss": (edit_model(lambda m: m["results"][0].update(loss=0)), "b.json", "above 0"),
    "negative bound": (
        edit_model(lambda m: m["results"][0].update(loss_tokens_lower_95=-1)), "b.json", "got -1"),
    "accuracy above 1": (edit_accuracies(ACCURACIES | {"copa": 75.0}), "_b_heavy", "copa.*75"),
    "NaN accuracy": (edit_accuracies(ACCURACIES | {"copa": NAN}), "_b_heavy", "copa.*nan"),
    "task missing": (edit_accuracies({"copa": 0.5}), "evals", "arc_challenge"),
    "no accuracies": (edit_accuracies(None), "_b_heavy", "icl"),
    "task not described": (edit_metadata("copa,", "cope,"), "eval_metadata.csv", "copa"),
    "task described twice": (edit_metadata("gsm8k", "copa"), "eval_metadata.csv", "copa"),
    "column missing": (edit_metadata("#shots", "shots"), "eval_metadata.csv", "#shots"),
    "no item count": (edit_metadata("0,100,50", "0,,50"), "eval_metadata.csv", "copa.*nan"),
    "chance above 100": (edit_metadata("0,100,50", "0,100,500"), "eval_metadata.csv", "500"),
    "no search runs": (edit_grid({}), "grid.json", "runs"),
    "eight parts": (edit_grid({KEY.replace("3e-05", "0.1"): 5.2}), "grid.json", "nine parts"),
    "ten parts": (edit_grid({KEY + "-1": 5.2}), "grid.json", "nine parts"),
    "part not a number": (edit_grid({KEY.replace("-100-", "-soon-"): 5.2}), "grid.json", "soon"),
    "two batches": (edit_grid({KEY.replace("-16-0", "-8-0"): 5.2}), "grid.json", "agree"),
    "odd tokens": (edit_grid({KEY.replace("240-", "241-"): 5.2}), "grid.json", "multiple of 20"),
    "search shape": (edit_grid({KEY.replace("d=", "w="): 5.2}), "grid.json", "w=96"),
    "NaN searched": (edit_grid({KEY: NAN}), "grid.json", "loss of.*nan"),
    "run twice": (
        lambda f: put_run(f, "c", make_model(multiplier=0.25)), "models/c.json", "c4-0.011B-M5"),
}  # fmt: skip


@pytest.mark.parametrize("fault", HOSTILE)
def test_a_broken_release_is_refused_with_file_and_value(release, fault):
    spoil, file, value = HOSTILE[fault]
    spoil(release)
    with pytest.raises(ValueError, match=f"(?s){file}.*{value}"):
        read_release(release)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="model files"):
        read_release(tmp_path)


@pytest.mark.parametrize(
    ("hits", "n_items", "fits"),
    [([1, 7, 99], 100, True), ([1.5], 100, False), ([0, 100], 100, True), ([33.3], 100, False)],
)
def test_multiples_survive_single_precision(hits, n_items, fits):
    accuracy = (np.array(hits) / n_items).astype(np.float32).astype(float)
    assert is_multiple(accuracy, n_items) == fits


def test_a_contradicted_count_without_known_reason_is_flagged():
    accuracy = np.array([1 / 7])
    assert judge_item_count("copa", 100, accuracy) == (
        100, "accuracies are not multiples of 1/100"
    )  # fmt: skip


def test_the_command_writes_the_tables(release, tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "scaling.testbed.release.tables",
            str(release),
            str(tmp_path / "out"),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(p.stem for p in (tmp_path / "out").iterdir()) == sorted(TABLES)


def test_the_command_refuses_in_one_line(release, tmp_path, capsys):
    (release / "grid.json").unlink()
    assert main([str(release), str(tmp_path / "out")]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1 and "grid.json" in shown.err
    assert not (tmp_path / "out").exists()
