"""Findings and reports: what may leave, and in which forms. A value from a file cannot be in one, by type."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ACCEPTED = "accepted"
REJECTED = "rejected"
UNREADABLE = "unreadable"

_LABELS = frozenset({"ssn", "itin", "atin", "ssn-shaped", "ssn-partial"})
_SEVERITIES = ("error", "warning", "info")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True)
class Finding:
    """One rule that one element, column or part of a file breaks: where, how often, what to do.

    `message` and `fix` are sentences of the catalog or the code; `rows` are row numbers as a spreadsheet shows them,
    `count` how many there are in all; `column` is a position from 1; `labels` says which kinds of prohibited identifier
    were found (`ssn`, `itin`, `atin`, `ssn-shaped`, `ssn-partial`).
    """

    rule: str
    name: str
    severity: str
    message: str
    fix: str
    field: str | None = None
    column: int | None = None
    rows: tuple[int, ...] = ()
    count: int = 1
    mandate: str | None = None
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.severity not in _SEVERITIES:
            raise ValueError("a finding's severity is error, warning or info")
        if any(type(row) is not int for row in (*self.rows, self.count)):
            raise TypeError("a finding's rows and count are whole numbers")
        if not set(self.labels) <= _LABELS:
            raise ValueError("a finding's labels are those of the detector")

    def as_dict(self) -> dict[str, Any]:
        """The finding as the report's JSON holds it."""
        return {
            "rule": self.rule,
            "name": self.name,
            "severity": self.severity,
            "field": self.field,
            "column": self.column,
            "rows": list(self.rows),
            "count": self.count,
            "message": self.message,
            "fix": self.fix,
            "mandate": self.mandate,
            "labels": list(self.labels),
        }


@dataclass(frozen=True)
class Scanned:
    """What the search for prohibited identifiers went through, in numbers."""

    cells: int = 0
    headers: int = 0
    file_name: int = 0
    sheets: int = 0
    hidden_parts: int = 0
    archive_members: int = 0


