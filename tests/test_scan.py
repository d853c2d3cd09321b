"""`dap scan` searches any file by itself, says what it searched, and never calls clean what it could not look into."""

from __future__ import annotations

import json
import random
from pathlib import Path

import jsonschema_rs
import pytest

import dap.scan
from benchmarks.conformance import ssns
from dap.cli import main
from dap.errors import CouldNotRun
from dap.scan import CLEAN, FOUND, UNREADABLE, scan
from tests.broken_rows import ROOT

SSN = "000-12-3456"


def _scanned(
    folder: Path, content: bytes | str, name: str = "x.csv"
) -> tuple[str, list[tuple[str, int | None, tuple[int, ...]]]]:
    path = folder / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    answer = scan(path)
    return answer.status, [(each.rule, each.column, each.rows) for each in answer.findings]


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["scan", *words])
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_is_searched_cell_by_cell_with_its_headers(tmp_path: Path, delimiter: str) -> None:
    table = delimiter.join
    head = table(["id", "SSN", "Comment"])
    assert _scanned(tmp_path, f"{head}\n{table(['1', '000123456', 'x'])}\n{table(['2', '', SSN])}\n") == (
        FOUND,
        [("P103", 2, (2,)), ("P101", 3, (3,))],
    )
    # Neighbouring cells are no number, whatever stands between them.
    assert _scanned(tmp_path, f"{head}\n{table(['000', '12', '3456'])}\n")[0] == FOUND
    assert _scanned(tmp_path, f"{table(['a', 'b', 'c'])}\n{table(['000', '12', '3456'])}\n") == (CLEAN, [])


def test_title_lines_and_rows_of_another_width_are_searched(tmp_path: Path) -> None:
    text = f"Exported for Example\nNumber {SSN}\nid,name,grade\n1,Example,05\n2,Example,05\n3,Example,05,{SSN}\n"
    assert _scanned(tmp_path, text) == (FOUND, [("P107", None, (2, 6))])


def test_a_second_table_below_the_first_is_read_with_its_own_header(tmp_path: Path) -> None:
    first = "id,name,grade\n1,Example,05\n2,Example,05\n3,Example,05\n\n"
    assert _scanned(tmp_path, f"{first}Name,SSN\nExample,000123456\n") == (FOUND, [("P107", None, (7,))])
    assert _scanned(tmp_path, f"{first}Name,SSID\nExample,000123456\n") == (CLEAN, [])
    # A title's words are no header of another table's cells.
    assert _scanned(tmp_path, f"SSN\n{first}Example,000123456\n") == (CLEAN, [])


