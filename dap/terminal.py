"""The text form of reports, problems and pages: verdict first, then what to mend, in a width a person can read."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from dap.catalog import Problem
from dap.report import (
    ACCEPTED,
    Finding,
    Report,
    not_asked_sentence,
    said_size,
    scanned_sentence,
    verdict_sentence,
    where,
)
from dap.rules import rule
from dap.scan import CLEAN, FOUND, UNREADABLE, Screened, sentence
from dap.spreadsheet.changes import Change, Edit
from dap.spreadsheet.workbook import Fault

_WIDTH = 100
_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}
_VERDICTS = {
    "accepted": ("✓ ACCEPTED", "bold green"),
    "rejected": ("✗ REJECTED", "bold red"),
    "unreadable": ("✗ UNREADABLE", "bold red"),
    None: ("! NO VERDICT", "bold yellow"),
}
_SCREENED = {
    CLEAN: ("✓ NOTHING FOUND", "bold green"),
    FOUND: ("✗ FOUND", "bold red"),
    UNREADABLE: ("! NOT SEARCHED", "bold yellow"),
}


def report_text(reports: Sequence[Report], *, colour: bool = False) -> str:
    """The reports as text, with a summary at the end where there are several."""
    parts: list[RenderableType] = []
    for report in reports:
        parts += [_report(report), Text()]
    if len(reports) > 1:
        parts.append(_summary(reports))
    else:
        parts.pop()
    return _rendered(Group(*parts), colour)


def scan_text(screened: Sequence[Screened], *, colour: bool = False) -> str:
    """The answers of the identifier screen as text, with a summary at the end where there are several."""
    parts: list[RenderableType] = []
    for each in screened:
        parts += [_screened(each), Text()]
    if len(screened) > 1:
        clean = sum(each.status == CLEAN for each in screened)
        parts.append(Text(f"Nothing found in {clean} of {len(screened)} files.", style="bold"))
    else:
        parts.pop()
    return _rendered(Group(*parts), colour)


def problems_text(problems: Sequence[Problem], *, colour: bool = False) -> str:
    """What `dap lint` found, grouped by file, in file order."""
    parts: list[RenderableType] = []
    file = ""
    for problem in problems:
        if problem.file != file:
            file = problem.file
            parts.append(Text(file, style="bold"))
        parts.append(_problem(problem))
    return _rendered(Group(*parts), colour)


def edits_text(edits: Sequence[Edit], *, colour: bool = False) -> str:
    """What a steward's workbook would change, entry by entry and fact by fact."""
    return _rendered(Group(*(_edit(each) for each in edits)), colour)


def faults_text(faults: Sequence[Fault], *, colour: bool = False) -> str:
    """What keeps a steward's workbook from being taken over, sheet by sheet."""
    return _rendered(Group(*(Text(str(each), style="red") for each in faults)), colour)


def for_terminal() -> bool:
    """Whether standard output is a terminal, so that colours and progress make sense."""
    return sys.stdout.isatty()


def _rendered(content: RenderableType, colour: bool) -> str:
    out = io.StringIO()
    width = min(_WIDTH, Console().width) if colour else _WIDTH
    console = Console(file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False, emoji=False)
    console.print(content)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _report(report: Report) -> RenderableType:
    word, style = _VERDICTS[report.verdict]
    head = Text.assemble(
        (f" {word} ", f"{style} reverse"),
        "  ",
        (report.file_name, "bold"),
        f"  {report.collection}/{report.resource}, {said_size(report)}",
    )
    parts: list[RenderableType] = [head, Text(verdict_sentence(report))]
    for _, group in groupby(report.findings, key=lambda finding: (finding.severity, finding.rule)):
        parts += [Text(), _group(list(group), report)]
    parts.append(Text())
    parts += [Text(line) for line in _foot(report) if line]
    return Group(*parts)


def _screened(screened: Screened) -> RenderableType:
    word, style = _SCREENED[screened.status]
    head = Text.assemble((f" {word} ", f"{style} reverse"), "  ", (screened.file_name, "bold"))
    parts: list[RenderableType] = [head, Text(sentence(screened))]
    for _, group in groupby(screened.findings, key=lambda finding: (finding.severity, finding.rule)):
        parts += [Text(), _group(list(group))]
    identity = f"file {screened.sha256[:12]}, {screened.bytes:,} bytes. dap explain RULE tells more."
    return Group(*parts, Text(), Text(identity))


def _group(findings: list[Finding], report: Report | None = None) -> RenderableType:
    """The findings of one rule: one by its own message, several under the rule's title with what to do said once."""
    first = findings[0]
    colour = _COLOURS[first.severity]
    if len(findings) == 1:
        head, lines = first.message, [Text(": ".join(filter(None, (first.severity, where(first)))), style=colour)]
    else:
        head = f"{rule(first.rule).title} ({len(findings)} times)"
        lines = [Text.assemble((f"{first.severity}: {where(each)}: ", colour), each.message) for each in findings]
    for fix in dict.fromkeys(finding.fix for finding in findings):
        lines.append(Text.assemble(("What to do: ", "bold"), fix))
    grounds = dict.fromkeys(map(report.ground, findings)) if report is not None else {}
    lines += [Text(ground) for ground in grounds if ground]
    title = Text.assemble((first.rule, f"bold {colour}"), "  ", (head, "bold"))
    return Group(title, *(Padding(line, (0, 0, 0, 6)) for line in lines))


def _foot(report: Report) -> tuple[str, ...]:
    identity = (
        f"Plan {report.plan_version}, suite {report.suite_sha256[:12]}, file {report.sha256[:12]}, "
        f"{report.bytes:,} bytes. dap explain RULE tells more."
    )
    return scanned_sentence(report), not_asked_sentence(report), identity


def _summary(reports: Sequence[Report]) -> RenderableType:
    passed = sum(1 for report in reports if report.verdict == ACCEPTED)
    lines = [Text(f"{passed} of {len(reports)} files accepted.", style="bold")]
    for report in reports:
        word, style = _VERDICTS[report.verdict]
        ids = list(dict.fromkeys(finding.rule for finding in report.findings if finding.severity == "error"))
        why = ", ".join(f"{rule(id).title} ({id})" if id == ids[0] else id for id in ids)
        lines.append(Text.assemble("  ", (f"{word:<13}", style), f" {report.file_name}", f"  {why}" if why else ""))
    return Group(*lines)


def _problem(problem: Problem) -> RenderableType:
    place = f"{problem.place}: " if problem.place else ""
    head = Text.assemble((problem.rule, "bold red"), "  ", (place, "bold"), problem.message)
    fix = Padding(Text.assemble(("What to do: ", "bold"), rule(problem.rule).fix), (0, 0, 0, 6))
    return Padding(Group(head, fix), (0, 0, 0, 2))


def _edit(edit: Edit) -> RenderableType:
    word, style = (
        ("removed", "bold red") if edit.removed else ("new", "bold green") if edit.new else ("changed", "bold")
    )
    head = Text.assemble((f"{edit.sheet.name}, row {edit.row}, ", ""), (edit.entry, "bold"), ": ", (word, style))
    return Group(head, *(Padding(_change(each, new=edit.new), (0, 0, 0, 4)) for each in edit.changes))


def _change(change: Change, *, new: bool) -> RenderableType:
    before, after = (text.replace("\n", "; ") or "(empty)" for text in (change.before, change.after))
    if new:
        return Text.assemble((f"{change.column.title}: ", "bold"), (after, "green"))
    return Text.assemble((f"{change.column.title}: ", "bold"), (before, "red"), " → ", (after, "green"))
