"""Token files: what is written is read, what was changed is told, and every window has its turn."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT

from scaling.training.errors import GridError
from scaling.training.plan.records import read_record, write_record
from scaling.training.plan.tokenfile import (
    MANIFEST,
    TOKENS,
    TokenFile,
    read_manifest,
    write_tokens,
)
from scaling.training.text.sources import FileBatches, permute

END = 9
BLOCK = 16  # tokens; small, so that a few documents fill several
LENGTH = 4


def write(folder: Path, documents: list[list[int]], *, vocab: int = 10, block: int = BLOCK):
    return write_tokens(
        folder,
        documents,
        vocab=vocab,
        end_of_text=END,
        block=block,
        source={"name": "a list"},
        tokenizer={"name": "none"},
    )


def some_documents(n: int = 20) -> list[list[int]]:
    rng = np.random.default_rng(3)
    return [rng.integers(0, END, rng.integers(1, 12)).tolist() for _ in range(n)]


def joined(documents: list[list[int]]) -> list[int]:
    return [token for document in documents for token in [*document, END]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, some_documents())
    return tmp_path


def touched_by(window: int) -> set[int]:
    return {window * LENGTH // BLOCK, (window + 1) * LENGTH // BLOCK}


# --- writing ------------------------------------------------------------------------------


@given(
    documents=st.lists(st.lists(st.integers(0, END), max_size=20), min_size=1, max_size=10),
    block=st.integers(1, 40),
)
def test_the_file_holds_the_documents_each_with_its_end(tmp_path_factory, documents, block):
    folder = tmp_path_factory.mktemp("tokens")
    manifest = write(folder, documents, block=block)
    tokens = np.fromfile(folder / TOKENS, dtype=manifest.dtype)
    assert tokens.tolist() == joined(documents)
    assert (manifest.tokens, manifest.documents) == (len(tokens), len(documents))
    assert len(manifest.blocks) == -(-len(tokens) // block)
    assert read_manifest(folder) == manifest


@pytest.mark.parametrize(("vocab", "size"), [(10, 2), (2**16, 2), (2**16 + 1, 4)])
def test_tokens_take_two_bytes_where_the_vocabulary_allows_it(tmp_path, vocab, size):
    write(tmp_path, [[vocab - 1]], vocab=vocab)
    assert (tmp_path / TOKENS).stat().st_size == 2 * size
    assert TokenFile(tmp_path).read_windows(np.array([0]), 1).tolist() == [[vocab - 1, END]]


@pytest.mark.parametrize("token", [10, 2**40, -1])
def test_a_token_outside_the_vocabulary_is_named(tmp_path, token):
    with pytest.raises(GridError, match=rf"document 2: .* vocabulary size 10, got {token}"):
        write(tmp_path, [[1], [3, token, 4]])
    assert list(tmp_path.iterdir()) == []


def test_no_document_is_an_error(tmp_path):
    with pytest.raises(GridError, match="no document"):
        write(tmp_path, [])
    assert list(tmp_path.iterdir()) == []


def test_the_identity_is_that_of_the_tokens(tmp_path):
    documents = some_documents()
    one, same = write(tmp_path / "a", documents), write(tmp_path / "b", documents)
    assert one.sha256 == same.sha256
    changed = [[*documents[0][:-1], (documents[0][-1] + 1) % END], *documents[1:]]
    assert write(tmp_path / "c", changed).sha256 != one.sha256
    assert write(tmp_path / "d", documents, vocab=11).sha256 != one.sha256


def test_a_full_disk_leaves_no_manifest(tmp_path):
    """The earlier file is gone then, since its manifest would name what is no longer whole."""
    write(tmp_path, some_documents())
    code = f"""
        import resource, signal
        from scaling.training.errors import GridError
        from scaling.training.plan.tokenfile import write_tokens
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            write_tokens({str(tmp_path)!r}, [[1] * 100] * 100, vocab=10, end_of_text=9, block=64,
                         source={{}}, tokenizer={{}})
        except GridError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{tmp_path / TOKENS}: could not be written: File too large\n"
    assert MANIFEST not in {path.name for path in tmp_path.iterdir()}
    assert not list(tmp_path.glob(".*"))
    with pytest.raises(GridError, match="is not there: `scaling grid prepare` makes"):
        TokenFile(tmp_path)


# --- reading ------------------------------------------------------------------------------


def test_windows_share_their_ends(folder):
    file, tokens = TokenFile(folder), joined(some_documents())
    n = file.manifest.count_windows(LENGTH)
    windows = file.read_windows(np.arange(n), LENGTH)
    assert n == (len(tokens) - 1) // LENGTH
    assert windows.shape == (n, LENGTH + 1)
    assert windows[:, 0].tolist() == tokens[: n * LENGTH : LENGTH]
    assert (windows[1:, 0] == windows[:-1, -1]).all()


def test_a_file_shorter_than_a_window_has_none(folder):
    tokens = read_manifest(folder).tokens
    assert read_manifest(folder).count_windows(tokens - 1) == 1
    assert read_manifest(folder).count_windows(tokens) == 0


def test_a_cut_file_is_told_when_it_is_opened(folder):
    path, size = folder / TOKENS, (folder / TOKENS).stat().st_size
    path.write_bytes(path.read_bytes()[:-2])
    says = f"has {size - 2} bytes, the manifest says {size}: prepare it again"
    with pytest.raises(GridError, match=f"{path}: {says}"):
        TokenFile(folder)


