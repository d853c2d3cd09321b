"""Without the verdict of the child that runs Spark nothing is accepted; none of these tests needs Spark."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from great_expectations import ExpectationSuite

import dap.engine.spark
from dap.cli import cli
from dap.engine.spark import Job
from dap.errors import CouldNotRun, RequestError
from dap.examples import example_text
from dap.expectations import applicable
from dap.gate import check
from dap.plan import Plan
from dap.report import Report

COLLECTION, LAYOUT = "ed400-cte", "ed400-cte"


@pytest.fixture
def plan(connecticut: Plan) -> Plan:
    """The repository's own plan."""
    return connecticut


@pytest.fixture
def good(plan: Plan, tmp_path: Path) -> Path:
    """A file that every engine accepts."""
    path = tmp_path / "file.csv"
    collection = plan.collection(COLLECTION)
    path.write_text(example_text(plan, collection, collection.layout(LAYOUT), rows=5), "utf-8")
    return path


@pytest.mark.parametrize(
    "child",
    [
        "raise SystemExit(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import sys, pathlib; pathlib.Path(sys.argv[1], 'verdict.json').write_text('{')",
        "import sys, pathlib; pathlib.Path(sys.argv[1], 'verdict.json').write_text('{\"nonce\": \"guessed\"}')",
        "import sys, pathlib; pathlib.Path(sys.argv[1], 'verdict.json.half').write_text('{}')",
    ],
)
def test_a_child_that_ends_without_its_verdict_accepts_nothing(
    plan: Plan, good: Path, monkeypatch: pytest.MonkeyPatch, child: str
) -> None:
    monkeypatch.setattr(dap.engine.spark, "_command", lambda: [sys.executable, "-c", child])
    with pytest.raises(CouldNotRun, match="Spark gave no verdict; it ended while starting Spark"):
        check(good, COLLECTION, resource=LAYOUT, plan=plan, engine="spark")


def test_a_child_says_how_far_it_came(plan: Plan, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = "import sys, pathlib; pathlib.Path(sys.argv[1], 'stage').write_text('judge')"
    monkeypatch.setattr(dap.engine.spark, "_command", lambda: [sys.executable, "-c", child])
    with pytest.raises(CouldNotRun, match="it ended while running the suite"):
        check(good, COLLECTION, resource=LAYOUT, plan=plan, engine="spark")


@pytest.mark.parametrize(("submit", "said"), [(None, sys.executable), ("spark-submit", "unset")])
def test_the_workers_run_the_python_that_the_command_runs_unless_spark_submit_says_which(
    plan: Plan, good: Path, monkeypatch: pytest.MonkeyPatch, submit: str | None, said: str
) -> None:
    child = (
        "import json, os, pathlib, pickle, sys; folder = pathlib.Path(sys.argv[1])\n"
        "nonce, job = pickle.loads((folder / 'request.pickle').read_bytes())\n"
        "answer = {'nonce': nonce, 'failed': os.environ.get('PYSPARK_PYTHON', 'unset')}\n"
        "(folder / 'verdict.json').write_text(json.dumps(answer))"
    )
    monkeypatch.setattr(dap.engine.spark, "_command", lambda: [sys.executable, "-c", child])
    monkeypatch.delenv("PYSPARK_PYTHON", raising=False)
    monkeypatch.delenv("DAP_SPARK_SUBMIT", raising=False)
    if submit is not None:
        monkeypatch.setenv("DAP_SPARK_SUBMIT", submit)
    with pytest.raises(CouldNotRun) as raised:
        check(good, COLLECTION, resource=LAYOUT, plan=plan, engine="spark")
    assert str(raised.value) == said


Outcomes = list[dict[str, Any]]


def _told(plan: Plan, good: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Outcomes], Outcomes]) -> Report:
    """The report where the child says of each rule that it held, but for what is changed."""
    layout = plan.collection(COLLECTION).layout(LAYOUT)
    reading = {"file_name": "", "bytes": 1, "sha256": "", "header": 1, "columns": list(layout.required_columns)}
    reading |= {"faults": [], "outside": 0, "rows": 5, "hidden": 0, "format": "csv", "sheets": 0, "archive_members": 0}

    def judged(job: Job) -> dict[str, Any]:
        suite = ExpectationSuite(**json.loads(job.suite))
        asked, _ = applicable(suite, tuple(layout.required_columns), readable=True, format="csv")
        held = {"held": True, "broke": False, "spots": []}
        metas = [each.meta or {} for each in asked.expectations]
        outcomes = [{"rule": meta["rule"], "name": meta["name"]} | held for meta in metas]
        return {"reading": reading, "outcomes": change(outcomes), "jobs": {}}

    monkeypatch.setattr(dap.engine.spark, "judged_on_spark", judged)
    return check(good, COLLECTION, resource=LAYOUT, plan=plan, engine="spark")


