"""The grids of other groups: counts, flags, selections, printed anchors, the command line."""

import csv
import hashlib
import json
import re

import numpy as np
import pandas as pd
import pytest
from places import ROOT
from typer.testing import CliRunner

from scaling.commands.cli import app
from scaling.laws.fit import fit_loss_law
from scaling.laws.prior import fit_with_prior
from scaling.tables.datafiles import data_path
from scaling.tables.runs import choose_loss
from scaling.tables.suspects import REASONS
from scaling.testbed.grids import GRIDS, load_grid, select_plain, split_by_compute, split_series

FOLDER = data_path("grids")
README = (FOLDER / "README.md").read_text(encoding="utf-8")
SERIES = {"porian": ["openwebtext2", "refinedweb"]}
EPOCHS = re.compile(r"data repeated: ([\d.,]+) epochs")


def flagged(name, text):
    table = load_grid(name)
    return table.loc[table["flags"].str.contains(text, regex=False), "run"].tolist()


def test_the_grids_are_the_four_files():
    assert set(GRIDS) == {path.stem for path in FOLDER.glob("*.csv")}
    assert all(name == grid.name for name, grid in GRIDS.items())


def test_row_counts():
    rows = {name: len(load_grid(name)) for name in GRIDS}
    assert rows == {"olmo_ladder": 32, "gemstones": 199, "porian": 176, "datablations": 296}
    plain = {name: len(select_plain(load_grid(name))) for name in GRIDS}
    assert plain == {"olmo_ladder": 30, "gemstones": 199, "porian": 176, "datablations": 41}


def test_checksums_stand_in_the_readme():
    said = dict(re.findall(r"`(\w+\.csv)` \| [\d,]+ \| `([0-9a-f]{64})`", README))
    ours = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in FOLDER.glob("*.csv")}
    assert said == ours


@pytest.mark.parametrize("name", GRIDS)
def test_the_licence_lies_beside_the_table(name):
    assert f"`LICENSE-{name}.txt`" in README
    text = (FOLDER / f"LICENSE-{name}.txt").read_text(encoding="utf-8")
    apache = "Apache License" in text and "Version 2.0" in text
    assert apache or "Permission is hereby granted, free of charge" in text
    row = next(line for line in README.splitlines() if f"LICENSE-{name}.txt" in line)
    assert ("Apache 2.0" in row) == apache


@pytest.mark.parametrize("name", GRIDS)
def test_columns_are_those_of_the_readme(name):
    section = README.split("## Columns")[1].split("\n## ")[0]
    for column in pd.read_csv(FOLDER / f"{name}.csv", nrows=1):
        assert f"`{column}`" in section, column


@pytest.mark.parametrize("name", GRIDS)
def test_papers_are_in_the_bibliography(name):
    bibliography = ROOT / "book" / "references.bib"
    entry = bibliography.read_text("utf-8").split(f"{{{GRIDS[name].cite},")[1].split("\n}")[0]
    assert re.search(r"eprint = \{([\d.]+)\}", entry)[1] in README


@pytest.mark.parametrize("name", GRIDS)
def test_floats_are_read_to_the_last_bit(name):
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    table = load_grid(name).set_index("run").loc[[row["run"] for row in rows]]
    for column in rows[0].keys() & set(table.select_dtypes("float")):
        assert table[column].tolist() == [float(row[column]) for row in rows], column


@pytest.mark.parametrize("name", GRIDS)
def test_a_table_may_be_changed_by_its_owner(name):
    own = load_grid(name)
    own["loss"] = 0.0
    assert (load_grid(name)["loss"] > 2).all()


def test_an_unknown_grid_is_refused():
    with pytest.raises(ValueError, match="name must be one of olmo_ladder, .*got 'pile'"):
        load_grid("pile")


# --- what is counted ----------------------------------------------------------------------


def test_what_N_counts_beside_the_body():
    olmo, gems = load_grid("olmo_ladder"), load_grid("gemstones")
    assert (GRIDS["olmo_ladder"].n_matrices, GRIDS["gemstones"].n_matrices) == (1, 2)
    assert ((olmo["N"] - olmo["N_body"]) % 100_352 == 0).all()
    assert (gems["N"] - gems["N_body"] == 2 * 50_304 * gems["width"]).all()
    assert GRIDS["gemstones"].counts == GRIDS["olmo_ladder"].counts == ("N", "N_body")


