"""The specification of a grid: read whole, refused whole, and turned into cells."""

from __future__ import annotations

import copy
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from places import ROOT
from typer.testing import CliRunner

from scaling.commands.cli import app
from scaling.costs.compute import count_flops_per_token, count_parameters
from scaling.tables.datafiles import data_path
from scaling.training.errors import GridError
from scaling.training.plan.cells import list_cells, list_warnings, seed_from
from scaling.training.plan.parts import Hardware
from scaling.training.plan.price import price_cells, price_in_words
from scaling.training.plan.spec import read_spec
from scaling.training.plan.tokenfile import TokenFile, write_tokens
from scaling.training.text.sources import open_loss_sets

SPEC = {
    "name": "small",
    "sizes": [{"width": 8, "layers": 1, "heads": 1}, {"width": 16, "layers": 2, "heads": 2}],
    "multipliers": [5, 10],
    "sources": {
        "flat": {"kind": "walk", "vocab": 64, "decay": 0.75, "strength": 2.0, "seed": 2},
        "steep": {"kind": "walk", "vocab": 64, "decay": 1.5, "strength": 2.0},
    },
    "seeds": [0, 1],
    "recipe": {"length": 32, "batch_sequences": 16, "lr_scale": 0.4, "lr_max": 0.03},
}


def write(folder: Path, spec) -> Path:
    path = folder / "spec.yaml"
    path.write_text(spec if isinstance(spec, str) else yaml.safe_dump(spec, sort_keys=False))
    return path


def change(path: str, value) -> dict:
    """Give a specification with one value changed, or left out where it is `...`."""
    spec = copy.deepcopy(SPEC)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = spec
    for part in parents:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return spec


def test_a_grid_has_one_cell_for_each_size_multiplier_source_and_seed(tmp_path):
    cells = list_cells(read_spec(write(tmp_path, SPEC)))
    assert len(cells) == len({cell.name for cell in cells}) == 2 * 2 * 2 * 2
    costs = [cell.C_exact for cell in cells]
    assert costs == sorted(costs, reverse=True)
    for cell in cells:
        size = cell.size
        assert count_parameters(size.width, size.layers, 64).total == cell.N
        assert pytest.approx(cell.multiplier * cell.N, abs=16 * 32 / 2) == cell.D
        assert cell.steps * 512 == cell.D
        assert cell.lr == min(0.03, 0.4 / size.width)
        assert cell.warmup_steps == round(0.1 * cell.steps)
        per_token = count_flops_per_token(size.width, size.layers, 64, 32)
        assert pytest.approx(per_token * cell.D) == cell.C_exact


def test_repeats_add_seeds_to_some_multipliers(tmp_path):
    spec = SPEC | {"repeats": {"multipliers": [10], "seeds": [7, 8, 9]}}
    cells = list_cells(read_spec(write(tmp_path, spec)))
    assert len(cells) == len({cell.name for cell in cells}) == 16 + 2 * 2 * 3
    assert {cell.multiplier for cell in cells if cell.seed >= 7} == {10}


def test_a_warm_up_of_so_many_steps_is_that_long_in_every_run(tmp_path):
    cells = list_cells(read_spec(write(tmp_path, change("recipe.warmup_steps", 30))))
    assert {cell.warmup_steps for cell in cells} == {30}
    assert any(cell.steps < 100 for cell in cells)


def test_streams_of_random_numbers_differ_where_anything_differs(tmp_path):
    cells = list_cells(read_spec(write(tmp_path, SPEC)))
    seeds = {cell.stream(purpose) for cell in cells for purpose in ("weights", "data")}
    assert len(seeds) == 2 * len(cells)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_seed_is_the_same_in_another_process_and_on_another_day():
    assert seed_from("data", "flat", 8, 1, 1, 5.0, 0) == 1_121_629_272_341_206_595
    code = "from scaling.training.plan.cells import seed_from; print(seed_from('a', 1, 2.5))"
    command = [sys.executable, "-c", code]
    other = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(other.stdout) == seed_from("a", 1, 2.5)


def test_a_run_that_would_stand_twice_is_named(tmp_path):
    for spec in (
        SPEC | {"repeats": {"multipliers": [5, 5.0], "seeds": [7]}},
        SPEC | {"multipliers": [1.0000001, 1]},
    ):
        with pytest.raises(GridError, match="the run .*-m[15]-s[07] stands twice in the grid"):
            list_cells(read_spec(write(tmp_path, spec)))


