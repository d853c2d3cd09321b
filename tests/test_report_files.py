"""Reports as files: JUnit, a page to print and a workbook hold counts and sentences, work alone, and run nothing."""

from __future__ import annotations

import dataclasses
import io
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from dap.cli import main
from dap.gate import check
from dap.plan import Plan
from dap.report import CSV_COLUMNS, Finding, Report
from dap.report_files import as_html, as_junit, as_xlsx, why
from tests.broken_rows import ROOT

EXAMPLE = (ROOT / "catalog/collections/psis-october/example.csv").read_text("utf-8")


@pytest.fixture(scope="module")
def reports(connecticut: Plan) -> list[Report]:
    texts = (EXAMPLE, EXAMPLE.replace("\n0000000002,", "\n00-2,").replace("\n0000000003,", "\n\n00-3,"), "")
    return [
        check(io.BytesIO(text.encode()), "psis-october", plan=connecticut, number=number)
        for number, text in enumerate(texts, start=1)
    ]


def _broken(report: Report) -> Report:
    return dataclasses.replace(report, verdict=None, broken=("V123",), findings=())


def test_junit_has_a_suite_a_file_and_a_case_a_finding(reports: list[Report]) -> None:
    root = ET.fromstring(as_junit([*reports, _broken(reports[0])]))
    assert [suite.get("name") for suite in root] == ["file 1", "file 2", "file 3", "file 1"]
    counts = [tuple(suite.get(key) for key in ("tests", "failures", "errors")) for suite in root]
    assert counts == [("1", "0", "0"), ("1", "1", "0"), ("1", "1", "0"), ("1", "0", "1")]
    case = root[1][0]
    assert (case.get("classname"), case.get("name")) == ("psis-october.SASID", "V120")
    assert "rows 3, 5" in (case[0].text or "")
    assert "S111" in (root[1].findtext("system-out") or "")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def _page(reports: list[Report]) -> _Page:
    page = _Page()
    page.feed(as_html(reports))
    return page


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(reports: list[Report]) -> None:
    text = as_html(reports)
    page = _page(reports)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img", "link", "iframe", "object", "form"})
    assert not re.search(r"https?:|url\(|@import|\bon[a-z]+=", text)
    assert "default-src 'none'" in text
    assert all(value.startswith("#") for _, each in page.tags if (value := each.get("href")))


def test_the_page_says_of_each_file_what_became_of_it_and_why(reports: list[Report]) -> None:
    text = " ".join(_page(reports).text.split())
    assert "1 of 3 files accepted" in text
    for word in ("Accepted", "Rejected", "Unreadable", "V120", "The file is empty (S102)", "rows 3, 5"):
        assert word in text


def test_the_page_can_be_used_without_eyes_and_printed(reports: list[Report]) -> None:
    page = _page(reports)
    names = [tag for tag, _ in page.tags]
    assert ("html", {"lang": "en"}) in page.tags
    assert names.count("main") == names.count("h1") == names.count("title") == 1
    assert names.count("caption") == names.count("table")
    assert all(each.get("scope") in ("col", "row") for tag, each in page.tags if tag == "th")
    labels = {each.get("aria-labelledby") for tag, each in page.tags if tag == "section"}
    assert labels <= {each.get("id") for _, each in page.tags}
    assert "@media print" in as_html(reports)
    for colour in re.findall(r"color: (#[0-9a-f]{6})", as_html(reports)):
        assert _contrast(colour) >= 4.5, colour


def _contrast(colour: str) -> float:
    """The contrast of a colour with white, by WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def test_what_could_be_markup_is_shown_as_text(reports: list[Report]) -> None:
    finding = Finding("V150", "a.b", "error", "<script>alert(1)</script>", "a & b")
    text = as_html([dataclasses.replace(reports[0], findings=(finding,))])
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert ET.fromstring(as_junit([dataclasses.replace(reports[1], findings=(finding,))])) is not None


def test_the_workbook_lists_every_row_of_every_finding(reports: list[Report]) -> None:
    book = load_workbook(io.BytesIO(as_xlsx(reports)))
    files = [[cell.value for cell in row] for row in book["Files"]]
    assert [line[:2] for line in files[1:]] == [
        ["file 1", "accepted"],
        ["file 2", "rejected"],
        ["file 3", "unreadable"],
    ]
    head, *lines = [[cell.value for cell in row] for row in book["Findings"]]
    assert tuple(head) == CSV_COLUMNS
    rows = [(line[2], line[5]) for line in lines]
    assert rows == [(3, "V120"), (5, "V120"), (4, "S111"), (None, "S102")]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t=1", "\n=1", "\uff1d1"])
def test_no_cell_of_the_workbook_is_a_formula(reports: list[Report], text: str) -> None:
    finding = Finding("V150", "a.b", "error", text, text, field=text)
    book = load_workbook(io.BytesIO(as_xlsx([dataclasses.replace(reports[0], file_name=text, findings=(finding,))])))
    cells = [cell for sheet in book for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert all(cell.data_type in "sn" for cell in cells)
    assert all(str(cell.value).startswith("'") for cell in cells if text.strip() in str(cell.value))


def test_the_reasons_are_told_commonest_first(reports: list[Report]) -> None:
    many = tuple(Finding(id, "a.b", "error", "m", "f") for id in ("V110", "V120", "V120", "S107", "S111", "V101"))
    said = why(dataclasses.replace(reports[0], findings=many))
    assert said.index("V120") < said.index("V110")
    assert said.endswith("and 2 more")


@pytest.mark.parametrize("form", ["junit", "html", "xlsx"])
def test_the_command_writes_each_form(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    path, out = tmp_path / "a.csv", tmp_path / "report"
    path.write_text(EXAMPLE, "utf-8")
    words = ["check", str(path), "--collection", "psis-october", "--format", form, "--plan", str(ROOT)]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--output", str(out)])
    assert ended.value.code == 0
    assert out.read_bytes()[:5] in (b"<?xml", b"<!doc", b"PK\x03\x04\x14")
    if form == "xlsx":
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
        assert "--output" in capsys.readouterr().err


def test_one_file_that_fits_no_layout_keeps_no_other_from_being_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text(EXAMPLE, "utf-8")
    (tmp_path / "b.csv").write_text("x,y\n1,2\n", "utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["check", str(tmp_path), "--collection", "auto", "--plan", str(ROOT), "--format", "json"])
    said = capsys.readouterr()
    assert (ended.value.code, said.out.count('"verdict"')) == (2, 1)
    assert "file 2: no layouts of the plan have this header" in said.err
