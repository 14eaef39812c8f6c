"""From text to errors on tasks: a grid on token files, asked through lm-evaluation-harness."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from grids_to_train import END, flip_a_bit, train_tokenizer
from typer.testing import CliRunner

from scaling.commands.cli import app
from scaling.tables.runs import read_runs
from scaling.training.errors import GridError
from scaling.training.grid.grid import open_grid
from scaling.training.grid.worker import RESULT, read_result

torch = pytest.importorskip("torch")
datasets = pytest.importorskip("datasets")
pytest.importorskip("tokenizers")
pytest.importorskip("lm_eval")
from scaling.training.tasks.answers import load_tasks, measure_errors  # noqa: E402
from scaling.training.tasks.harness import TrainedModel, load_trained  # noqa: E402

LENGTH = 32
VOCAB = 352
KEYS = "kabo lemu nizo pefa ruti sova tuge wiha".split()
VALUES = "aric beno ciud dofe egla foti gunu hesk".split()
FACTS = dict(zip(KEYS, VALUES, strict=True))
CHANCE = 0.75  # four values to choose from
TAUGHT, UNTAUGHT = "facts-w16l1h2-m10-s0", "facts-w16l1h2-m0.01-s0"


def make_documents(n: int = 400) -> list[str]:
    """Make texts in which each key is followed by its value, and keys in a random order."""
    rng = np.random.default_rng(0)
    return [" ".join(f"{key} {FACTS[key]}." for key in rng.choice(KEYS, 12)) for _ in range(n)]


SPEC: dict[str, Any] = {
    "name": "facts",
    "sizes": [
        {"width": 8, "layers": 1, "heads": 1},
        {"width": 16, "layers": 1, "heads": 2},
    ],
    "multipliers": [0.01, 1, 10],
    "sources": {
        "facts": {"kind": "tokens", "folder": "text/train", "loss_sets": {"own": "text/held_out"}}
    },
    "recipe": {"length": LENGTH, "batch_sequences": 8, "lr_scale": 0.3, "lr_max": 0.03},
    "held_out": {"sequences": 20},
}


def run(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module", autouse=True)
def _cache_of_the_tests(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))
        patched.setattr(datasets.config, "HF_UPDATE_DOWNLOAD_COUNTS", False)
        yield


@pytest.fixture(scope="module")
def home(tmp_path_factory, _cache_of_the_tests) -> Path:
    """A folder with text prepared, a grid trained on it, and tasks: all by the commands."""
    home = tmp_path_factory.mktemp("home")
    lines = "".join(json.dumps({"text": text}) + "\n" for text in make_documents())
    (home / "text.jsonl").write_text(lines)
    train_tokenizer(home / "bpe.json", make_documents(), VOCAB - 2)
    run("grid", "prepare", "--text", home / "text.jsonl", "--held-out-share", 0.1,
        "--tokenizer", home / "bpe.json", "--vocab", VOCAB, "--out", home / "text")  # fmt: skip
    (home / "spec.yaml").write_text(yaml.safe_dump(SPEC))
    run("grid", "run", home / "spec.yaml", "--out", home / "grid", "--executor", "debug",
        "--device", "cpu")  # fmt: skip
    write_tasks(home / "tasks")
    return home


def write_tasks(folder: Path) -> None:
    """Write tasks on the facts: choose the value, say it, and the likelihood of whole texts."""
    rng = np.random.default_rng(1)
    questions = []
    for _ in range(60):
        shown, key = rng.choice(KEYS, 2, replace=False)
        others = rng.choice([v for v in VALUES if v != FACTS[key]], 3, replace=False).tolist()
        place = int(rng.integers(4))
        choices = [*others[:place], FACTS[key], *others[place:]]
        question = f"{shown} {FACTS[shown]}. {key}"
        questions.append({"question": question, "choices": choices, "answer": place})
    folder.mkdir()
    (folder / "data.jsonl").write_text("".join(json.dumps(q) + "\n" for q in questions))
    common = {
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(folder / "data.jsonl")}},
        "test_split": "test",
        "doc_to_text": "{{question}}",
    }
    choose = common | {
        "output_type": "multiple_choice",
        "doc_to_choice": "{{choices}}",
        "doc_to_target": "{{answer}}",
        "metric_list": [
            {"metric": metric, "aggregation": "mean", "higher_is_better": True}
            for metric in ("acc", "acc_norm")
        ],
    }
    say = common | {
        "output_type": "generate_until",
        "doc_to_target": "{{' ' + choices[answer]}}",
        "generation_kwargs": {"until": ["."], "max_gen_toks": 4},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }
    read = common | {
        "output_type": "loglikelihood_rolling",
        "doc_to_text": "",
        "doc_to_target": "{{question}}",
        "metric_list": [{"metric": "word_perplexity"}],
    }
    both = {
        "group": "both",
        "task": ["choose", "again"],
        "aggregate_metric_list": [{"metric": "acc", "weight_by_size": True}],
    }
    shots = {"num_fewshot": 2, "fewshot_split": "test"}
    tasks = {
        "choose": choose,
        "again": choose,
        "more": choose | {"tag": "some"},
        "shown": choose | shots,
        "never": choose | {"num_fewshot": 0},
        "distance": choose | {"metric_list": [{"metric": "brier_score"}]},
        "say": say,
        "read": read,
        "unsafe": choose | {"unsafe_code": True},
    }
    for name, task in tasks.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({"task": name} | task))
    (folder / "both.yaml").write_text(yaml.safe_dump(both))


@pytest.fixture(scope="module")
def taught(home) -> TrainedModel:
    return load_trained(home / "grid", TAUGHT, "cpu")


@pytest.fixture(scope="module")
def untaught(home) -> TrainedModel:
    return load_trained(home / "grid", UNTAUGHT, "cpu")


def ask(*arguments: Any) -> SimpleNamespace:
    return SimpleNamespace(args=arguments)


# --- a grid on token files ----------------------------------------------------------------


def test_a_grid_on_token_files_gives_a_run_table_that_can_be_fitted(home, tmp_path):
    table = tmp_path / "runs.csv"
    run("grid", "collect", home / "grid", "--out", table)
    read = read_runs(table)
    assert len(read) == 6
    assert {"loss_own", "loss_std_own", "N", "D", "N_body", "batch_tokens"} <= set(read)
    assert "loss" not in read
    taught, untaught = (read.set_index("run").loc[name] for name in (TAUGHT, UNTAUGHT))
    assert untaught["loss_own"] < math.log(VOCAB) + 0.2
    # A key is one of 8, the value and the full stop follow: log(8) / 3 nats a token.
    assert taught["loss_own"] == pytest.approx(math.log(8) / 3, abs=0.1)
    assert (read["loss_own"] >= 0.6).all()
    fit = json.loads(run("fit", table, "--json"))
    assert fit["n_runs"] == 6


def test_a_run_is_told_from_one_on_other_tokens(home, tmp_path):
    """The configuration names the content of the token files, not where they stand."""
    shutil.copytree(home / "text", tmp_path / "text")
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(SPEC))
    cells, moved = (open_grid(home / "grid")[1], open_grid(tmp_path)[1])
    assert [cell.config_sha256 for cell in cells] == [cell.config_sha256 for cell in moved]
    run("grid", "prepare", "--text", home / "text.jsonl", "--held-out-share", 0.2, "--force",
        "--tokenizer", home / "bpe.json", "--vocab", VOCAB, "--out", tmp_path / "text")  # fmt: skip
    assert open_grid(tmp_path)[1][0].config_sha256 != cells[0].config_sha256


# --- tasks by the command -----------------------------------------------------------------


def answers(home: Path, out: Path, *options: object) -> pd.DataFrame:
    run("grid", "tasks", home / "grid", "--include", home / "tasks", "--device", "cpu",
        "--out", out, *options)  # fmt: skip
    return read_runs(out).set_index("run")


def test_a_model_that_was_taught_knows_and_one_that_was_not_guesses(home, tmp_path):
    table = answers(home, tmp_path / "errors.csv", "--tasks", "choose,again")
    assert len(table) == 6
    assert table.loc[TAUGHT, "err_choose"] == 0
    assert table.loc[UNTAUGHT, "err_choose"] == pytest.approx(CHANCE, abs=0.2)
    assert table["err_choose"].equals(table["err_again"].rename("err_choose"))
    collected = tmp_path / "runs.csv"
    run("grid", "collect", home / "grid", "--out", collected)
    expected = read_runs(collected).set_index("run")
    pd.testing.assert_frame_equal(table[expected.columns], expected)
    assert json.loads(run("fit", tmp_path / "errors.csv", "--json"))["n_runs"] == 6
    judged = json.loads(run("tasks", tmp_path / "errors.csv", "--N", "1M", "--M", "20", "--json"))
    assert {row["task"] for row in judged} == {"choose", "again"}


def test_one_run_may_be_asked_alone(home, tmp_path):
    out = tmp_path / "errors.csv"
    options = ("--run", TAUGHT, "--tasks", "choose", "--limit", 5, "--json")
    told = run("grid", "tasks", home / "grid", "--include", home / "tasks", "--out", out, *options)
    start = told.index("{")
    assert json.loads(told[start:]) == {
        "file": str(out), "runs": 1, "missing": 0, "damaged": [], "errors": ["err_choose"]
    }  # fmt: skip
    assert list(read_runs(out)["run"]) == [TAUGHT]


def test_an_answer_is_scored_by_the_first_metric_that_its_task_has(home, tmp_path):
    metrics = ("--metric", "acc_norm", "--metric", "exact_match")
    table = answers(home, tmp_path / "a.csv", "--run", TAUGHT, "--tasks", "choose,say", *metrics)
    assert table.loc[TAUGHT, ["err_choose", "err_say"]].tolist() == [0, 0]
    table = answers(home, tmp_path / "b.csv", "--run", UNTAUGHT, "--tasks", "say", *metrics)
    assert table.loc[UNTAUGHT, "err_say"] == 1


@pytest.fixture
def _no_tasks_but_ours(tmp_path, monkeypatch):
    """Leave out the harness's own task files, which take seconds to read."""
    monkeypatch.setattr("lm_eval.tasks.manager.__file__", str(tmp_path / "none" / "manager.py"))