def test_columns_are_judged_by_their_numbers(tmp_path: Path) -> None:
    rows = [f"{place},{number},05" for place, number in enumerate(ssns(random.Random(3), 80))]
    status, found = _scanned(tmp_path, "\n".join(["n,Local id,grade", *rows]))
    assert (status, [each[:2] for each in found]) == (FOUND, [("P104", 2)])
    status, found = _scanned(tmp_path, "\n".join(["n,Local id,grade", *rows[:12]]))
    assert (status, [each[:2] for each in found]) == (CLEAN, [("P111", 2)])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"Dear all\nthe number is {SSN}\nbye\n", [("P101", None, (2,))]),
        ("a\nSSN 000123456\nb\n***-**-3456\n", [("P102", None, (2,)), ("P106", None, (4,))]),
        ("the number is 000-12-\n3456, as agreed\n", [("P101", None, (1,))]),
        ("the number is 000-\n12-3456, as agreed, and so on,\nand so on\n", [("P101", None, (1,))]),
        ("his Social Security number is\n000123456.\nThank you.\n", [("P102", None, (1,))]),
        ("SSN\n000123456\n00123456\n", [("P103", 1, (2, 3))]),
        ("name       SSN         grade\nExample    000123456   05\nExample    000123457   05\n", [("P103", 2, (2, 3))]),
        ('{"id": 1,\n "ssn": "000123456"}\n', [("P102", None, (2,))]),
    ],
)
def test_running_text_is_searched_line_by_line_and_over_line_breaks(
    tmp_path: Path, text: str, found: list[tuple[str, int | None, tuple[int, ...]]]
) -> None:
    assert _scanned(tmp_path, text, "x.txt") == (FOUND, found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "Example\n",
        "total 123\n45 6789\n",
        "nothing\nto see, here\n",
        "a,b\n1,2\n",
        "12 345\n67 8901\n23 456\n",
        '"a\nb",c\n1,2\n',
    ],
)
def test_clean_text_passes(tmp_path: Path, text: str) -> None:
    assert _scanned(tmp_path, text, "x.txt") == (CLEAN, [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_text_is_decoded_by_its_mark_as_utf_8_or_as_western(tmp_path: Path, encoding: str) -> None:
    marks = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
    content = marks.get(encoding, b"") + f"id,note\n1,Pe\u00f1a\u20130 {SSN}\n".encode(encoding)
    assert _scanned(tmp_path, content) == (FOUND, [("P101", 2, (2,))])


@pytest.mark.parametrize("content", [b"PK\x03\x04abc", b"\xd0\xcf\x11\xe0abc", b"%PDF-1.7", b"\x1f\x8babc", b"a\0b\0c"])
def test_what_nobody_can_look_into_is_never_called_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    assert _scanned(tmp_path, content, "x.xlsx") == (UNREADABLE, [])
    code, out, err = _run(capsys, str(tmp_path / "x.xlsx"))
    assert (code, err) == (1, "")
    assert "NOT SEARCHED" in out
    assert "nothing is known about it" in out
    assert _scanned(tmp_path, content, f"{SSN}.xlsx") == (UNREADABLE, [("P108", None, ())])


def _workbook(sheets: dict[str, list[list[str]]], hidden: str = "") -> bytes:
    import io

    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        page.sheet_state = "hidden" if name == hidden else "visible"
        for row in rows:
            page.append(row)
    book.save(out)
    return out.getvalue()


_CLEAN_ROWS = [["id", "Comment"], ["1", "x"]]
_BARE_ROWS = [["id", "SSN"], ["1", "000123456"], ["2", "000123457"]]


def test_every_sheet_of_a_workbook_is_searched_as_a_table_of_its_own(tmp_path: Path) -> None:
    assert _scanned(tmp_path, _workbook({"one": _CLEAN_ROWS}), "x.xlsx") == (CLEAN, [])
    assert _scanned(tmp_path, _workbook({"one": _BARE_ROWS}), "x.xlsx") == (FOUND, [("P103", 2, (2, 3))])
    two = _workbook({"one": _CLEAN_ROWS, "two": _BARE_ROWS})
    assert ("P103", 2, (2, 3)) in _scanned(tmp_path, two, "x.xlsx")[1]
    path = tmp_path / "x.xlsx"
    assert (scan(path).scanned.sheets, scan(path).scanned.cells) == (2, 6)


def test_a_hidden_sheet_is_searched_too(tmp_path: Path) -> None:
    clean = _workbook({"one": _CLEAN_ROWS, "two": _CLEAN_ROWS}, hidden="two")
    assert _scanned(tmp_path, clean, "x.xlsx") == (CLEAN, [])
    status, found = _scanned(tmp_path, _workbook({"one": _CLEAN_ROWS, "two": _BARE_ROWS}, hidden="two"), "x.xlsx")
    assert (status, found) == (FOUND, [("P109", None, (2, 3))])
    status, found = _scanned(tmp_path, _workbook({"one": _CLEAN_ROWS, "two": [[SSN]]}, hidden="two"), "x.xlsx")
    assert (status, [rule for rule, _, _ in found]) == (FOUND, ["P109"])


@pytest.mark.parametrize("paragraph", ["<p>{}</p>", "<comment ref='A2'><text>{}</text></comment>"])
@pytest.mark.parametrize(("number", "status"), [(SSN, FOUND), ("000-555-0123", CLEAN)])
def test_a_number_in_several_runs_of_one_paragraph_is_read_as_one(
    tmp_path: Path, paragraph: str, number: str, status: str
) -> None:
    import io
    import zipfile

    runs = "".join(f"<r>\n <t>{part}</t>\n</r>\n" for part in (number[:4], number[4:5], number[5:]))
    book = io.BytesIO(_workbook({"one": _CLEAN_ROWS}))
    with zipfile.ZipFile(book, "a") as package:
        package.writestr("xl/drawings/drawing1.xml", f"<part>{paragraph.format(runs)}</part>")
    assert _scanned(tmp_path, book.getvalue(), "x.xlsx")[0] == status
    assert _scanned(tmp_path, _workbook({"one": _CLEAN_ROWS}), "x.xlsx")[0] == CLEAN


def test_the_one_file_of_an_archive_is_searched_and_so_is_its_name(tmp_path: Path) -> None:
    import gzip
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{SSN}.csv", f"id,note\n1,{SSN}\n")
    assert _scanned(tmp_path, packed.getvalue(), "x.zip") == (FOUND, [("P101", 2, (2,)), ("P109", None, ())])
    assert _scanned(tmp_path, gzip.compress(b"id,note\n1,x\n"), "x.csv.gz") == (CLEAN, [])


def test_exit_codes_and_forms_are_those_of_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clean, bad = tmp_path / "clean.csv", tmp_path / "bad.csv"
    clean.write_text("id,note\n1,Example\n", "utf-8")
    bad.write_text(f"id,note\n1,{SSN}\n", "utf-8")
    assert _run(capsys, str(clean))[0] == 0
    assert _run(capsys, str(bad))[0] == 1
    assert _run(capsys, str(tmp_path / "none.csv"))[0] == 2
    assert _run(capsys)[0] == 2
    code, out, err = _run(capsys, str(tmp_path))
    assert (code, err) == (1, "")
    assert "Nothing found in 1 of 2 files." in out
    assert "Searched for Social Security numbers: 2 cells, 2 headers, the file's name." in " ".join(out.split())


def test_the_json_form_keeps_its_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    valid = jsonschema_rs.validator_for(json.loads((ROOT / "schemas/scan.schema.json").read_text("utf-8")))
    (tmp_path / "a.csv").write_text(f"id,note\n1,{SSN}\n", "utf-8")
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04")
    (tmp_path / "c.csv").write_text("id,note\n1,x\n", "utf-8")
    for words in ([str(tmp_path)], [str(tmp_path / "a.csv")], [str(tmp_path / "c.csv")]):
        _, out, _ = _run(capsys, *words, "--format", "json")
        valid.validate(json.loads(out))
    listed = json.loads(_run(capsys, str(tmp_path), "--format", "json")[1])
    assert [each["status"] for each in listed] == [FOUND, UNREADABLE, CLEAN]
    target = tmp_path / "answer.json"
    assert _run(capsys, str(tmp_path / "c.csv"), "--format", "json", "--output", str(target))[1] == ""
    assert json.loads(target.read_text("utf-8"))["status"] == CLEAN


def test_nothing_of_the_file_or_its_name_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    word, number = "Qxzvjkw", "000-86-9753"
    for name, content in {
        f"{word} {number}.csv": f"{word},{number},SSN\n{word},{number},000869753\n{word}\n",
        f"{word}.txt": f"{word} {number}\n{word} SSN 000869753 and ***-**-9753\n",
        f"{word} 2.csv": f'"{word},{number}\n',
        f"{word}.xlsx": f"PK\x03\x04{word}{number}",
    }.items():
        (tmp_path / name).write_text(content, "utf-8")
    for words in ([str(tmp_path)], [str(tmp_path), "--format", "json"]):
        _, out, err = _run(capsys, *words)
        assert [each for each in (word, word.lower(), "869753", "9753", "86-9753") if each in out + err] == []


def test_a_word_at_the_end_of_a_row_says_nothing_of_the_next_row(tmp_path: Path) -> None:
    rows = "".join(f"{place:010},123456{place:03},SSN on file\n" for place in range(1, 9))
    assert _scanned(tmp_path, f"SASID,Local id,note\n{rows}Total,8\n") == (CLEAN, [])


def test_every_example_of_the_plan_is_clean() -> None:
    for path in sorted(ROOT.glob("catalog/collections/*/*.csv")):
        answer = scan(path)
        assert (answer.status, answer.findings) == (CLEAN, ()), path.parent.name


def test_a_file_that_a_busy_machine_did_not_read_keeps_no_other_from_being_searched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_content: bytes, _formats: object, _sheet: str, label: str) -> None:
        raise CouldNotRun(f"{label}: this computer is too busy")

    monkeypatch.setattr(dap.scan, "read_apart", busy)
    packed, text = tmp_path / "a.zip", tmp_path / "b.csv"
    packed.write_bytes(b"PK\x03\x04")
    text.write_text(f"id,note\n1,{SSN}\n", "utf-8")
    code, out, err = _run(capsys, str(packed), str(text), "--format", "json")
    assert (code, [each["status"] for each in json.loads(out)]) == (3, ["found"])
    assert "file 1: this computer is too busy" in err
    assert _run(capsys, str(packed))[:2] == (3, "")
