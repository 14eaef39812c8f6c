"""Text in, token files out: nothing lost, nothing on both sides, one message where it cannot be."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import itertools
import json
import lzma
import os
import re
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from grids_to_train import END, train_tokenizer
from places import ROOT
from typer.testing import CliRunner

from scaling.commands.cli import app
from scaling.training.errors import GridError
from scaling.training.plan.locks import hold
from scaling.training.plan.tokenfile import MANIFEST, TOKENS, read_manifest, write_tokens
from scaling.training.text import prepare as room
from scaling.training.text.documents import TextSource, choose_source, read_texts
from scaling.training.text.prepare import HELD_OUT, TOKENIZER, TRAIN, Cut, is_held_out, prepare

datasets = pytest.importorskip("datasets")
tokenizers = pytest.importorskip("tokenizers")

N_DOCUMENTS = 300


def make_documents(n: int = N_DOCUMENTS) -> list[str]:
    """Make documents by a small grammar over words of random letters; line ends and accents too."""
    rng = np.random.default_rng(1)
    words = ["".join(rng.choice(list("abcdeèß")) for _ in range(4)) for _ in range(60)]
    lines = [
        " ".join([f"the {words[rng.integers(60)]} sees", *rng.choice(words, 3)]) + ".\n"
        for _ in range(3 * n)
    ]
    return ["".join(lines[i : i + 1 + i % 3]) + f"Number {i}." for i in range(n)]


DOCUMENTS = [*make_documents(), "null", "NA"]
MARK = "\ufeff"  # of byte order


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory) -> Path:
    return train_tokenizer(tmp_path_factory.mktemp("tokenizer") / "bpe.json", DOCUMENTS, 400)


@pytest.fixture(autouse=True)
def _cache_of_the_test(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_UPDATE_DOWNLOAD_COUNTS", False)


def write_lines(path: Path, documents: list[Any], field: str = "text") -> Path:
    path.write_text("".join(json.dumps({field: text, "n": 1}) + "\n" for text in documents))
    return path


@pytest.fixture
def lines(tmp_path) -> Path:
    return write_lines(tmp_path / "documents.jsonl", DOCUMENTS)


def run(*arguments: object, code: int = 0) -> tuple[str, str]:
    done = CliRunner().invoke(app, ["grid", "prepare", *map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.stderr
    return done.stdout, done.stderr


def refused(*arguments: object) -> str:
    """Give the one message of a command that must not go through."""
    stdout, stderr = run(*arguments, code=2)
    assert stdout == ""
    assert "Traceback" not in stderr
    return stderr


def read_back(folder: Path) -> list[str]:
    """Decode a token file with the tokenizer beside it."""
    manifest = read_manifest(folder)
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / TOKENIZER))
    tokens = np.fromfile(folder / TOKENS, dtype=manifest.dtype)
    ends = np.flatnonzero(tokens == manifest.end_of_text)
    assert ends[-1] == len(tokens) - 1
    parts = np.split(tokens, ends + 1)[:-1]
    return [tokenizer.decode(part[:-1].tolist(), skip_special_tokens=False) for part in parts]


def left_in(folder: Path) -> list[str]:
    """List the files of an attempt that could be taken for a token file."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("lock", TOKENIZER)
    )


# --- what goes in comes out ---------------------------------------------------------------


def as_json_lines(folder: Path) -> list[object]:
    return ["--text", write_lines(folder / "a.jsonl", DOCUMENTS)]


def as_two_packed_files(folder: Path) -> list[object]:
    for name, part in (("a", DOCUMENTS[:100]), ("b", DOCUMENTS[100:])):
        plain = write_lines(folder / name, part).read_bytes()
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(plain))
    return ["--text", folder / "*.jsonl.gz"]


def as_files_of_two_kinds(folder: Path) -> list[object]:
    (folder / "a.txt").write_text(DOCUMENTS[0], encoding="utf-8")
    (folder / "c.txt").write_text(DOCUMENTS[-1], encoding="utf-8")
    write_lines(folder / "b.jsonl", DOCUMENTS[1:-1])
    return [item for name in ("a.txt", "b.jsonl", "c.txt") for item in ("--text", folder / name)]


