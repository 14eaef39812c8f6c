"""The shipped tables are found from a checkout and from an installed wheel."""

from pathlib import Path

import pytest

from scaling.tables import datafiles


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "site" / "scaling"
    folder.mkdir(parents=True)
    monkeypatch.setattr(datafiles, "PACKAGE_FOLDER", folder)
    return folder


def put(path: Path, text: str = "x\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_of_the_project_is_found():
    assert datafiles.data_path("testbed", "runs.csv").read_text(encoding="utf-8").startswith("run,")


def test_a_folder_is_found():
    assert (datafiles.data_path("testbed") / "tasks.csv").is_file()


def test_a_wheel_keeps_its_tables_inside_the_package(package):
    kept = put(package / "_data" / "testbed" / "runs.csv")
    assert datafiles.data_path("testbed", "runs.csv") == kept


def test_a_checkout_keeps_them_beside_the_package(package):
    kept = put(package.parent / "data" / "testbed" / "runs.csv")
    assert datafiles.data_path("testbed", "runs.csv") == kept


def test_a_wheel_comes_before_a_stranger_folder_called_data(package):
    put(package.parent / "data" / "testbed" / "runs.csv")
    kept = put(package / "_data" / "testbed" / "runs.csv")
    assert datafiles.data_path("testbed", "runs.csv") == kept


def test_a_missing_table_is_named_with_both_places(package):
    with pytest.raises(FileNotFoundError, match=r"testbed/none\.csv.*_data and .*data"):
        datafiles.data_path("testbed", "none.csv")


@pytest.mark.parametrize("parts", [("..", "pyproject.toml"), ("/etc/hosts",), ("a", "../../b")])
def test_no_way_out_of_the_data_folder(parts):
    with pytest.raises(ValueError, match="inside the data folder"):
        datafiles.data_path(*parts)
