"""The worked case again, in small: its smallest run, made by the pieces of `make domain`."""

from __future__ import annotations

import re
import shlex

import pytest
import yaml
from places import ROOT
from typer.testing import CliRunner

from scaling.commands.cli import app
from scaling.studies.decide.stdlib_text import MODULES, TOKENIZER, write_text
from scaling.tables.datafiles import data_path
from scaling.tables.runs import read_runs

pytest.importorskip("torch")
datasets = pytest.importorskip("datasets")
pytest.importorskip("tokenizers")

STORED = data_path("results", "domain.csv")
SMALLEST = "stdlib-w8l2h1-m10-s0"


def run(*arguments: object) -> None:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.stderr


def read_patterns_of_make() -> list[str]:
    """Read what `make domain` asks of the trained models."""
    (recipe,) = re.findall(
        r"grid accuracy (?:.*\\\n)*.*domain\.csv", (ROOT / "Makefile").read_text()
    )
    words = shlex.split(recipe.replace("\\\n", ""))
    return [word for i, word in enumerate(words) if words[i - 1] == "--at"]


def test_the_stored_table_is_that_of_the_specification():
    stored, spec = read_runs(STORED), yaml.safe_load(data_path("specs", "domain.yaml").read_text())
    shapes = {size["width"]: size for size in spec["sizes"]}
    asked = {(width, M) for width, own in zip(shapes, spec["by_size"], strict=True) for M in own}
    assert set(zip(stored["width"], stored["multiplier"], strict=True)) == asked
    assert len(stored) == len(asked)
    names = [pattern.partition("=")[0] for pattern in read_patterns_of_make()]
    for name in names:
        right = stored[f"acc_{name}"] * stored[f"items_{name}"]
        assert right.to_numpy() == pytest.approx(right.round().to_numpy())
    assert stored["warmup_steps"].lt(stored["steps"] / 2).all()
    assert stored["epochs"].max() < 4


@pytest.mark.slow
def test_the_smallest_run_comes_out_again(tmp_path, monkeypatch):
    """Text, tokenizer and training of this machine, which may have another Python: loosely."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_UPDATE_DOWNLOAD_COUNTS", False)
    write_text(tmp_path)
    run("grid", "prepare", "--text", tmp_path / MODULES, "--tokenizer", tmp_path / TOKENIZER,
        "--held-out-share", 0.05, "--out", tmp_path / "tokens")  # fmt: skip
    spec = yaml.safe_load(data_path("specs", "domain.yaml").read_text())
    spec |= {"sizes": spec["sizes"][:1], "multipliers": [10]}
    del spec["by_size"]
    source = {"folder": "tokens/train", "loss_sets": {"held_out": "tokens/held_out"}}
    spec["sources"] = {"stdlib": {"kind": "tokens"} | source}
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(spec))
    run("grid", "run", tmp_path / "spec.yaml", "--out", tmp_path / "grid", "--executor", "debug",
        "--device", "cpu")  # fmt: skip
    at = [word for pattern in read_patterns_of_make() for word in ("--at", pattern)]
    run("grid", "accuracy", tmp_path / "grid", *at, "--device", "cpu", "--out", tmp_path / "a.csv")
    stored = read_runs(STORED).set_index("run").loc[SMALLEST]
    again = read_runs(tmp_path / "a.csv").set_index("run").loc[SMALLEST]
    assert again["loss_held_out"] == pytest.approx(stored["loss_held_out"], rel=0.03)
    assert again["acc_indent"] == pytest.approx(stored["acc_indent"], abs=0.05)
    assert again["items_bracket"] == pytest.approx(stored["items_bracket"], rel=0.2)
