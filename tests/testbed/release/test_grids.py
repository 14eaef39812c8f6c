"""The reader of other groups' grids: rebuild of the real extracts, and spoilt copies."""

import subprocess
import sys

import pandas as pd
import pytest
from places import EXTRACTS, ROOT

from scaling.tables.datafiles import data_path
from scaling.tables.runs import validate_runs
from scaling.testbed.release.grids import READERS, main, read_grids, tidy
from scaling.testbed.release.rebuild import write_tables

needs_extracts = pytest.mark.skipif(
    not EXTRACTS.is_dir(), reason="no copy of the extracts: set SCALING_GRIDS to their folder"
)
OLMO = """run,N,D,loss,pile_loss,batch_tokens,peak_lr,target,N_noemb
3M-1xC-rerun,3010560,60000000.0,4.9,4.2,1000.0,0.001,0,1003520
3M-1xC,3010560,60000000.0,4.75,4.1,1000.0,0.001,0,1003520
3M-0.5xC,3010560,30000000.0,0.30000000000000004,4.5,1000.0,0.001,0,1003520
13B-5T,9031680,1e9,4.0,3.5,2000.0,0.0005,1,1003520
"""
GEMSTONES = """run,N,D,loss,N_noemb,width,depth,shape
PyGemma-8x2_pretrain-10,806400,10000,4.0,1536,8,2,8x2
PyGemma-8x2_pretrain-20,806400,20000,3.9,1536,8,2,8x2
PyGemma-8x2_pretrain-40,806400,40000,3.7,1536,8,2,8x2
PyGemma-8x2_pretrain-80,806400,80000,3.6,1536,8,2,8x2
"""
PORIAN = """run,N,D,loss,series,dataset,schedule,hparams,C
b,9000000.0,200000000.0,5.0,refinedweb/cosine,refinedweb,cosine,base,1.08e16
c,11000000.0,200000000.0,5.0,refinedweb/cosine,refinedweb,cosine,base,1.32e16
a,11000000.0,200000000.5,4.8,openwebtext2/cosine,openwebtext2,cosine,base,1.3200000033e16
"""
DATABLATIONS = """run,N,D,loss,unique_tokens,epochs
2b84b4b,2810000000.0,4000000000.0,3.2,4000000000.0,1.0
2b88b4b,2810000000.0,8000000000.0,3.0,4000000000.0,2.0
4b28b8b,4246500000.0,8000000000.0,3.061,8000000000.0,1.0
25m100m100m,35500000.0,100000000.0,7.1,100000000.0,1.0
83m100b50m,83000000.0,100000000000.0,4.1,50000000.0,2000.0
83m200b50m,83000000.0,200000000000.0,4.1,50000000.0,4000.0
"""
FILES = {
    "olmo_ladder.csv": OLMO,
    "gemstones_cool.csv": GEMSTONES,
    "porian_cosine.csv": PORIAN,
    "datablations.csv": DATABLATIONS,
}


@pytest.fixture
def extracts(tmp_path):
    """Make a folder of small extracts with their licences."""
    folder = tmp_path / "raw"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in READERS:
        (folder / f"LICENSE-{name}.txt").write_text(f"licence of {name}\r\n", newline="")
    return folder


@needs_extracts
def test_the_shipped_tables_and_licences_are_rebuilt_byte_for_byte(tmp_path):
    assert main([str(EXTRACTS), str(tmp_path)]) == 0
    rebuilt = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert rebuilt.keys() == {f"{name}.csv" for name in READERS} | {
        f"LICENSE-{name}.txt" for name in READERS
    }
    for name, content in rebuilt.items():
        assert content == data_path("grids", name).read_bytes(), name


@needs_extracts
@pytest.mark.parametrize("name", READERS)
def test_no_run_is_dropped_and_no_number_changed(name):
    raw = pd.read_csv(EXTRACTS / READERS[name][0]).set_index("run")
    ours = pd.read_csv(data_path("grids", f"{name}.csv")).set_index("run").loc[raw.index]
    same = {"loss_pile": "pile_loss", "lr": "peak_lr", "N_body": "N_noemb", "layers": "depth"}
    for column in ("N", "D", "loss", *(new for new in same if new in ours)):
        assert (ours[column] == raw[same.get(column, column)]).all(), column


def test_small_extracts_read(extracts):
    tables = read_grids(extracts)
    assert list(tables) == list(READERS)
    for name, table in tables.items():
        assert len(validate_runs(table)) == len(table), name
    olmo = tables["olmo_ladder"]
    assert olmo["run"].tolist() == ["3M-0.5xC", "3M-1xC-rerun", "3M-1xC", "13B-5T"]
    assert olmo["flags"].tolist() == ["", "repeats 3M-1xC", "", "target: the end of stage 1"]
    assert olmo.iloc[1][["N_body", "loss_pile", "batch_tokens", "lr"]].tolist() == [
        1_003_520, 4.2, 1000, 0.001,
    ]  # fmt: skip
    assert tables["porian"]["run"].tolist() == ["a", "b", "c"]
    assert [bool(flag) for flag in tables["porian"]["flags"]] == [False, True, False]
    assert tables["gemstones"][["batch_tokens", "layers"]].iloc[0].tolist() == [1000, 2]