def as_parquet(folder: Path) -> list[object]:
    pd.DataFrame({"n": range(len(DOCUMENTS)), "body": DOCUMENTS}).to_parquet(folder / "a.parquet")
    return ["--text", folder / "a.parquet", "--field", "body"]


def as_csv(folder: Path) -> list[object]:
    """Among the documents is one that some readers take for no value."""
    pd.DataFrame({"text": DOCUMENTS}).to_csv(folder / "a.csv", index=False)
    return ["--text", folder / "a.csv"]


def as_text_files(folder: Path) -> list[object]:
    files = [folder / f"{i:03}.txt" for i in range(len(DOCUMENTS))]
    for file, text in zip(files, DOCUMENTS, strict=True):
        file.write_text(text, encoding="utf-8")
    return [argument for file in files for argument in ("--text", file)]


def as_folder_of_json_lines(folder: Path) -> list[object]:
    write_lines(folder / "train.jsonl", DOCUMENTS)
    write_lines(folder / "test.jsonl", ["not asked for"])
    return ["--dataset", folder]


def as_folder_of_parquet(folder: Path) -> list[object]:
    as_parquet(folder)
    return ["--dataset", folder, "--field", "body"]


def with_capitals(folder: Path) -> list[object]:
    """Endings are read in any case."""
    half = len(DOCUMENTS) // 2
    plain = write_lines(folder / "a.JSONL", DOCUMENTS[:half])
    packed = write_lines(folder / "b", DOCUMENTS[half:-1]).read_bytes()
    (folder / "b.Json.GZ").write_bytes(gzip.compress(packed))
    (folder / "c.TXT").write_text(DOCUMENTS[-1], encoding="utf-8")
    names = (plain.name, "b.Json.GZ", "c.TXT")
    return [item for name in names for item in ("--text", folder / name)]