@pytest.mark.usefixtures("_no_tasks_but_ours")
def test_a_group_is_one_column_and_a_tag_one_for_each_of_its_tasks(home, untaught):
    tasks = load_tasks(["both", "some"], include=home / "tasks")
    assert tasks.columns == ["both", "more"]
    errors = measure_errors(untaught, tasks)
    assert errors["both"] == pytest.approx(errors["more"])
    file = home / "tasks" / "choose.yaml"
    assert load_tasks([str(file)]).columns == ["choose"]


def test_solved_examples_stand_in_the_prompt_by_the_rule_of_the_harness(home, taught):
    for shots, expected in ((None, 2), (0, 0), (1, 1)):
        tasks = load_tasks(["shown", "choose", "never"], include=home / "tasks", shots=shots)
        found = {
            name: task.get_config("num_fewshot") for name, task in tasks.loaded["tasks"].items()
        }
        assert found == {"shown": expected, "choose": shots or 0, "never": 0}
        assert measure_errors(taught, tasks, limit=10)["shown"] == 0


def test_the_command_of_the_harness_finds_the_same(home, untaught, monkeypatch):
    from lm_eval import evaluator
    from lm_eval.tasks import TaskManager

    monkeypatch.setattr(evaluator, "add_env_info", lambda results: None)  # takes seconds
    manager = TaskManager(include_path=home / "tasks", include_defaults=False)
    found = evaluator.simple_evaluate(
        untaught, tasks=["shown"], task_manager=manager, bootstrap_iters=0
    )
    tasks = load_tasks(["shown"], include=home / "tasks")
    assert measure_errors(untaught, tasks)["shown"] == 1 - found["results"]["shown"]["acc,none"]