def test_a_checkpoint_above_the_line_through_its_neighbours(extracts):
    bumps = read_grids(extracts)["gemstones"]["flags"].ne("")
    assert bumps.tolist() == [False, True, False, False]  # the line is at 3.85, then at 3.75
    for loss, is_flagged in (("3.8542", True), ("3.8535", False)):  # 0.11 % and 0.09 % above it
        (extracts / "gemstones_cool.csv").write_text(GEMSTONES.replace(",3.9,", f",{loss},"))
        assert read_grids(extracts)["gemstones"]["flags"].any() == is_flagged


def test_another_shape_is_no_neighbour(extracts):
    other = "PyGemma-9x2_pretrain-{0},907416,{0}000,{1},1944,9,2,9x2\n"
    rows = "".join(other.format(step, loss) for step, loss in ((15, 3.0), (30, 2.9), (60, 2.8)))
    (extracts / "gemstones_cool.csv").write_text(GEMSTONES + rows)
    table = read_grids(extracts)["gemstones"]
    assert table.loc[table["flags"] != "", "run"].tolist() == ["PyGemma-8x2_pretrain-20"]


def test_reasons_of_datablations(extracts):
    table = read_grids(extracts)["datablations"].set_index("run")
    assert table["flags"].to_dict() == {
        "25m100m100m": "the name says another size, N is 35.5 million",
        "83m100b50m": "data repeated: 2,000 epochs; loss equal to another run's to the last digit",
        "83m200b50m": "data repeated: 4,000 epochs; loss equal to another run's to the last digit",
        "2b84b4b": "",
        "2b88b4b": "data repeated: 2 epochs",
        "4b28b8b": "loss above that of 2b88b4b, which had no more N, D or unique data",
    }


@pytest.mark.parametrize(("N", "is_flagged"), [("87000000.0", False), ("88000000.0", True)])
def test_a_name_may_round_the_size_by_a_twentieth(extracts, N, is_flagged):
    """The 83m runs."""
    (extracts / "datablations.csv").write_text(DATABLATIONS.replace(",83000000.0,", f",{N},"))
    flags = read_grids(extracts)["datablations"].set_index("run")["flags"]
    said = flags[["83m100b50m", "83m200b50m"]].str.contains("the name says another size")
    assert said.tolist() == [is_flagged] * 2


@pytest.mark.parametrize("change", ["lower loss", "more data", "more tokens", "larger model"])
def test_a_run_that_had_more_of_something_beats_nobody(extracts, change):
    old, new = {
        "lower loss": ("3.061,8", "3.059,8"),  # less than 2 % above 3.0
        "more data": ("8000000000.0,3.0,4000000000.0,2.0", "8000000000.0,3.2,4000000000.0,2.0"),
        "more tokens": ("8000000000.0,3.0,4000000000.0,2.0", "8800000000.0,3.0,4000000000.0,2.2"),
        "larger model": ("2b88b4b,2810000000.0", "4b38b4b,4300000000.0"),
    }[change]
    assert old in DATABLATIONS
    (extracts / "datablations.csv").write_text(DATABLATIONS.replace(old, new))
    flags = read_grids(extracts)["datablations"].set_index("run")["flags"]
    assert flags["4b28b8b"] == ""


def test_whole_numbers_are_written_whole(extracts, tmp_path):
    olmo, _, porian, _ = write_tables(read_grids(extracts), tmp_path / "new" / "folder")
    text = olmo.read_text(encoding="utf-8")
    assert "3M-0.5xC,3010560,1003520,30000000,0.30000000000000004,4.5,1000,0.001,0,\n" in text
    assert b"\r" not in olmo.read_bytes()
    assert ",200000000.5,4.8,1.3200000033e+16," in porian.read_text(encoding="utf-8")


def test_a_whole_number_too_large_for_a_float_stays_one():
    table = pd.DataFrame({"N": [2.0**53, 1.0], "D": [1e3, 1e3], "C": [2.0**53 + 2, 1e16]})
    assert tidy(table).dtypes.astype(str).to_dict() == {"N": "int64", "D": "int64", "C": "float64"}


def edit(file, old, new):
    def spoil(folder):
        text = FILES[file]
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


def put(file, content):
    return lambda folder: (folder / file).write_bytes(content)


def drop(file):
    return lambda folder: (folder / file).unlink()


