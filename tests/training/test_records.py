"""Files that survive: written aside, renamed, hashed; checkpoints told sound or damaged."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT

from scaling.training.errors import GridError
from scaling.training.model.checkpoint import (
    list_checkpoints,
    load_newest,
    read_checkpoint,
    save_checkpoint,
)
from scaling.training.plan.records import (
    clear_aside,
    hash_of,
    read_record,
    write_aside,
    write_record,
)

CONTENT = {"run": "a", "loss": 1.25, "log": [{"step": 1}], "none": None}


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << (place % 8)
    path.write_bytes(data)


def test_a_record_comes_back_as_it_was(tmp_path):
    path = tmp_path / "result.json"
    write_record(path, CONTENT)
    assert read_record(path) == CONTENT
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]


@given(place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_no_flipped_bit_of_a_record_goes_unseen(tmp_path_factory, place, bit):
    """Unless the text still says the same, as another space between two keys does."""
    path = tmp_path_factory.mktemp("records") / "result.json"
    write_record(path, CONTENT)
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 1 << bit
    path.write_bytes(data)
    try:
        assert read_record(path) == CONTENT
    except GridError as error:
        assert str(path) in str(error)


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"loss": 1}', '"text"', "\x00"])
def test_what_is_no_record_is_named(tmp_path, text):
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(GridError, match="result.json: is damaged"):
        read_record(path)


def test_a_record_that_is_missing_is_named(tmp_path):
    with pytest.raises(GridError, match="result.json: cannot be read: No such file"):
        read_record(tmp_path / "result.json")


def test_a_hash_does_not_depend_on_the_order_of_keys():
    assert hash_of({"a": 1, "b": [1.5]}) == hash_of({"b": [1.5], "a": 1}) != hash_of({"a": 1})


def test_a_file_has_the_rights_that_other_files_have(tmp_path):
    write_record(tmp_path / "result.json", CONTENT)
    (tmp_path / "plain").touch()
    assert (tmp_path / "result.json").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_what_was_half_written_is_cleared_and_nothing_else(tmp_path):
    write_record(tmp_path / "result.json", CONTENT)
    for name in (".result.json." + "0af" * 10 + "12", ".hidden", "step-000000001.ckpt"):
        (tmp_path / name).touch()
    clear_aside(tmp_path)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".hidden", "result.json", "step-000000001.ckpt"]


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(GridError, match="gone/result.json: could not be written: No such file"):
        write_record(tmp_path / "gone" / "result.json", CONTENT)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "result.json"
    write_record(path, CONTENT)

    def fail(file):
        file.write(b"half of it")
        raise OSError(28, "No space left on device")

    with pytest.raises(GridError, match="result.json: could not be written: No space left"):
        write_aside(path, fail)
    assert read_record(path) == CONTENT
    assert len(list(tmp_path.iterdir())) == 1


FULL_DISK = """
    import resource, signal, sys
    from pathlib import Path
    import torch
    from scaling.training.model.checkpoint import save_checkpoint
    from scaling.training.errors import GridError
    folder = Path(sys.argv[1])
    save_checkpoint(folder, 1, {"config_sha256": "c", "w": torch.ones(10)})
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    try:
        save_checkpoint(folder, 2, {"config_sha256": "c", "w": torch.ones(10_000)})
    except GridError as error:
        print(error)
"""


def test_a_disk_that_takes_no_more_costs_the_new_checkpoint_and_not_the_old(tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "step-000000002.ckpt: could not be written: File too large" in run.stdout
    state, damaged = load_newest(list_checkpoints(tmp_path), "c")
    assert torch.equal(state["w"], torch.ones(10))
    assert not damaged
    assert [p.name for p in tmp_path.iterdir()] == ["step-000000001.ckpt"]


def save(folder: Path, step: int, config: str = "c") -> Path:
    state = {"config_sha256": config, "step": step, "w": torch.full((50,), float(step))}
    return save_checkpoint(folder, step, state)


def test_the_newest_checkpoint_is_loaded_and_two_are_kept(tmp_path):
    for step in (1, 2, 10):
        save(tmp_path, step)
    state, damaged = load_newest(list_checkpoints(tmp_path), "c")
    assert (state["step"], damaged) == (10, [])
    assert [p.name for p in list_checkpoints(tmp_path)] == [
        "step-000000010.ckpt",
        "step-000000002.ckpt",
    ]


def test_without_a_checkpoint_a_run_starts_at_the_beginning(tmp_path):
    assert load_newest(list_checkpoints(tmp_path), "c") == (None, [])


@pytest.mark.parametrize("harm", ["truncated", "empty", "flipped", "head flipped", "half renamed"])
def test_a_damaged_checkpoint_is_passed_over_and_told(tmp_path, harm):
    save(tmp_path, 1)
    newest = save(tmp_path, 2)
    data = newest.read_bytes()
    if harm == "truncated":
        newest.write_bytes(data[: len(data) // 2])
    elif harm == "empty":
        newest.write_bytes(b"")
    elif harm == "half renamed":
        newest.rename(tmp_path / ".step-000000002.ckpt.abc")
    else:
        flip(newest, 3 if "head" in harm else len(data) // 2)
    state, damaged = load_newest(list_checkpoints(tmp_path), "c")
    assert state["step"] == 1
    if harm == "half renamed":
        assert damaged == []
    else:
        (says,) = damaged
        assert "step-000000002.ckpt: is damaged" in says


def test_where_all_checkpoints_are_damaged_the_run_starts_again_and_says_why(tmp_path):
    for step in (1, 2):
        flip(save(tmp_path, step), 200)
    state, damaged = load_newest(list_checkpoints(tmp_path), "c")
    assert state is None
    assert len(damaged) == 2


def test_a_checkpoint_of_another_configuration_stops_the_run(tmp_path):
    save(tmp_path, 1, "another")
    with pytest.raises(GridError, match="belongs to another configuration"):
        load_newest(list_checkpoints(tmp_path), "c")


def test_every_flipped_bit_of_a_checkpoint_is_seen(tmp_path):
    path = save(tmp_path, 1)
    size = path.stat().st_size
    for place in range(0, size, 37):
        flip(path, place)
        with pytest.raises(GridError, match="is damaged"):
            read_checkpoint(path)
        flip(path, place)
    assert read_checkpoint(path)["step"] == 1


class Harmful:
    def __reduce__(self):
        return (print, ("code was run",))


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path, capsys):
    """Even with a right hash: what is read is weights and plain values only."""
    path = save_checkpoint(tmp_path, 1, {"config_sha256": "c", "x": Harmful()})
    with pytest.raises(GridError, match="is no checkpoint"):
        read_checkpoint(path)
    assert "code was run" not in capsys.readouterr().out


def test_records_are_json_that_other_tools_read(tmp_path):
    write_record(tmp_path / "r.json", CONTENT)
    assert json.loads((tmp_path / "r.json").read_text())["loss"] == 1.25
