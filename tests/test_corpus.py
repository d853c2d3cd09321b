"""Every file of the corpus gets its answer, within the limits, and no answer repeats what a file holds."""

from __future__ import annotations

import io
import logging
import shutil
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple, replace
from pathlib import Path

import pandas as pd
import pytest

import dap.submission.cells
import dap.submission.child
from dap.catalog import open_plan
from dap.cli import main
from dap.gate import check
from dap.plan import Plan
from dap.report import Report, as_csv, as_html_fragment, as_json
from dap.report_files import as_html, as_junit, as_xlsx
from dap.submission import Content, Opened
from dap.submission.child import Answer, checked_answer
from dap.submission.kinds import kind_of
from dap.submission.limits import LIMITS
from dap.submission.reading import Columns, Pieces
from dap.submission.worker import answer_to
from dap.suites import READING_RULES
from dap.terminal import report_text
from tests.corpus import packed, seldom, texts
from tests.corpus.case import CANARY, Case, write_plan

CASES = [*texts.cases(), *packed.cases(), *seldom.cases()]
COLLECTION = "example-roster"
# A file too large to be made in a test: tested where sizes are read.
BIG = {"S114"}
# What becomes of a child process that dies: tested where it is started.
ELSEWHERE = {"S118"}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory, _sound_plan: Path) -> Plan:
    root = tmp_path_factory.mktemp("corpus") / "plan"
    shutil.copytree(_sound_plan, root)
    write_plan(root)
    return open_plan(root)


def judged(case: Case, plan: Plan) -> Report:
    """The report on a file of the corpus."""
    return check(io.BytesIO(case.bytes()), COLLECTION, resource=case.layout, plan=plan)


def read_here(content: bytes, formats: Sequence[str], sheet: str, _label: str = "") -> Answer:
    """What the child process answers, given by the same code in this one, which is up already."""
    out = io.BytesIO()
    answer_to(content, {"formats": formats, "sheet": sheet}, out)
    out.seek(0)
    return checked_answer(out)


def test_the_corpus_has_at_least_300_files_each_with_its_own_name_and_reason() -> None:
    assert len(CASES) >= 300
    assert [name for name, times in Counter(case.name for case in CASES).items() if times > 1] == []
    assert all(case.why for case in CASES)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_every_file_gets_the_verdict_and_the_findings_it_must(plan: Plan, part: int) -> None:
    wrong = []
    for number, case in enumerate(CASES[part::8]):
        began = time.process_time()
        # Every fourth file goes through a child process, as all do outside of tests; to start one takes half the time.
        with pytest.MonkeyPatch.context() as patch:
            if number % 4:
                patch.setattr(dap.submission.child, "read_apart", read_here)
            report = judged(case, plan)
        took = time.process_time() - began
        found = {finding.rule for finding in report.findings}
        if report.verdict != case.verdict or found != case.rules or report.broken:
            wrong.append(f"{case.name}: {report.verdict} {sorted(found)}, not {case.verdict} {sorted(case.rules)}")
        if took > 30:
            wrong.append(f"{case.name}: took {took:.0f} s")
        # A finding cannot hold a value by its type; the costly forms are tried on every eighth file.
        shown = forms(report) if number % 8 == 0 else (report_text([report]), as_json([report]))
        if any(CANARY in form for form in shown):
            wrong.append(f"{case.name}: the report repeats the file")
    assert wrong == []


@pytest.mark.parametrize(("at_once", "packed_from"), [(1, 1_000_000), (11, 1_000_000), (1, 1)])
def test_every_text_of_the_corpus_is_the_same_table_in_polars_as_in_pandas(
    plan: Plan, at_once: int, packed_from: int
) -> None:
    """However few cells are held at a time before they go to Polars, and however few are kept before all are packed."""
    collection = plan.collection(COLLECTION)
    tables = 0
    for case in CASES:
        layout = collection.layout(case.layout)
        content = case.bytes()
        if layout is None or len(content) > 20_000 or kind_of(content) != "text":
            continue
        in_pandas = Opened(Content.of(content), "file").read(layout)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dap.submission.cells, "_AT_ONCE", at_once)
            patch.setattr(dap.submission.cells, "LIMITS", replace(LIMITS, packed_from=packed_from))
            patch.setattr(dap.submission.cells, "_TO_A_PIECE", 1)
            in_polars = Opened(Content.of(content), "file").read(layout)
        tables += isinstance(in_polars.table, Columns if packed_from > 1 else Pieces)
        assert astuple(in_polars.reading) == astuple(in_pandas.reading), case.name
        pd.testing.assert_frame_equal(in_polars.frame, in_pandas.frame)
        cells = [frame.map(lambda cell: (type(cell), cell)) for frame in (in_polars.frame, in_pandas.frame)]
        assert cells[0].equals(cells[1]), case.name
    assert tables > 30


def test_the_command_says_nothing_of_a_file_on_either_stream_nor_in_a_log(
    plan: Plan, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    chosen = {case.verdict: case for case in CASES if case.layout == "register" and CANARY.encode() in case.bytes()}
    assert set(chosen) == {"accepted", "rejected", "unreadable"}
    for number, case in enumerate(chosen.values()):
        (tmp_path / f"{CANARY}{number}").write_bytes(case.bytes())
    names = [str(path) for path in sorted(tmp_path.iterdir())]
    for form in ("text", "csv", "junit"):
        with pytest.raises(SystemExit) as ended:
            main(
                [
                    "check",
                    *names,
                    "--collection",
                    COLLECTION,
                    "--resource",
                    "register",
                    "--plan",
                    str(plan.root),
                    "--format",
                    form,
                ]
            )
        said = capfd.readouterr()
        assert ended.value.code == 1
        assert "S1" in said.out
        assert CANARY not in said.out + said.err + caplog.text


def forms(report: Report) -> Iterator[str]:
    """A report in every form there is."""
    yield from (report_text([report]), as_json([report]), as_csv([report]), as_junit([report]), as_html([report]))
    yield from (as_html_fragment(report), repr(report))
    with zipfile.ZipFile(io.BytesIO(as_xlsx([report]))) as book:
        yield from (book.read(part).decode("utf-8") for part in book.namelist())


def test_every_rule_on_reading_has_a_file_that_trips_it_and_one_that_passes() -> None:
    asked = {id for id, _ in READING_RULES}
    tripped = {rule for case in CASES for rule in case.rules}
    assert asked - tripped == BIG | ELSEWHERE
    header = {"S120", "S121", "S122", "S123", "P201", "P202"}
    assert header <= tripped
    # A file that has none of a kind's faults: the plain ones, and those that nearly have it.
    assert {case.layout for case in CASES if not case.rules} == {case.layout for case in CASES} - {"text-only"}
