"""What is packed is read by a child that can do no harm; every way in gives the same answer, and limits hold."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dap
import dap.submission.child
import dap.submission.delimited
import dap.submission.reading
import dap.submission.worker
from dap.cli import main
from dap.errors import CouldNotRun, RequestError
from dap.plan import Layout, Plan
from dap.submission import Content, Opened, load, load_stream, read
from dap.submission.archive import ReadError, open_archive
from dap.submission.child import Answer, read_apart
from dap.submission.limits import LIMITS
from tests.broken_rows import ROOT
from tests.corpus.case import ROWS, csv
from tests.corpus.packed import book, packed
from tests.test_corpus import read_here
from tests.test_reading import _layout

FORMATS = ("csv", "xlsx", "xls", "ods", "zip", "gzip")
LAYOUT = _layout("sasid", "last_name", "grade", "birth_date", "note")


def _limited(monkeypatch: pytest.MonkeyPatch, module: Any, **limits: int) -> None:
    monkeypatch.setattr(module, "LIMITS", dataclasses.replace(LIMITS, **limits))


def _child(monkeypatch: pytest.MonkeyPatch, code: str) -> Answer:
    """What is made of a child that runs this code in place of ours."""
    monkeypatch.setattr(dap.submission.child, "_START", f"import sys; sys.path[:] = sys.argv[1:]; {code}")
    return read_apart(packed({"a.csv": csv()}), FORMATS, "")


def test_a_good_child_is_believed() -> None:
    answer = read_apart(book()(), FORMATS, "")
    assert (answer.fatal, answer.format, answer.sheets) == ("", "xlsx", 1)
    assert [line.cells for line in answer.lines[1:]] == list(ROWS)


_FRAME = "import json, struct; w = sys.stdout.buffer.write; f = lambda l, c: w(struct.pack('>cL', l, len(c)) + c); "
_END = (
    "e = dict(fatal='', format='zip', faults=[], hidden=[], sheets=0, members=1); "
    "end = lambda **c: f(b'E', json.dumps(dict(e, **c)).encode()); "
)


def test_the_tests_own_children_can_answer_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _child(monkeypatch, _FRAME + _END + "f(b'B', b'x'); end()").content == b"x"


@pytest.mark.parametrize(
    "code",
    [
        "pass",
        "sys.exit(3)",
        "import os; os.abort()",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "raise ValueError('Canary-Example')",
        "sys.stdout.write('not a frame')",
        _FRAME + "f(b'R', b'[[1, [\"a\"], \"t\"]]')",
        _FRAME + _END + "end(); sys.stdout.flush(); sys.exit(1)",
        _FRAME + _END + "end(); end()",
        _FRAME + _END + "f(b'Z', b''); end()",
        _FRAME + _END + "f(b'R', b'[[0, [\"a\"], \"t\"]]'); end()",
        _FRAME + _END + 'f(b\'R\', b\'[[2, ["a"], "t"], [1, ["a"], "t"]]\'); end()',
        _FRAME + _END + "f(b'R', b'[[1, [7], \"t\"]]'); end()",
        _FRAME + _END + "f(b'R', b'[[1, [\"a\"], \"tt\"]]'); end()",
        _FRAME + _END + "f(b'R', b'[[1, [\"a\"], \"?\"]]'); end()",
        _FRAME + _END + "f(b'R', b'[' * 100000); end()",
        _FRAME + _END + "end(fatal='accepted')",
        _FRAME + _END + "end(format='exe')",
        _FRAME + _END + "end(faults=[['no_such_fault', []]])",
        _FRAME + _END + "end(faults=[['formulas', ['Canary-Example']]])",
        _FRAME + "w(struct.pack('>cL', b'B', 4000000000))",
    ],
)
def test_a_child_that_dies_or_answers_what_it_should_not_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    answer = _child(monkeypatch, code)
    assert answer.fatal == "unsafe"
    assert (answer.lines, answer.content, answer.hidden) == ([], None, ())


def test_a_child_that_hangs_is_stopped_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    _limited(monkeypatch, dap.submission.child, clock_seconds=1)
    # On a busy machine the start alone may stand in the queue.
    monkeypatch.setattr(dap.submission.child, "_seconds_it_wanted", lambda process: 0.4)
    began = time.monotonic()
    assert _child(monkeypatch, "import time; time.sleep(60)").fatal == "unsafe"
    assert time.monotonic() - began < 20


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
def test_a_child_is_stopped_by_the_work_it_does_and_not_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import dataclasses, dap.submission.worker as w; w.LIMITS = dataclasses.replace(w.LIMITS, seconds=1)\n"
        "w._confine()\nwhile True: pass"
    )
    assert _child(monkeypatch, code).fatal == "unsafe"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how long a process waited for a processor")
def test_a_machine_that_gives_a_child_no_time_is_not_the_files_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    _limited(monkeypatch, dap.submission.child, clock_seconds=1)
    with pytest.raises(CouldNotRun, match="this computer is too busy"):
        _child(monkeypatch, "\nwhile True: pass")


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
@pytest.mark.parametrize(
    "attempt",
    [
        "bytearray(2_000_000_000)",
        "import socket; socket.socket()",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.fork()",
        "import os; os.system('true')",
        "open('written', 'w')",
        "import os; os.remove('written')",
        "import urllib.request; urllib.request.urlopen('http://example.org')",
    ],
)
def test_a_child_that_reads_a_file_can_reach_out_to_nothing(attempt: str) -> None:
    code = (
        "import sys; sys.path[:] = sys.argv[1:]\n"
        "from dap.submission.worker import _confine\n_confine()\n"
        f"try:\n    {attempt}\nexcept (PermissionError, MemoryError) as error:\n    print(type(error).__name__)"
    )
    finished = subprocess.run([sys.executable, "-c", code, *filter(None, sys.path)], capture_output=True, text=True)
    assert finished.stdout.strip() in ("PermissionError", "MemoryError"), finished.stderr


def test_a_crashed_child_is_told_as_unreadable_and_never_accepted(
    monkeypatch: pytest.MonkeyPatch, connecticut: Plan, tmp_path: Path
) -> None:
    monkeypatch.setattr(dap.submission.child, "_START", "import os; os.abort()")
    path = tmp_path / "a.xlsx"
    path.write_bytes(book()())
    report = dap.check(path, "psis-october", plan=connecticut)
    assert (report.verdict, [finding.rule for finding in report.findings]) == ("unreadable", ["S118"])


def test_a_layout_that_takes_parquet_reads_other_workbooks_where_the_library_for_it_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    dap.submission.worker._load_what_is_read_with(("csv", "xlsx", "parquet"))
    answer = read_here(book()(), (*FORMATS, "parquet"), "")
    assert (answer.fatal, len(answer.lines)) == ("", len(ROWS) + 1)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda content: packed({"a.parquet": content})])
def test_a_parquet_file_without_the_library_for_it_is_no_fault_of_the_file(
    monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setattr(dap.submission.child, "read_apart", read_here)
    content = pack(b"PAR1" + bytes(40) + b"PAR1")
    with pytest.raises(CouldNotRun, match=r"not installed \(dap\[parquet\]\)"):
        read(content, dataclasses.replace(LAYOUT, formats=(*FORMATS, "parquet")))
    assert [fault.kind for fault in read(content, LAYOUT).reading.faults] == ["other_kind"]


def test_a_text_file_starts_no_child_and_loads_no_reader_of_workbooks() -> None:
    code = (
        "import sys, subprocess\n"
        "def refuse(*a, **n): raise RuntimeError\n"
        "subprocess.Popen = refuse\n"
        "from dap.catalog import open_plan\nfrom dap.submission import read\n"
        "layout = open_plan().collection('psis-october').layouts[0]\n"
        "print(read(open('catalog/collections/psis-october/example.csv', 'rb').read(), layout).reading.rows)\n"
        "heavy = {'openpyxl', 'xlrd', 'defusedxml', 'dap.submission.child', 'jinja2'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert finished.stdout.split("\n")[:2] == ["3", "[]"]


# Limits.


@pytest.mark.parametrize(("place", "value"), [(0, 64), (0, 84), (2, 0x20)])
@pytest.mark.parametrize("header", [b"PK\x01\x02", b"PK\x03\x04"])
def test_a_member_that_needs_what_nobody_knows_is_damage(header: bytes, place: int, value: int) -> None:
    whole = bytearray(packed({"a.csv": b"sasid\n1\n"}))
    needed = whole.index(header) + (6 if header.endswith(b"\x02") else 4)
    assert open_archive(bytes(whole)).members
    whole[needed] = 63
    assert open_archive(bytes(whole)).members
    whole[needed + place] = value
    with pytest.raises(ReadError, match="archive_damaged"):
        open_archive(bytes(whole))


def test_a_file_larger_than_the_limit_is_refused_by_its_size_and_not_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, connecticut: Plan
) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(LIMITS.file_bytes + 1)
    content = load(path, "file 1")
    assert (content.data, content.size, content.refused) == (b"", LIMITS.file_bytes + 1, True)
    report = dap.check(path, "psis-october", plan=connecticut)
    assert (report.verdict, [finding.rule for finding in report.findings]) == ("unreadable", ["S114"])
    assert report.as_dict()["file"] == {
        "name": "file 1", "bytes": LIMITS.file_bytes + 1, "sha256": None, "rows": 0, "columns": 0,
    }  # fmt: skip
    _limited(monkeypatch, dap.submission.reading, file_bytes=100)
    assert load_stream(io.BytesIO(b"x" * 101), "file 1").refused
    assert load_stream(io.BytesIO(b"x" * 100), "file 1").data == b"x" * 100
    assert Content.of(b"x" * 101).refused


@pytest.mark.parametrize("limit", ["rows", "cells"])
def test_more_rows_or_cells_than_the_limit_are_not_read(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    _limited(monkeypatch, dap.submission.delimited, **{limit: 4 if limit == "rows" else 19})
    over = read(csv(*ROWS, ("0000000003", *ROWS[0][1:]), ("0000000004", *ROWS[0][1:])), LAYOUT)
    assert [fault.kind for fault in over.reading.faults] == ["too_large"]
    assert read(csv(*ROWS), LAYOUT).reading.faults == ()


# Special files.


def test_a_link_is_refused_whatever_it_points_to(tmp_path: Path) -> None:
    target, link = tmp_path / "a.csv", tmp_path / "b.csv"
    target.write_bytes(csv())
    link.symlink_to(target)
    with pytest.raises(RequestError, match="a link to a file"):
        load(link, "file 1")


def test_a_device_is_refused_and_not_read() -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("this system has no such device")
    with pytest.raises(RequestError, match="not a regular file"):
        load(Path("/dev/zero"), "file 1")


def test_a_file_that_grows_or_vanishes_meanwhile_has_an_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv())
    real = os.open

    def vanishing(name: Any, flags: int) -> int:
        Path(name).unlink()
        return real(name, flags)

    monkeypatch.setattr(os, "open", vanishing)
    with pytest.raises(RequestError, match="there is no such file"):
        load(path, "file 1")


# Every way in.


@pytest.mark.parametrize(
    "content",
    [csv(), csv(("1", *ROWS[0][1:])), b"", b"\xff", packed({"a.csv": csv()}), book()(), b"PK\x03\x04"],
    ids=["right", "wrong", "empty", "no text", "zip", "xlsx", "damaged"],
)
def test_a_file_gets_the_same_report_by_path_by_standard_input_and_from_python(
    tmp_path: Path, new_plan: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    root = new_plan()
    path = tmp_path / "a.csv"
    path.write_bytes(content)

    def command(name: str) -> Any:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        words = ["check", name, "--collection", "example-roster", "--resource", "students", "--format", "json"]
        with pytest.raises(SystemExit):
            main([*words, "--plan", str(root)])
        return json.loads(capsys.readouterr().out)

    plan = dap.open_plan(root)
    by_python = dap.check(path, "example-roster", resource="students", plan=plan).as_dict()
    by_stream = dap.check(io.BytesIO(content), "example-roster", resource="students", plan=plan).as_dict()
    by_path, by_input = command(str(path)), command("-")
    # A stream has no name that could be searched.
    for each in (by_python, by_path, by_stream, by_input):
        each["scanned"] = {**each["scanned"], "file_name": 0}
    assert by_path == by_input == by_python == by_stream


def test_a_workbook_is_opened_once_for_all_the_layouts_it_might_have(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    real = dap.submission.child.read_apart

    def counted(*arguments: Any) -> Answer:
        started.append(1)
        return real(*arguments)

    monkeypatch.setattr(dap.submission.child, "read_apart", counted)
    opened = Opened(Content.of(book()()))
    layouts: list[Layout] = [LAYOUT, _layout("a", "b"), _layout("c")]
    assert [opened.header(layout)[:1] for layout in layouts] == [("sasid",)] * 3
    assert opened.read(LAYOUT).reading.columns == ("sasid", "last_name", "grade", "birth_date", "note")
    assert started == [1]


def test_the_right_layout_of_a_workbook_is_found_by_its_header(tmp_path: Path, new_plan: Any) -> None:
    import csv as reader

    from openpyxl import Workbook

    root = new_plan()
    book = Workbook()
    with (root / "catalog/collections/example-roster/example-counts.csv").open(encoding="utf-8", newline="") as file:
        for row in reader.reader(file):
            book.worksheets[0].append(row)
    book.save(tmp_path / "a.xlsx")
    report = dap.check(tmp_path / "a.xlsx", "auto", plan=dap.open_plan(root))
    assert (report.resource, report.verdict) == ("counts", "accepted")


def test_the_frames_of_an_answer_are_those_of_the_worker() -> None:
    assert struct.calcsize(dap.submission.worker.FRAME.format) == 5