L, G, P, D = FILES
HOSTILE = {
    "no file": (drop(P), P, "no such file"),
    "empty file": (put(L, b""), L, "must be CSV"),
    "UTF-16": (put(L, OLMO.encode("utf-16")), L, "must be CSV"),
    "ragged": (edit(L, "4.75,", "4.75,1,2,"), L, "must be CSV"),
    "no runs": (put(D, DATABLATIONS.splitlines()[0].encode()), D, "must hold runs"),
    "no loss column": (edit(L, ",loss,", ",nll,"), L, "column loss must be there, got 'run, N, D"),
    "no own column": (edit(G, "N_noemb", "N_body"), G, "column N_noemb must be there"),
    "run twice": (edit(L, "3M-0.5xC", "3M-1xC"), L, "run 3M-1xC must be there once"),
    "nameless run": (edit(P, "\nb,", "\n,"), P, "run of run nan must be there once"),
    "text for a number": (edit(P, "5.0,", "low,"), P, "loss of run b must be a finite.*'low'"),
    "empty cell": (edit(P, "5.0,", ","), P, "loss of run b must be a finite.*nan"),
    "infinite": (edit(P, "5.0,", "inf,"), P, "loss of run b must be a finite.*inf"),
    "zero loss": (edit(P, "5.0,", "0,"), P, "loss of run b must be a finite number above 0"),
    "negative D": (edit(G, "10000,", "-10000,"), G, "D of run .* above 0, got.*-10000"),
    "no data set": (edit(P, "refinedweb,c", ",c"), P, "dataset of run b must be there"),
    "other head": (edit(L, "1003520", "1003521"), L, "N_noemb of run 3M-1xC-rerun .*100,352 rows"),
    "no head": (edit(L, "1003520", "3010560"), L, "N_noemb of run 3M-1xC-rerun .*100,352 rows"),
    "half a target": (edit(L, "0.001,0,", "0.001,0.5,"), L, "target .* must be 0 or 1"),
    "unknown target": (edit(L, "13B-5T", "32B-6T"), L, "a target must be one of .*'32B-6T'"),
    "rerun of nothing": (edit(L, "3M-1xC,", "3M-2xC,"), L, "run 3M-1xC-rerun must repeat"),
    "rerun of another": (edit(L, "60000000.0", "70000000.0"), L, "3M-1xC-rerun must repeat"),
    "other shape": (edit(G, "8x2\n", "8x3\n"), G, "shape of run .* must be width x depth.*'8x3'"),
    "shape in the name": (edit(G, "8x2_", "8x3_"), G, "must read PyGemma"),
    "no step": (edit(G, "-10,", "-0,"), G, "must read PyGemma"),
    "one matrix": (edit(G, "1536", "403968"), G, "N_noemb of run .*100,608 rows"),
    "another batch": (edit(G, "-20,", "-21,"), G, "D of run PyGemma-8x2_pretrain-21 .*batch"),
    "constant rate": (edit(P, "cosine,base", "const,base"), P, "schedule of run b .*'const'"),
    "tuned": (edit(P, ",base", ",tuned"), P, "hparams of run b .*'tuned'"),
    "other series": (edit(P, "b/cosine", "b/const"), P, "series of run b .*dataset/schedule"),
    "other compute": (edit(P, "1.08e16", "1.09e16"), P, "C of run b must be 6 N D"),
    "other epochs": (edit(D, "4000000000.0,2.0", "4000000000.0,3.0"), D, "epochs of run 2b88b4b"),
    "part of an epoch": (
        edit(D, "3.0,4000000000.0,2.0", "3.0,16000000000.0,0.5"), D, "epochs of run 2b88b4b"),
    "sizeless name": (edit(D, "2b84b4b", "small"), D, "run of run small must start with a size"),
}  # fmt: skip


def test_a_name_of_digits_stays_a_name(extracts):
    names = {"\nb,": "\n007,", "\nc,": "\n8,", "\na,": "\n1e3,"}
    text = PORIAN
    for old, new in names.items():
        text = text.replace(old, new)
    (extracts / P).write_text(text)
    assert read_grids(extracts)["porian"]["run"].tolist() == ["1e3", "007", "8"]


def test_of_several_faults_the_first_is_named(extracts):
    (extracts / P).write_text(PORIAN.replace("5.0,", "0,").replace("4.8,", "-1,"))
    with pytest.raises(ValueError, match="loss of run b must be a finite number above 0, got 0"):
        read_grids(extracts)


@pytest.mark.parametrize("fault", HOSTILE)
def test_a_broken_extract_is_refused_with_file_run_and_value(extracts, fault):
    spoil, file, said = HOSTILE[fault]
    spoil(extracts)
    with pytest.raises(ValueError, match=f"(?s)raw/{file}: .*{said}"):
        read_grids(extracts)


def test_the_command_writes_tables_and_licences(extracts, tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "scaling.testbed.release.grids",
            str(extracts),
            str(tmp_path / "out"),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, "")
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert len(written) == 8
    assert written["LICENSE-porian.txt"] == b"licence of porian\r\n"


@pytest.mark.parametrize("missing", ["porian_cosine.csv", "LICENSE-gemstones.txt"])
def test_the_command_refuses_in_one_line_and_writes_nothing(extracts, tmp_path, capsys, missing):
    (extracts / missing).unlink()
    assert main([str(extracts), str(tmp_path / "out")]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1 and missing in shown.err
    assert not (tmp_path / "out").exists()