# --- log-probabilities, by hand -----------------------------------------------------------


def tokens_of(model: TrainedModel, text: str) -> list[int]:
    return model.tokenizer.encode(text).ids


@torch.no_grad()
def scored_by_hand(
    model: TrainedModel, context: list[int], answer: list[int]
) -> tuple[float, bool]:
    """Score one token after the other, each from a pass of its own."""
    total, greedy = 0.0, True
    for i, token in enumerate(answer):
        seen = torch.tensor([(context + answer[:i])[-LENGTH:]])
        table = torch.log_softmax(model.model.logits(seen)[0, -1].double(), dim=-1)
        total += float(table[token])
        greedy &= int(table.argmax()) == token
    return total, greedy


PAIRS = [
    ("kabo aric. lemu", " beno"),
    ("kabo aric. lemu", " aric"),
    ("kabo", " aric. lemu beno"),
    ("", "kabo aric."),
    ("lemu beno. ", "kabo aric"),  # the space at the end goes over to the answer
    ("unseen words é", " and more"),
]


def test_log_probabilities_are_those_of_the_logits(taught):
    found = taught.loglikelihood([ask(*pair) for pair in PAIRS])
    for (context, answer), (score, greedy) in zip(PAIRS, found, strict=True):
        whole = tokens_of(taught, context + answer)
        before = tokens_of(taught, context.rstrip())
        expected = scored_by_hand(taught, before or [taught.eot_token_id], whole[len(before) :])
        assert score == pytest.approx(expected[0], abs=1e-4)
        assert greedy == expected[1]
    assert [greedy for _, greedy in found[:2]] == [True, False]
    assert found[0][0] > -0.1


