"""The house itself: locks, imports that run one way, nothing of one machine, a wheel that works."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([0-9][0-9A-Za-z.]*)")

# Which wing may import which others, from the tables up to the command line: first the tool, then
# the book. Inside a wing rooms import each other as they need, but never in a circle.
WINGS = {
    "tables": "",
    "costs": "tables",
    "laws": "tables",
    "forecast": "tables costs laws",
    "decide": "tables costs laws forecast",
    "training": "tables costs laws",
    "testbed": "tables costs",
    "figures": "laws forecast decide testbed",
    "reports": "tables costs laws forecast decide figures",
    "studies": "tables costs laws forecast decide testbed figures reports",
    "commands": "tables costs laws forecast decide training reports studies",
}
# The floors of the wing that trains, each on those before it.
FLOORS = ("errors", "plan", "text", "model", "grid", "tasks")
# Rooms that train: they need torch, and nothing else may.
TORCH = (
    "text.sources model.model model.loss model.evaluate model.checkpoint model.engine model.loop "
    "grid.sharded tasks.trained tasks.harness tasks.answers tasks.accuracy"
).split()
MODULES = sorted(p for p in (ROOT / "scaling").rglob("*.py") if p.stem != "__init__")


def room_of(path: Path) -> str:
    """Name of a module below the package: `laws.law`, `training.model.loop`."""
    return ".".join(path.relative_to(ROOT / "scaling").with_suffix("").parts)


def read_lock(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    matches = [LOCK_LINE.fullmatch(line) for line in lines]
    assert all(matches), [line for line, match in zip(lines, matches, strict=True) if not match]
    assert lines == sorted(lines, key=str.upper)
    return {canonicalize_name(match[1]): match[2] for match in matches if match}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-torch.lock"])
def test_a_lock_line_is_a_name_and_a_version(name):
    assert read_lock(name)


def test_torch_and_what_only_torch_needs_stand_apart():
    common, training = read_lock("requirements.lock"), read_lock("requirements-torch.lock")
    assert "torch" in training
    assert "torch" not in common
    assert set(common) & set(training) == set()


@pytest.mark.parametrize("extra", ["", "book", "dev", "training", "text", "harness"])
def test_the_lock_holds_what_the_package_asks_for(extra):
    asked = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    lock = read_lock("requirements.lock")
    if extra in ("training", "text", "harness"):
        lock |= read_lock("requirements-torch.lock")
    for requirement in map(Requirement, asked):
        version = lock.get(canonicalize_name(requirement.name))
        assert version, f"{requirement} is not in the lock"
        assert requirement.specifier.contains(version), f"{requirement}, but the lock has {version}"


def test_conda_users_get_the_same_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    *conda, pip = environment["dependencies"]
    assert conda == ["python=3.11", "pip"]
    locks = ["-r requirements.lock", "-r requirements-torch.lock"]
    assert pip == {"pip": [*locks, "-e ."]}


def test_binder_installs_the_same_lock():
    """Without torch: chapter 2 alone needs it, and it is large."""
    asked = (ROOT / ".binder" / "requirements.txt").read_text("utf-8").split("\n")
    assert asked == ["-r ../requirements.lock", "-e .", ""]
    assert (ROOT / ".binder" / "runtime.txt").read_text("utf-8") == "python-3.11\n"


def files_of_the_project() -> list[Path]:
    """Every file that git tracks or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: cannot tell which files belong to the project")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


# One letter of each word stands in brackets, so that this file does not find itself.
PLACES = re.compile(
    r"://[^\s/]*(?:p[y]pi|pytho[n]hosted|npm[j]s|de[b]ian|anacon[d]a)"
    r"|--(?:extra-)?index[-]url|--find[-]links"
    r"|(?<![\w.~-])/(?:wor[k]|far[m]|roo[t]|hom[e]/\w+|User[s]/\w+)/"
)


@pytest.mark.parametrize(
    "planted",
    [
        "https://" + "pypi" + ".org/simple",
        "http://deb." + "debian" + ".org/debian",
        "pip install --index" + "-url somewhere",
        "read('/" + "work" + "/main/data')",
        "/" + "home" + "/someone/data",
    ],
)
def test_the_scan_finds_registries_and_machine_paths(planted):
    assert PLACES.search(planted)