def with_byte_order_marks(folder: Path) -> list[object]:
    """At the start of files, in the middle of files that were put together, and in values."""
    first, *rest = DOCUMENTS
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in rest]
    lines[2] = json.dumps({"text": MARK + rest[2]})  # written as an escape
    lines[9] = MARK + lines[9]
    half = len(lines) // 2
    files = {
        "a.txt": MARK + first[:7] + MARK + first[7:],
        "b.jsonl": MARK + "\n".join(lines[:half]) + "\n",
        "c.jsonl": MARK + "\n".join(lines[half:-2]) + "\n",
        "d.csv": MARK + "text,n\n" + rest[-2] + ",1\n",
        "e.json": MARK + f"[{lines[-1]}]",
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [item for name in files for item in ("--text", folder / name)]


@pytest.mark.parametrize(
    "arrange",
    [
        with_capitals,
        with_byte_order_marks,
        as_json_lines,
        as_two_packed_files,
        as_files_of_two_kinds,
        as_parquet,
        as_csv,
        as_text_files,
        as_folder_of_json_lines,
        as_folder_of_parquet,
    ],
)
def test_every_document_comes_back_in_order_and_on_one_side(tmp_path, tokenizer, arrange):
    folder = tmp_path / "text"
    folder.mkdir()
    out = tmp_path / "out"
    run(*arrange(folder), "--tokenizer", tokenizer, "--held-out-share", 0.2, "--out", out)
    assert read_back(out / TRAIN) == [text for text in DOCUMENTS if not is_held_out(text, 0.2)]
    assert read_back(out / HELD_OUT) == [text for text in DOCUMENTS if is_held_out(text, 0.2)]


def test_manifest_and_report_agree_with_the_files(tmp_path, tokenizer, lines):
    out = tmp_path / "out"
    asked = ("--text", lines, "--tokenizer", tokenizer, "--vocab", 512, "--held-out-share", 0.2)
    told = json.loads(run(*asked, "--out", out, "--json")[0])
    for part in (TRAIN, HELD_OUT):
        manifest = read_manifest(out / part)
        assert manifest.documents == len(read_back(out / part))
        assert 2 * manifest.tokens == (out / part / TOKENS).stat().st_size
        assert manifest.vocab == 512
        assert manifest.source["part"] == part
        assert manifest.source["files"] == [str(lines)]
        content = (out / part / TOKENIZER).read_bytes()
        assert manifest.tokenizer["sha256"] == hashlib.sha256(content).hexdigest()
        assert manifest.tokenizer["entries"] == 400
        assert told[part]["sha256"] == manifest.sha256
        assert told[part]["tokens"] == manifest.tokens
        whole = hashlib.sha256((out / part / TOKENS).read_bytes()).hexdigest()
        assert manifest.blocks == [whole]  # one block holds them all
    assert told["skipped"] == 0
    assert told["train"]["documents"] + told["held_out"]["documents"] == len(DOCUMENTS)


def test_the_report_counts_in_words(tmp_path, tokenizer):
    source = write_lines(tmp_path / "a.jsonl", ["", "one", None, " \n\t", "two"])
    asked = ("--text", source, "--tokenizer", tokenizer, "--held-out-share", 0)
    stdout, stderr = run(*asked, "--out", tmp_path / "out")
    first, last = stdout.splitlines()
    tokens = read_manifest(tmp_path / "out" / TRAIN).tokens
    assert first == f"{tmp_path / 'out' / TRAIN}: 2 documents, {tokens} tokens"
    assert last == "vocabulary: 400; documents without text: 3"
    assert stderr == ""
    assert not (tmp_path / "out" / HELD_OUT).exists()


def test_the_same_text_gives_the_same_bytes(tmp_path, tokenizer, lines):
    for name in ("a", "b"):
        run("--text", lines, "--tokenizer", tokenizer, "--out", tmp_path / name)
    for part, file in itertools.product((TRAIN, HELD_OUT), (TOKENS, MANIFEST, TOKENIZER)):
        one, two = (tmp_path / name / part / file for name in ("a", "b"))
        assert one.read_bytes() == two.read_bytes()


def test_neither_order_nor_copies_of_documents_move_one_to_the_other_side(tmp_path, tokenizer):
    sides = {}
    shuffled = [*DOCUMENTS, *DOCUMENTS[:50]]
    np.random.default_rng(0).shuffle(shuffled)
    for name, documents in (("plain", DOCUMENTS), ("shuffled", shuffled)):
        source = write_lines(tmp_path / f"{name}.jsonl", documents)
        run("--text", source, "--tokenizer", tokenizer, "--held-out-share", 0.2,
            "--out", tmp_path / name)  # fmt: skip
        sides[name] = [set(read_back(tmp_path / name / part)) for part in (TRAIN, HELD_OUT)]
    assert sides["plain"] == sides["shuffled"]
    train, held_out = sides["shuffled"]
    assert not train & held_out
    both = read_back(tmp_path / "shuffled" / TRAIN) + read_back(tmp_path / "shuffled" / HELD_OUT)
    assert Counter(both) == Counter(shuffled)


ONE = " ".join(DOCUMENTS[:30])


@pytest.mark.parametrize("share", [0.01, 0.25, 0.9999])
@pytest.mark.parametrize("ending", ["txt", "jsonl", "csv", "parquet", "txt.gz"])
def test_one_document_is_cut_in_two_by_position(tmp_path, tokenizer, ending, share):
    path = tmp_path / f"one.{ending}"
    table = pd.DataFrame({"text": [ONE, ""]})  # beside it stands a document without text
    write = {
        "txt": lambda: path.write_text(ONE, encoding="utf-8"),
        "jsonl": lambda: write_lines(path, [ONE, ""]),
        "csv": lambda: table.to_csv(path, index=False),
        "parquet": lambda: table.to_parquet(path),
        "txt.gz": lambda: path.write_bytes(gzip.compress(ONE.encode("utf-8"))),
    }
    write[ending]()
    out = tmp_path / "out"
    asked = ("--text", path, "--tokenizer", tokenizer, "--held-out-share", share)
    _, says = run(*asked, "--out", out)
    train, held_out = (read_manifest(out / part).tokens - 1 for part in (TRAIN, HELD_OUT))
    own = tokenizers.Tokenizer.from_file(str(tokenizer))
    assert train + held_out == len(own.encode(ONE).ids)
    assert held_out == max(1, min(round(share * (train + held_out)), train + held_out - 1))
    assert "".join(read_back(out / part)[0] for part in (TRAIN, HELD_OUT)) == ONE
    assert says == (f"warning: {path} is one document: its last {held_out:,} tokens are held out\n")


@pytest.mark.parametrize("n", [2, 3, 7])
@pytest.mark.parametrize("share", [1e-6, 1 - 1e-6])
def test_the_share_that_a_message_names_goes_through(tmp_path, tokenizer, n, share):
    source = write_lines(tmp_path / "few.jsonl", DOCUMENTS[:n])
    asked = ("--text", source, "--tokenizer", tokenizer, "--out", tmp_path / "out")
    says = refused(*asked, "--held-out-share", share)
    (named,) = re.findall(r"--held-out-share \S+ to ([0-9.]+\d)", says)
    run(*asked, "--held-out-share", named)
    assert left_in(tmp_path / "out")


def test_the_share_held_out_is_the_one_asked_for_and_grows_by_adding():
    texts = [f"document {i}" for i in range(4000)]
    held_out = {share: {t for t in texts if is_held_out(t, share)} for share in (0, 0.05, 0.3)}
    assert not held_out[0]
    assert held_out[0.05] < held_out[0.3]
    for share in (0.05, 0.3):
        assert len(held_out[share]) / 4000 == pytest.approx(share, abs=0.025)


def test_text_that_spells_the_end_of_a_document_does_not_end_it(tmp_path, tokenizer):
    forged = [f"before {END} after", END]
    source = write_lines(tmp_path / "a.jsonl", forged)
    asked = ("--text", source, "--tokenizer", tokenizer, "--held-out-share", 0)
    run(*asked, "--out", tmp_path / "out")
    assert read_back(tmp_path / "out" / TRAIN) == forged


def test_a_tokenizer_that_truncates_and_pads_does_neither(tmp_path, tokenizer, lines):
    own = tokenizers.Tokenizer.from_file(str(tokenizer))
    own.enable_truncation(3)
    own.enable_padding(length=40)
    own.save(str(tmp_path / "short.json"))
    for name, file in (("a", tokenizer), ("b", tmp_path / "short.json")):
        run("--text", lines, "--tokenizer", file, "--out", tmp_path / name)
    a, b = (read_manifest(tmp_path / name / TRAIN) for name in ("a", "b"))
    assert a.sha256 == b.sha256
    assert a.tokenizer["sha256"] == b.tokenizer["sha256"]


def test_it_stops_at_the_end_of_the_document_that_reaches_the_tokens(tmp_path, tokenizer, lines):
    run("--text", lines, "--tokenizer", tokenizer, "--held-out-share", 0.2,
        "--out", tmp_path / "all")  # fmt: skip
    run("--text", lines, "--tokenizer", tokenizer, "--held-out-share", 0.2, "--tokens", "2K",
        "--out", tmp_path / "some")  # fmt: skip
    manifest = read_manifest(tmp_path / "some" / TRAIN)
    every, some = (read_back(tmp_path / name / TRAIN) for name in ("all", "some"))
    assert some == every[: len(some)]
    own = tokenizers.Tokenizer.from_file(str(tokenizer))
    assert manifest.tokens - len(own.encode(some[-1]).ids) - 1 < 2000 <= manifest.tokens


def test_a_text_with_fewer_tokens_than_asked_for_is_told(tmp_path, tokenizer, lines):
    asked = ("--text", lines, "--tokenizer", tokenizer, "--tokens", "1M")
    _, stderr = run(*asked, "--out", tmp_path / "out")
    tokens = read_manifest(tmp_path / "out" / TRAIN).tokens
    assert stderr == f"warning: the text ended after {tokens:,} of 1,000,000 training tokens\n"


def test_text_without_end_is_read_only_as_far_as_it_is_needed(tmp_path, tokenizer, monkeypatch):
    given = itertools.count()
    endless = (f"document {next(given)}" for _ in itertools.repeat(0))
    monkeypatch.setattr(room, "read_texts", lambda source: endless)
    monkeypatch.setattr(room, "BATCH", 1000)
    cut = Cut(str(tokenizer), tokens=5000, held_out_share=0.2)
    made = prepare(tmp_path / "out", TextSource(("endless",)), cut)
    assert 5000 <= made.train.tokens < 5020
    assert next(given) < made.train.documents + made.held_out.documents + 100


# --- a folder that is not empty -----------------------------------------------------------


def test_token_files_are_not_overwritten_unless_forced(tmp_path, tokenizer, lines):
    asked = ("--text", lines, "--tokenizer", tokenizer, "--out", tmp_path / "out")
    run(*asked)
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*")}
    says = refused(*asked)
    assert says == (
        f"{tmp_path / 'out'}: holds the token files of this source, tokenizer and split: use them, "
        "or make them anew with --force\n"
    )
    says = refused(*asked, "--vocab", 500, "--held-out-share", 0.3)
    assert "holds token files made with another vocab, source: choose another folder" in says
    assert {path: path.read_bytes() for path in before} == before
    run(*asked, "--force")
    assert {path: path.read_bytes() for path in before} == before


def test_no_held_out_file_of_an_earlier_split_stays(tmp_path, tokenizer, lines):
    """Its documents are trained on now."""
    asked = ("--text", lines, "--tokenizer", tokenizer, "--out", tmp_path / "out")
    run(*asked)
    run(*asked, "--force", "--held-out-share", 0)
    assert left_in(tmp_path / "out") == [f"{TRAIN}/{MANIFEST}", f"{TRAIN}/{TOKENS}"]


def test_what_a_killed_process_left_is_cleared(tmp_path, tokenizer, lines):
    stale = tmp_path / "out" / TRAIN / f".{TOKENS}.{'abc123':0>32}"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"half")
    run("--text", lines, "--tokenizer", tokenizer, "--out", tmp_path / "out")
    assert not stale.exists()


