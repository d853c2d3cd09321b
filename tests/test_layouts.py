"""Layouts of what is not submitted as a file: readable and explained, without example and suite, and never checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dap.catalog import examine, open_plan
from dap.errors import PlanError, RequestError
from dap.explain import explain
from dap.gate import check, file_layout
from dap.identifiers import names_ssn
from dap.lint import lint
from tests.broken_rows import ROOT

PLAN = open_plan(ROOT)
EXAMPLE = ROOT / "catalog/collections/psis-october/example.csv"
Change = Callable[[dict[str, Any]], object]


def _change(root: Path, collection: str, change: Change) -> None:
    path = root / f"catalog/collections/{collection}/datapackage.json"
    package = json.loads(path.read_text("utf-8"))
    change(package)
    path.write_text(json.dumps(package), "utf-8")


def test_every_package_is_valid_for_frictionless() -> None:
    import frictionless

    packages = [*sorted(ROOT.glob("catalog/collections/*/datapackage.json")), ROOT / "catalog/datapackage.json"]
    assert [path.parent.name for path in packages if not frictionless.validate(str(path)).valid] == []


def test_only_layouts_of_files_have_a_path_an_example_and_a_suite() -> None:
    for collection in PLAN.all_collections:
        for layout in collection.layouts:
            assert layout.is_file == (collection.folder / (layout.path or "example.csv")).is_file()
            assert layout.is_file == (ROOT / f"expectations/{collection.id}/{layout.name}.json").is_file()
            if collection.submitted_as == "file":
                assert layout.is_file


@pytest.mark.parametrize("resource", [None, "eds"])
def test_a_file_for_what_is_not_submitted_as_a_file_is_a_wrong_request(resource: str | None) -> None:
    with pytest.raises(RequestError, match='"eds" is not submitted as a file'):
        check(EXAMPLE, "eds", resource=resource, plan=PLAN)


def test_a_file_for_a_collection_without_documented_elements_is_a_wrong_request() -> None:
    with pytest.raises(RequestError, match='"crdc" has no documented file layout'):
        check(EXAMPLE, "crdc", plan=PLAN)


def test_of_several_file_layouts_one_must_be_named() -> None:
    collection = PLAN.collection("edsight-chronic-absenteeism")
    assert file_layout(collection, "year").name == "year"
    with pytest.raises(RequestError, match=r"\(year, trend\)"):
        file_layout(collection, None)


def test_no_file_is_taken_for_one_of_a_layout_that_is_no_files(tmp_path: Path) -> None:
    path = tmp_path / "submission.csv"
    path.write_text(",".join(element.name for element in PLAN.collection("eds").layouts[0].elements) + "\n", "utf-8")
    with pytest.raises(RequestError, match="no layouts of the plan have this header"):
        check(path, "auto", plan=PLAN)


def test_an_element_of_a_form_is_explained_without_rules() -> None:
    text = explain(PLAN, "ed114-grant-budget/vendor_code")
    assert "State vendor code of the grantee." in text
    assert "## Rules" not in text


def test_what_took_the_place_of_what_is_told_on_both_sides() -> None:
    assert [each.id for each in PLAN.predecessors("efs")] == ["ed001", "ed001c", "ed001r"]
    assert "It took the place of: `ed001`" in explain(PLAN, "efs")
    assert "Its place was taken by: `efs`" in explain(PLAN, "ed001")
    assert "It goes to: Department of Administrative Services" in explain(PLAN, "iaq-annual")


def test_a_school_year_with_several_windows_names_them() -> None:
    text = explain(PLAN, "eds")
    assert "2024-25 October 1 extract: due 2024-10-31" in text
    assert "2024-25 end of year: due 2025-06-30" in text


def _both(package: dict[str, Any]) -> None:
    package["resources"][0]["path"] = "example.csv"


def _neither(package: dict[str, Any]) -> None:
    del package["resources"][0]["data"]


def _other_names(package: dict[str, Any]) -> None:
    package["resources"][0]["data"][0][0] = "another"


def _no_successor(package: dict[str, Any]) -> None:
    package["acquisition"]["successor"] = "efss"


@pytest.mark.parametrize(
    ("change", "rule", "said"),
    [
        (_both, "L102", "exactly one of these must be given: path, data"),
        (_neither, "L102", "exactly one of these must be given: path, data"),
        (_other_names, "L102", "the fields' names"),
        (_no_successor, "L114", 'no collection "efss". Did you mean "efs"?'),
    ],
)
def test_a_descriptor_that_contradicts_itself_is_told(copy: Path, change: Change, rule: str, said: str) -> None:
    _change(copy, "eds", change)
    _, problems = examine(copy)
    assert any(problem.rule == rule and said in problem.message for problem in problems)
    with pytest.raises(PlanError):
        open_plan(copy)


def _of_type_time(package: dict[str, Any]) -> None:
    package["resources"][0]["schema"]["fields"][0]["type"] = "time"


def _unknown_way(package: dict[str, Any]) -> None:
    del package["acquisition"]["submittedAs"]


def _both_stated_and_open(package: dict[str, Any]) -> None:
    package["acquisition"]["open"].append({"about": "submittedAs", "why": "No source says."})


def _as_a_file(package: dict[str, Any]) -> None:
    package["acquisition"]["submittedAs"] = "file"


@pytest.mark.parametrize(
    ("collection", "change", "rule"),
    [
        ("tcs", _of_type_time, "L153"),
        ("eds", _unknown_way, "L134"),
        ("eds", _both_stated_and_open, "L133"),
        ("eds", _as_a_file, "L154"),
    ],
)
def test_lint_finds_what_does_not_go_together(copy: Path, collection: str, change: Change, rule: str) -> None:
    _change(copy, collection, change)
    found = {problem.rule for problem in lint(copy, examples=False)}
    assert rule in found


def test_a_field_of_child_development_is_no_social_security_number() -> None:
    assert not names_ssn("personal_social")
    assert not names_ssn("Personal/Social skills")
    for header in ("Student Social", "social", "personal social security", "Personal Social #", "social no"):
        assert names_ssn(header)