def test_scores_do_not_depend_on_what_is_asked_beside(taught, monkeypatch):
    rng = np.random.default_rng(2)
    pairs = [
        (" ".join(rng.choice(KEYS, rng.integers(1, 20))), " " + str(rng.choice(VALUES)))
        for _ in range(40)
    ]
    together = taught.loglikelihood([ask(*pair) for pair in pairs])
    monkeypatch.setattr("scaling.training.tasks.harness.BATCH", 100)
    monkeypatch.setattr("scaling.training.tasks.harness.AT_ONCE", 3 * VOCAB)
    in_small_batches = taught.loglikelihood([ask(*pair) for pair in pairs])
    alone = [taught.loglikelihood([ask(*pair)])[0] for pair in pairs]
    for scores in (in_small_batches, alone):
        assert [greedy for _, greedy in scores] == [greedy for _, greedy in together]
        np.testing.assert_allclose([s for s, _ in scores], [s for s, _ in together], atol=1e-4)


@pytest.mark.parametrize("name", [TAUGHT, UNTAUGHT])
def test_a_context_that_is_too_long_is_cut_from_the_left(home, name):
    """So that context and answer without its last token are T tokens."""
    model = load_trained(home / "grid", name, "cpu")
    context, answer = " ".join(f"{k} {v}." for k, v in list(FACTS.items()) * 3) + " kabo", " aric."
    n = len(tokens_of(model, answer))
    before = tokens_of(model, context)
    assert len(before) > 2 * LENGTH
    kept = before[-(LENGTH + 1 - n) :]
    (found,) = model.loglikelihood([ask(context, answer)])
    with torch.no_grad():
        row = torch.tensor([kept + tokens_of(model, answer)])
        table = torch.log_softmax(model.model.logits(row[:, :-1])[0, -n:].double(), dim=-1)
    expected = float(table.gather(1, row[0, -n:, None]).sum())
    assert found[0] == pytest.approx(expected, abs=1e-4)
    shifted = model.loglikelihood([ask(model.tokenizer.decode(kept), answer)])[0]
    assert shifted[0] == pytest.approx(found[0], abs=1e-4)


@pytest.mark.parametrize("facts", [0, 1, 10, 11, 40])
def test_a_long_text_is_scored_window_by_window(taught, facts):
    """The first window begins with the end of a document, each later one with the last token."""
    text = " ".join(f"{KEYS[i % 7]} {FACTS[KEYS[i % 7]]}." for i in range(facts))
    tokens = tokens_of(taught, text)
    (found,) = taught.loglikelihood_rolling([ask(text)])
    expected = 0.0
    with torch.no_grad():
        for start in range(0, len(tokens), LENGTH):
            own = tokens[start : start + LENGTH]
            read = [taught.eot_token_id, *tokens][: start + len(own)][-LENGTH:]
            logits = taught.model.logits(torch.tensor([read]))[0, -len(own) :]
            table = torch.log_softmax(logits.double(), dim=-1)
            expected += float(table.gather(1, torch.tensor(own)[:, None]).sum())
    assert found == pytest.approx(expected, abs=1e-3)
    assert (len(tokens) > LENGTH) == (facts > 10)