def test_two_processes_do_not_write_into_one_folder(tmp_path, tokenizer, lines):
    out = tmp_path / "out"
    out.mkdir()
    with hold(out / "lock"):
        says = refused("--text", lines, "--tokenizer", tokenizer, "--out", out)
    assert says == f"{out}: another process prepares it now\n"


# --- what cannot be prepared --------------------------------------------------------------


@pytest.mark.parametrize("after", [1, 40])
def test_an_interrupted_call_leaves_nothing_that_could_be_trained_on(
    tmp_path, tokenizer, lines, monkeypatch, after
):
    asked = ("--text", lines, "--tokenizer", tokenizer, "--out", tmp_path / "out")
    run(*asked)

    def interrupted(source):
        yield from itertools.islice(DOCUMENTS, after)
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "read_texts", interrupted)
    monkeypatch.setattr(room, "BATCH", 100)
    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path / "out", TextSource(("a",)), Cut(str(tokenizer)), force=True)
    assert left_in(tmp_path / "out") == []


def test_a_failure_on_one_side_leaves_no_manifest_on_the_other(
    tmp_path, tokenizer, lines, monkeypatch
):
    def fails_in_the_end(folder, documents, **options):
        if Path(folder).name == HELD_OUT:
            raise GridError("the disk is full")
        return write_tokens(folder, documents, **options)

    monkeypatch.setattr(room, "write_tokens", fails_in_the_end)
    says = refused("--text", lines, "--tokenizer", tokenizer, "--out", tmp_path / "out")
    assert says == "the disk is full\n"
    assert MANIFEST not in {path.name for path in (tmp_path / "out").rglob("*")}


