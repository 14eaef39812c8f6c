"""The column map, units in brackets, and accuracies."""

from __future__ import annotations

import pandas as pd
import pytest

from scaling.tables.columns import options_in_python, parse_column_map, write_column_map
from scaling.tables.runs import RunTableError, validate_runs

OTHERS = {"params": [1e8, 2e8], "tokens": [2e9, 4e9], "val/loss": [3.1, 3.0]}
MAP = {"N": "params", "D": "tokens", "loss": "val/loss"}


def others(**columns: list[object]) -> pd.DataFrame:
    """Give two runs under other names than ours."""
    return pd.DataFrame(OTHERS | columns)


def faults_of(table: pd.DataFrame, **reading: object) -> list[str]:
    with pytest.raises(RunTableError) as caught:
        validate_runs(table, "a.csv", **reading)
    return [str(fault) for fault in caught.value.faults]


def test_a_map_is_read_and_written() -> None:
    """A name of theirs may hold a comma and an equals sign."""
    text = "N = params , D=tokens, seen,loss=val/loss,err_a=b=c"
    read = parse_column_map(text)
    assert read == {"N": "params", "D": "tokens, seen", "loss": "val/loss", "err_a": "b=c"}
    assert parse_column_map(read) == read
    assert write_column_map(MAP) == '--map "N=params,D=tokens,loss=val/loss"'
    assert write_column_map({"N": "$n"}) == "--map 'N=$n'"


def test_python_hears_of_arguments_not_of_options() -> None:
    """As a message has them, and whatever a column is called."""
    said = faults_of(others(), columns=None)[-1]
    columns = str({"N": "params", "D": "tokens", "loss": "val/loss"})
    assert said.endswith(f"is it the column 'val/loss'? then type columns={columns}")
    bits = others(bpb=[1, 1.1]).drop(columns="val/loss")
    columns = str({"N": "params", "D": "tokens", "loss": "bpb"})
    end = f"columns={columns}, loss_unit='bpb', bytes_per_token=BYTES"
    assert faults_of(bits)[-1].endswith(end)
    assert faults_of(others(), columns=MAP, accuracy=True)[0].endswith("accuracy=True asks for one")
    assert options_in_python(write_column_map({"N": "it's $n"})) == """columns={'N': "it's $n"}"""
    for theirs in ("--map x", "--map '=a'", '--map "', "--map ''"):
        assert options_in_python(theirs) == theirs


@pytest.mark.parametrize("text", ["params", "N=", "=params", "N=a,N=b", ","])
def test_what_is_no_map_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must read like N=parameter_count"):
        parse_column_map(text)


@pytest.mark.parametrize("columns", [MAP, "N=params,D=tokens,loss=val/loss"])
def test_mapped_columns_are_ours(columns: object) -> None:
    """Values, order and faults are those of the column; the message calls it as the reader does."""
    table = validate_runs(others(), columns=columns)
    assert table[["N", "D", "loss"]].to_numpy().tolist() == [[1e8, 2e9, 3.1], [2e8, 4e9, 3.0]]
    assert "params" not in table
    assert table.attrs["told"] == []
    (said,) = faults_of(others(params=[1e8, "x"]), columns=columns)
    assert said == "a.csv, row 1, column params: 'x' must be a number: written like 6.9e9"


def test_a_factor_may_follow() -> None:
    """It is said, and so is the unit that a name carries."""
    table = others(params=[100, 200], tokens=[2, 4]).rename(columns={"tokens": "tokens (B)"})
    columns = {"N": "params*1e6", "D": "tokens (B)", "loss": "val/loss"}
    told = validate_runs(table, columns=columns)
    assert told[["N", "D"]].to_numpy().tolist() == [[1e8, 2e9], [2e8, 4e9]]
    assert told.attrs["told"] == ["N is 'params' times 1e6", "D is 'tokens (B)' times 1e9"]
    lettered = table.assign(**{"tokens (B)": ["2B", "4B"]})
    assert validate_runs(lettered, columns=columns)["D"].tolist() == [2e9, 4e9]


def test_a_unit_in_the_name_of_no_count_is_no_factor() -> None:
    """``loss_m`` and ``model_b`` are no millions and no billions."""
    table = others(model_b=["a", "b"]).rename(columns={"val/loss": "loss_m"})
    columns = {"N": "params", "D": "tokens", "loss": "loss_m", "run": "model_b"}
    read = validate_runs(table, columns=columns)
    assert (read["loss"].tolist(), read["run"].tolist()) == ([3.1, 3.0], ["a", "b"])
    assert read.attrs["told"] == []


