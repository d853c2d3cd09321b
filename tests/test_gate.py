"""Each rule of each layout refuses what it should, where it should, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dap import engine
from dap.catalog import open_plan
from dap.examples import example_text
from dap.gate import check
from dap.plan import Layout, Plan
from dap.report import Finding, Report
from dap.suites import STATE_ID_FAULTS, build_suite
from tests.broken_rows import LAYOUTS, ROOT, Case, cases, resource, with_rows

Write = Callable[[str], Path]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return open_plan(ROOT)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(text: str) -> Path:
        path = tmp_path / "submission.csv"
        path.write_bytes(text.encode("utf-8"))
        return path

    return write_file


def _layout(plan: Plan, collection: str, name: str) -> Layout:
    return plan.collection(collection).layout(name)


def _example(plan: Plan, collection: str, name: str, rows: int) -> str:
    return example_text(plan, plan.collection(collection), _layout(plan, collection, name), rows, seed=7)


def _one(report: Report, rule: str, field: str | None = None) -> Finding:
    found = [each for each in report.findings if each.rule == rule and (field is None or each.field == field)]
    assert len(found) == 1, f"{rule} on {field}: {len(found)} findings among {[each.rule for each in report.findings]}"
    return found[0]


@pytest.mark.parametrize(("collection", "name"), LAYOUTS)
def test_every_rule_on_values_finds_its_own_row(plan: Plan, write: Write, collection: str, name: str) -> None:
    layout = _layout(plan, collection, name)
    listed = list(cases(resource(collection, name)))
    above = len(layout.title_lines)
    first = above + 2
    text = _example(plan, collection, name, rows=2 * len(listed) + 2)
    expected: list[tuple[Case, list[int]]] = []
    change: dict[int, dict[str, str]] = {}
    lines = text.splitlines()
    for place, case in enumerate(listed):
        row = first + 2 * place
        if case.rows == 2:
            lines[row] = lines[row - 1]
            expected.append((case, [row, row + 1]))
        else:
            change[row] = case.cells
            expected.append((case, [row]))
    report = check(
        write(with_rows("\n".join(lines) + "\n", above, change)), collection, resource=name, plan=plan, rows=None
    )
    assert report.verdict == ("rejected" if listed else "accepted")
    for case, rows in expected:
        if "." in case.element:
            found = next(each for each in report.findings if each.name == case.element)
        else:
            found = _one(report, case.rule, case.element or None)
        assert found.rule == case.rule
        assert set(rows) <= set(found.rows), f"{case} should be found in {rows}"
        others = {
            row for other, listed in expected if set(other.cells) & set(case.cells or {case.element}) for row in listed
        }
        assert set(found.rows) <= others | set(rows), f"{case} is found where nothing breaks it"
        if case.element in layout.by_name:
            assert found.column == 1 + list(layout.by_name).index(case.element)
            assert found.mandate in {link.id for link in layout.by_name[case.element].mandates} | {None}


# Rules with tests of their own: between elements, on whose file it is, and on columns as a whole (test_prohibited.py).
_TABLE_WIDE = ("V105", "V150", "Q101", "V160", "V161", *STATE_ID_FAULTS)


@pytest.mark.parametrize(("collection", "name"), LAYOUTS)
def test_every_rule_of_a_suite_has_a_case_that_trips_it(plan: Plan, collection: str, name: str) -> None:
    layout = _layout(plan, collection, name)
    suite = build_suite(plan, plan.collection(collection), layout)
    on_values = {
        (meta["rule"], meta["element"] or "")
        for each in suite["expectations"]
        if (meta := each["meta"])["rule"][0] in "VQ" and meta["rule"] not in _TABLE_WIDE
    }
    between = {each["meta"]["name"] for each in suite["expectations"] if each["meta"]["rule"] in ("V150", "Q101")}
    listed = list(cases(resource(collection, name)))
    assert on_values == {(case.rule, case.element) for case in listed if "." not in case.element}
    assert between == {case.element for case in listed if "." in case.element}


@pytest.mark.parametrize(("collection", "name"), LAYOUTS)
def test_the_example_passes_and_so_does_what_dap_example_invents(
    plan: Plan, write: Write, collection: str, name: str
) -> None:
    layout = _layout(plan, collection, name)
    committed = check(ROOT / f"catalog/collections/{collection}/{layout.path}", collection, resource=name, plan=plan)
    assert (committed.verdict, committed.findings) == ("accepted", ())
    for seed, rows in ((0, 1), (1, 40)):
        text = example_text(plan, plan.collection(collection), layout, rows, seed)
        report = check(write(text), collection, resource=name, plan=plan)
        assert (report.verdict, report.findings) == ("accepted", ()), f"seed {seed}"
        assert report.rows == rows


def _without_first_column(text: str) -> str:
    return "".join(line.split(",", 1)[1] for line in text.splitlines(keepends=True))


# Each kind of fault in the file's shape, or in what it holds beside authorised values: what to do to an accepted
# file of psis-october (six rows), and the row and column at which it must be found.
_SSN = "000-12-3456"
_SHAPE: dict[str, tuple[Callable[[bytes], bytes], tuple[int, ...], int | None]] = {
    "S101": (lambda content: content.replace(b"\n0000000003,", b"\n\xe9000000003,"), (4,), None),
    "S102": (lambda content: b"\r\n", (), None),
    "S103": (lambda content: content.replace(b"\n0000000003,", b"\n00000\x000003,"), (4,), None),
    "S104": (lambda content: content.replace(b"\n0000000003,", b'\n"0000000003,'), (4,), None),
    "S105": (lambda content: content.replace(b"\n0000000003,", b'\n"0000000003"x,'), (4,), None),
    "S106": (lambda content: content.replace(b"\n0000000003,", b'\n00000"0003,'), (4,), None),
    "S107": (lambda content: content[: content.rindex(b",")] + b"\n", (7,), None),
    "S108": (lambda content: content.splitlines(keepends=True)[0], (), None),
    "S110": (lambda content: content.replace(b"\n0000000003,", b"\n00000\r0003,"), (4,), None),
    "S111": (lambda content: content.replace(b"\n0000000003,", b"\n\n0000000003,"), (4,), None),
    "S112": (lambda content: content.replace(b"\n0000000003,", b"\n" + b"," * 22 + b"\n0000000003,"), (4,), None),
    "S113": (lambda content: b"Our export\n\n" + content, (3,), None),
    "S120": (lambda content: _without_first_column(content.decode()).encode(), (1,), None),
    "S121": (lambda content: content.replace(b"facilityCode2", b"facilityCode1", 1), (1,), 6),
    "S122": (lambda content: content.replace(b"facilityCode2", b"", 1), (1,), 6),
    "P101": (lambda content: content.replace(b"\n0000000003,", f"\n{_SSN},".encode()), (4,), 1),
    "P102": (lambda content: content.replace(b"\n0000000003,", b"\nSSN 000123456,"), (4,), 1),
    "P107": (lambda content: content + _SSN.encode() + b",too short\n", (8,), None),
    "P201": (lambda content: content.replace(b"facilityCode2", b"shoeSize", 1), (1,), 6),
    "P202": (lambda content: content.replace(b"facilityCode2", b"FacilityCode2 ", 1), (1,), 6),
    "P203": (lambda content: content.rstrip(b"\n") + b",one,more\n", (7,), None),
    "V105": (lambda content: content.replace(b"\n0000000003,", b'\n"0000000003\n",'), (4,), 1),
}


@pytest.mark.parametrize("rule", _SHAPE)
def test_a_fault_of_shape_or_content_is_found_at_its_place(plan: Plan, tmp_path: Path, rule: str) -> None:
    change, rows, column = _SHAPE[rule]
    path = tmp_path / "submission.csv"
    path.write_bytes(change(_example(plan, "psis-october", "october", 6).encode("utf-8")))
    report = check(path, "psis-october", plan=plan)
    finding = _one(report, rule)
    assert (finding.rows, finding.column) == (rows, column)
    unreadable = rule in ("S101", "S102", "S103", "S104", "S105", "S113")
    wanted = "unreadable" if unreadable else "accepted" if finding.severity == "warning" else "rejected"
    assert report.verdict == wanted
    if unreadable:
        assert [each.rule for each in report.findings] == [rule]


def test_an_identifier_in_the_files_name_refuses_it(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / f"{_SSN}.csv"
    path.write_text(_example(plan, "psis-october", "october", 2), "utf-8")
    report = check(path, "psis-october", plan=plan)
    assert [each.rule for each in report.findings] == ["P108"]
    assert report.file_name == "file 1"


def test_title_lines_and_order_are_judged_where_the_layout_states_them(plan: Plan, write: Write) -> None:
    text = _example(plan, "edsight-chronic-absenteeism", "year", 3)
    other_title = text.replace("Chronic Absenteeism, ", "Somebody's Absenteeism, ", 1)
    report = check(write(other_title), "edsight-chronic-absenteeism", resource="year", plan=plan)
    assert _one(report, "S109").rows == (1,)
    swapped = text.replace("District,District Code", "District Code,District", 1)
    report = check(write(swapped), "edsight-chronic-absenteeism", resource="year", plan=plan)
    assert _one(report, "S123").rows == (5,)


def test_the_order_of_columns_is_free_in_a_partial_layout(plan: Plan, write: Write) -> None:
    rows = [line.split(",") for line in _example(plan, "psis-october", "october", 4).splitlines()]
    text = "\n".join(",".join(reversed(row)) for row in rows) + "\n"
    assert check(write(text), "psis-october", plan=plan).verdict == "accepted"


def test_optional_columns_may_be_absent_and_their_rules_are_not_asked(plan: Plan, write: Write) -> None:
    layout = _layout(plan, "psis-october", "october")
    header, *rows = [line.split(",") for line in _example(plan, "psis-october", "october", 4).splitlines()]
    kept = [
        place
        for place, column in enumerate(header)
        if column not in layout.optional or column in ("nexusDistrict", "elProgramCode")
    ]
    text = "\n".join(",".join(row[place] for place in kept) for row in (header, *rows)) + "\n"
    report = check(write(text), "psis-october", plan=plan)
    assert (report.verdict, report.findings) == ("accepted", ())


def test_an_absent_column_is_one_finding_and_not_twenty(plan: Plan, write: Write) -> None:
    text = _without_first_column(_example(plan, "psis-october", "october", 30))
    report = check(write(text), "psis-october", plan=plan)
    assert [(each.rule, each.field) for each in report.findings] == [("S120", "SASID")]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_separator_is_proved_by_the_header(plan: Plan, write: Write, delimiter: str) -> None:
    text = _example(plan, "psis-october", "october", 3).replace(",", delimiter)
    assert check(write("\ufeff" + text.replace("\n", "\r\n")), "psis-october", plan=plan).verdict == "accepted"


def test_rows_of_another_district_are_told_when_the_request_says_whose_file_it_is(plan: Plan, write: Write) -> None:
    path = write(_example(plan, "psis-october", "october", 3))
    unasked = check(path, "psis-october", plan=plan)
    assert (unasked.verdict, unasked.not_asked) == ("accepted", ("V160",))
    assert check(path, "psis-october", plan=plan, district="999").findings == ()
    other = check(path, "psis-october", plan=plan, district="001")
    assert (_one(other, "V160").rows, other.not_asked, other.district) == ((2, 3, 4), (), "001")


def test_a_finding_lists_as_many_rows_as_asked_and_counts_all(plan: Plan, write: Write) -> None:
    text = _example(plan, "psis-october", "october", 150).replace("\n00000", "\n0000")
    for rows, listed in ((100, 100), (3, 3), (0, 0), (None, 150)):
        finding = _one(check(write(text), "psis-october", plan=plan, rows=rows), "V120")
        assert (len(finding.rows), finding.count) == (listed, 150)
        assert finding.rows == tuple(range(2, 2 + listed))


def test_the_layout_is_the_one_whose_header_the_file_has(plan: Plan, write: Write) -> None:
    for name in ("year", "trend"):
        path = write(_example(plan, "edsight-chronic-absenteeism", name, 2))
        assert check(path, "edsight-chronic-absenteeism", plan=plan).resource == name
        assert check(path, "auto", plan=plan).resource == name


def _registration(plan: Plan, write: Write, **cells: str) -> Report:
    text = _example(plan, "psis-registration", "registration", 1)
    return check(
        write(with_rows(text, 0, {2: {"record_type": "R", "sasid": ""} | cells})), "psis-registration", plan=plan
    )


@pytest.mark.parametrize("blank", [" ", "   ", "\u00a0", "\u200b", "\u2800"])
@pytest.mark.parametrize("element", ["race_code", "grade_code", "formal_last_name"])
def test_what_draws_nothing_does_not_fill_a_cell(plan: Plan, write: Write, element: str, blank: str) -> None:
    report = _registration(plan, write, **{element: blank})
    assert report.verdict == "rejected"
    assert {"V104", "V120"} & {finding.rule for finding in report.findings if finding.field == element}


@pytest.mark.parametrize("name", ["Nguy\u1ec5n", "Jose\u0301", "Jos\u00e9", "D\u2019Example", "O'Example-Invented Jr."])
def test_names_of_many_languages_pass(plan: Plan, write: Write, name: str) -> None:
    report = _registration(plan, write, formal_last_name=name)
    assert not [finding for finding in report.findings if finding.field == "formal_last_name"]


@pytest.mark.parametrize(
    ("text", "rules"), [("Algebra\nfor all", []), ("Algebra\x07", ["V105"]), ("Algebra\tI", ["V105"])]
)
def test_free_text_may_hold_line_breaks_and_no_other_control_character(
    plan: Plan, write: Write, text: str, rules: list[str]
) -> None:
    lines = with_rows(_example(plan, "tcs", "tcs", 2), 0, {2: {"course_name": text}})
    report = check(write(lines), "tcs", plan=plan)
    assert [(each.rule, each.field, each.rows) for each in report.findings] == [
        (id, "course_name", (2,)) for id in rules
    ]


def test_the_verdict_is_the_suites_even_where_no_place_could_be_told(
    plan: Plan, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_spots", lambda *_: ())
    report = check(
        write(_example(plan, "psis-october", "october", 3).replace("\n00000", "\n0000")), "psis-october", plan=plan
    )
    assert (report.verdict, report.findings) == ("rejected", ())