def run_in_a_process(code: str, folder: Path) -> str:
    """Run code in a process that knows no network and has a home of its own."""
    (folder / "home").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        env=os.environ | {"HOME": str(folder / "home"), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_full_disk_is_one_message_and_leaves_no_manifest(tmp_path, tokenizer, lines):
    """Full in the training tokens, and full in what is held out."""
    code = f"""
        import resource, signal
        from typer.testing import CliRunner
        from scaling.commands.cli import app
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = {tokenizer.stat().st_size + 1}
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        for share in ("0", "0.99"):
            done = CliRunner().invoke(app, ["grid", "prepare", "--held-out-share", share,
                "--text", {str(lines)!r}, "--tokenizer", {str(tokenizer)!r}, "--force",
                "--out", {str(tmp_path / "out")!r}])
            print(done.exit_code, done.stderr, end="")
    """
    many = write_lines(lines, DOCUMENTS * 20)
    assert many.stat().st_size > 10 * tokenizer.stat().st_size
    train, held_out = run_in_a_process(code, tmp_path).splitlines()
    path = tmp_path / "out" / TRAIN / TOKENS
    assert train == f"2 {path}: could not be written: File too large"
    assert held_out == f"2 {tmp_path / 'out'}: could not be written: File too large"
    assert left_in(tmp_path / "out") == []


def test_a_hub_out_of_reach_is_one_message(tmp_path, tokenizer, lines):
    code = f"""
        from typer.testing import CliRunner
        from scaling.commands.cli import app
        for source in (["--dataset", "c4"], ["--dataset", "some/set", "--revision", "main"],
                       ["--text", {str(lines)!r}, "--tokenizer", "EleutherAI/gpt-neox-20b"]):
            done = CliRunner().invoke(app, ["grid", "prepare", "--out", {str(tmp_path / "out")!r},
                "--tokenizer", {str(tokenizer)!r}, *source])
            assert isinstance(done.exception, SystemExit), done.exception
            print(done.exit_code, done.stderr, end="")
    """
    c4, other, neox = run_in_a_process(code, tmp_path).splitlines()
    assert c4.startswith("2 allenai/c4: cannot be read: ")
    assert "offline mode" in c4
    assert other.startswith("2 some/set: cannot be read: ")
    assert neox.startswith(
        "2 tokenizer EleutherAI/gpt-neox-20b: there is no such file, and on the hub it cannot be "
        "read: "
    )
    assert not (tmp_path / "out").exists()


def test_a_module_that_is_missing_is_named_with_its_extra(tmp_path, tokenizer, lines, monkeypatch):
    for module in ("datasets", "tokenizers"):
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, module, None)
            says = refused("--text", lines, "--tokenizer", tokenizer, "--out", tmp_path / "out")
        assert says == (
            f"{module} is not installed: pip install 'reliable-scaling[training,text]'\n"
        )
    assert left_in(tmp_path / "out") == []


