"""Nothing of a submission leaves: no value, no unknown header, no file name, on any path out, whatever goes wrong."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dap.engine
import dap.expectations.values
import dap.gate
import dap.submission.delimited
from dap.catalog import open_plan
from dap.cli import main
from dap.engine import ENGINES
from dap.examples import example_text
from dap.gate import check
from dap.report import Finding, as_csv, as_html_fragment, as_json
from dap.terminal import report_text
from tests.broken_rows import LAYOUTS, ROOT

PLAN = open_plan(ROOT)
# Letters and digits that stand nowhere else; the digits are looked for by their last four, too.
WORD = "Qxzvjkw"
DIGITS = "000-86-9753"
CANARIES = (WORD, WORD.lower(), "86-9753", "869753", "9753")


def _clean(text: str, where: str) -> None:
    found = [canary for canary in CANARIES if canary in text]
    assert not found, f"{len(found)} canaries in {where}"


def _planted(collection: str, name: str) -> str:
    """A file of the layout with a canary in every cell, the header, the title lines and rows of the wrong width."""
    layout = PLAN.collection(collection).layout(name)
    lines = example_text(PLAN, PLAN.collection(collection), layout, rows=3).splitlines()
    above = len(layout.title_lines)
    width = len(layout.elements)
    titles = [f"{line}{WORD} {DIGITS}" for line in lines[:above]]
    header = f"{lines[above]},{WORD},{DIGITS},{WORD.lower()} SSN"
    rows = [
        ",".join([DIGITS] * (width + 3)),
        ",".join([WORD] * (width + 3)),
        ",".join([f"{WORD}{place}" for place in range(width + 3)]),
        ",".join([f'"{WORD}\n{DIGITS}"'] * (width + 3)),
        f"{WORD},{DIGITS}",
        ",".join([f"***-**-{DIGITS[-4:]}", f"last four of SSN: {DIGITS[-4:]}", "SSN 000869753"] * ((width + 3) // 3)),
        ",".join([WORD] * (width + 9)),
        f'5{WORD}" tall,{DIGITS}',
        *(f"{line},{WORD},{DIGITS},000869753" for line in lines[above + 1 :]),
    ]
    return "\n".join([*titles, header, *rows]) + "\n"


def _every_form(path: Path, collection: str, name: str | None, engine: str = "pandas") -> str:
    report = check(path, collection, resource=name, plan=PLAN, rows=None, engine=engine)
    assert report.verdict in ("rejected", "unreadable")
    forms = (report_text([report]), report_text([report], colour=True), as_json([report]), as_csv([report]))
    return "\n".join((*forms, as_html_fragment(report), repr(report), str(report)))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("collection", "name"), LAYOUTS)
def test_no_canary_of_any_cell_header_or_name_leaves_in_any_form(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, collection: str, name: str, engine: str
) -> None:
    folder = tmp_path / WORD
    folder.mkdir()
    path = folder / f"{WORD} {DIGITS}.csv"
    path.write_text(_planted(collection, name), "utf-8")
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        _clean(_every_form(path, collection, name, engine), "a report")
    _clean(caplog.text, "the log")
    _clean("".join(str(each.message) for each in warned), "a warning")


@pytest.mark.parametrize(
    "content",
    [
        f"{WORD},{DIGITS}\n".encode(),
        f'"{WORD},{DIGITS}\n'.encode(),
        f'"{WORD}"{DIGITS},x\n'.encode(),
        f"{WORD}\n".encode() + b"\xff\xfe" + DIGITS.encode(),
        f"{WORD}\0{DIGITS}".encode(),
        f"{WORD},{DIGITS}".encode("utf-16"),
        b"PK\x03\x04" + WORD.encode(),
    ],
)
def test_no_canary_of_an_unreadable_file_leaves(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / f"{DIGITS}.csv"
    path.write_bytes(content)
    _clean(_every_form(path, "psis-october", None), "a report")


@pytest.mark.parametrize("make", ["missing", "folder", "unopenable"])
def test_no_canary_of_a_path_leaves_when_the_file_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: str
) -> None:
    path = tmp_path / f"--{WORD} {DIGITS}"
    if make == "folder":
        path.mkdir()
    elif make == "unopenable":
        path.symlink_to(path)
    for words in (["check", str(path), "--collection", "psis-october"], ["check", f"--{WORD}", DIGITS], [f"{WORD}"]):
        with pytest.raises(SystemExit) as ended:
            main([*words, "--plan", str(ROOT)])
        assert ended.value.code in (2, 3)
        said = capsys.readouterr()
        _clean(said.out + said.err, "a message")


def _raising(*arguments: Any, **named: Any) -> NoReturn:
    raise ValueError(f"could not convert {WORD} {DIGITS}")


@pytest.mark.parametrize("engine", ENGINES)
def test_no_result_of_gx_holds_a_canary_in_either_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    seen: list[str] = []
    run = dap.engine._run

    def watching(*arguments: Any) -> Any:
        results = run(*arguments)
        seen.extend(f"{each} {each.describe()} {each!r} {each.to_json_dict()}" for each in results.values())
        return results

    monkeypatch.setattr(dap.engine, "_run", watching)
    path = tmp_path / "submission.csv"
    path.write_text(_planted("psis-october", "october"), "utf-8")
    _every_form(path, "psis-october", "october", engine)
    assert len(seen) > 60
    _clean("".join(seen), "a result")


@pytest.mark.parametrize(
    ("form", "engine"), [("text", "pandas"), ("json", "pandas"), ("csv", "pandas"), ("json", "polars")]
)
def test_a_rule_that_breaks_gives_no_verdict_and_says_no_value(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    engine: str,
) -> None:
    monkeypatch.setattr(dap.expectations.values, "as_date", _raising)
    path = tmp_path / "submission.csv"
    path.write_text((ROOT / "catalog/collections/tcs/example.csv").read_text("utf-8"), "utf-8")
    caplog.set_level(logging.DEBUG)
    report = check(path, "tcs", plan=PLAN, engine=engine)
    assert (report.verdict, report.broken) == (None, ("V123", "V150"))
    assert report.findings == ()
    with pytest.raises(SystemExit) as ended:
        main(["check", str(path), "--collection", "tcs", "--format", form, "--engine", engine, "--plan", str(ROOT)])
    said = capsys.readouterr()
    assert ended.value.code == 3
    _clean(said.out + said.err + caplog.text, "what a broken rule says")


def _breaking_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dap.submission.delimited, "build_table", _raising)


def _breaking_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dap.gate, "_findings", _raising)


@pytest.mark.parametrize("breaking", [_breaking_reader, _breaking_gate])
def test_an_error_of_our_own_is_told_by_type_and_place_only(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    breaking: Callable[[pytest.MonkeyPatch], None],
) -> None:
    breaking(monkeypatch)
    path = tmp_path / "submission.csv"
    path.write_text((ROOT / "catalog/collections/tcs/example.csv").read_text("utf-8"), "utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["check", str(path), "--collection", "tcs", "--plan", str(ROOT)])
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (3, "")
    assert "ValueError at" in said.err
    _clean(said.err, "a message")


def test_an_exception_of_the_reader_carries_no_value_in_its_chain() -> None:
    layout = PLAN.collection("tcs").layouts[0]
    for content in (f"{WORD}".encode() + b"\xff", f'"{WORD}'.encode(), f'"{WORD}"{DIGITS}'.encode()):
        reading = dap.submission.read(content, layout).reading
        assert not reading.readable
        _clean(repr(reading), "the reading's own form")


_SHELTERED = """
import socket, sys
def refuse(*arguments, **named):
    raise OSError("no connection may be opened")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
