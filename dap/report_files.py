"""Reports as files for others to open: JUnit for a build server, a page to print, a workbook to work down in."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from dap.report import (
    ACCEPTED,
    CSV_COLUMNS,
    Finding,
    Report,
    not_asked_sentence,
    safe_cells,
    said_size,
    scanned_sentence,
    verdict_sentence,
    where,
)

if TYPE_CHECKING:
    from jinja2 import Template
    from openpyxl.worksheet.worksheet import Worksheet

_VERDICT_WORDS = {"accepted": "Accepted", "rejected": "Rejected", "unreadable": "Unreadable", None: "No verdict"}


def as_junit(reports: Sequence[Report]) -> str:
    """JUnit XML: one `testsuite` a file, one `testcase` a finding; counts and sentences only, no value of a file.

    An error of the file is a failure, a rule that could not be run an error; warnings are told in `system-out`. A file
    without any of these has one case that passed, so that no file is missing.
    """
    root = Element("testsuites", name="dap check")
    for report in reports:
        suite = SubElement(root, "testsuite", name=report.file_name)
        failures = [finding for finding in report.findings if finding.severity == "error"]
        if report.verdict == ACCEPTED or not (failures or report.broken):
            _case(suite, report, "verdict", report.resource)
        for finding in failures:
            case = _case(suite, report, finding.rule, finding.field or report.resource)
            failure = SubElement(case, "failure", type=finding.name, message=finding.message)
            failure.text = "\n".join(filter(None, (where(finding), finding.fix, report.ground(finding))))
        for rule in report.broken:
            case = _case(suite, report, rule, report.resource)
            SubElement(case, "error", type="could_not_run", message="The rule could not be run, so nobody was judged.")
        milder = [f"{each.rule} {where(each)}: {each.message}" for each in report.findings if each.severity != "error"]
        SubElement(suite, "system-out").text = "\n".join([verdict_sentence(report), *milder])
        cases = len(suite.findall("testcase"))
        suite.set("tests", str(cases))
        suite.set("failures", str(len(failures)))
        suite.set("errors", str(len(report.broken)))
        suite.set("skipped", "0")
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _case(suite: Element, report: Report, name: str, element: str) -> Element:
    return SubElement(suite, "testcase", classname=f"{report.collection}.{element}", name=name)


def as_html(reports: Sequence[Report]) -> str:
    """One page that needs nothing from elsewhere: the summary, then each file's findings; made to be printed."""
    passed = sum(report.accepted for report in reports)
    return _page().render(
        reports=reports,
        summary=f"{passed} of {len(reports)} {'file' if len(reports) == 1 else 'files'} accepted",
        words=_VERDICT_WORDS,
        sentence=verdict_sentence,
        size=said_size,
        scanned=scanned_sentence,
        not_asked=not_asked_sentence,
        where=where,
        why=why,
    )


@cache
def _page() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_PAGE)


def why(report: Report) -> str:
    """What keeps a file from being accepted, in the rules' own titles; the commonest first."""
    from dap.rules import rules

    known = rules()
    counted = Counter(finding.rule for finding in report.findings if finding.severity == "error")
    said = [f"{known[id].title} ({id})" if id in known else id for id, _ in counted.most_common(3)]
    more = len(counted) - len(said)
    return "; ".join(said) + (f"; and {more} more" if more else "")


def as_xlsx(reports: Sequence[Report]) -> bytes:
    """A workbook: a sheet with one line a file, one with one line a row of each finding. No cell is a formula."""
    from openpyxl import Workbook

    book = Workbook()
    files = book.create_sheet("Files")
    findings = book.create_sheet("Findings")
    book.remove(book["Sheet"])
    heads = ("file", "verdict", "why", "collection", "layout", "rows", "errors", "warnings", "what to do")
    _fill(files, heads, (_file_line(report) for report in reports))
    _fill(findings, CSV_COLUMNS, (line for report in reports for line in _finding_lines(report)))
    for sheet, widths in (
        (files, (30, 12, 60, 24, 20, 8, 8, 9, 60)),
        (findings, (30, 12, 8, 8, 24, 8, 28, 10, 60, 60)),
    ):
        for letter, width in zip("ABCDEFGHIJ", widths, strict=False):
            sheet.column_dimensions[letter].width = width
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _file_line(report: Report) -> tuple[object, ...]:
    return (
        report.file_name,
        report.verdict or "could not run",
        why(report),
        report.collection,
        report.resource,
        report.rows,
        report.count("error"),
        report.count("warning"),
        verdict_sentence(report),
    )


