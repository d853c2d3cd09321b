"""The department's own public exports are accepted untouched, and refused for the right reason when they are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dap.catalog import open_plan
from dap.gate import check
from dap.plan import Plan
from dap.report import Report
from tests.broken_rows import ROOT

FOLDER = ROOT / "tests/data/edsight-chronic-absenteeism"
FILES = {
    "chronic-absenteeism__2018-19_grade.csv": ("year", 2227, 5),
    "chronic-absenteeism__2019-20_grade.csv": ("year", 2227, 5),
    "chronic-absenteeism__trend_grade.csv": ("trend", 2244, 8),
}
COLLECTION = "edsight-chronic-absenteeism"
HEADER_ROW = 5
SSN = "000-12-3456"

PLAN = open_plan(ROOT)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return PLAN


def _lines(name: str) -> list[str]:
    return (FOLDER / name).read_bytes().decode("utf-8").split("\r\n")


def _judge(tmp_path: Path, lines: list[str], name: str) -> Report:
    path = tmp_path / "changed.csv"
    path.write_bytes("\r\n".join(lines).encode("utf-8"))
    return check(path, COLLECTION, resource=FILES[name][0], plan=PLAN)


def _found(report: Report) -> list[tuple[str, tuple[int, ...], int | None]]:
    return [(each.rule, each.rows, each.column) for each in report.findings]


@pytest.mark.parametrize("name", FILES)
def test_a_real_export_is_accepted_untouched(plan: Plan, name: str) -> None:
    report = check(FOLDER / name, COLLECTION, plan=plan)
    assert (report.verdict, report.findings) == ("accepted", ())
    assert (report.resource, report.rows, report.columns) == FILES[name]
    assert report.scanned.headers == report.columns
    assert report.scanned.cells >= report.rows * report.columns


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_social_security_number_in_any_cell_refuses_the_file(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(FILES)))
    lines = _lines(name)
    row = data.draw(st.integers(HEADER_ROW + 1, HEADER_ROW + FILES[name][1]))
    column = data.draw(st.integers(1, FILES[name][2]))
    # Cut down to the rows around the place: the verdict does not depend on the others, the time does.
    kept = [*lines[:HEADER_ROW], *lines[HEADER_ROW : HEADER_ROW + 5], lines[row - 1]]
    cells = kept[-1].split(",")
    cells[column - 1] = SSN
    kept[-1] = ",".join(cells)
    report = _judge(tmp_path, kept, name)
    assert report.verdict == "rejected"
    assert ("P101", (len(kept),), column) in _found(report)


@pytest.mark.parametrize("name", FILES)
def test_a_social_security_number_in_a_title_line_or_header_refuses_the_file(tmp_path: Path, name: str) -> None:
    lines = _lines(name)[:20]
    titled = [lines[0].replace("Chronic", SSN), *lines[1:]]
    assert ("P107", (1,), None) in _found(_judge(tmp_path, titled, name))
    headed = [*lines[:4], lines[4].replace("Grade", SSN), *lines[5:]]
    assert ("P101", (5,), 3) in _found(_judge(tmp_path, headed, name))


@pytest.mark.parametrize("name", FILES)
def test_an_extra_column_refuses_the_file(tmp_path: Path, name: str) -> None:
    lines = [line + ',"x"' if place >= 4 and line else line for place, line in enumerate(_lines(name))]
    report = _judge(tmp_path, lines, name)
    assert _found(report) == [("P201", (HEADER_ROW,), FILES[name][2] + 1)]


@pytest.mark.parametrize("name", FILES)
def test_a_renamed_header_refuses_the_file(tmp_path: Path, name: str) -> None:
    lines = _lines(name)
    lines[4] = lines[4].replace('"District Code"', '"Organization"')
    assert _found(_judge(tmp_path, lines, name)) == [("P201", (HEADER_ROW,), 2), ("S120", (HEADER_ROW,), None)]
    lines[4] = lines[4].replace('"Organization"', '"district code"')
    assert _found(_judge(tmp_path, lines, name)) == [("P202", (HEADER_ROW,), 2)]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("code", ['"=""9999913"""', '"=""0010011 """', '"10011"', '""'])
def test_a_wrong_district_code_refuses_the_file(tmp_path: Path, name: str, code: str) -> None:
    lines = _lines(name)
    cells = lines[99].split(",")
    cells[1] = code
    lines[99] = ",".join(cells)
    report = _judge(tmp_path, lines, name)
    assert _found(report) == [("V101" if code == '""' else "V110", (100,), 2)]
    assert report.findings[0].field == "District Code"


@pytest.mark.parametrize("name", FILES)
def test_a_cut_off_row_refuses_the_file(tmp_path: Path, name: str) -> None:
    lines = _lines(name)
    lines[99] = ",".join(lines[99].split(",")[:3])
    report = _judge(tmp_path, lines, name)
    assert _found(report) == [("S107", (100,), None)]
    assert report.rows == FILES[name][1] - 1


def test_an_empty_count_refuses_the_file_and_a_suppressed_one_does_not(tmp_path: Path) -> None:
    name = "chronic-absenteeism__2018-19_grade.csv"
    lines = _lines(name)
    assert '"*"' in lines[6]
    lines[6] = lines[6].replace('"*","*"', '"",101')
    assert _found(_judge(tmp_path, lines, name)) == [("V101", (7,), 4), ("V131", (7,), 5)]


def test_a_code_that_was_not_in_force_in_the_layouts_years_refuses_the_file(tmp_path: Path) -> None:
    # 2930013 stands in the trend of 2011-12 to 2015-16 and in neither of the later years.
    name = "chronic-absenteeism__2018-19_grade.csv"
    lines = _lines(name)
    lines[6] = lines[6].replace("2850013", "2930013")
    assert _found(_judge(tmp_path, lines, name)) == [("V110", (7,), 2)]
