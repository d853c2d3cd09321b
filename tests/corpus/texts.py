"""Delimited text and text of fixed width: awkward and right, broken, evading, and hostile."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator

from tests.corpus.case import CANARY, HEADER, POSITIONS, ROWS, Case, cell, csv, passes, rejected, table, unreadable

_NAMES = (
    "Peña", "O'Example", "Example-Łukasz", "Nguyễn", "Ólafsdóttir", "Зразок", "例", "مثال", "דוגמה", "예시", "ตัวอย่าง",
    "Ẹ̀kọ́", "D'Exàmple", "van der Example", "Exam ple", "ʻŌlelo", "Şahin", "Example Jr.", "Example (Ex)", "É",
    "Null", "NA", "None", "True", "N/A", "nan", "1e5", "-", "Sample; Sample", "Ex|ample", "Ex\tample".replace("\t", " "),
)  # fmt: skip


def cases() -> Iterator[Case]:
    """Every text file of the corpus."""
    yield from _right()
    yield from _encodings()
    yield from _structure()
    yield from _evasions()
    yield from _values()
    yield from _declared()
    yield from _fixed()
    yield from _hostile()


def _right() -> Iterator[Case]:
    plain = table()
    yield passes("plain", csv(), "the twin of most others")
    for name, end in (("crlf", "\r\n"), ("cr", "\r")):
        yield passes(f"line ends {name}", csv(end=end), "a file may end its lines as its system does")
    yield passes("no last line end", csv()[:-1], "the last row is whole without it")
    yield passes("empty lines at the end", csv() + b"\n\n \n", "what is below the table holds nothing")
    yield passes("byte order mark", b"\xef\xbb\xbf" + csv(), "Excel writes it")
    for delimiter, name in ((";", "semicolon"), ("\t", "tab"), ("|", "pipe")):
        yield passes(f"separated by {name}", csv(delimiter=delimiter), "the header proves the separator")
    quoted = "".join(",".join(f'"{each}"' for each in row) + "\n" for row in (HEADER, *ROWS))
    yield passes("all quoted", quoted.encode(), "quotation marks are no part of a cell")
    yield passes("one row", csv(ROWS[0]), "one is a table")
    many = tuple((f"{number:010d}", "Example", "05", "01012001", "") for number in range(3_000))
    yield passes("3,000 rows", csv(*many), "an ordinary file")
    for text, why in (
        ('"two\nlines"', "a line break in quotation marks is part of the cell"),
        ('"two\r\nlines"', "also one of Windows"),
        ('"a, b; c"', "a separator in quotation marks is part of the cell"),
        ('"said ""hello"""', "a quotation mark is written twice"),
        ("007", "zeros are text"),
        ("NA", "no word of ours stands for nothing"),
        ("null", "no word of ours stands for nothing"),
        ("1e5", "a text stays one"),
        ("TRUE", "a text stays one"),
        ("=1+1", "a formula is a text to us"),
        ("@home", "no program of ours takes it for a formula"),
        ("trailing  ", "blanks behind a text are part of it"),
        ("  leading", "blanks before a text are part of it"),
        ("\u201cquoted\u201d", "these marks quote nothing"),
        ("\U0001f600", "a letter of four bytes"),
        ("x" * 32_767, "the longest cell of Excel"),
        ("2001-01-01", "a date in a text"),
        ("12:30", "a time in a text"),
        ("100%", "a percentage in a text"),
        ("<b>bold</b>", "markup in a cell is text"),
        ("../../etc/passwd", "a path in a cell is text"),
        ("'; DROP TABLE students;--", "a statement in a cell is text"),
        ("{{7*7}}", "a template in a cell is text"),
        ("${jndi:ldap://example.org/a}", "an expression in a cell is text"),
    ):
        yield passes(f"note {text[:20]!r}", cell(note=text), why)
    for form in ("NFC", "NFD"):
        rows = tuple(
            (f"{number:010d}", unicodedata.normalize(form, name), "05", "01012001", "")
            for number, name in enumerate(_NAMES)
        )
        yield passes(f"names of many languages in {form}", csv(*rows), "a name is what it is")
    yield passes("header quoted", plain.replace("sasid", '"sasid"', 1).encode(), "only the header quoted")