def _finding_lines(report: Report) -> Iterable[tuple[object, ...]]:
    for finding in report.findings:
        for row in finding.rows or (None,):
            yield _finding_line(report, finding, row)


def _finding_line(report: Report, finding: Finding, row: int | None) -> tuple[object, ...]:
    return (
        report.file_name,
        report.verdict or "could not run",
        row,
        finding.column,
        finding.field,
        finding.rule,
        finding.name,
        finding.severity,
        finding.message,
        finding.fix,
        finding.mandate,
        finding.count,
    )


def _fill(sheet: Worksheet, heads: Sequence[str], lines: Iterable[Sequence[object]]) -> None:
    """Write the lines: numbers as numbers, everything else as text that no program takes for a formula."""
    from openpyxl.styles import Alignment, Font

    sheet.append(list(heads))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for line in lines:
        number = sheet.max_row + 1
        for place, value in enumerate(line, start=1):
            if value is None:
                continue
            if isinstance(value, int):
                sheet.cell(number, place, value)
            else:
                cell = sheet.cell(number, place)
                cell.value = safe_cells(value)[0]
                cell.data_type = "s"
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Check of {{ reports|length }} {{ "file" if reports|length == 1 else "files" }}: {{ summary }}</title>
<style>
:root { color-scheme: light; }
body { font: 1rem/1.5 system-ui, sans-serif; color: #1b1b1b; background: #fff; max-width: 72rem; margin: 0 auto;
  padding: 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .4rem .5rem; border-bottom: 1px solid #767676; }
thead th { border-bottom: 2px solid #1b1b1b; }
.verdict { font-weight: 700; padding: .1rem .5rem; border: 2px solid; }
.accepted { color: #0b5b1d; } .rejected, .unreadable, .none { color: #9b1111; }
.error { color: #9b1111; font-weight: 700; } .warning { color: #6b4300; font-weight: 700; }
.small { font-size: .875rem; overflow-wrap: anywhere; }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } section { break-before: page; }
  section:first-of-type { break-before: auto; } tr { break-inside: avoid; } thead { display: table-header-group; } }
</style>
</head>
<body>
<main>
<h1>{{ summary }}</h1>
{% if reports|length > 1 %}
<table>
<caption>What became of each file</caption>
<thead><tr><th scope="col">File</th><th scope="col">Verdict</th><th scope="col">Why</th></tr></thead>
<tbody>
{% for report in reports %}
<tr><th scope="row"><a href="#file-{{ loop.index }}">{{ report.file_name }}</a></th>
<td>{{ words[report.verdict] }}</td><td>{{ why(report) }}</td></tr>
{% endfor %}
</tbody>
</table>
{% endif %}
{% for report in reports %}
<section id="file-{{ loop.index }}" aria-labelledby="head-{{ loop.index }}">
<h2 id="head-{{ loop.index }}"><span class="verdict {{ report.verdict or 'none' }}">{{ words[report.verdict] }}</span>
{{ report.file_name }}</h2>
<p>{{ report.collection }}/{{ report.resource }}, {{ size(report) }}. {{ sentence(report) }}</p>
{% if report.findings %}
<table>
<caption>Findings, errors first</caption>
<thead><tr><th scope="col">Rule</th><th scope="col">Severity</th><th scope="col">Where</th>
<th scope="col">What is wrong</th><th scope="col">What to do</th><th scope="col">Law or promise</th></tr></thead>
<tbody>
{% for finding in report.findings %}
<tr><th scope="row">{{ finding.rule }}</th><td class="{{ finding.severity }}">{{ finding.severity }}</td>
<td>{{ where(finding) }}</td><td>{{ finding.message }}</td><td>{{ finding.fix }}</td>
<td>{{ report.ground(finding) }}</td></tr>
{% endfor %}
</tbody>
</table>
{% endif %}
<p>{{ scanned(report) }} {{ not_asked(report) }}</p>
<p class="small">Plan {{ report.plan_version }}, suite {{ report.suite_sha256 }},
{% if report.sha256 %}file {{ report.sha256 }}, {% endif %}
{{ "{:,}".format(report.bytes) }} bytes, dap {{ report.dap_version }}.</p>
</section>
{% endfor %}
</main>
</body>
</html>
"""