@pytest.mark.parametrize(
    ("N", "width", "layers"),
    [(201_236_224, 896, 16), (2_160_013_824, 2_304, 32), (3_899_710_720, 2_944, 36)],
)
def test_exact_sizes_of_datablations_count_one_vocabulary_matrix(N, width, layers):
    block = 12 * width**2 + 13 * width
    assert 50_304 * width + 2_048 * width + layers * block + 2 * width == N
    assert N in set(load_grid("datablations")["N"])
    assert GRIDS["datablations"].n_matrices == 1


@pytest.mark.parametrize("name", GRIDS)
def test_counts_are_columns(name):
    table = load_grid(name)
    assert [count for count in ("N", "N_body") if count in table] == list(GRIDS[name].counts)
    assert choose_loss(table) == "loss"
    assert np.allclose(table["C"], 6 * table["N"] * table["D"], rtol=1e-15)


def test_nominal_compute_of_porian():
    table = load_grid("porian")
    assert np.allclose(table["C"], table["C_nominal"], rtol=1e-12)
    assert table.groupby("dataset")["C_nominal"].nunique().to_dict() == {
        "openwebtext2": 12, "refinedweb": 12,
    }  # fmt: skip
    assert table["M"].min() == pytest.approx(0.58, abs=0.005)


def test_gemstones_are_checkpoints_of_twenty_shapes():
    table = load_grid("gemstones")
    counts = table["shape"].value_counts()
    assert (len(counts), counts.min(), counts.idxmin()) == (20, 9, "3072x12")
    assert (table["batch_tokens"] == 4_194_304).all()
    assert {"256x80", "768x3"} <= set(table["shape"])


# --- flags --------------------------------------------------------------------------------


def test_flags_of_the_ladder():
    table = load_grid("olmo_ladder")
    reruns = flagged("olmo_ladder", "repeats ")
    assert reruns == [f"{size}-1xC-rerun" for size in ("190M", "370M", "760M", "1B", "3B")]
    losses = table.set_index("run")["loss"]
    first = losses[[run.removesuffix("-rerun") for run in reruns]].to_numpy()
    apart = np.abs(losses[reruns].to_numpy() / first - 1)
    assert apart.min() > 0.00015 and apart.max() < 0.00035
    assert flagged("olmo_ladder", "another late data mix") == ["7B-4T-anneal"]
    assert flagged("olmo_ladder", "end of stage 1") == ["13B-5T"]
    assert table.loc[table["target"] == 1, "run"].tolist() == ["7B-4T-anneal", "13B-5T"]


def test_flags_of_the_gemstones():
    assert flagged("gemstones", "loss above the line") == [
        "PyGemma-1280x36_pretrain-5246",
        "PyGemma-2560x8_pretrain-13116",
        "PyGemma-2560x8_pretrain-15740",
        "PyGemma-3072x12_pretrain-15740",
    ]
    rest = load_grid("gemstones").sort_values("D")
    over = []
    for _, trunk in rest.groupby("shape"):
        x, loss = np.log(trunk["D"].to_numpy()), trunk["loss"].to_numpy()
        over += [
            loss[i] / np.interp(x[i], x[[i - 1, i + 1]], loss[[i - 1, i + 1]]) - 1
            for i in range(1, len(x) - 1)
        ]
    over = np.sort(over)
    assert over[-4] > 0.001 and over[-5] < 0.0005


def test_flags_of_porian():
    table = load_grid("porian")
    small = table["flags"].str.contains("one batch")
    assert (small == (table["N"] < 1e7)).all() and small.sum() == 12


def test_flags_of_datablations():
    table = load_grid("datablations")
    said = table["flags"].str.extract(EPOCHS)[0].str.replace(",", "").astype(float)
    assert (said.notna() == (table["epochs"] > 1)).all() and said.notna().sum() == 255
    assert np.allclose(said.dropna(), table.loc[said.notna(), "epochs"], rtol=1e-3)
    little = table[table["D"] <= 4e8]  # few tokens, and half of them well fed: no flag
    assert (len(little), (little["M"] > 11).sum()) == (14, 7)
    assert little["M"].max() < 28.5
    assert flagged("datablations", "loss equal to") == ["83m32b100m", "83m60b100m"]
    assert set(flagged("datablations", "name says another size")) == {
        "25m400m400m", "25m200m100m", "25m400m100m", "25m800m100m",
    }  # fmt: skip