def test_texts_are_scored_in_the_order_they_are_asked(taught):
    texts = ["kabo aric.", " ".join(["lemu beno."] * 30), "", "hesk hesk"]
    together = taught.loglikelihood_rolling([ask(text) for text in texts])
    alone = [taught.loglikelihood_rolling([ask(text)])[0] for text in texts]
    assert together == pytest.approx(alone, abs=1e-3)
    assert together[2] == 0


def test_an_answer_that_cannot_be_scored_is_named(taught):
    with pytest.raises(GridError, match=f"from 1 to the model's {LENGTH} tokens, got"):
        taught.loglikelihood([ask("kabo", " aric." * LENGTH)])
    with pytest.raises(GridError, match="tokens, got 0: '' after 'kabo'"):
        taught.loglikelihood([ask("kabo", "")])


# --- answers in words ---------------------------------------------------------------------


def test_the_likeliest_answer_stops_before_the_text_to_stop_at(taught):
    context = "lemu beno. kabo"
    asked = [
        ask(context, {"until": ["."], "max_gen_toks": 10}),
        ask(context, {"until": ".", "max_gen_toks": 10}),
        ask(context, {"until": ["ric", "."], "max_gen_toks": 10, "do_sample": False}),
        ask(context, {"until": ["c", "a"], "max_gen_toks": 10}),  # both in one token
        ask(context, {"until": [], "max_gen_toks": 0}),
        ask("kabo aric. lemu", {"until": ["."], "max_gen_toks": 10, "temperature": 0.0}),
    ]
    assert taught.generate_until(asked) == [" aric", " aric", " a", " ", "", " beno"]


def test_an_answer_goes_on_beyond_the_length_of_the_model(taught):
    """Token by token the likeliest after the last T, whatever is asked beside."""
    context, n = " ".join(f"{k} {v}." for k, v in FACTS.items()), 20
    found = taught.generate_until(
        [ask("kabo", {"max_gen_toks": 2}), ask(context, {"max_gen_toks": n, "until": None})]
    )
    tokens = tokens_of(taught, context)
    for _ in range(n):
        with torch.no_grad():
            logits = taught.model.logits(torch.tensor([tokens[-LENGTH:]]))
        tokens.append(int(logits[0, -1].argmax()))
    expected = taught.tokenizer.decode(tokens[-n:], skip_special_tokens=False)
    assert found[1] == expected.split(END)[0]
    assert found[0].startswith(" aric")
    assert len(tokens) > LENGTH


def test_the_end_of_a_document_ends_an_answer(taught, monkeypatch):
    monkeypatch.setattr(taught, "_follow", lambda rows: [taught.eot_token_id for _ in rows])
    assert taught.generate_until([ask("kabo", {})]) == [""]


def test_answers_at_random_are_refused(taught):
    with pytest.raises(GridError, match="drawn at random"):
        taught.generate_until([ask("kabo", {"do_sample": True, "temperature": 0.7})])


# --- what cannot be asked -----------------------------------------------------------------


def refused(home: Path, tmp_path: Path, *options: object, grid: Path | None = None) -> str:
    """Give the message of a command that must not go through; no table is left."""
    out = tmp_path / "errors.csv"
    says = run("grid", "tasks", grid or home / "grid", "--include", home / "tasks",
               "--device", "cpu", "--out", out, *options, code=2)  # fmt: skip
    assert "Traceback" not in says
    assert not out.exists()
    return says.splitlines()[-1]


def test_a_task_that_cannot_be_asked_is_one_message(home, tmp_path):
    say = refused(home, tmp_path, "--tasks", "choose,say")
    assert say == "task say: --metric must be one of exact_match, got acc"
    read = refused(home, tmp_path, "--tasks", "read", "--metric", "word_perplexity")
    assert read.startswith("task read: word_perplexity is no share of right answers, got ")
    distance = refused(home, tmp_path, "--tasks", "distance", "--metric", "brier_score")
    assert distance.startswith("task distance: brier_score is no share of right answers, got 0.")
    unsafe = refused(home, tmp_path, "--tasks", "unsafe")
    assert unsafe == "task unsafe: runs code that a model has written, which is not done"
    gone = home / "tasks" / "gone"
    assert refused(home, tmp_path, "--tasks", "choose", "--include", gone) == (
        f"--include: there is no folder {gone}"
    )


