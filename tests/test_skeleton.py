"""`dap init` writes a small, sound plan of an invented state: whole or not at all, and not Connecticut's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import frictionless
import nbformat
import pytest
from nbclient import NotebookClient

import dap.skeleton
from dap.catalog import open_plan
from dap.cli import main
from dap.errors import CouldNotRun, RequestError
from dap.lint import lint
from dap.skeleton import TEMPLATE, write_plan
from tests.conftest import ROOT
from tests.offline import stay_home

EXAMPLE = "catalog/collections/example-enrollment/example.csv"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new plan, as `dap init` writes it; tests only read it."""
    folder = tmp_path_factory.mktemp("states") / "vermont-like"
    write_plan(folder)
    return folder


def _run(*words: object, folder: Path, package: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, run in `folder` with the package found in `package`."""
    environment = {**os.environ, "PYTHONPATH": str(package)}
    command = [sys.executable, "-m", "dap", *map(str, words)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", cwd=folder, env=environment, check=False)


def _here(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    said = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, said.out, said.err


def _files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_real_command_writes_a_plan_that_its_own_commands_find_sound(tmp_path: Path) -> None:
    made = _run("init", "my state", folder=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    root = tmp_path / "my state"
    assert {line.removeprefix("written: ") for line in made.stdout.splitlines() if line.startswith("written: ")} == set(
        _files(root)
    )
    assert made.stdout.index("cd 'my state'") < made.stdout.index("dap lint") < made.stdout.index("dap describe FILE")
    linted = _run("lint", folder=root)
    assert (linted.returncode, linted.stderr) == (0, "")
    assert "The plan is sound: Example State Data Acquisition Plan 0.1.0, 1 collection," in linted.stdout
    checked = _run("check", EXAMPLE, "--collection", "example-enrollment", "--format", "json", folder=root)
    assert checked.returncode == 0
    assert json.loads(checked.stdout)["verdict"] == "accepted"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lint",), "The plan is sound"),
        (("lint", "--open"), "Invented by dap init"),
        (("build", "--check"), "The suites are those of the catalog"),
        (("list",), "example-enrollment"),
        (("list", "elements"), "student_id"),
        (("list", "mandates"), "example-act"),
        (("list", "codes"), "example-grade"),
        (("explain", "example-enrollment"), "Example Enrollment Act"),
        (("explain", "example-enrollment/grade"), "Kindergarten"),
        (("explain", "example-act"), "once a year"),
        (("example", "example-enrollment"), "0000000001"),
    ],
)
def test_every_command_works_on_a_new_plan(
    capsys: pytest.CaptureFixture[str], state: Path, words: tuple[str, ...], said: str
) -> None:
    code, out, err = _here(capsys, *words, "--plan", state)
    assert (code, err) == (0, "")
    assert said in out


def test_frictionless_accepts_every_package_of_a_new_plan(state: Path) -> None:
    packages = sorted(state.glob("catalog/**/datapackage.json"))
    assert len(packages) == 2
    assert [path for path in packages if not frictionless.validate(str(path)).valid] == []


def test_the_starter_notebook_runs(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in stay_home(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(state / "notebooks/01-what-we-collect.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    place = {"metadata": {"path": str(state / "notebooks")}}
    ran = NotebookClient(notebook, kernel_name="python3", timeout=120, resources=place).execute()
    assert "8 elements in 1 collections" in str(ran.cells[1].outputs)


def test_nothing_in_a_new_plan_is_of_one_state(state: Path) -> None:
    # The sentence of rule P108 shows how files are named by this one, and so does every suite.
    shown = "001-psis-october-2025-26.csv"
    word = re.compile(r"connecticut|\bc\.?g\.?s\.|psis|edsight|csde|portal\.ct", re.IGNORECASE)
    texts = {name: content.decode("utf-8").replace(shown, "") for name, content in _files(state).items()}
    assert [name for name, text in texts.items() if word.search(text)] == []


def test_every_source_in_a_new_plan_says_that_it_is_invented(state: Path) -> None:
    plan = open_plan(state)
    holders: list[Any] = [
        *plan.all_collections,
        *plan.all_code_lists,
        *plan.promises,
        *(each for _, _, each in plan.every_element()),
    ]
    titles = [source.title for holder in holders for source in holder.sources]
    assert len(titles) >= len(holders)
    assert all(title.startswith("Invented") for title in titles)
    assert all(code.source.startswith("invented") for each in plan.all_code_lists for code in each.codes)
    assert all(mandate.confidence == "low" for mandate in plan.all_mandates)


def test_a_new_plan_holds_the_schemas_of_the_program(state: Path) -> None:
    ours = {path.name: path.read_bytes() for path in (ROOT / "schemas").glob("*.json")}
    assert {path.name: path.read_bytes() for path in (state / "schemas").iterdir()} == ours


def test_the_same_request_writes_the_same_bytes(state: Path, tmp_path: Path) -> None:
    write_plan(tmp_path / "again")
    assert _files(tmp_path / "again") == _files(state)


def test_a_plan_bears_the_title_and_publisher_it_is_given(tmp_path: Path) -> None:
    write_plan(tmp_path / "plan", 'École "Example" plan $title', "Départment & Sons")
    plan = open_plan(tmp_path / "plan")
    assert (plan.title, plan.publisher) == ('École "Example" plan $title', "Départment & Sons")
    package = json.loads((tmp_path / "plan/catalog/datapackage.json").read_text("utf-8"))
    assert package["name"] == "ecole-example-plan-title"
    assert (tmp_path / "plan/README.md").read_text("utf-8").startswith('# École "Example" plan $title\n')
    assert lint(tmp_path / "plan") == ()


@pytest.mark.parametrize("text", ["", "  ", "two\nlines", "x" * 201])
def test_a_title_that_is_no_line_is_a_wrong_request(tmp_path: Path, text: str) -> None:
    for given in ({"title": text}, {"publisher": text}):
        with pytest.raises(RequestError, match="must be one line"):
            write_plan(tmp_path / "plan", **given)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "Canary-name").write_text("kept", "utf-8")
    for folder in (tmp_path, tmp_path / "Canary-name"):
        code, out, err = _here(capsys, "init", folder)
        assert (code, out) == (2, "")
        assert "empty or not there yet" in err and "Canary" not in err
    assert _files(tmp_path) == {"Canary-name": b"kept"}


def test_an_empty_folder_is_filled_and_stays_the_same_folder(tmp_path: Path, state: Path) -> None:
    (tmp_path / ".git").mkdir()
    before = tmp_path.stat().st_ino
    write_plan(tmp_path)
    assert tmp_path.stat().st_ino == before
    assert _files(tmp_path) == _files(state)


def test_missing_folders_above_are_made(tmp_path: Path, state: Path) -> None:
    write_plan(tmp_path / "a/b/c")
    assert _files(tmp_path / "a/b/c") == _files(state)
    assert [each.name for each in (tmp_path / "a/b").iterdir()] == ["c"]


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(("error", "raised"), [(OSError("Canary"), CouldNotRun), (ValueError("x"), ValueError)])
def test_what_fails_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, error: Exception, raised: type[Exception]
) -> None:
    folder = tmp_path / "a" / "plan"
    if there:
        folder.mkdir(parents=True)

    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(dap.skeleton, "write_suites", fail)
    with pytest.raises(raised) as told:
        write_plan(folder)
    assert raised is ValueError or "Canary" not in str(told.value)
    assert [path for path in tmp_path.rglob("*") if path not in (folder, folder.parent)] == []
    assert folder.exists() is there and folder.parent.exists() is there


def test_what_fails_while_an_empty_folder_is_filled_leaves_it_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def fail_at_the_catalog(self: Path, target: Path) -> Path:
        if self.name == "catalog":
            raise OSError
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_at_the_catalog)
    with pytest.raises(CouldNotRun):
        write_plan(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_wheel_holds_the_skeleton_the_words_and_the_schemas_and_starts_a_plan(tmp_path: Path) -> None:
    from hatchling.builders.wheel import WheelBuilder

    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "installed")
    template = {f"dap/skeleton/plan/{path.relative_to(TEMPLATE).as_posix()}" for path in TEMPLATE.rglob("*.*")}
    schemas = {f"dap/schemas/{path.name}" for path in (ROOT / "schemas").glob("*.json")}
    fonts = {f"dap/fonts/{path.name}" for path in (ROOT / "dap/fonts").glob("*.*")}
    assert {"dap/skeleton/plan/gitignore", "dap/describe/words.toml", *template, *schemas, *fonts} <= names
    made = _run("init", "plan", folder=tmp_path, package=tmp_path / "installed")
    assert (made.returncode, made.stderr) == (0, "")
    linted = _run("lint", folder=tmp_path / "plan", package=tmp_path / "installed")
    assert (linted.returncode, linted.stderr) == (0, "")