def test_runs_that_others_beat_with_no_more_of_anything():
    table = load_grid("datablations").set_index("run")
    found = table["flags"].str.extract(r"loss above that of (\w+), which")[0].dropna()
    assert found.to_dict() == {
        "83m1b51b5": "83m1b5100m",
        "2b8100m100m": "1b1100m100m",
        "3b926b26b": "2b824b4b",
        "8b712b12b": "4b212b12b",
    }
    have = table[["N", "D", "unique_tokens"]]
    for run, other in found.items():
        assert (have.loc[other] <= have.loc[run]).all()
        assert table.loc[run, "loss"] > 1.02 * table.loc[other, "loss"]


def test_scatter_between_seeds():
    table = load_grid("datablations")
    seeds = table.groupby(["N", "unique_tokens", "D"])["loss"].agg(["size", "std", "mean"])
    seeds = seeds[seeds["size"] >= 5]
    scatter = (seeds["std"] / seeds["mean"]).rename("scatter").reset_index()
    small = scatter.loc[scatter["N"] == 2.81e9, "scatter"]
    large = scatter.loc[scatter["N"] == 4.2465e9].sort_values("unique_tokens")["scatter"]
    assert (len(small), len(large)) == (8, 8)
    assert small.min() > 0.00025 and small.max() < 0.00105
    assert large.iloc[1:].min() > 0.0025 and large.iloc[1:].max() < 0.0105
    assert large.iloc[0] == pytest.approx(0.024, abs=0.0005)
    assert large.iloc[-1] == pytest.approx(0.004, abs=0.0005)  # one epoch: what 2 % rests on


@pytest.mark.parametrize("name", GRIDS)
def test_the_file_leaves_the_checks_own_reasons_to_the_check(name):
    shipped = pd.read_csv(FOLDER / f"{name}.csv", keep_default_na=False)["flags"]
    assert not any(shipped.str.contains(reason, regex=False).any() for reason in REASONS.values())


def test_reasons_of_the_check_are_counted_in_the_readme():
    counts = {
        (name, key): len(flagged(name, REASONS[key])) for name in GRIDS for key in ("undertrained",)
    }
    assert {key: n for key, n in counts.items() if n} == {
        ("porian", "undertrained"): 16,
        ("datablations", "undertrained"): 2,
    }


# --- selections and anchors ---------------------------------------------------------------


def test_plain_runs_saw_their_data_once_and_are_no_targets():
    table = pd.DataFrame({"run": list("abcd"), "epochs": [1, 2, 1, 1], "target": [0, 0, 1, 0]})
    assert select_plain(table)["run"].tolist() == ["a", "d"]
    assert select_plain(table[["run"]])["run"].tolist() == list("abcd")


@pytest.mark.parametrize("name", GRIDS)
def test_series_hold_every_run_once(name):
    series = split_series(load_grid(name))
    assert sorted(series) == SERIES.get(name, [""])
    assert sum(map(len, series.values())) == len(load_grid(name))
    for dataset, runs in series.items():
        assert set(runs.get("dataset", [""])) == {dataset}


def miss(name, fraction, count="N"):
    """Mean absolute relative error, mean over series, from fits of our own making."""
    misses = []
    for runs in split_series(select_plain(load_grid(name))).values():
        fitted, judged = split_by_compute(runs, fraction)
        law = fit_loss_law(fitted[count], fitted["D"], fitted["loss"]).law
        misses.append((law.predict(judged[count], judged["D"]) / judged["loss"] - 1).abs().mean())
    return 100 * np.mean(misses)


@pytest.mark.parametrize(
    ("name", "printed"),
    [("olmo_ladder", "0.32"), ("gemstones", "3.27"), ("porian", "1.3"), ("datablations", "2.8")],
)
def test_printed_error_of_the_tied_law_from_a_twentieth(name, printed):
    assert f"{miss(name, 1 / 20):.{len(printed) - 2}f}" == printed


