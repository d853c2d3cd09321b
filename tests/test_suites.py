"""The committed suites are those of the catalog, load whole into plain Great Expectations, and say the same there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from dap.catalog import open_plan
from dap.errors import CouldNotRun
from dap.examples import example_text
from dap.expectations import load_suite, missing_rules
from dap.gate import check
from dap.plan import Condition, Term
from dap.rules import rules
from dap.suites import anchored, date_width, pattern_widths, row_condition, said_format, stale_suites, write_suites
from tests.broken_rows import LAYOUTS, ROOT


def _document(collection: str, name: str) -> dict[str, object]:
    document: dict[str, object] = json.loads((ROOT / f"expectations/{collection}/{name}.json").read_text("utf-8"))
    return document


def test_the_committed_suites_are_those_of_the_catalog() -> None:
    assert stale_suites(open_plan(ROOT)) == []
    assert len(list((ROOT / "expectations").glob("*/*.json"))) == len(LAYOUTS)


def test_building_writes_only_what_changed_and_deletes_what_is_gone(copy: Path) -> None:
    plan = open_plan(copy)
    assert write_suites(plan) == []
    changed, gone = copy / "expectations/tcs/tcs.json", copy / "expectations/tcs/old.json"
    changed.write_text("{}", "utf-8")
    gone.write_text("{}", "utf-8")
    assert set(stale_suites(plan)) == {changed, gone}
    assert set(write_suites(plan)) == {changed, gone}
    assert stale_suites(plan) == []
    assert changed.read_bytes() == (ROOT / "expectations/tcs/tcs.json").read_bytes()
    assert not gone.exists()


@pytest.mark.parametrize(("collection", "name"), LAYOUTS)
def test_every_expectation_says_what_a_report_needs(collection: str, name: str) -> None:
    document = _document(collection, name)
    expectations: list[dict[str, dict[str, object]]] = document["expectations"]  # type: ignore[assignment]
    keys = [(each["meta"]["rule"], each["meta"]["name"]) for each in expectations]
    assert len(set(keys)) == len(keys)
    for each in expectations:
        assert set(each["meta"]) == {"rule", "name", "severity", "element", "mandate", "message", "fix"}
        assert each["meta"]["rule"] in rules()
        assert "{expected}" not in f"{each['meta']['message']}{each['meta']['fix']}"


@pytest.mark.parametrize(("collection", "name"), LAYOUTS)
def test_a_suite_loads_whole(collection: str, name: str) -> None:
    suite = load_suite(ROOT / f"expectations/{collection}/{name}.json")
    document = _document(collection, name)
    assert missing_rules(suite, document) == []
    assert len(suite.expectations) == len(document["expectations"])  # type: ignore[arg-type]


def test_a_suite_that_lost_a_line_or_all_lines_is_not_run(copy: Path, tmp_path: Path) -> None:
    path = copy / "expectations/psis-october/october.json"
    submission = tmp_path / "submission.csv"
    plan = open_plan(copy)
    submission.write_text(
        example_text(plan, plan.collection("psis-october"), plan.collection("psis-october").layouts[0]), "utf-8"
    )
    whole = json.loads(path.read_text("utf-8"))
    shortened: tuple[list[object], ...] = (whole["expectations"][1:], whole["expectations"][:-1], [])
    for kept in shortened:
        path.write_text(json.dumps(whole | {"expectations": kept}), "utf-8")
        with pytest.raises(CouldNotRun, match="did not load whole"):
            check(submission, "psis-october", plan=plan)
    # Its own list shortened with it, it loads; but it is not what the catalog gives.
    listed = dict(Counter(each["type"] for each in whole["expectations"][1:]))
    path.write_text(json.dumps(whole | {"expectations": whole["expectations"][1:], "meta": {"rules": listed}}), "utf-8")
    with pytest.raises(CouldNotRun, match="Run `dap build`"):
        check(submission, "psis-october", plan=plan)
    for document in ({"name": "x", "expectations": [], "meta": {"rules": {}}}, {"name": "x", "expectations": []}):
        path.write_text(json.dumps(document), "utf-8")
        with pytest.raises(CouldNotRun, match="did not load whole"):
            load_suite(path)


def test_a_changed_descriptor_without_a_build_is_not_judged_by_the_old_suite(copy: Path) -> None:
    path = copy / "catalog/collections/tcs/datapackage.json"
    path.write_text(path.read_text("utf-8").replace('"maxLength": 5', '"maxLength": 6', 1), "utf-8")
    plan = open_plan(copy)
    assert stale_suites(plan) == [copy / "expectations/tcs/tcs.json"]
    with pytest.raises(CouldNotRun, match="Run `dap build`"):
        check(copy / "catalog/collections/tcs/example.csv", "tcs", plan=plan)


# What docs/suites.md tells whoever wants to run a suite without the gate, as a script of its own.
_PLAIN = """
import json, sys
import great_expectations as gx
from great_expectations import ExpectationSuite