@pytest.mark.parametrize(
    "among",
    ["_no_tasks_but_ours", pytest.param("home", id="all tasks", marks=pytest.mark.slow)],
)
def test_a_task_that_is_not_known_is_one_message(home, tmp_path, request, among):
    request.getfixturevalue(among)
    says = refused(home, tmp_path, "--tasks", "chose")
    assert says.startswith("there is no task 'chose': name one of lm-evaluation-harness, or ")


@pytest.mark.usefixtures("_no_tasks_but_ours")
def test_a_task_asked_for_alone_and_in_a_group_is_one_message(home, tmp_path):
    says = refused(home, tmp_path, "--tasks", "both,again")
    assert says.startswith("--tasks: Duplicate task 'again'")


def test_a_task_whose_data_are_missing_is_one_message(home, tmp_path):
    task = yaml.safe_load((home / "tasks" / "choose.yaml").read_text())
    task |= {"task": "lost", "dataset_kwargs": {"data_files": str(tmp_path / "gone.jsonl")}}
    (tmp_path / "lost.yaml").write_text(yaml.safe_dump(task))
    says = refused(home, tmp_path, "--tasks", "lost", "--include", tmp_path)
    assert says.startswith("task lost: cannot be loaded: FileNotFoundError: ")


def test_a_run_that_cannot_be_asked_is_one_message(home, tmp_path):
    says = refused(home, tmp_path, "--tasks", "choose", "--run", "other")
    assert says.startswith(f"{home / 'grid'}: has no run 'other'; it has facts-w16l1h2-m10-s0, ")
    assert says.endswith(" and 1 more")
    says = refused(home, tmp_path, "--tasks", "choose", "--run", TAUGHT, "--device", "gpu9")
    assert says.startswith("device 'gpu9' cannot be used: ")


def test_a_place_that_cannot_be_written_is_told_before_anything_is_asked(home, tmp_path):
    out = tmp_path / "gone" / "errors.csv"
    says = run("grid", "tasks", home / "grid", "--tasks", "choose", "--out", out, code=2)
    assert says == f"--out: there is no folder {out.parent}\n"


@pytest.fixture
def copy(home, tmp_path) -> Path:
    """A copy of the grid and its text that a test may break."""
    shutil.copytree(home / "text", tmp_path / "text")
    shutil.copytree(home / "grid", tmp_path / "grid")
    spec = yaml.safe_load((tmp_path / "grid" / "spec.yaml").read_text())
    source = spec["sources"]["facts"]
    text = tmp_path / "text"
    source |= {"folder": str(text / "train"), "loss_sets": {"own": str(text / "held_out")}}
    (tmp_path / "grid" / "spec.yaml").write_text(yaml.safe_dump(spec))
    return tmp_path


def test_a_copy_of_a_grid_can_be_asked_where_it_stands(copy):
    assert load_trained(copy / "grid", TAUGHT, "cpu").max_length == LENGTH


def test_runs_that_are_not_finished_are_left_out_and_counted(copy, home):
    (copy / "grid" / "runs" / UNTAUGHT / RESULT).unlink()
    with pytest.raises(GridError, match=f"{UNTAUGHT}: is not finished"):
        load_trained(copy / "grid", UNTAUGHT, "cpu")
    asked = ("--tasks", "choose", "--limit", 2)
    says = refused(home, copy, *asked, "--run", UNTAUGHT, grid=copy / "grid")
    assert says == f"{UNTAUGHT}: is not finished: scaling grid run goes on with it"
    out = copy / "errors.csv"
    run("grid", "tasks", copy / "grid", "--include", home / "tasks", *asked, "--out", out)
    assert UNTAUGHT not in set(read_runs(out)["run"])
    assert len(read_runs(out)) == 5


