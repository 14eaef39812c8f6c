"""The printed numbers are all there, unique, and tied to runs and targets that exist."""

import hashlib
import re

import pytest

from scaling.tables.datafiles import data_path
from scaling.testbed import published
from scaling.testbed.published import load_published, load_published_costs
from scaling.testbed.runs import load_runs, run_table, select_loss_fit

COUNTS = {
    "Table 6": 21,
    "Fig. 1": 4,
    "authors' notebook": 4,
    "text": 1,
    "Table 2": 15,
    "Fig. 5": 92,
    "Fig. 7": 9,
    "Fig. 11": 6,
    "Fig. 12": 6,
    "Table 1": 2,
    "Table 3": 6,
    "abstract": 5,
}
SPOTS = {
    "table6/c4/E": ("1.51", 2),
    "table6/redpajama/b": ("367", 0),
    "table6/refinedweb/epsilon": ("0.865", 3),
    "table6/c4/epsilon": ("0.850", 3),
    "fig1/redpajama/6.9B/M20/error": ("0.05", 2),
    "notebook/redpajama/6.9B/M20/loss": ("0.7320", 4),
    "rank_correlation": ("0.88", 2),
    "table2/c4/arc_easy": ("28.96", 2),
    "table2/refinedweb/hellaswag_zeroshot": ("81.96", 2),
    "table2/redpajama/openbook_qa": ("8.44", 2),
    "fig5/c4/0.411B/M40": ("0.00", 2),
    "fig5/c4/0.011B/M20": ("0.02", 2),
    "fig5/redpajama/1.4B/M640": ("0.71", 2),
    "fig5/refinedweb/0.154B/M80": ("2.77", 2),
    "fig7/redpajama/1.4B/M640": ("15.38", 2),
    "fig11/c4/6.9B/M20": ("0.07", 2),
    "fig12/c4/1.4B/M80": ("9.58", 2),
    "table1/loss_fit": ("2.4", 1),
    "table3/N/0.011B": ("0.011", 3),
    "abstract/n_runs": ("104", 0),
    "abstract/compute_ratio/loss/6.9B": ("300", 0),
}


@pytest.fixture
def table():
    return load_published()


def test_every_source_has_all_its_numbers(table):
    assert table["source"].value_counts().to_dict() == COUNTS


def test_ids_are_unique_and_sentences_are_there(table):
    assert table["id"].is_unique
    assert table["what"].str.len().min() > 20


@pytest.mark.parametrize("identifier", SPOTS)
def test_spot_values(table, identifier):
    row = table.set_index("id").loc[identifier]
    assert (row["printed"], row["digits"]) == SPOTS[identifier]
    assert row["value"] == float(row["printed"])


def test_value_and_digits_give_the_printed_text_back(table):
    again = [f"{row.value:.{row.digits}f}" for row in table.itertuples()]
    assert again == table["printed"].tolist()


def test_starred_cells_are_the_runs_of_the_fit(table):
    starred = table[table["used_in_fit"]]
    fitted = select_loss_fit(run_table())
    runs = starred["dataset"] + "-" + starred["size"] + "-M" + starred["M"].astype(str)
    assert (starred["source"] == "Fig. 5").all()
    assert set(runs) == set(fitted["run"])


def test_figure_5_has_a_cell_for_every_run_but_those_at_five_tokens(table):
    cells = table[table["source"] == "Fig. 5"]
    shown = set(cells["dataset"] + "-" + cells["size"] + "-M" + cells["M"].astype(str))
    runs = load_runs()
    assert shown == set(runs.loc[runs["M"] > 5, "run"])


def test_every_relative_error_names_a_run_and_a_measured_column(table):
    errors = table[table["quantity"].str.endswith("relative_error")]
    measured = run_table().set_index("run")
    assert (errors["unit"] == "%").all()
    for row in errors.itertuples():
        kind = "loss" if row.quantity.startswith("loss") else "err"
        assert measured.loc[f"{row.dataset}-{row.size}-M{row.M}", f"{kind}_{row.target}"] > 0


def test_numbers_printed_twice_agree(table):
    by_id = table.set_index("id")
    for name in ("1.4B/M640", "6.9B/M20"):
        fine = by_id.loc[f"notebook/redpajama/{name}/loss", "value"]
        assert f"{fine:.1f}" == by_id.loc[f"fig1/redpajama/{name}/loss", "printed"]
        assert f"{fine:.2f}" == by_id.loc[f"fig5/redpajama/{name}", "printed"]
    for dataset in ("c4", "redpajama", "refinedweb"):
        again = by_id.loc[f"fig12/{dataset}/6.9B/M20", "printed"]
        assert by_id.loc[f"table2/{dataset}/avg17", "printed"] == again


def test_scale_leads_to_the_units_of_the_book(table):
    book = (table["value"] * table["scale"]).set_axis(table["id"])
    assert book["table1/error_fit"] == pytest.approx(2.7e20)
    assert book["table3/N/6.9B"] == pytest.approx(6.9e9)
    assert book["fig5/c4/6.9B/M20"] == pytest.approx(0.043)
    assert book["table6/c4/a"] == 141


def test_a_unit_that_nobody_knows_is_worth_nothing_in_silence(monkeypatch):
    monkeypatch.delitem(published.UNIT_SCALE, "1e20 FLOPs")
    with pytest.raises(ValueError, match="gadre2024.csv: a unit must be .*, got 1e20 FLOPs"):
        published._read.__wrapped__("gadre2024.csv")


def test_the_caller_cannot_spoil_the_table(table):
    table.loc[:, "value"] = 0.0
    assert load_published()["value"].max() > 0


@pytest.mark.parametrize("load", [load_published, load_published_costs])
def test_only_plain_digits_are_printed(load):
    """Powers of ten belong into the unit."""
    assert load()["printed"].str.fullmatch(r"[+-]?[0-9]+(?:\.[0-9]+)?").all()


def test_checksums_stand_in_the_readme():
    folder = data_path("published")
    text = (folder / "README.md").read_text(encoding="utf-8")
    said = re.findall(r"`(\w+\.csv)` \| \d+ \| `([0-9a-f]{64})`", text)
    files = sorted(path.name for path in folder.glob("*.csv"))
    ours = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files}
    assert dict(said) == ours


def test_costs_of_others_are_all_there():
    table = load_published_costs()
    assert table["source"].value_counts().to_dict() == {
        "de Vries": 40,
        "Sardana et al.": 18,
        "Muennighoff et al.": 6,
        "Besiroglu et al.": 1,
        "DeepSeek": 1,
    }
    assert table["id"].is_unique
    assert table["what"].str.len().min() > 10
    printed = table.set_index("id")["printed"]
    assert printed["devries/1.71e24/0.3/D"] == "28465.50"
    assert printed["muennighoff/R_D"] == "15.387756"
    scale = table.set_index("id")["scale"]
    assert (scale["devries/1e23/1/N"], scale["sardana/13e9/2e12/saved"]) == (1e9, 1e22)