def test_no_file_names_a_registry_or_a_machine_path():
    found = {}
    for path in files_of_the_project():
        text = path.read_bytes().decode("utf-8", errors="replace")
        found[path.relative_to(ROOT).as_posix()] = [match[0] for match in PLACES.finditer(text)]
    assert found
    assert {name: places for name, places in found.items() if places} == {}


def test_every_make_target_that_a_page_names_exists():
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.M))
    pages = [*ROOT.glob("*.md"), *(ROOT / "book").glob("*.md")]
    text = "".join(page.read_text("utf-8") for page in pages)
    named = set(re.findall(r"`make ([a-z-]+)", text))
    assert {"book", "test"} <= named <= targets


def rooms_imported_by(path: Path) -> set[str]:
    """Rooms of the package that a file imports, at the top or inside a function."""
    rooms: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: a relative import hides its direction"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in (name for name in names if name.startswith("scaling.")):
            rooms |= {room for room in IMPORTS if f"{name}.".startswith(f"scaling.{room}.")}
    return rooms


IMPORTS: dict[str, set[str]] = {room: set() for room in map(room_of, MODULES)}
IMPORTS |= {room_of(path): rooms_imported_by(path) for path in MODULES}


@pytest.mark.parametrize("room", IMPORTS)
def test_imports_run_one_way_between_wings(room):
    """Up to the wings that `WINGS` names, and in training up the floors."""
    wing, *inside = room.split(".")
    assert wing in WINGS, "a new wing: say in WINGS what it may import"
    for other in IMPORTS[room]:
        its_wing, *its_inside = other.split(".")
        assert its_wing == wing or its_wing in WINGS[wing].split(), f"{room} imports {other}"
        if wing == its_wing == "training":
            assert FLOORS.index(its_inside[0]) <= FLOORS.index(inside[0]), f"{room} imports {other}"


def test_a_wing_stands_above_all_that_it_may_import():
    below: set[str] = set()
    for wing, allowed in WINGS.items():
        assert set(allowed.split()) <= below, wing
        below.add(wing)


def test_no_room_imports_in_a_circle():
    assert len(list(TopologicalSorter(IMPORTS).static_order())) == len(IMPORTS) > 100


