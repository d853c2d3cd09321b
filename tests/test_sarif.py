"""`dap lint --format sarif` puts each problem on the line it is about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dap.cli import main
from dap.lint import lint
from dap.sarif import as_sarif
from tests.conftest import NewPlan

MANDATES = "catalog/mandates.csv"
ROSTER = "catalog/collections/example-roster/datapackage.json"


def _change(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def _results(root: Path) -> list[dict[str, Any]]:
    run = json.loads(as_sarif(lint(root, examples=False), root, "1.2.3"))["runs"][0]
    rules = [each["id"] for each in run["tool"]["driver"]["rules"]]
    assert all(rules[each["ruleIndex"]] == each["ruleId"] for each in run["results"])
    results: list[dict[str, Any]] = run["results"]
    return results


def test_a_problem_stands_on_its_line(new_plan: NewPlan) -> None:
    root = new_plan()
    with (root / MANDATES).open("a", encoding="utf-8") as file:
        file.write("x-1,,,elsewhere,,,,,,\n")
    _change(root, ROSTER, '"codes": "grades"', '"codes": "grade"')
    places: dict[str, str] = {}
    for each in _results(root):
        place = each["locations"][0]["physicalLocation"]
        lines = (root / place["artifactLocation"]["uri"]).read_text("utf-8").splitlines()
        places.setdefault(each["ruleId"], lines[place["region"]["startLine"] - 1])
    assert places["L103"] == "x-1,,,elsewhere,,,,,,"
    assert places["L111"].strip() == '"name": "grade",'


def test_a_fingerprint_outlives_a_moved_line(new_plan: NewPlan) -> None:
    root = new_plan()
    _change(root, ROSTER, '"codes": "grades"', '"codes": "grade"')
    before = [each["partialFingerprints"] for each in _results(root)]
    _change(root, ROSTER, "{", "{\n\n")
    assert [each["partialFingerprints"] for each in _results(root)] == before != []


def test_a_sound_plan_has_no_result_and_the_exit_code_says_so(
    new_plan: NewPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["lint", "--format", "sarif", "--no-examples", "--plan", str(new_plan())])
    document = json.loads(capsys.readouterr().out)
    assert (ended.value.code, document["version"], document["runs"][0]["results"]) == (0, "2.1.0", [])