def test_a_default_that_is_written_out_changes_no_hash(tmp_path):
    (tmp_path / "other").mkdir()
    before = list_cells(read_spec(write(tmp_path, SPEC)))
    after = list_cells(read_spec(write(tmp_path / "other", change("recipe.clip", 1.0))))
    assert [cell.config_sha256 for cell in before] == [cell.config_sha256 for cell in after]


def test_processes_that_share_a_model_belong_to_its_configuration(tmp_path):
    (tmp_path / "other").mkdir()
    before = list_cells(read_spec(write(tmp_path, SPEC)))
    spec = SPEC | {"sharding": {"processes_per_node": 2}}
    after = list_cells(read_spec(write(tmp_path / "other", spec)))
    assert before[0].config_sha256 != after[0].config_sha256


def make_tokens(folder: Path, n: int, seed: int = 0, block: int = 2**22, **source) -> None:
    """Write a token file; `source` as prepare says where its text came from."""
    documents = np.random.default_rng(seed).integers(0, 50, size=(n, 9)).tolist()
    about = {"end_of_text": 63, "source": source, "tokenizer": {}, "block": block}
    write_tokens(folder, documents, vocab=64, **about)


def token_spec(tmp_path: Path, **held_out) -> dict:
    make_tokens(tmp_path / "train", 200)
    make_tokens(tmp_path / "held", 40, seed=1)
    source = {"kind": "tokens", "folder": "train", "loss_sets": {"held": "held"}}
    return SPEC | {"sources": {"text": source}, "held_out": held_out or {"sequences": 10}}


def test_another_training_or_held_out_file_is_another_configuration(tmp_path):
    path = write(tmp_path, token_spec(tmp_path))
    hashes = [list_cells(read_spec(path))[0].config_sha256]
    for seed, part in enumerate(("train", "held"), start=5):
        make_tokens(tmp_path / part, 200, seed)
        hashes.append(list_cells(read_spec(path))[0].config_sha256)
    assert len(set(hashes)) == 3


def test_a_loss_set_that_is_too_short_is_named_before_anything_is_trained(tmp_path):
    spec = read_spec(write(tmp_path, token_spec(tmp_path, sequences=13)))
    says = r"sources.text.loss_sets.held: .*held has 12 sequences of 32 tokens, 13 are asked for"
    with pytest.raises(GridError, match=says):
        list_cells(spec)


def its_own_folder(folder: Path) -> str:
    return "train"


def its_own_folder_by_another_path(folder: Path) -> str:
    (folder / "other").mkdir()
    return "other/../train"


def its_own_folder_by_its_whole_path(folder: Path) -> str:
    return str(folder.resolve() / "train")


def a_link_to_it(folder: Path) -> str:
    (folder / "linked").symlink_to(folder / "train")
    return "linked"


def a_copy_of_it(folder: Path) -> str:
    shutil.copytree(folder / "train", folder / "copy")
    return "copy"


def its_beginning(folder: Path) -> str:
    """As a shorter part of the same text has it."""
    make_tokens(folder / "train", 200, block=100)
    make_tokens(folder / "less", 50, block=100)
    return "less"


def what_is_left_of_another_text(folder: Path) -> str:
    make_tokens(folder / "more", 200, seed=3, part="train", held_out_share=0.01)
    return "more"


@pytest.mark.parametrize(
    "arrange",
    [
        its_own_folder,
        its_own_folder_by_another_path,
        its_own_folder_by_its_whole_path,
        a_link_to_it,
        a_copy_of_it,
        its_beginning,
        what_is_left_of_another_text,
    ],
)
def test_a_loss_set_of_text_to_train_on_is_a_fault(tmp_path, arrange):
    spec = token_spec(tmp_path)
    place = arrange(tmp_path)
    spec["sources"]["text"]["loss_sets"]["mine"] = place
    path = write(tmp_path, spec)
    for command in (["price", path], ["run", path, "--out", tmp_path / "new"],
                    ["collect", tmp_path, "--out", tmp_path / "runs.csv"]):  # fmt: skip
        done = CliRunner().invoke(app, ["grid", *map(str, command)])
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr == (
            f"sources.text.loss_sets.mine: {tmp_path.resolve() / place} is text to train on, and a "
            "loss is measured on held-out text: name the folder held_out that scaling grid prepare "
            "made\n"
        )
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("share", [0, 0.1])
def test_held_out_text_and_whole_texts_of_their_own_are_loss_sets(tmp_path, share):
    """A text prepared to be measured on alone is the part train of its folder."""
    make_tokens(tmp_path / "train", 200, part="train", held_out_share=0.1)
    part = "held_out" if share else "train"
    make_tokens(tmp_path / "held", 40, seed=1, part=part, held_out_share=share)
    source = {"kind": "tokens", "folder": "train", "loss_sets": {"held": "held"}}
    spec = SPEC | {"sources": {"text": source}, "held_out": {"sequences": 10}}
    assert list_cells(read_spec(write(tmp_path, spec)))