def run_python(code: str, *arguments: str, path: Path, folder: Path) -> str:
    """Run code in a folder of its own, with one more place to import from; return what it says."""
    environment = os.environ | {"PYTHONPATH": str(path)}
    command = [sys.executable, "-c", code, *arguments]
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_every_room_that_does_not_train_imports_without_torch(tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('there is no torch')\n")
    training = {f"training.{name}" for name in TORCH}
    rooms = ", ".join(f"scaling.{room}" for room in IMPORTS if room not in training)
    code = f"import sys; sys.path.append({str(ROOT)!r}); import {rooms}; print('done')"
    assert run_python(code, path=tmp_path, folder=tmp_path) == "done\n"


HELP = "import sys; from scaling.commands.cli import main; sys.argv[0] = 'scaling'; main()"
TRAINING_ALONE = "torch submitit yaml tqdm datasets tokenizers lm_eval huggingface_hub".split()


@pytest.fixture
def core_only(tmp_path) -> Path:
    """A folder whose modules stand for those of the extras, and raise."""
    for name in TRAINING_ALONE:
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('no', name={name!r})\n")
    return tmp_path


def test_analysis_works_where_nothing_of_training_is_installed(core_only):
    code = f"import sys; sys.path.append({str(ROOT)!r}); {HELP}"
    (core_only / "runs.csv").write_text((ROOT / "data/results/walks.csv").read_text("utf-8"))
    fit = ["fit", "runs.csv", "--dataset", "flat", "--json"]
    assert '"converged"' in run_python(code, *fit, path=core_only, folder=core_only)
    assert '"match"' in run_python(code, "scorecard", "--json", path=core_only, folder=core_only)
    assert "price" in run_python(code, "grid", "--help", path=core_only, folder=core_only)


@pytest.mark.parametrize(
    ("arguments", "missing", "extra"),
    [
        (["price", str(ROOT / "data/specs/walks.yaml")], "yaml", "training"),
        (
            ["tasks", "grid", "--tasks", "a", "--out", "runs.csv"],
            "lm_eval",
            "training,text,harness",
        ),
    ],
)
def test_a_command_that_trains_says_which_extra_it_needs(core_only, arguments, missing, extra):
    code = f"import sys; sys.path.append({str(ROOT)!r}); {HELP}"
    environment = os.environ | {"PYTHONPATH": str(core_only)}
    command = [sys.executable, "-c", code, "grid", *arguments]
    end = subprocess.run(
        command, cwd=core_only, env=environment, capture_output=True, text=True, check=False
    )
    assert end.returncode == 2
    assert end.stdout == ""
    says = f"{missing} is not installed: pip install 'reliable-scaling[{extra}]'"
    assert end.stderr.strip() == says


def test_help_answers_and_loads_nothing_heavy():
    """Where pandas and SciPy are not loaded, help is quick on any machine."""
    assert "scorecard" in run_python(HELP, "--help", path=ROOT, folder=ROOT)
    code = (
        "import sys, scaling.commands.cli; print({'numpy', 'pandas', 'scipy'} & set(sys.modules))"
    )
    assert run_python(code, path=ROOT, folder=ROOT) == "set()\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Folder with the unpacked wheel, away from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    build = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert build.returncode == 0, build.stdout + build.stderr
    (archive,) = folder.glob("*.whl")
    zipfile.ZipFile(archive).extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_the_package_its_tables_and_its_licence(wheel):
    names = {path.relative_to(wheel).as_posix() for path in wheel.rglob("*") if path.is_file()}
    for folder in ("testbed", "grids", "published", "prices", "results"):
        shipped = {path.name for path in (ROOT / "data" / folder).iterdir()}
        assert {f"scaling/_data/{folder}/{name}" for name in shipped} <= names
    parts = {path.name for path in (ROOT / "scaling/reports/templates").iterdir()}
    assert len(parts) == 5
    assert {f"scaling/reports/templates/{name}" for name in parts} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    tops = {name.split("/")[0].partition("-")[0] for name in names}
    assert tops == {"scaling", "reliable_scaling"}


def test_the_wheel_works_in_an_empty_folder(wheel, tmp_path):
    code = "from scaling.tables import datafiles as d; print(d.__file__, d.data_path('testbed'))"
    places = run_python(code, path=wheel, folder=tmp_path).split()
    assert all(Path(place).is_relative_to(wheel) for place in places)
    entry = next(wheel.glob("*.dist-info/entry_points.txt")).read_text("utf-8")
    assert "scaling = scaling.commands.cli:main" in entry
    scorecard = run_python(HELP, "scorecard", "--json", path=wheel, folder=tmp_path)
    assert '"status"' in scorecard
    (tmp_path / "runs.csv").write_text(
        "N,D,loss\n10.6M,211M,5.39\n78.9M,1.58B,3.90\n154M,3.07B,3.53\n412M,8.23B,3.15\n"
        "10.6M,3.38B,4.57\n"
    )
    assert '"law"' in run_python(HELP, "fit", "runs.csv", "--json", path=wheel, folder=tmp_path)
    predict = ["predict", "runs.csv", "--N", "6.9B", "--M", "20", "--json"]
    assert '"loss"' in run_python(HELP, *predict, path=wheel, folder=tmp_path)
    report = ["report", "runs.csv", "-o", "report.html", "--tokens-in", "1B"]
    assert "nats per token" in run_python(HELP, *report, path=wheel, folder=tmp_path)
    assert "planner-data" in (tmp_path / "report.html").read_text("utf-8")


def test_the_page_of_the_package_can_read_what_a_property_says():
    """It takes what stands before a colon in the first line for a type."""
    found = [
        f"{room_of(path)}.{node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
        and any("property" in ast.unparse(each) for each in node.decorator_list)
        and ": " in (ast.get_docstring(node) or "").partition("\n")[0]
    ]
    assert not found


def test_every_room_is_on_the_page_of_the_package():
    page = (ROOT / "book" / "api.md").read_text("utf-8")
    missing = [r for r in map(room_of, MODULES) if f"automodule:: scaling.{r}\n" not in page]
    names = ("cli", "console", "grid", "grid_text", "kpi", "plan", "report")
    behind_the_commands = [f"commands.{name}" for name in names]
    assert missing == behind_the_commands, "the command line explains itself with --help"