def _encodings() -> Iterator[Case]:
    text = table(("0000000001", "Peña", "05", "01012001", ""))
    yield passes("utf-16 little", b"\xff\xfe" + text.encode("utf-16-le"), "its mark proves it")
    yield passes("utf-16 big", b"\xfe\xff" + text.encode("utf-16-be"), "its mark proves it")
    tabbed = table(delimiter="\t", end="\r\n")
    yield passes("Unicode text of Excel", tabbed.encode("utf-16"), "Excel saves Unicode Text so")
    yield passes("utf-16 without mark", text.encode("utf-16-le"), "the header proves it")
    yield passes("utf-16 big without mark", text.encode("utf-16-be"), "the header proves it")
    yield unreadable("utf-16 without mark or header", "x,y\n1,2\n".encode("utf-16-le"), "nothing proves it", "S103")
    yield unreadable("one nought in the first letter", b"s\0asid" + csv()[5:], "that proves nothing", "S103")
    yield unreadable("utf-32", text.encode("utf-32"), "not a form of text that is taken", "S103")
    for name in ("cp1252", "latin-1", "cp437", "mac-roman"):
        yield unreadable(f"encoded as {name}", text.encode(name), "no byte says which of them it is", "S101")
    yield passes("cp1252 declared", text.encode("cp1252"), "the layout says so", layout="quoted")
    yield passes("utf-8 where cp1252 may be", text.encode(), "what is UTF-8 is UTF-8", layout="quoted")
    yield unreadable("cp1252 with a byte it lacks", text.encode("cp1252") + b"\x81", "no letter", "S101", "quoted")
    yield unreadable("cut inside a letter", cell(note="é")[: cell(note="é").index("é".encode()) + 1], "cut off", "S101")
    yield unreadable("utf-16 cut inside a letter", text.encode("utf-16")[:-1], "cut off", "S101")
    yield unreadable("overlong letter", csv() + b"\xc0\xaf\n", "no valid UTF-8", "S101")
    yield unreadable("half a surrogate", csv() + b"\xed\xa0\x80\n", "no valid UTF-8", "S101")
    for name, at in (("first", 0), ("middle", 40), ("last", len(csv()))):
        content = csv()[:at] + b"\0" + csv()[at:]
        yield unreadable(f"a NUL {name}", content, "programs cut the text there", "S103")
    yield passes("a letter was lost", cell(note="Pe\ufffda"), "the sign for a lost letter is told", "S124")


def _structure() -> Iterator[Case]:
    head, *rows = table().splitlines(keepends=True)
    yield unreadable("empty", b"", "nothing", "S102")
    yield unreadable("only a mark", b"\xef\xbb\xbf", "nothing", "S102")
    yield unreadable("only blanks", b" \r\n\t\n", "nothing", "S102")
    yield rejected("header only", head.encode(), "no row", "S108")
    yield unreadable("quote not closed", cell(note='"open'), "the rest would be one cell", "S104")
    yield unreadable("text after quote", cell(note='"one" two'), "two ways to read it", "S105")
    yield rejected("bare quote", cell(note='5" tall'), "two ways to read it", "S106")
    yield rejected("row cut off", csv() + b"0000000003,Exam", "cells are missing", "S107")
    yield rejected(
        "row without a separator", csv(("0000000001 Example", "05", "01012001", "")), "short", "S107", "S108"
    )
    yield rejected("stray carriage return", cell(note="a\rb"), "some programs begin a row there", "S110")
    yield passes("an empty line", (head + "\n" + "".join(rows)).encode(), "told, no harm", "S111")
    yield passes("an empty row", (head + ",,,,\n" + "".join(rows)).encode(), "told, no harm", "S112")
    yield unreadable("a title above", b"Our export\n" + csv(), "the header is not where it belongs", "S113")
    yield unreadable("three lines above", b"Our export\nOctober\n\n" + csv(), "not where it belongs", "S113")
    yield unreadable("2,001 columns", csv(header=(*HEADER, *["x"] * 1_996)), "no collection has so many", "S115")
    yield unreadable("one cell of 40,000", cell(note="x" * 40_000), "no cell holds so much", "S116")
    yield rejected("pasted twice", csv() + csv(), "two exports in one", "S119", "V140")
    yield rejected("second table below", csv() + b"\nteacher,room\nExample,1\n", "another table", "S111", "S107")
    yield rejected("header again after a blank line", csv() + b"\n" + csv(("0000000003", *ROWS[0][1:])), "two tables",
                   "S111", "S119")  # fmt: skip
    yield rejected("no header", "".join(rows).encode(), "the first row is taken for it, and is none", "P201", "S120")
    for drop in HEADER:
        header = tuple(name for name in HEADER if name != drop)
        body = tuple(tuple(v for n, v in zip(HEADER, row, strict=True) if n != drop) for row in ROWS)
        yield rejected(f"without {drop}", csv(*body, header=header), "a column is missing", "S120")
    swapped = ("last_name", "sasid", *HEADER[2:])
    body = tuple((row[1], row[0], *row[2:]) for row in ROWS)
    yield rejected("two columns swapped", csv(*body, header=swapped), "the order counts", "S123")
    yield rejected("transposed", "\n".join(",".join(pair) for pair in zip(HEADER, *ROWS, strict=True)).encode(),
                   "rows and columns swapped", "P201", "S120", "V120")  # fmt: skip
    for delimiter, name in ((":", "colon"), (" ", "blank"), ("^", "caret"), ("~", "tilde")):
        yield rejected(f"separated by {name}", csv(delimiter=delimiter), "a separator nobody declared", "P201", "S120")
    yield rejected(
        "two separators", table().replace(f"{CANARY},05", f"{CANARY};05", 1).encode(), "one cell short", "S107"
    )
    yield rejected("comma and blank", table(delimiter=", ").encode(), "the names begin with a blank", "P202")  # fmt: skip