@dataclass(frozen=True)
class Report:
    """The answer to one submission.

    `verdict` is `accepted`, `rejected` or `unreadable`, and None where a rule broke while running (`broken` names it).
    `not_asked` names the rules on whose file it is that were not asked: the request did not say, or there is no column.
    """

    verdict: str | None
    file_name: str
    bytes: int
    sha256: str
    rows: int
    columns: int
    collection: str
    resource: str
    plan_version: str
    suite_sha256: str
    engine: str
    dap_version: str
    scanned: Scanned
    findings: tuple[Finding, ...] = ()
    broken: tuple[str, ...] = ()
    not_asked: tuple[str, ...] = ()
    period: str | None = None
    district: str | None = None
    laws: Mapping[str, str] = field(default_factory=dict, repr=False)
    promise: str = field(default="", repr=False)

    @property
    def accepted(self) -> bool:
        """Whether the state takes the file."""
        return self.verdict == ACCEPTED

    def ground(self, finding: Finding) -> str:
        """The law or promise a finding rests on, in words; empty where the plan names none."""
        if finding.rule.startswith("P1") and self.promise:
            return f"The plan's promise: {self.promise}"
        law = self.laws.get(finding.mandate or "", "")
        return f"Collected under {law}." if law else ""

    def count(self, severity: str) -> int:
        """How many findings have that severity."""
        return sum(1 for finding in self.findings if finding.severity == severity)

    def as_dict(self) -> dict[str, Any]:
        """The report as its JSON contract, `schemas/report.schema.json`, has it."""
        return {
            "verdict": self.verdict,
            "file": {
                "name": self.file_name,
                "bytes": self.bytes,
                "sha256": self.sha256 or None,
                "rows": self.rows,
                "columns": self.columns,
            },
            "collection": self.collection,
            "resource": self.resource,
            "period": self.period,
            "district": self.district,
            "plan_version": self.plan_version,
            "suite_sha256": self.suite_sha256,
            "engine": self.engine,
            "dap_version": self.dap_version,
            "scanned": vars(self.scanned),
            "broken": list(self.broken),
            "not_asked": list(self.not_asked),
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def _repr_html_(self) -> str:
        return as_html_fragment(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        said = f"{(self.verdict or 'could not run').capitalize()}. {verdict_sentence(self)}"
        return {"text/html": self._repr_html_(), "text/plain": said}


def as_json(reports: Sequence[Report], *, always_list: bool = False) -> str:
    """One object for one report, a list for several (or always)."""
    documents = [report.as_dict() for report in reports]
    return (
        json.dumps(documents if always_list or len(documents) != 1 else documents[0], indent=2, ensure_ascii=False)
        + "\n"
    )


CSV_COLUMNS = (
    "file",
    "verdict",
    "row",
    "column",
    "field",
    "rule",
    "name",
    "severity",
    "message",
    "fix",
    "mandate",
    "count",
)


def as_csv(reports: Iterable[Report]) -> str:
    """One line a row of each finding, to work down in a spreadsheet; a file without findings has one line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for report in reports:
        verdict = report.verdict or "could not run"
        if not report.findings:
            writer.writerow(safe_cells(report.file_name, verdict, *[""] * (len(CSV_COLUMNS) - 2)))
        for finding in report.findings:
            said = (
                finding.rule,
                finding.name,
                finding.severity,
                finding.message,
                finding.fix,
                finding.mandate,
                finding.count,
            )
            for row in finding.rows or ("",):
                writer.writerow(safe_cells(report.file_name, verdict, row, finding.column, finding.field, *said))
    return out.getvalue()


def safe_cells(*cells: object) -> list[str]:
    """Cells that no spreadsheet takes for a formula."""
    texts = ["" if cell is None else str(cell) for cell in cells]
    return [f"'{text}" if text.startswith(_FORMULA_STARTS) else text for text in texts]


def row_ranges(rows: Sequence[int], most: int = 12) -> str:
    """Row numbers in words: `3, 7 to 9, 12`, cut after `most` ranges."""
    ranges: list[tuple[int, int]] = []
    for row in sorted(set(rows)):
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], row)
        else:
            ranges.append((row, row))
    joints = {0: "{0}", 1: "{0}, {1}"}
    said = [joints.get(last - first, "{0} to {1}").format(first, last) for first, last in ranges]
    return ", ".join(said[:most]) + (", …" if len(said) > most else "")


def where(finding: Finding) -> str:
    """Where a finding is, in words: its rows, its column, how many in all."""
    parts = []
    if finding.rows:
        parts.append(f"{'rows' if finding.count > 1 else 'row'} {row_ranges(finding.rows)}")
    if finding.column is not None:
        parts.append(f"column {column_letter(finding.column)}")
    if finding.count > 1:
        parts.append(f"{finding.count:,} in all")
    return " · ".join(parts)


def column_letter(position: int) -> str:
    """The letter a spreadsheet gives a column: 1 is A, 27 is AA."""
    letters = ""
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def verdict_sentence(report: Report) -> str:
    """What the verdict means, in a sentence."""
    errors, warnings = report.count("error"), report.count("warning")
    found = " and ".join(
        _counted(number, word) for number, word in ((errors, "error"), (warnings, "warning")) if number
    )
    if report.verdict is None:
        return f"No verdict: {', '.join(report.broken)} could not be run. Nothing was accepted; tell the data steward."
    if report.verdict == UNREADABLE:
        return "The file cannot be read, so nothing in it was judged. Mend what is named and send it again."
    if report.verdict == REJECTED:
        return f"{found or 'A rule failed'}. Mend the errors at the source, export and send again."
    return f"{found}: look at them all the same." if found else "Nothing to mend."


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def said_size(report: Report) -> str:
    """How large the table is: `1 row, 36 columns`."""
    return f"{_counted(report.rows, 'row')}, {_counted(report.columns, 'column')}"


def scanned_sentence(report: Report) -> str:
    """What was searched for prohibited identifiers."""
    return said_scanned(report.scanned)


def said_scanned(scanned: Scanned) -> str:
    """What was searched, in a sentence: "no SSN" without the scope would prove nothing."""
    parts = [_counted(scanned.cells, "cell"), _counted(scanned.headers, "header")]
    more = (
        (scanned.sheets, "sheet"),
        (scanned.hidden_parts, "hidden part"),
        (scanned.archive_members, "archive member"),
    )
    parts += [_counted(number, word) for number, word in more if number]
    parts += ["the file's name"] if scanned.file_name else []
    return f"Searched for Social Security numbers: {', '.join(parts)}."


def not_asked_sentence(report: Report) -> str:
    """Which rules were not asked, and how to have them asked; empty where all were."""
    options = {
        "V160": ("the sending district", report.district, "--district"),
        "V161": ("the school year", report.period, "--period"),
    }
    said = []
    for what, given, option in (options[id] for id in report.not_asked):
        said.append(f"{what} ({f'give {option}' if given is None else 'the file has no column for it'})")
    return f"Not compared: {' and '.join(said)}." if said else ""


def as_html_fragment(report: Report) -> str:
    """The report as a table for a notebook, aligned, for a lab would centre it; a sentence where nothing was found."""
    left = 'style="text-align: left"'
    verdict = (report.verdict or "could not run").capitalize()
    caption = (
        f"{verdict}: {report.file_name}, {report.collection}/{report.resource}. "
        f"{verdict_sentence(report)} {scanned_sentence(report)}"
    )
    if not report.findings:
        return f"<p>{html.escape(caption)}</p>"
    heads = ("Rule", "Severity", "Where", "What is wrong", "What to do", "Law or promise")
    head = "".join(f'<th scope="col" {left}>{text}</th>' for text in heads)
    body = "".join(
        "<tr>"
        + "".join(
            f"<td {left}>{html.escape(text)}</td>"
            for text in (
                finding.rule,
                finding.severity,
                where(finding),
                finding.message,
                finding.fix,
                report.ground(finding),
            )
        )
        + "</tr>"
        for finding in report.findings
    )
    return (
        f'<table><caption style="caption-side: top; text-align: left; padding: 6px 0">{html.escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