from dap.cli import main
main(sys.argv[1:])
"""


def test_a_run_opens_no_connection_and_leaves_no_file_behind(tmp_path: Path) -> None:
    home, inbox = tmp_path / "home", tmp_path / "inbox"
    home.mkdir()
    inbox.mkdir()
    path = inbox / f"{WORD}.csv"
    path.write_text(_planted("psis-october", "october"), "utf-8")
    names = ("HOME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "USERPROFILE")
    environment = {**os.environ, **dict.fromkeys(names, str(home)), "PYTHONDONTWRITEBYTECODE": "1"}
    words = ("check", str(path), "--collection", "psis-october", "--plan", str(ROOT))
    finished = subprocess.run(
        [sys.executable, "-c", _SHELTERED, *words],
        capture_output=True,
        text=True,
        cwd=home,
        env=environment,
        check=False,
    )
    assert finished.returncode == 1, finished.stderr
    assert finished.stderr == ""
    _clean(finished.stdout, "standard output")
    left = [each for each in home.rglob("*") if each.is_file()]
    for each in left:
        _clean(each.read_bytes().decode("latin-1"), f"the file {each.name}")
    assert [each.name for each in left] == []
    assert list(inbox.iterdir()) == [path]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.text(max_size=200), row=st.integers(0, 4), place=st.integers(0, 22))
def test_whatever_stands_in_a_cell_no_form_of_the_report_repeats_it(
    tmp_path: Path, junk: str, row: int, place: int
) -> None:
    lines = [
        line.split(",")
        for line in (ROOT / "catalog/collections/psis-october/example.csv").read_text("utf-8").splitlines()
    ]
    row %= len(lines)
    lines[row][place] = f"{WORD}{junk}"
    path = tmp_path / "submission.csv"
    path.write_bytes("\n".join(",".join(line) for line in lines).encode("utf-8", "replace"))
    report = check(path, "psis-october", plan=PLAN)
    _clean(report_text([report]) + as_json([report]) + as_csv([report]) + as_html_fragment(report), "a report")


def test_a_finding_takes_row_numbers_and_nothing_else() -> None:
    for rows in ((WORD,), (1.5,), (True,)):
        with pytest.raises(TypeError) as raised:
            Finding("V110", "a.b", "error", "message", "fix", rows=rows)  # type: ignore[arg-type]
        _clean("".join(traceback.format_exception_only(raised.value)), "the error")