def _evasions() -> Iterator[Case]:
    """Content that nobody authorised, brought in beside the columns."""
    extra = tuple((*row, CANARY) for row in ROWS)
    for name in ("lunch_status", "ssn", "Notes2", CANARY, "0000000009", "=1+1", "a b", "sasid2", "x" * 200):
        yield rejected(f"extra column {name[:20]!r}", csv(*extra, header=(*HEADER, name)), "not of the layout", "P201")
    first = tuple((CANARY, *row) for row in ROWS)
    yield rejected("extra column first", csv(*first, header=("lunch", *HEADER)), "not of the layout", "P201")
    for blank, name in (
        ("", "empty"),
        (" ", "blank"),
        ("\u00a0", "hard blank"),
        ('""', "quoted empty"),
        ("\u3000", "wide"),
    ):
        yield rejected(f"header {name}", csv(*extra, header=(*HEADER, blank)), "a column without a name", "S122")
    invisible = {"\u200b": "zero width", "\u200d": "joiner", "\u2060": "word joiner", "\u00ad": "soft hyphen"}
    for mark, name in invisible.items():
        changed = (HEADER[0], HEADER[1] + mark, *HEADER[2:])
        yield rejected(f"header with a {name}", csv(header=changed), "looks like it and is not", "P202")
    for twin, name in (
        ("ѕasid", "Cyrillic"), ("sаsid", "Cyrillic a"), ("ｓａｓｉｄ", "full width"), ("SASID", "capitals"), ("Sasid", "capital"),
        ("sasid ", "blank behind"), (" sasid", "blank before"), ("sas_id", "underscore"), ("sas-id", "hyphen"),
        ("sasíd", "accent"),
    ):  # fmt: skip
        yield rejected(f"header twin {name}", csv(header=(twin, *HEADER[1:])), "looks like it and is not", "P202")
        if name in ("Cyrillic", "capitals", "blank behind"):
            yield rejected(f"second header twin {name}", csv(*extra, header=(*HEADER, twin)), "a second one", "P202")
    for name in HEADER:
        yield rejected(f"{name} twice", csv(*extra, header=(*HEADER, name)), "which of the two?", "S121")
    yield rejected("cells right of the header", csv(ROWS[0], (*ROWS[1], CANARY)), "beyond the last column", "P203")
    yield rejected("cells far right", csv(ROWS[0], (*ROWS[1], "", "", CANARY)), "beyond the last column", "P203")
    yield rejected("separator behind every row", table().replace("\n", ",\n").encode(), "a nameless column", "S122")
    yield rejected("separator behind rows", csv(*((*row, "") for row in ROWS)), "a cell too many", "P203", "S108")
    yield rejected("footer", csv() + b"Total,2\n", "not a row of the table", "S107")
    yield rejected("remark below", csv() + f"\n\nPlease call {CANARY}\n".encode(), "outside the table", "S107", "S111")
    yield rejected("second table beside", csv(*((*row, "", "x", "y") for row in ROWS), header=(*HEADER, "", "who", "what")),
                   "another table", "P201", "S122")  # fmt: skip
    yield rejected("comment line", csv() + f"# {CANARY}\n".encode(), "there are no comments", "S107")