def test_a_column_of_our_name_gives_way_and_that_is_said() -> None:
    table = validate_runs(others(N=[1, 1]), columns=MAP)
    assert table["N"].tolist() == [1e8, 2e8]
    assert table.attrs["told"] == ["N is taken from 'params', not from N"]


def test_one_column_may_stand_for_two() -> None:
    table = validate_runs(others(), columns={**MAP, "N_body": "params"})
    assert table["N"].equals(table["N_body"])


def test_a_map_of_names_that_are_not_there_is_refused() -> None:
    (said,) = faults_of(others(), columns={"N": "parms"})
    assert said.startswith("a.csv, column parms: is not in the table, and the column map asks")
    assert "'params', 'tokens', 'val/loss'" in said
    (said,) = faults_of(others(), columns={"Nn": "params"})
    assert said.startswith("a.csv, column Nn: is no column of a run table: map one of ")


def test_units_in_brackets_are_understood_and_said() -> None:
    names = {"params": "N (M)", "tokens": "D (B tokens)", "val/loss": "Loss [nats]"}
    table = validate_runs(others(params=[100, 200], tokens=[2, 4]).rename(columns=names))
    assert table[["N", "D", "loss"]].iloc[0].tolist() == [1e8, 2e9, 3.1]
    assert table.attrs["told"] == [
        "N is 'N (M)' times 1e6",
        "D is 'D (B tokens)' times 1e9",
        "loss is taken from 'Loss [nats]'",
    ]
    body = validate_runs(others().rename(columns=names | {"params": "N (non-emb)"}))
    assert body["N_body"].tolist() == [1e8, 2e8]


def test_a_loss_set_is_no_unit() -> None:
    """``loss_b`` is a set called b, and no loss in billions."""
    table = validate_runs(
        others().rename(columns={"val/loss": "loss_b"}), columns="N=params,D=tokens"
    )
    assert table["loss_b"].tolist() == [3.1, 3.0]


def test_what_was_told_is_told_again() -> None:
    """A frame that was read once keeps what was said of it."""
    once = validate_runs(others(params=[100, 200]), columns=MAP | {"N": "params*1e6"})
    assert validate_runs(once).attrs["told"] == ["N is 'params' times 1e6"]


@pytest.mark.parametrize("name", ["acc_arc", "accuracy_arc", "arc_acc", "arc/acc", "arc/acc,none"])
def test_accuracies_become_errors_on_request(name: str) -> None:
    """Else they are named as not used."""
    table = others(**{name: [0.25, 0.4], "arc/acc_stderr": [0.01, 0.01]})
    turned = validate_runs(table, columns=MAP, accuracy=True)
    assert turned["err_arc"].tolist() == [0.75, 0.6]
    assert turned.attrs["told"] == []
    (said,) = validate_runs(table, columns=MAP).attrs["told"]
    assert said == f"not used: '{name}'; --accuracy takes 1 - accuracy as the error of a task"


def test_accuracies_keep_their_name_and_factor() -> None:
    columns = MAP | {"acc_arc": "acc_arc*0.01"}
    table = validate_runs(others(acc_arc=[25.0, 40.0]), columns=columns, accuracy=True)
    assert table["err_arc"].tolist() == [0.75, 0.6]
    percent = faults_of(others(acc_arc=[25.0, 40.0]), columns=MAP, accuracy=True)
    assert percent[0] == (
        "a.csv, row 0, column acc_arc: '25.0' must lie in [0, 1]: a fraction, not a percentage: "
        "divide by 100, or type columns={'acc_arc': 'acc_arc*0.01'}"
    )


def test_accuracies_that_are_not_there_or_there_twice() -> None:
    (said,) = faults_of(others(), columns=MAP, accuracy=True)
    assert said == "a.csv: has no column acc_<task>, and accuracy=True asks for one"
    both = others(acc_a=[0.1, 0.2], err_a=[0.9, 0.8])
    (said,) = faults_of(both, columns=MAP, accuracy=True)
    assert said.endswith("that has a column err_a, too: remove one of the two")


def test_centred_accuracies_are_told_from_percentages() -> None:
    """An error just above 1, or an accuracy just below 0, lies below guessing."""
    for column, accuracy in (({"err_a": [0.9, 1.4]}, False), ({"acc_a": [0.1, -0.02]}, True)):
        (said,) = faults_of(others(**column), columns=MAP, accuracy=accuracy)
        assert said.endswith(
            "a centred accuracy? undo it, accuracy = chance + (1 - chance) centred"
        )