root, files = sys.argv[1], json.loads(sys.argv[2])
suite_of = lambda collection, name: json.load(open(f"{root}/expectations/{collection}/{name}.json", encoding="utf-8"))
# Before the import that brings our own rules.
lost = len(ExpectationSuite(**suite_of(*files[0][:2])).expectations)

import dap.expectations
from dap.catalog import open_plan
from dap.submission import read

context = gx.get_context(mode="ephemeral")
batch = context.data_sources.add_pandas("p").add_dataframe_asset("t").add_batch_definition_whole_dataframe("b")
plan, answers = open_plan(root), []
for collection, name, file, kept in files:
    document = suite_of(collection, name)
    suite = ExpectationSuite(**document)
    loaded = len(suite.expectations)
    frame = read(open(file, "rb").read(), plan.collection(collection).layout(name)).frame
    if not kept:
        frame.attrs.clear()
    # Rules that need to know whose file it is are asked by the gate only when the request says so.
    kwargs = lambda each: each.configuration.kwargs
    suite.expectations = [each for each in suite.expectations if not isinstance(kwargs(each).get("value_set"), dict)]
    result = batch.get_batch(batch_parameters={"dataframe": frame}).validate(
        suite,
        result_format={"result_format": "SUMMARY", "exclude_unexpected_values": True, "partial_unexpected_count": 1000},
    )
    rows = {}
    for each in result.results:
        if not each.success and "severity" in each.expectation_config.meta:
            meta = each.expectation_config.meta
            places = (each.result.get("details") or {}).get("places")
            listed = each.result.get("partial_unexpected_index_list", [])
            found = [row for place in places for row in place["rows"]] if places else listed
            rows[meta["rule"] + " " + meta["name"]] = sorted(found)
    failed = any(not e.success and e.expectation_config.meta["severity"] == "error" for e in result.results)
    answers.append({"loaded": loaded, "listed": len(document["expectations"]), "accepted": not failed, "rows": rows})
print(json.dumps({"lost": lost, "answers": answers}))
"""


def test_plain_great_expectations_gives_the_gates_verdict_and_rows(tmp_path: Path) -> None:
    plan = open_plan(ROOT)
    files: list[tuple[str, str, str, bool]] = []
    for collection, name in LAYOUTS:
        layout = plan.collection(collection).layout(name)
        text = example_text(plan, plan.collection(collection), layout, rows=8, seed=2)
        header = len(layout.title_lines) + 1
        lines = text.splitlines()
        damaged = [
            *lines[:header],
            lines[header].replace(lines[header].split(",")[0], "000-12-3456", 1),
            *lines[header + 1 :],
            "cut,off",
            *[line.replace(",", ",?", 2) for line in lines[header : header + 2]],
        ]
        for kind, content in (("good", lines), ("bad", damaged)):
            path = tmp_path / f"{collection}-{name}-{kind}.csv"
            path.write_text("\n".join(content) + "\n", "utf-8")
            files.append((collection, name, str(path), True))
    # And one frame that lost what its reading says.
    command = [sys.executable, "-c", _PLAIN, str(ROOT), json.dumps([*files, (*files[0][:3], False)])]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr[-2000:]
    said = json.loads(finished.stdout)
    *answers, bare = said["answers"]
    for (collection, name, file, _), answer in zip(files, answers, strict=True):
        report = check(file, collection, resource=name, plan=plan, rows=None)
        found: dict[str, list[int]] = {}
        for finding in report.findings:
            found.setdefault(f"{finding.rule} {finding.name}", []).extend(finding.rows)
        assert answer["accepted"] == report.accepted == file.endswith("good.csv")
        assert answer["rows"] == {key: sorted(rows) for key, rows in found.items()}
        assert answer["loaded"] == answer["listed"]
    assert said["lost"] < answers[0]["listed"], "without the import of our rules a suite is not whole"
    assert bare["accepted"] is False
    assert any(key.startswith("S1") for key in bare["rows"])


def test_conditions_are_what_great_expectations_writes() -> None:
    from great_expectations.expectations.row_conditions import Column

    among, empty = Term("a", ("1", "2")), Term("b", empty=True)
    not_among = Term("a", ("1",), negated=True)
    both = Column("a").is_in(["1", "2"]) & Column("b").is_null()
    either = Column("a").is_in(["1", "2"]) | Column("b").is_null()
    filled = Column("a").is_not_null() & Column("a").is_not_in(["1"])
    for ours, theirs in (
        (Condition((among, empty)), both),
        (Condition((among, empty), every=False), either),
        (Condition((not_among,)), filled),
    ):
        assert row_condition(ours) == json.loads(json.dumps(theirs.dict()))


def test_patterns_cover_the_whole_cell_and_their_width_is_known() -> None:
    assert anchored("[0-9]{3}", ("*", "N/A")) == r"^(?:[0-9]{3}|\*|N/A)$"
    assert pattern_widths("[0-9]{3}-?[A-Z]{1,2}") == (4, 6)
    assert (date_width("%m%d%Y"), date_width("any"), date_width("%B %Y")) == (8, None, None)
    assert said_format("%m%d%Y") == "MMDDYYYY"