def _values() -> Iterator[Case]:
    for name, value, rule in (
        ("sasid", "", "V101"), ("sasid", "1", "V120"), ("sasid", "000000000１", "V120"), ("sasid", "0000000001 ", "V120"),
        ("sasid", "+000000001", "V120"), ("sasid", "0x00000001", "V120"), ("sasid", '"0000000001\n"', "V120"),
        ("last_name", "", "V101"), ("last_name", " ", "V104"), ("last_name", "\u200b", "V104"), ("last_name", "x" * 41, "V130"),
        ("grade", "5", "V110"), ("grade", "k", "V110"), ("grade", "05 ", "V110"), ("grade", "13", "V110"),
        ("birth_date", "1/1/2001", "V123"), ("birth_date", "2001-01-01", "V123"), ("birth_date", "02302001", "V123"),
        ("birth_date", "1012001", "V123"), ("birth_date", "now", "V123"), ("birth_date", "01012001x", "V123"),
        ("birth_date", "36892", "V123"), ("birth_date", "", "V101"),
    ):  # fmt: skip
        rules = {"V105"} if "\n" in value else {rule}
        yield rejected(f"{name} {value[:12]!r}", cell(**{name: value}), "not what the element permits", *rules)
    yield rejected("key twice", csv(ROWS[0], ROWS[0]), "two rows of one student", "V140")
    for letter, name in (("\u2028", "line separator"), ("\u2029", "paragraph separator"), ("\x85", "next line")):
        yield passes(f"{name} in a text", cell(note=f"a{letter}b"), "a line break where texts may have lines")
        yield rejected(f"{name} in an id", cell(sasid=f"0000000001{letter}"), "no digit", "V105", "V120")
    for letter, name in (("\x07", "bell"), ("\x1b", "escape"), ("\x0b", "vertical tab")):
        yield rejected(f"control character {name}", cell(note=f"a{letter}b"), "no letter", "V105")
    number = "-".join(("000", "12", "3456"))
    yield rejected("ssn in a note", cell(note=number), "the plan's promise", "P101")
    yield rejected("ssn labelled", cell(note="SSN 000123456"), "the plan's promise", "P102")
    yield rejected("ssn in a row of the wrong width", csv() + f"{number}\n".encode(), "outside", "P107", "S107")


def _declared() -> Iterator[Case]:
    quoted = table().replace("one", "'a, b'").encode()
    yield passes("single quotes declared", quoted, "the layout says so", layout="quoted")
    yield passes("single quotes doubled", cell(note="'it''s'"), "the layout says so", layout="quoted")
    yield passes("double quotes where single ones are declared", cell(note='5" tall'), "no mark here", layout="quoted")
    yield unreadable("single quote not closed", cell(note="'open"), "the rest would be one cell", "S104", "quoted")
    yield rejected("single quote bare", cell(note="it's"), "two ways to read it", "S106", layout="quoted")
    yield rejected("separator not permitted", csv(delimiter=";"), "the layout has one", "P201", "S120", layout="quoted")
    yield passes("escaped quote", cell(note='"said \\"hello\\""'), "the layout says so", layout="escaped")
    yield passes("escaped separator", cell(note="a\\, b"), "the layout says so", layout="escaped")
    yield passes("escaped line end", cell(note='"a\\\nb"'), "the layout says so", layout="escaped")
    yield passes("escaped escape", cell(note="a\\\\"), "the layout says so", layout="escaped")
    yield unreadable("escape at the end", cell(note='"open\\"'), "the mark is escaped", "S104", "escaped")
    titles = "Example register\nmade 2001\n"
    yield passes("title lines", (titles + table()).encode(), "the layout has them", layout="titled")
    yield passes("titles with separators", ("Example register,,,,\nmade 2001,,,,\n" + table()).encode(), "Excel fills up",
                 layout="titled")  # fmt: skip
    guarded = table().replace("0000000001", '="0000000001"').encode()
    yield passes("text guards", titles.encode() + guarded, "the layout has them", layout="titled")
    yield rejected("text guards not declared", guarded, "a quotation mark in a cell", "S106", "V120")
    yield rejected("another title", ("Another register\nmade 2001\n" + table()).encode(), "not this export", "S109",
                   layout="titled")  # fmt: skip
    yield unreadable("titles left out", csv(), "the header is not where it belongs", "S113", "titled")
    yield unreadable("ends above the header", titles.encode(), "no header", "S102", "titled")


def _line(*cells: str) -> str:
    line = [" "] * (POSITIONS[-1][1] + POSITIONS[-1][2] - 1)
    for (_, start, width), text in zip(POSITIONS, cells, strict=True):
        line[start - 1 : start - 1 + width] = text.ljust(width)[:width]
    return "".join(line)