def test_a_training_file_without_one_window_is_named(tmp_path):
    path = write(tmp_path, token_spec(tmp_path))
    make_tokens(tmp_path / "train", 3)
    with pytest.raises(GridError, match="sources.text.folder: .*train has 0 sequences of 32 tok"):
        list_cells(read_spec(path))


def test_a_loss_is_measured_over_the_whole_of_its_file(tmp_path):
    spec = read_spec(write(tmp_path, token_spec(tmp_path, sequences=5)))
    file = TokenFile(tmp_path / "held")
    loss_set = open_loss_sets(list_cells(spec)[0])["loss_held"]
    windows = file.manifest.count_windows(32)
    ends = file.read_windows(np.array([0, windows - 1]), 32)
    assert np.array_equal(loss_set.contexts[[0, -1]], ends[:, :-1])


def test_runs_that_see_their_tokens_again_are_told(tmp_path):
    cells = list_cells(read_spec(write(tmp_path, token_spec(tmp_path))))
    most = max(cells, key=lambda cell: cell.D)
    assert most.epochs == most.D / 2000
    (says,) = list_warnings(cells)
    assert (
        f"text: 8 runs see its tokens more than once, {most.name} {most.epochs:.2f} times" in says
    )
    assert list_warnings(list_cells(read_spec(write(tmp_path, SPEC)))) == []


def test_a_warm_up_that_outlasts_runs_is_told_before_they_are_trained(tmp_path):
    cells = list_cells(read_spec(write(tmp_path, SPEC)))
    steps = sorted(cell.steps for cell in cells)
    for warmup, short in ((steps[0], 0), (steps[0] + 1, steps.count(steps[0])), (10**6, 16)):
        path = write(tmp_path, change("recipe.warmup_steps", warmup))
        done = CliRunner().invoke(app, ["grid", "price", str(path)])
        assert done.exit_code == 0
        assert done.stderr.count("\n") == bool(short)
        if short:
            assert done.stderr.startswith(
                f"warning: {short} of 16 runs end before their warm-up of {warmup} steps does, "
            )
            assert f" after {steps[0]}: lower recipe.warmup_steps, or leave it out" in done.stderr


def test_the_order_of_a_specification_changes_no_run(tmp_path):
    (tmp_path / "other").mkdir()
    turned = SPEC | {
        "sizes": SPEC["sizes"][::-1],
        "seeds": [1, 0],
        "sources": dict(reversed(SPEC["sources"].items())),
    }
    first = list_cells(read_spec(write(tmp_path, SPEC)))
    second = list_cells(read_spec(write(tmp_path / "other", turned)))
    assert [cell.config_sha256 for cell in first] == [cell.config_sha256 for cell in second]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("recipe.lr_scale", 0.41),
        ("recipe.length", 31),
        ("recipe.z_weight", 0.0),
        ("recipe.precision", "bfloat16"),
        ("sources.flat.seed", 3),
        ("held_out", {"sequences": 100}),
        ("tasks", {"pick": {"choices": 2}}),
    ],
)
def test_whatever_decides_a_result_changes_its_hash(tmp_path, path, value):
    (tmp_path / "other").mkdir()
    before = list_cells(read_spec(write(tmp_path, SPEC)))
    after = list_cells(read_spec(write(tmp_path / "other", change(path, value))))
    hashes = [{c.name: c.config_sha256 for c in cells if c.source_name == "flat"}
              for cells in (before, after)]  # fmt: skip
    assert hashes[0].keys() == hashes[1].keys()
    assert all(hashes[0][name] != hashes[1][name] for name in hashes[0])


def test_what_changes_no_result_changes_no_hash(tmp_path):
    (tmp_path / "other").mkdir()
    before = list_cells(read_spec(write(tmp_path, SPEC)))
    spec = SPEC | {
        "name": "renamed",
        "checkpoint_seconds": 1.0,
        "hardware": {"name": "a GPU", "flops_per_second": 1e14},
    }
    after = list_cells(read_spec(write(tmp_path / "other", spec)))
    assert [cell.config_sha256 for cell in before] == [cell.config_sha256 for cell in after]