def test_a_missing_file_is_told_when_it_is_opened(folder):
    (folder / TOKENS).unlink()
    with pytest.raises(GridError, match="is missing, the manifest says"):
        TokenFile(folder)


@pytest.mark.parametrize("block", [0, 3, 5])
def test_a_flipped_bit_is_told_by_the_windows_that_touch_its_block_and_by_no_other(folder, block):
    path = folder / TOKENS
    data = bytearray(path.read_bytes())
    data[2 * (block * BLOCK + 7)] ^= 1
    path.write_bytes(data)
    file, sound = TokenFile(folder), joined(some_documents())
    told = set()
    for window in range(file.manifest.count_windows(LENGTH)):
        try:
            tokens = file.read_windows(np.array([window]), LENGTH)[0]
        except GridError as error:
            assert f"{path}: block {block} does not have the hash" in str(error)
            told.add(window)
        else:
            assert tokens.tolist() == sound[window * LENGTH : (window + 1) * LENGTH + 1]
    assert told == {w for w in range(file.manifest.count_windows(LENGTH)) if block in touched_by(w)}


def test_a_changed_manifest_is_told(folder):
    path = folder / MANIFEST
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"vocab": 11}))
    with pytest.raises(GridError, match=f"{path}: is damaged: its content does not have the hash"):
        TokenFile(folder)


@pytest.mark.parametrize(
    "change", [{"a_key": 1}, {"block": None}, {"tokens": None, "count": 3}], ids=str
)
def test_a_manifest_with_other_keys_is_told(folder, change):
    path = folder / MANIFEST
    content = read_record(path) | change
    write_record(path, {key: value for key, value in content.items() if value is not None})
    with pytest.raises(GridError, match=f"{path}: is no manifest of a token file"):
        TokenFile(folder)


def test_a_folder_without_manifest_is_told(tmp_path):
    with pytest.raises(GridError, match=f"{tmp_path / MANIFEST}: is not there"):
        TokenFile(tmp_path)


# --- the order of the windows -------------------------------------------------------------

LENGTHS = [1, 2, 3, 5, 100, 1000, *(2**k + d for k in (1, 4, 8, 11) for d in (-1, 0, 1))]


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_permute_is_a_permutation(n, seed):
    assert sorted(permute(np.arange(n), n, seed)) == list(range(n))


def test_permute_looks_places_up_one_by_one():
    whole = permute(np.arange(1000), 1000, 7)
    index = np.array([999, 3, 500])
    assert permute(index, 1000, 7).tolist() == whole[index].tolist()


def test_permute_differs_by_seed_and_leaves_little_in_place():
    orders = np.array([permute(np.arange(1000), 1000, seed) for seed in range(20)])
    same = [(a == b).mean() for i, a in enumerate(orders) for b in orders[:i]]
    assert max(same) < 0.01
    assert (orders == np.arange(1000)).mean() < 0.01
    # Each place sees every part of the file: the mean over seeds is far from no half of it.
    assert np.abs(orders.mean(axis=0) / 999 - 0.5).max() < 0.35


def test_every_window_comes_once_before_any_comes_again(folder):
    file = TokenFile(folder)
    n, epochs, sequences = file.manifest.count_windows(LENGTH), 3, 5
    all_windows = [tuple(w) for w in file.read_windows(np.arange(n), LENGTH).tolist()]
    source = FileBatches(file)
    drawn = [
        tuple(row)
        for step in range(-(-n * epochs // sequences))
        for row in source.batch(1, step, sequences, LENGTH).tolist()
    ]
    passes = [drawn[start : start + n] for start in range(0, n * epochs, n)]
    for epoch in passes:
        assert Counter(epoch) == Counter(all_windows)
    assert passes[0] != passes[1] != passes[2]


def test_a_batch_larger_than_the_file_repeats_it(folder):
    n = read_manifest(folder).count_windows(LENGTH)
    batch = FileBatches(TokenFile(folder)).batch(1, 0, 2 * n, LENGTH)
    assert sorted(batch[:n].tolist()) == sorted(batch[n:].tolist())


def test_a_batch_depends_on_seed_and_step_only(folder):
    source = FileBatches(TokenFile(folder))
    in_order = [source.batch(1, step, 3, LENGTH) for step in range(8)]
    for step in (7, 0, 4):
        alone = FileBatches(TokenFile(folder)).batch(1, step, 3, LENGTH)
        assert (alone == in_order[step]).all()
    other = [source.batch(2, step, 3, LENGTH) for step in range(8)]
    assert not (np.array(in_order) == np.array(other)).all(axis=-1).mean() > 0.3


def test_a_window_longer_than_a_block_has_all_its_blocks_checked(tmp_path):
    documents = [list(range(40))] * 3
    write_tokens(tmp_path, documents, vocab=64, end_of_text=63, source={}, tokenizer={}, block=8)
    path = tmp_path / "tokens.bin"
    data = bytearray(path.read_bytes())
    data[2 * 20] ^= 1  # in the third of six blocks that the first window spans
    path.write_bytes(data)
    with pytest.raises(GridError, match="block 2 does not have the hash"):
        TokenFile(tmp_path).read_windows(np.array([0]), 40)