def few(folder: Path, *documents: Any) -> list[object]:
    return ["--text", write_lines(folder / "few.jsonl", list(documents))]


def raw(folder: Path, name: str, content: bytes) -> list[object]:
    (folder / name).write_bytes(content)
    return ["--text", folder / name]


def lacks_end(folder: Path) -> list[object]:
    own = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "b": 1}, unk_token="a"))
    own.save(str(folder / "own.json"))
    return [*few(folder, "a b"), "--tokenizer", folder / "own.json"]


def no_tokenizer(folder: Path) -> list[object]:
    (folder / "own.json").write_text("{}")
    return [*few(folder, "a b"), "--tokenizer", folder / "own.json"]


REFUSED = {
    "nothing to read": (lambda f: [], "--text or --dataset must be given, and not both"),
    "two things to read": (
        lambda f: [*few(f, "a"), "--dataset", f],
        "--text or --dataset must be given, and not both",
    ),
    "no such file": (lambda f: ["--text", f / "gone.txt"], "--text: there is no file '"),
    "a pattern that matches nothing": (
        lambda f: ["--text", f / "*.parquet"],
        "--text: there is no file '",
    ),
    "an ending that is not known": (
        lambda f: raw(f, "a.docx.gz", b"a"),
        "--text: a file must end in one of .txt, .json, .jsonl, .parquet, .csv, got '",
    ),
    "a broken line": (
        lambda f: raw(f, "a.jsonl", b'{"text": "a"}\n{"text": broken\n'),
        "a.jsonl: cannot be read: ArrowInvalid: JSON parse error",
    ),
    "not the encoding": (
        lambda f: raw(f, "a.txt", b"na\xefve"),
        "a.txt: cannot be read: UnicodeDecodeError: 'utf-8' codec can't decode",
    ),
    "a whole file in UTF-16": (
        lambda f: raw(f, "a.txt", "naïve".encode("utf-16")),
        "a.txt: is UTF-16: save it as UTF-8",
    ),
    "gzip under a plain name": (
        lambda f: raw(f, "a.jsonl", gzip.compress(b'{"text": "a"}')),
        "a.jsonl: is compressed, as .gz files are: unpack it, or let its name end in .gz",
    ),
    "xz under a plain name": (
        lambda f: raw(f, "a.TXT", lzma.compress(b"a")),
        "a.TXT: is compressed, as .xz files are: unpack it, or let its name end in .xz",
    ),
    "bzip2 under the name of gzip": (
        lambda f: raw(f, "a.csv.gz", bz2.compress(b"text\na\n")),
        "a.csv.gz: is compressed, as .bz2 files are: unpack it, or let its name end in .bz2",
    ),
    "zstd under a plain name": (
        lambda f: raw(f, "a.json", bytes.fromhex("28b52ffd") + b"whatever"),
        "a.json: is compressed, as .zst files are: unpack it, or let its name end in .zst",
    ),
    "an archive under a plain name": (
        lambda f: raw(f, "a.csv", b"PK\x03\x04whatever"),
        "a.csv: is compressed, as .zip files are: unpack it\n",
    ),
    "gzip under a plain name in a folder": (
        lambda f: ["--dataset", raw(f, "a.jsonl", gzip.compress(b'{"text": "a"}'))[1].parent],
        "a.jsonl: is compressed, as .gz files are: unpack it, or let its name end in .gz",
    ),
    "plain text under the name of gzip": (
        lambda f: raw(f, "a.txt.GZ", b"plain"),
        "a.txt.GZ: is not compressed: let its name end without .gz",
    ),
    "capitals in a folder": (
        lambda f: ["--dataset", raw(f, "a.JSONL", b'{"text": "a"}')[1].parent],
        "holds .JSONL files, which a data set takes in small letters alone: name them by --text '",
    ),
    "text files in a folder": (
        lambda f: ["--dataset", raw(f, "a.Txt", b"a")[1].parent],
        "/**/*.Txt', each one document",
    ),
    "no parquet": (lambda f: raw(f, "a.parquet", b"PAR1"), "a.parquet: cannot be read: "),
    "no such field": (
        lambda f: [*few(f, "a"), "--field", "body"],
        "few.jsonl: has no field 'body'; it has text, n: set --field",
    ),
    "a field of numbers": (
        lambda f: [*few(f, "a"), "--field", "n"],
        "few.jsonl: the field 'n' must hold text, got '1'",
    ),
    "no such split": (
        lambda f: ["--dataset", few(f, "a")[1].parent, "--split", "test"],
        "cannot be read: ValueError: Bad split: test.",
    ),
    "no text at all": (lambda f: few(f, "", None, "\n"), "few.jsonl: has no document with text"),
    "an empty file": (lambda f: raw(f, "a.txt", b""), "a.txt: has no document with text"),
    "none held out": (
        lambda f: few(f, "a", "b"),
        "few.jsonl: none of 2 documents is held out: raise --held-out-share 0.01 to 0.2428, or set "
        "it to 0",
    ),
    "all held out": (
        lambda f: [*few(f, "a", "b"), "--held-out-share", 0.9999],
        "few.jsonl: all 2 documents are held out and none is left to train on: lower "
        "--held-out-share 0.9999 to 0.7913",
    ),
    "copies of one document": (
        lambda f: few(f, "a", "a", "a"),
        "few.jsonl: its 3 documents are all the same, and copies stay together: add other text, or "
        "set --held-out-share to 0",
    ),
    "one token": (
        lambda f: few(f, "a"),
        "few.jsonl: has one document of one token and none to hold out: add text, or set "
        "--held-out-share to 0",
    ),
    "a share that is none": (
        lambda f: [*few(f, "a"), "--held-out-share", 1],
        "held_out_share must be in [0, 1), got 1",
    ),
    "a tokenizer without that end": (
        lambda f: [*few(f, "a"), "--end-of-text", "</s>"],
        "has no entry '</s>' to end a document with: set --end-of-text",
    ),
    "a tokenizer without the usual end": (lacks_end, f"has no entry '{END}' to end a document"),
    "no tokenizer": (no_tokenizer, "own.json: it cannot be read: "),
    "a vocabulary too small": (
        lambda f: [*few(f, "a"), "--vocab", 399],
        "vocab must be at least the tokenizer's 400 entries, got 399",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_prepared_is_one_message(tmp_path, tokenizer, case):
    arrange, says = REFUSED[case]
    folder, out = tmp_path / "text", tmp_path / "out"
    folder.mkdir()
    found = refused("--tokenizer", tokenizer, "--out", out, *arrange(folder))
    assert says in found
    assert left_in(out) == []


def test_a_place_that_cannot_be_written_is_one_message(tmp_path, tokenizer, lines):
    says = refused("--text", lines, "--tokenizer", tokenizer, "--out", lines / "below")
    assert says == f"{lines / 'below'}: could not be written: Not a directory\n"


# --- data sets of the hub -----------------------------------------------------------------


class Hub:
    """Stands for the hub: says which commit a revision is, and keeps what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def dataset_info(self, name: str, revision: str | None = None) -> SimpleNamespace:
        return SimpleNamespace(sha=f"commit-of-{revision or 'main'}")

    def load_dataset(self, **asked: Any) -> list[dict[str, str]]:
        self.asked.append(asked)
        return [{"text": "one", "content": "two"}]


@pytest.fixture
def hub(monkeypatch) -> Hub:
    import huggingface_hub

    hub = Hub()
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: hub)
    monkeypatch.setattr(datasets, "load_dataset", hub.load_dataset)
    return hub


@pytest.mark.parametrize(
    ("asked", "options", "loaded", "revision", "text"),
    [
        ("c4", {}, ("allenai/c4", "en"), "main", "one"),
        ("c4", {"config": "realnewslike"}, ("allenai/c4", "realnewslike"), "main", "one"),
        ("refinedweb", {}, ("tiiuae/falcon-refinedweb", None), "main", "two"),
        ("some/set", {"revision": "v1", "field": "content"}, ("some/set", None), "v1", "two"),
    ],
)
def test_a_data_set_of_the_hub_is_streamed_at_the_commit_that_is_written_down(
    hub, asked, options, loaded, revision, text
):
    source = choose_source([], asked, **options)
    assert source.revision == f"commit-of-{revision}"
    assert list(read_texts(source)) == [text]
    streamed = {"split": "train", "revision": source.revision, "streaming": True}
    assert hub.asked == [dict(zip(("path", "name"), loaded, strict=True)) | streamed]


def test_a_reader_that_fails_halfway_is_one_message(hub, monkeypatch):
    def broken(**asked: Any) -> Any:
        yield {"text": "one"}
        raise ConnectionResetError("the network is gone")

    monkeypatch.setattr(datasets, "load_dataset", broken)
    texts = read_texts(choose_source([], "c4"))
    assert next(texts) == "one"
    with pytest.raises(GridError, match=r"^allenai/c4: cannot be read: Conn.*: the network is gon"):
        next(texts)


def test_which_documents_are_held_out_is_the_same_for_ever():
    """So that a token file made again has the same documents on the same side."""
    texts = [f"document {k}" for k in range(12)]
    assert [k for k, text in enumerate(texts) if is_held_out(text, 0.3)] == [0, 3, 5, 7, 8, 9]