def test_the_anchors_come_from_C_in_the_published_N():
    table = load_grid("gemstones")
    other = table.assign(C=6 * table["N_body"] * table["D"])
    fitted, judged = split_by_compute(other, 1 / 20)
    law = fit_loss_law(fitted["N"], fitted["D"], fitted["loss"]).law
    error = (law.predict(judged["N"], judged["D"]) / judged["loss"] - 1).abs().mean()
    assert f"{100 * error:.2f}" != "3.27"


def test_runs_fitted_and_judged():
    sizes = {
        (name, series): tuple(map(len, split_by_compute(runs, 1 / 20)))
        for name in GRIDS
        for series, runs in split_series(select_plain(load_grid(name))).items()
    }
    assert sizes == {
        ("olmo_ladder", ""): (21, 6), ("gemstones", ""): (97, 81),
        ("porian", "openwebtext2"): (54, 26), ("porian", "refinedweb"): (54, 26),
        ("datablations", ""): (23, 11),
    }  # fmt: skip


def split_names(shares, fraction, within=10.0):
    table = pd.DataFrame({"run": [str(share) for share in shares], "C": 1e20 * np.array(shares)})
    return [half["run"].tolist() for half in split_by_compute(table, fraction, within)]


def test_a_run_at_an_edge_is_inside():
    shares = [0.01, 0.05, 0.05 + 1e-12, 0.051, 0.0999, 0.1 - 1e-12, 0.1, 1.0]
    fitted, judged = split_names(shares, 1 / 20)
    assert fitted == ["0.01", "0.05", str(0.05 + 1e-12)]
    assert judged == [str(0.1 - 1e-12), "0.1", "1.0"]


def test_a_fitted_run_is_not_judged():
    assert split_names([0.1, 0.3, 0.5, 1.0], 0.3) == [["0.1", "0.3"], ["0.5", "1.0"]]
    assert split_names([0.1, 0.3, 0.5, 1.0], 0.1, within=2) == [["0.1"], ["0.5", "1.0"]]
    assert split_names([0.1, 0.5, 1.0], 0.1, within=1) == [["0.1"], ["1.0"]]


def test_equal_budgets_go_to_one_side():
    for runs in split_series(load_grid("porian")).values():
        for power in range(1, 12):
            fitted, judged = split_by_compute(runs, 2.0**-power, within=2.0 ** (power - 1))
            edge = runs["C_nominal"].max() * 2.0**-power
            assert fitted["C_nominal"].max() == edge
            assert judged["C_nominal"].min() == 2 * edge
            assert len(fitted) + len(judged) == len(runs)


@pytest.mark.parametrize(
    ("fraction", "within", "said"),
    [(0, 10, "fraction"), (1, 10, "fraction"), (np.nan, 10, "fraction"), (0.05, 0.5, "within")],
)
def test_shares_out_of_range_are_refused(fraction, within, said):
    with pytest.raises(ValueError, match=f"{said} must be .*got"):
        split_by_compute(load_grid("gemstones"), fraction, within)


def test_two_data_sets_are_no_series():
    with pytest.raises(ValueError, match="one dataset, got openwebtext2, refinedweb"):
        split_by_compute(load_grid("porian"), 0.05)


# --- the command line ---------------------------------------------------------------------


def run(*arguments):
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


CASES = [
    (name, count, series)
    for name, grid in GRIDS.items()
    for count in grid.counts
    for series in SERIES.get(name, [None])
]


@pytest.mark.parametrize(("name", "count", "series"), CASES)
def test_commands_take_a_grid_as_it_stands(name, count, series):
    path = str(FOLDER / f"{name}.csv")
    assert CliRunner().invoke(app, ["check", path]).exit_code == 0
    options = ["--count", count, "--json", *(["--dataset", series] if series else [])]
    runs = split_series(load_grid(name))[series or ""]
    law = fit_with_prior(runs[count], runs["D"], runs["loss"]).law
    assert run("fit", path, *options)["coefficients"]["alpha"]["value"] == pytest.approx(
        law.alpha, rel=1e-9
    )
    said = run("predict", path, "--N", "7B", "--M", "20", *options)
    assert said["loss"] == pytest.approx(law.predict(7e9, 140e9), rel=1e-9)


def test_several_data_sets_must_be_told_apart():
    result = CliRunner().invoke(app, ["fit", str(FOLDER / "porian.csv"), "--json"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'openwebtext2', 'refinedweb'" in result.stderr