def _fixed() -> Iterator[Case]:
    lines = "\n".join(_line(*row) for row in ROWS) + "\n"

    def right(name: str, text: str, why: str, *rules: str) -> Case:
        return passes(f"fixed {name}", text.encode(), why, *rules, layout="fixed")

    def wrong(name: str, text: str, why: str, *rules: str) -> Case:
        return rejected(f"fixed {name}", text.encode(), why, *rules, layout="fixed")

    yield right("plain", lines, "every field at its place")
    yield right("crlf", lines.replace("\n", "\r\n"), "lines end as the system ends them")
    yield right("cr", lines.replace("\n", "\r"), "lines end as the system ends them")
    yield right("no last line end", lines[:-1], "whole without it")
    yield right("blanks behind", lines.replace("\n", "   \n"), "they hold nothing")
    yield right("end-of-file mark", lines + "\x1a", "old systems write it")
    yield right("accents", lines.replace(CANARY, "Exámple"), "letters are counted, not bytes")
    yield right("a csv file", table(), "its header proves that it is one")
    yield right("empty line", lines.replace("\n", "\n\n", 1), "told, no harm", "S111")
    yield right("blank line", lines.replace("\n", "\n  \n", 1), "told, no harm", "S112")
    yield wrong("line cut off", lines[:-8], "the last fields are missing", "S150")
    yield wrong("text behind", lines.replace("\n", f" {CANARY}\n", 1), "the layout ends before", "P204")
    yield wrong("text between", _line(*ROWS[0])[:22] + "x" + _line(*ROWS[0])[23:] + "\n", "no field there", "P204")
    yield wrong("shifted by one", " " + lines, "every value slipped", "V110", "V120", "V123")
    yield wrong("nothing readable", _line("", "", "", "", "x") + "\n", "required fields", "V101")
    yield wrong("only short lines", "abc\ndef\n", "no row", "S108", "S150")
    yield unreadable("fixed empty", b"", "nothing", "S102", "fixed")
    yield unreadable("fixed with a NUL", lines.encode() + b"\0", "damaged", "S103", "fixed")
    yield unreadable(
        "fixed in latin-1", lines.replace(CANARY, "Exámple").encode("latin-1"), "not told", "S101", "fixed"
    )
    yield unreadable("fixed with an endless line", b"x" * 40_000, "no line end", "S116", "fixed")
    yield unreadable("fixed where csv is asked", b"%PDF-1.4", "another kind", "S117", "fixed")


def _hostile() -> Iterator[Case]:
    yield unreadable("one quote and a megabyte", csv() + b'"' + b"a" * 1_000_000, "never closed", "S104")
    yield unreadable("a megabyte of quotes", csv() + b'"' * 1_000_001, "no cell holds so many", "S116")
    yield unreadable("a megabyte of separators", b"," * 1_000_000, "no table is so wide", "S115")
    yield passes("100,000 line ends", csv() + b"\n" * 100_000, "nothing below the table")
    yield unreadable("one line of a megabyte", b"x" * 1_000_000, "no cell holds so much", "S116")
    for start, name in (
        (b"%PDF-1.7\n", "pdf"), (b"{\\rtf1", "rtf"), (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"GIF89a", "gif"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07\x01\x00", "rar"), (b"\xfd7zXZ\x00", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"), (b"SQLite format 3\x00", "sqlite"), (b"\x7fELF", "program"), (b"II*\x00", "tiff"),
        (b"BZh91AY&SY", "bzip2"), (b"<html><table><tr><td>sasid", "web page"), (b"<?xml version='1.0'?><a/>", "xml"),
        (b"\xef\xbb\xbf<!DOCTYPE html>", "web page with a mark"), (b"  <TABLE>", "web page in capitals"),
    ):  # fmt: skip
        yield unreadable(f"is a {name}", start + csv(), "not a table, whatever its name", "S117")
    for seed in range(4):
        noise = random.Random(seed).randbytes(2_000)
        rule = "S103" if b"\0" in noise else "S101"
        yield unreadable(f"noise {seed}", b"#" + noise, "no text", _first_fault(noise) or rule)
    yield rejected("json", b'{"sasid": "0000000001", "grade": "05"}', "not a table", "P201", "S108", "S120", "S106")


def _first_fault(noise: bytes) -> str:
    return "S103" if b"\0" in noise else "S101"