FAULTS = {
    "an unknown key": (change("recipe.learning_rate", 1), ["recipe.learning_rate: is no key"]),
    "a missing key": (change("recipe.length", ...), ["recipe.length: Field required"]),
    "zero": (change("sizes.0.width", 0), ["sizes.0.width", "greater than 0", "got '0'"]),
    "a fraction": (change("sizes.0.width", 8.5), ["sizes.0.width", "integer", "got '8.5'"]),
    "a word": (change("multipliers.1", "ten"), ["multipliers.1", "number", "got 'ten'"]),
    "infinity": (change("recipe.lr_max", math.inf), ["recipe.lr_max", "finite", "got 'inf'"]),
    "a share above one": (change("recipe.warmup_share", 1.5), ["recipe.warmup_share", "got '1.5'"]),
    "heads that do not divide": (
        change("sizes.1.heads", 3),
        ["sizes.1: heads must divide the width 16 into even parts, got 3"],
    ),
    "no size": (change("sizes", []), ["sizes", "at least 1 item"]),
    "a size twice": (change("sizes.1", SPEC["sizes"][0]), ["sizes must differ, got twice"]),
    "a multiplier twice": (change("multipliers", [5, 5.0]), ["multipliers must differ", "5.0"]),
    "another kind": (
        change("sources.flat.kind", "web"),
        ["sources.flat: kind must be one of 'walk', 'tokens'"],
    ),
    "a single symbol": (change("sources.flat.vocab", 1), ["sources.flat.vocab", "equal to 2"]),
    "a decay below zero": (change("sources.flat.decay", -1.0), ["sources.flat.decay", "'-1.0'"]),
    "no number": (change("sources.flat.strength", math.nan), ["sources.flat.strength", "'nan'"]),
    "a name with a slash": (change("sources", {"a/b": SPEC["sources"]["flat"]}), ["sources.a/b"]),
    "a name that climbs": (change("name", "../up"), ["name: must be small letters", "got '../up'"]),
    "a repeated seed": (
        SPEC | {"repeats": {"multipliers": [5], "seeds": [1, 7]}},
        ["repeats.seeds must not be seeds of the whole grid, got 1"],
    ),
    "a micro-batch": (
        change("recipe.micro_sequences", 5),
        ["micro_sequences must divide batch_sequences 16, got 5"],
    ),
    "not YAML": ("sizes: [", ["is no YAML"]),
    "no mapping": ("- 1", ["the file: must be a mapping"]),
    "an empty file": ("", ["the file"]),
    "a key twice": ("name: a\nname: b\n", ["the key 'name' stands twice", "line 1"]),
    "a tag that runs code": ("!!python/object/apply:os.getcwd []", ["is no YAML"]),
}


@pytest.mark.parametrize("spec, says", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_its_key_its_rule_and_its_value(tmp_path, spec, says):
    path = write(tmp_path, spec)
    with pytest.raises(GridError) as raised:
        read_spec(path)
    message = str(raised.value)
    assert message.startswith(f"{path}: ")
    assert all(part in message for part in says), message


def test_all_faults_are_reported_together(tmp_path):
    spec = change("sizes.0.width", -1) | {"multipliers": [0], "nmae": 1}
    with pytest.raises(GridError) as raised:
        read_spec(write(tmp_path, spec))
    lines = str(raised.value).splitlines()
    assert len(lines) == 3
    assert all(any(key in line for line in lines) for key in ("sizes.0.width", "multipl", "nmae"))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "spec.yaml"
    if content:
        path.write_bytes(content)
    with pytest.raises(GridError, match="spec.yaml: cannot be read"):
        read_spec(path)


def test_the_bill_adds_up(tmp_path):
    cells = list_cells(read_spec(write(tmp_path, SPEC)))
    gpu = Hardware(name="one GPU", flops_per_second=1e12, price_per_hour=3.0)
    bill = price_cells(cells, gpu)
    assert bill["runs"] == 16
    assert bill["C"] == pytest.approx(sum(6 * cell.N * cell.D for cell in cells))
    assert bill["hours"] == pytest.approx(sum(cell.C_exact for cell in cells) / 3.6e15)
    assert bill["price"] == pytest.approx(3 * bill["hours"])
    assert bill["longest"] == cells[0].name
    assert bill["longest_hours"] == pytest.approx(cells[0].C_exact / 3.6e15)
    assert "price: " in price_in_words(bill, gpu)
    unknown = price_cells(cells, None)
    assert unknown["hours"] is unknown["price"] is None
    assert "the specification names no hardware" in price_in_words(unknown, None)
    json.dumps(bill)


@pytest.mark.parametrize("path", sorted(data_path("specs").glob("*.yaml")), ids=lambda p: p.stem)
def test_a_shipped_specification_is_sound(path):
    spec = read_spec(path)
    assert spec.name == path.stem