def test_a_verdict_on_every_rule_is_believed(plan: Plan, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _told(plan, good, monkeypatch, lambda outcomes: outcomes).verdict == "accepted"


@pytest.mark.parametrize(
    "change",
    [
        lambda outcomes: [],
        lambda outcomes: outcomes[1:],
        lambda outcomes: [*outcomes, outcomes[0]],
        lambda outcomes: outcomes[::-1],
        lambda outcomes: [*outcomes[:-1], outcomes[-1] | {"name": "another"}],
    ],
)
def test_a_verdict_that_leaves_a_rule_unanswered_or_answers_it_twice_accepts_nothing(
    plan: Plan, good: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Outcomes], Outcomes]
) -> None:
    with pytest.raises(CouldNotRun, match="does not answer each rule"):
        _told(plan, good, monkeypatch, change)


@pytest.mark.parametrize("change", [{"held": "yes"}, {"held": 1}, {"held": None}, {"broke": None}, {"broke": 0}])
def test_what_is_not_plainly_true_is_no_rule_that_held(
    plan: Plan, good: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    report = _told(plan, good, monkeypatch, lambda outcomes: [outcomes[0] | change, *outcomes[1:]])
    assert report.verdict != "accepted"


def test_a_pyspark_that_ends_the_process_as_great_expectations_loads_it_accepts_nothing(
    good: Path, tmp_path: Path
) -> None:
    (tmp_path / "pyspark").mkdir()
    (tmp_path / "pyspark" / "__init__.py").write_text("raise SystemExit(0)", "ascii")
    code = f"import sys, dap; dap.check(sys.argv[1], {COLLECTION!r}, resource={LAYOUT!r})"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
    done = subprocess.run([sys.executable, "-c", code, str(good)], capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert "CouldNotRun: pyspark, which Great Expectations loads, would end this process." in done.stderr


@pytest.mark.parametrize(("lacks", "said"), [("pyspark", r'pip install "dap\[spark\]"'), ("java", "openjdk-17-jre")])
def test_without_pyspark_or_java_the_command_says_what_to_install_and_ends_with_3(
    good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lacks: str, said: str
) -> None:
    monkeypatch.delenv("DAP_SPARK_SUBMIT", raising=False)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(dap.engine.spark, "_has_pyspark", lambda: lacks != "pyspark")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    arguments = ["check", str(good), "--collection", COLLECTION, "--resource", LAYOUT, "--engine", "spark"]
    with pytest.raises(CouldNotRun, match=said) as raised:
        cli.main(arguments, standalone_mode=False)
    assert raised.value.exit_code == 3
    assert "--engine polars" in str(raised.value)


def test_a_java_home_without_java_is_no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert not dap.engine.spark._has_java()
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.touch(mode=0o755)
    assert dap.engine.spark._has_java()


def test_on_the_command_line_a_url_reaches_spark_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def judged(job: Any) -> Any:
        asked.append(job.path)
        raise RequestError(f"{job.label}: Spark finds no such file, or cannot open it.")

    monkeypatch.setattr(dap.engine.spark, "judged_on_spark", judged)
    url = "s3a://bucket//folder/file.csv"
    arguments = ["check", url, "--collection", COLLECTION, "--resource", LAYOUT]
    with pytest.raises(RequestError, match="file 1: Spark finds no such file"):
        cli.main([*arguments, "--engine", "spark"], standalone_mode=False)
    assert asked == [url]
    with pytest.raises(RequestError, match="file 1: there is no such file"):
        cli.main([*arguments, "--engine", "polars"], standalone_mode=False)
    assert asked == [url]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["-"], "name the file"),
        (["--collection", "auto"], "the collection is named"),
    ],
)
def test_what_spark_cannot_do_is_a_wrong_request(good: Path, more: list[str], said: str) -> None:
    files = more if more == ["-"] else [str(good)]
    collection = ["--collection", COLLECTION] if more == ["-"] else more
    with pytest.raises(RequestError, match=said):
        cli.main(["check", *files, *collection, "--resource", LAYOUT, "--engine", "spark"], standalone_mode=False)
