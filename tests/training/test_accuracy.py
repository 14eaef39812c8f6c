"""How often a model is right at chosen places: planted models, and text whose best is known."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml
from grids_to_train import train_tokenizer
from typer.testing import CliRunner

from scaling.commands.cli import app
from scaling.tables.runs import read_runs
from scaling.training.errors import GridError
from scaling.training.grid.grid import open_grid

torch = pytest.importorskip("torch")
datasets = pytest.importorskip("datasets")
pytest.importorskip("tokenizers")
from scaling.training.model.evaluate import measure_hits  # noqa: E402
from scaling.training.tasks.accuracy import find_places, read_patterns  # noqa: E402
from scaling.training.text.sources import FileLoss  # noqa: E402

LETTERS = "abcdefgh"
CLOSE, LETTER = "close=[)]", "letter=[a-h]"
VOCAB = 258
SPEC: dict[str, Any] = {
    "name": "brackets",
    "sizes": [{"width": 8, "layers": 1, "heads": 1}],
    "multipliers": [0.01, 10],
    "sources": {
        "code": {
            "kind": "tokens",
            "folder": "text/train",
            "loss_sets": {"own": "text/held_out", "same": "text/held_out"},
        }
    },
    "recipe": {"length": 32, "batch_sequences": 8, "lr_scale": 0.3, "lr_max": 0.03},
    "held_out": {"sequences": 100},
}


def run(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A grid on brackets that always close after one letter, which is any of eight."""
    home = tmp_path_factory.mktemp("home")
    rng = np.random.default_rng(0)
    documents = ["".join(f"({x})" for x in rng.choice(list(LETTERS), 100)) for _ in range(400)]
    (home / "text.jsonl").write_text(
        "".join(json.dumps({"text": text}) + "\n" for text in documents)
    )
    train_tokenizer(home / "bytes.json", documents, VOCAB - 1)  # a piece for a byte, no more
    (home / "spec.yaml").write_text(yaml.safe_dump(SPEC))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(datasets.config, "HF_DATASETS_CACHE", home / "cache")
        patched.setattr(datasets.config, "HF_UPDATE_DOWNLOAD_COUNTS", False)
        run("grid", "prepare", "--text", home / "text.jsonl", "--held-out-share", 0.1, "--vocab",
            VOCAB, "--tokenizer", home / "bytes.json", "--out", home / "text")  # fmt: skip
        run("grid", "run", home / "spec.yaml", "--out", home / "grid", "--executor", "debug",
            "--device", "cpu")  # fmt: skip
    return home


# --- a planted model ----------------------------------------------------------------------


class Planted:
    """Says that each token is followed by the next number, and is sure of it."""

    vocab = 7
    shape = SimpleNamespace(vocab=vocab)
    head = SimpleNamespace(weight=torch.zeros(1))

    def logits(self, tokens: Any, *, last: bool = False) -> Any:
        assert not last
        return 9.0 * torch.nn.functional.one_hot((tokens + 1) % self.vocab, self.vocab).float()


def test_a_hit_is_a_token_that_the_model_held_for_the_likeliest():
    windows = np.array([[0, 1, 2, 5, 6], [6, 0, 0, 1, 3]])
    hits = measure_hits(Planted(), FileLoss(windows))
    assert hits.tolist() == [[True, True, False, True], [True, False, True, False]]


# --- text whose best is known -------------------------------------------------------------


def test_what_follows_for_certain_is_learnt_and_what_is_drawn_is_guessed(home, tmp_path):
    out = tmp_path / "runs.csv"
    told = run("grid", "accuracy", home / "grid", "--at", CLOSE, "--at", LETTER, "--at", "all=",
        "--loss-set", "own", "--device", "cpu", "--out", out)  # fmt: skip
    assert told == f"{out}: 2 runs, acc_close, acc_letter, acc_all\n"
    table = read_runs(out).set_index("multiplier")
    assert table["items_all"].tolist() == [100 * 32, 100 * 32]
    thirds = table[["items_close", "items_letter"]].to_numpy() / 3200
    assert thirds == pytest.approx(1 / 3, abs=0.01)
    taught, untaught = table.loc[10], table.loc[0.01]
    assert taught["acc_close"] == 1
    assert taught["acc_letter"] == pytest.approx(1 / 8, abs=0.05)
    assert taught["acc_all"] == pytest.approx((2 + 1 / 8) / 3, abs=0.02)
    assert untaught["acc_close"] < 0.6
    assert untaught["acc_letter"] < 0.2
    collected = tmp_path / "collected.csv"
    run("grid", "collect", home / "grid", "--out", collected)
    assert read_runs(out)[list(read_runs(collected))].equals(read_runs(collected))


def test_one_run_may_be_measured_alone(home, tmp_path):
    out = tmp_path / "runs.csv"
    told = run("grid", "accuracy", home / "grid", "--at", CLOSE, "--loss-set", "same", "--run",
        "code-w8l1h1-m10-s0", "--device", "cpu", "--out", out, "--json")  # fmt: skip
    assert json.loads(told) == {
        "file": str(out), "runs": 1, "missing": 0, "damaged": [], "accuracies": ["acc_close"]
    }  # fmt: skip
    assert read_runs(out)["acc_close"].tolist() == [1]


def test_places_are_those_whose_next_token_the_pattern_matches(home):
    cell = open_grid(home / "grid")[1][0]
    held_out, places = find_places(cell, read_patterns([CLOSE]), "own")
    assert places["close"].shape == held_out.targets.shape
    assert len(set(held_out.targets[places["close"]])) == 1
    before = held_out.contexts[places["close"]]
    assert len(set(before)) == len(LETTERS)


# --- what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (["[)]"], "--at: must read NAME=REGEX"),
        (["Close=x"], "--at: must read NAME=REGEX"),
        (["=x"], "--at: must read NAME=REGEX"),
        (["a=x", "a=y"], "--at: the name 'a' stands twice"),
        (["a=("], "--at: '(' is no regular expression: missing )"),
    ],
)
def test_a_pattern_that_cannot_be_read_is_refused(written, says):
    with pytest.raises(GridError) as refused:
        read_patterns(written)
    assert str(refused.value).startswith(says)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--at", CLOSE], "--loss-set: must be one of those of code, own, same, got None"),
        (["--at", CLOSE, "--loss-set", "other"], "got 'other'"),
        (
            ["--at", "none=z", "--loss-set", "own"],
            "--at none: no token of the held-out text matches 'z'",
        ),
        (["--at", CLOSE, "--loss-set", "own", "--run", "other"], "has no run 'other'"),
    ],
)
def test_what_cannot_be_measured_is_refused_and_nothing_is_written(home, tmp_path, options, says):
    out = tmp_path / "runs.csv"
    assert says in run("grid", "accuracy", home / "grid", *options, "--out", out, code=2)
    assert not out.exists()


def test_a_place_that_is_not_there_is_said_before_anything_is_measured(home, tmp_path):
    out = tmp_path / "none" / "runs.csv"
    says = run("grid", "accuracy", home / "grid", "--at", CLOSE, "--out", out, code=2)
    assert f"--out: there is no folder {out.parent}" in says
