"""Tables as people have them: exports of tools and published tables, on the command line."""

from __future__ import annotations

import gzip
import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import scaling
from scaling.commands.cli import app

N = np.array([10.6e6, 78.9e6, 154e6, 412e6, 10.6e6])
D = np.array([211e6, 1.58e9, 3.07e9, 8.23e9, 3.38e9])
LOSS = np.array([5.39, 3.90, 3.53, 3.15, 4.57])
TARGET = ("--N", "1B", "--M", "20")
BATCH = 2.0**18
COMMANDS = {"check": (), "fit": (), "predict": TARGET, "backtest": ()}


def run(*arguments: object) -> tuple[int, str, str]:
    """Run a command and give exit code, stdout and stderr; on 2 only stderr speaks."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code in (0, 2)
    assert done.exit_code == 0 or done.stdout == ""
    return done.exit_code, done.stdout, done.stderr


def refusal(*arguments: object) -> list[str]:
    """Run a command that must refuse, and give the lines of its message."""
    code, _, err = run(*arguments)
    assert code == 2
    return err.splitlines()


@pytest.fixture
def write(tmp_path: Path):
    """Write a table, given as text or as columns, and give its path."""

    def write_table(table: str | dict[str, object], name: str = "runs.csv") -> Path:
        text = table if isinstance(table, str) else pd.DataFrame(table).to_csv(index=False)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_table


@pytest.fixture
def loss(write) -> float:
    """Predict the loss from the table under our own names."""
    return predicted(write({"N": N, "D": D, "loss": LOSS}, "ours.csv"))


def predicted(path: Path, *options: object) -> float:
    """Predict the loss of the target."""
    code, out, err = run("predict", path, *TARGET, *options, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)["loss"]


# --- names --------------------------------------------------------------------------------

EXPORTS = {
    "Weights & Biases": {"Name": list("abcde"), "params": N, "tokens": D, "val/loss": LOSS},
    "levanter": {"parameter_count": N, "total_tokens": D, "cd_val_loss": LOSS},
    "header with units": {"N (non-emb)": N, "D (tokens)": D, "FLOPs": N, "Val Loss": LOSS},
    "nanochat": {"num_scaling_params": N, "total_training_tokens": D, "val_bpb": LOSS},
    "trainer": {"num_parameters": N, "num_input_tokens_seen": D, "eval_loss": LOSS, "lr": 1e-3},
    "OLMo": {
        "model_params": N,
        "throughput/total_tokens": D,
        "eval/c4-validation/CrossEntropyLoss": LOSS,
    },
    "thesis": {"Parameters [M]": N / 1e6, "Tokens (10^9)": D / 1e9, "Final Loss": LOSS},
    "perplexities": {"num_params": N, "tokens": D, "perplexity": np.exp(LOSS)},
    "steps": {"params": N, "max_steps": D / BATCH, "tokens_per_step": BATCH, "nll": LOSS},
    "capitals": {"Params (M)": N / 1e6, "Tokens_B": D / 1e9, "Loss": LOSS},
    "letters": {"n": N, "d": D, "Loss": LOSS},
    "multipliers": {"n_params": N, "tokens per param": D / N, "test loss": LOSS},
}


@pytest.mark.parametrize("columns", EXPORTS.values(), ids=list(EXPORTS))
def test_what_the_message_says_to_type_is_enough(write, loss, columns) -> None:
    """Missing columns end in one ``--map``; with it every command answers as under our names."""
    path = write(columns)
    lines = refusal("check", path)
    assert lines == refusal("predict", path, *TARGET)
    typed = [line.split(" type ")[1] for line in lines if " type --map" in line]
    assert len(typed) == 1
    options = ["4" if part == "BYTES" else part for part in shlex.split(typed[0])]
    expected = predicted(write({"N": N, "D": D, "loss": LOSS * 4 * np.log(2)}, "nats.csv"))
    expected = expected if "val_bpb" in columns else loss
    assert predicted(path, *options) == pytest.approx(expected, rel=1e-12)
    for command, target in COMMANDS.items():
        assert run(command, path, *target, *options)[0] == 0


def test_two_counts_or_losses_are_asked_about(write) -> None:
    path = write({"N_total": 4 * N, "N_active": N, "D": D, "val/c4": LOSS, "eval/loss": LOSS})
    lines = refusal("check", path)
    assert "which count of a mixture of experts is meant? Say --map N=N_total or" in lines[0]
    assert lines[1].endswith('then type, say, --map "N=N_total,loss=eval/loss"')


def test_a_map_in_python_is_that_of_the_command_line(write, loss) -> None:
    frame = pd.DataFrame(EXPORTS["levanter"])
    columns = {"N": "parameter_count", "D": "total_tokens", "loss": "cd_val_loss"}
    for runs in (frame, write(EXPORTS["levanter"])):
        assert scaling.predict(runs, N=1e9, M=20, columns=columns).loss == pytest.approx(loss)
        assert scaling.check_runs(runs, columns=columns).table["N"].tolist() == N.tolist()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("params", "must read like N=parameter_count"),
        ("N=parms", "column parms: is not in the table"),
        ("n=params", "column n: is no column of a run table"),
    ],
)
def test_maps_that_cannot_be(write, text: str, said: str) -> None:
    assert said in refusal("fit", write({"params": N, "D": D, "loss": LOSS}), "--map", text)[-1]


# --- units --------------------------------------------------------------------------------


def test_perplexities_of_7_to_12_are_asked_about(write) -> None:
    sizes = [124635456, 345355200, 603188352, 1005461760]
    path = write({"N": sizes, "D": "1T", "loss": [11.961319, 8.976614, 7.984185, 7.171037]})
    for command, target in {"check": (), "predict": TARGET}.items():
        told = "".join(run(command, path, *target)[1:])
        assert "4 runs (row 2, row 3, row 4, …), the first: loss 12 is more than twice" in told
        assert "a perplexity? --loss-unit ppl takes its logarithm" in told
        assert "perplexity" not in "".join(run(command, path, *target, "--loss-unit", "ppl")[1:])


def test_loss_units_are_one_law(write, loss) -> None:
    per_byte = ("--loss-unit", "bpb", "--bytes-per-token", "4.2")
    for factor, options in (
        (1 / np.log(2), ("--loss-unit", "bits")),
        (1 / np.log(2) / 4.2, per_byte),
    ):
        path = write({"N": N, "D": D, "loss": LOSS * factor})
        assert predicted(path, *options) == pytest.approx(loss, rel=1e-12)
    said = refusal("fit", write({"N": N, "D": D, "loss": LOSS}), "--loss-unit", "bpb")[-1]
    assert "add --bytes-per-token" in said


ACCURACY = {"acc_a": [0.1, 0.3, 0.4, 0.5, 0.2], "acc_b": [0.5, 0.52, 0.55, 0.6, 0.51]}


def test_accuracies_become_errors_on_request(write) -> None:
    runs = {"N": N, "D": D, "loss": LOSS}
    path = write(runs | ACCURACY)
    assert refusal("tasks", path)[-1].endswith(
        "has no column err_<task>, but accuracies: add --accuracy"
    )
    assert "--accuracy takes 1 - accuracy as the error of a task" in run("check", path)[2]
    errors = {f"err_{name[4:]}": 1 - np.array(values) for name, values in ACCURACY.items()}
    expected = run("tasks", write(runs | errors, "errors.csv"), "--json")
    assert run("tasks", path, "--accuracy", "--json") == expected
    said = refusal(
        "check", write(runs | {"acc_a": 100 * np.array(ACCURACY["acc_a"])}), "--accuracy"
    )
    assert said[0].endswith('divide by 100, or type --map "acc_a=acc_a*0.01"')


def test_centred_accuracies_and_billions_are_told_by_their_cause(write) -> None:
    runs = {"N": N, "D": D, "loss": LOSS}
    lines = refusal("check", write(runs | {"err_boolq": [1.42, 1.44, 1.3, 1.29, 1.21]}))
    assert len(lines) == 6
    assert "a centred accuracy? undo it" in lines[0]
    (said,) = refusal("check", write(runs | {"D": [0.211, 1.58, 3.07, 8.23, 3.38]}))
    assert 'in billions? write 0.211B, or type --map "D=D*1e9" for the whole column' in said


# --- derived and rounded columns ----------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"C": 6 * N * D, "D": D, "width": "d512"}, "N is derived: C / 6D"),
        ({"N": N, "M": D / N}, "D is derived: M N"),
        ({"N": N, "C": 6 * N * D}, "D is derived: C / 6N"),
        ({"N": N, "steps": D / BATCH, "batch_tokens": BATCH}, "D is derived: steps x batch_tokens"),
        (
            {"N_body": N, "D": D},
            "N_body is the table's only count: it stands for N, in targets too",
        ),
    ],
)
def test_what_is_derived_is_said_by_every_command(write, loss, columns, told) -> None:
    path = write(columns | {"loss": LOSS})
    assert predicted(path) == pytest.approx(loss, rel=1e-12)
    for command, target in COMMANDS.items():
        code, out, err = run(command, path, *target)
        assert (code, f"warning: {told}" in err.splitlines()) == (0, True)
        code, out, err = run(command, path, *target, "--json")
        assert code == 0
        assert told in out + err
    scaled = scaling.fit(pd.DataFrame(columns | {"loss": LOSS}))
    assert scaled.warnings.count(told) == 1


def test_published_columns_that_are_rounded_warn(write) -> None:
    text = (
        "N,D,C,M,loss\n0.20M,5M,5.9e12,25,8.156\n0.79M,20M,9.5e13,25,5.299\n"
        "4.73M,5M,1.4e14,1,6.653\n25.18M,5M,7.6e14,0.2,6.061\n25.18M,80M,1.2e16,3,2.790\n"
    )
    _, _, err = run("check", write(text))
    assert "warning: C is rounded in 2 rows: taken from N and D instead" in err
    assert "warning: M is rounded in 3 rows: taken from N and D instead" in err
    (said,) = refusal("check", write(text.replace("1.2e16", "1.9e16")))
    assert "it is derived, so the column may go; FLOPs counted otherwise go by another" in said


# --- formats ------------------------------------------------------------------------------


def test_other_formats_are_one_table(write, tmp_path: Path, loss) -> None:
    frame = pd.DataFrame({"N": N, "D": D, "loss": LOSS})
    lines = frame.to_json(orient="records", lines=True, double_precision=15)
    paths = [write(lines, "runs.jsonl"), tmp_path / "runs.csv.gz"]
    paths[1].write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    paths.append(write("sep=;\n" + frame.to_csv(index=False, sep=";"), "excel.csv"))
    letters = "N,D,loss\n10.6 M,0.211 B,5.39\n78.9 M,1.58 B,3.9\n154 M,3.07 B,3.53\n"
    paths.append(write(letters + "412 M,8.23 B,3.15\n10.6 M,3.38 B,4.57\n", "letters.csv"))
    for path in paths:
        assert predicted(path) == pytest.approx(loss, rel=1e-12)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("10.600.000;211.000.000;5,39", "no thousands separator: write 10600000 for 10.600.000"),
        ("10 600 000;211 000 000;5,39", "write 10600000 for 10 600 000"),
        ("10\u202f600\u202f000;211\u00a0000\u00a0000;5,39", "write 10600000 for 10 600 000"),
        ("10'600'000;211'000'000;5,39", "write 10600000 for 10'600'000"),
    ],
)
def test_german_and_french_numbers_are_named_a_line_a_column(write, row: str, rule: str) -> None:
    lines = refusal("check", write("N;D;loss\n" + f"{row}\n" * 1000))
    assert len(lines) == 4
    assert rule in lines[0]
    assert "write 5.39 for 5,39; the same in all 1,000 cells of the column" in lines[2]
    mixed = refusal("check", write(f"N;D;loss\n{row}\n10.6M;211M;5,39\n"))
    assert ["the same in all" in line for line in mixed] == [False, False, True, False]


def test_a_run_without_a_loss_is_to_be_left_out(write) -> None:
    for cell in ("NaN", "", "null"):
        (said,) = refusal("fit", write(f"run,N,D,loss\na,1e8,2e9,3\nb,154M,3B,{cell}\n"))
        assert "row 3, column loss: " in said
        assert "a run without a loss: leave its row out" in said