def test_weights_that_are_not_those_of_the_result_are_not_asked(copy):
    own = copy / "grid" / "runs" / TAUGHT
    flip_a_bit(max(own.glob("step-*.ckpt")))
    says = f"{TAUGHT}: has no checkpoint with the weights of its result: .* is damaged"
    with pytest.raises(GridError, match=says):
        load_trained(copy / "grid", TAUGHT, "cpu")
    for path in own.glob("step-*.ckpt"):
        path.unlink()
    with pytest.raises(GridError, match="weights of its result: it was removed, or is of another"):
        load_trained(copy / "grid", TAUGHT, "cpu")


@pytest.mark.slow
def test_a_run_of_several_processes_can_be_asked(home, tmp_path):
    spec = SPEC | {"sizes": SPEC["sizes"][:1], "multipliers": [0.1]}
    spec |= {"sharding": {"processes_per_node": 2}}
    (home / "sharded.yaml").write_text(yaml.safe_dump(spec))
    grid = tmp_path / "grid"
    run("grid", "run", home / "sharded.yaml", "--out", grid, "--device", "cpu")
    (cell,) = open_grid(grid)[1]
    model = load_trained(grid, cell.name, "cpu")
    alone, shared = (
        m.loglikelihood_rolling([ask(make_documents()[0])])[0]
        for m in (load_trained(home / "grid", "facts-w8l1h1-m0.01-s0", "cpu"), model)
    )
    assert shared > alone  # it was trained for longer
    (part, *_) = (grid / "runs" / cell.name).glob("step-*.dcp/__1_*")
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(GridError, match=f"weights of its result: {part} is damaged"):
        load_trained(grid, cell.name, "cpu")


def test_a_tokenizer_that_is_not_the_one_of_the_text_is_told(copy):
    path = copy / "text" / "train" / "tokenizer.json"
    path.write_text(path.read_text().replace("kabo", "kobo") + " ")
    with pytest.raises(GridError, match=f"{path}: is not the one that the manifest beside it"):
        load_trained(copy / "grid", TAUGHT, "cpu")
    path.unlink()
    with pytest.raises(GridError, match=f"{path}: is missing: prepare the token file again"):
        load_trained(copy / "grid", TAUGHT, "cpu")


@pytest.fixture(scope="module")
def mixed(home) -> Path:
    """A grid of two runs, one on the text and one on a walk."""
    walk = {"kind": "walk", "vocab": 32, "decay": 0.75, "strength": 2.0}
    spec = SPEC | {
        "sizes": SPEC["sizes"][:1],
        "multipliers": [0.01],
        "sources": SPEC["sources"] | {"walk": walk},
    }
    (home / "mixed.yaml").write_text(yaml.safe_dump(spec))
    run("grid", "run", home / "mixed.yaml", "--out", home / "mixed", "--executor", "debug",
        "--device", "cpu")  # fmt: skip
    return home / "mixed"


def test_runs_on_walks_are_left_out(home, mixed, tmp_path):
    out = tmp_path / "facts.csv"
    run("grid", "tasks", mixed, "--include", home / "tasks", "--tasks", "choose", "--limit", 2,
        "--out", out)  # fmt: skip
    table = read_runs(out)
    assert list(table["run"]) == ["facts-w8l1h1-m0.01-s0"]
    assert "loss" not in table
    says = refused(home, tmp_path, "--tasks", "choose", "--run", "walk-w8l1h1-m0.01-s0",
                   grid=mixed)  # fmt: skip
    assert says == (
        "walk-w8l1h1-m0.01-s0: was trained on a walk, which has no tokenizer: tasks can be asked "
        "of runs on token files"
    )


def test_a_grid_on_walks_alone_cannot_be_asked(home, mixed, tmp_path):
    spec = yaml.safe_load((mixed / "spec.yaml").read_text())
    del spec["sources"]["facts"]
    shutil.copytree(mixed, tmp_path / "walks")
    (tmp_path / "walks" / "spec.yaml").write_text(yaml.safe_dump(spec))
    says = refused(home, tmp_path, "--tasks", "choose", grid=tmp_path / "walks")
    assert says.startswith(f"{tmp_path / 'walks'}: was trained on walks, which have no tokenizer")
    assert read_result(mixed, open_grid(tmp_path / "walks")[1][0]) is not None
