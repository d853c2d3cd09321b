"""`dap describe` drafts a descriptor that accepts the very file it was drafted from, and shows no value of a person."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import frictionless
import openpyxl
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment

from dap.catalog import open_plan
from dap.cli import main
from dap.describe import CannotDescribe, Draft, describe
from dap.describe.columns import Column, is_identifying, known, looks_like_data
from dap.errors import RequestError
from dap.examples import example_text
from dap.gate import check
from dap.identifiers import find_in_column, names_ssn
from dap.lint import lint
from dap.plan import Element
from dap.skeleton import write_plan
from dap.suites import write_suites
from tests.conftest import edit, rebuild
from tests.corpus.packed import book, old_book

WORD = "Qxzvjkw"


@pytest.fixture(scope="module")
def _bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new plan without its example collection."""
    root = tmp_path_factory.mktemp("bare") / "plan"
    write_plan(root)
    shutil.rmtree(root / "catalog/collections/example-enrollment")
    rebuild(root)
    return root


@pytest.fixture
def state(_bare: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_bare, tmp_path / "state"))


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]], **form: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator=form.pop("end", "\n"), **form).writerows([header, *rows])
    return out.getvalue().encode("utf-8")


def _fields(draft: Draft) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = draft.descriptor["resources"][0]["schema"]["fields"]
    return fields


def _field(header: str, values: Sequence[str], **more: Any) -> dict[str, Any]:
    """The draft of one column beside a full one that proves the header."""
    rows = [[str(place), value] for place, value in enumerate(values)]
    return _fields(describe(_csv(["count_of", header], rows), **more))[1]


def _why(stated: dict[str, Any], about: str = "codes") -> str:
    questions = stated.get("acquisition", {}).get("open", [])
    return next((each["why"] for each in questions if each["about"] == about), "")


def _excel(*sheets: Sequence[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _here(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    said = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, said.out, said.err


def _install(root: Path, draft: Draft) -> None:
    """Put a draft into the plan as its only collection, with its suite and example."""
    folder = root / "catalog/collections" / draft.descriptor["name"]
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(draft.descriptor, indent=2, ensure_ascii=False)
    (folder / "datapackage.json").write_text(text, "utf-8", newline="\n")
    plan = open_plan(root)
    [collection] = plan.all_collections
    example = example_text(plan, collection, collection.layouts[0])
    (folder / "example.csv").write_text(example, "utf-8", newline="\n")
    write_suites(plan)


# What comes back: the draft accepts the file it was made from.


def _roster() -> bytes:
    chance = random.Random(0)
    header = ["student_id", "last_name", "dob", "grade", "lunchStatus", "bus", "absences", "rate"]
    header += ["exit date", "free text"]
    rows = [
        [
            f"{number:010d}",
            f"Example {WORD}",
            f"{chance.randint(1, 12):02d}/{chance.randint(1, 28):02d}/2001",
            chance.choice(["K", "01", "02"]),
            chance.choice(["Free", "Reduced", "Paid"]),
            chance.choice("YN"),
            chance.choice(["*", "3", "12"]),
            chance.choice(["1.5", "2"]),
            "" if number % 2 else "2001-05-31",
            f"{WORD} {number}, said",
        ]
        for number in range(120)
    ]
    return _csv(header, rows)


def test_the_journey_from_a_file_to_an_accepted_file_goes_through_the_commands(
    capsys: pytest.CaptureFixture[str], state: Path, tmp_path: Path
) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(_roster())
    folder = state / "catalog/collections/spring-roster"
    drafted = _here(capsys, "describe", file, "--title", "Spring roster", "--output", folder / "datapackage.json")
    assert drafted[:2] == (0, "") and "dap example spring-roster --output" in drafted[2]
    assert _here(capsys, "build", "--plan", state)[0] == 0
    made = ("example", "spring-roster", "--plan", state, "--output", folder / "example.csv")
    assert _here(capsys, *made)[0] == 0
    code, out, _ = _here(capsys, "lint", "--plan", state)
    assert (code, "The plan is sound" in out) == (0, True)
    code, out, _ = _here(capsys, "check", file, "--collection", "spring-roster", "--format", "json", "--plan", state)
    assert (code, json.loads(out)["findings"]) == (0, [])
    assert frictionless.validate(str(folder / "datapackage.json")).valid
    asked = _here(capsys, "lint", "--open", "--plan", state)[1]
    for about in ("mandate", "frequency", "status", "respondents", "windows", "purpose", "retention", "submittedAs"):
        assert f"spring-roster: {about}:" in asked


def test_a_roster_is_drafted_with_its_names_types_and_lengths() -> None:
    drafted = {each["name"]: each for each in _fields(describe(_roster()))}
    types = {name: each["type"] for name, each in drafted.items()}
    assert types == {
        "student_id": "string",
        "last_name": "string",
        "dob": "date",
        "grade": "string",
        "lunchStatus": "string",
        "bus": "boolean",
        "absences": "integer",
        "rate": "number",
        "exit date": "date",
        "free text": "string",
    }
    assert drafted["student_id"]["constraints"] == {"required": True, "pattern": "[0-9]{10}", "maxLength": 10}
    assert (drafted["dob"]["format"], drafted["exit date"]["format"]) == ("%m/%d/%Y", "%Y-%m-%d")
    assert drafted["lunchStatus"]["title"] == "Lunch status"
    assert drafted["lunchStatus"]["constraints"] == {"required": True, "maxLength": 8}
    assert '"Free", "Paid", "Reduced"' in _why(drafted["lunchStatus"])
    assert '"01", "02", "K"' in _why(drafted["grade"])
    assert drafted["absences"]["missingValues"] == [{"value": ""}, {"value": "*", "label": "Suppressed"}]
    assert "required" not in drafted["exit date"].get("constraints", {})


_HEADER = st.one_of(
    st.sampled_from(
        ["grade", "lunchStatus", "Übung", "last name", "exit date", "note", "dob", "Teacher", "code", "días"]
    ),
    st.text("abcdeEFé _-.%/()&'#,;\"", min_size=1, max_size=12),
)
# A clean file has no control character but the line breaks of a quoted cell.
_TEXT = st.text("abcXYZ é,;|'\"=-019_\n", min_size=1, max_size=12).filter(str.strip)
_DAYS = st.dates(date(1950, 1, 1), date(2049, 12, 31))


def _written(form: str) -> st.SearchStrategy[str]:
    return _DAYS.map(lambda day: day.strftime(form))


_VALUES = (
    st.integers(-999, 10**8).map(str),
    st.integers(0, 9999).map(lambda number: f"{number:04d}"),
    st.integers(0, 9999).map(lambda number: f"{number / 100}"),
    st.sampled_from(["Y", "N"]),
    st.sampled_from(["true", "false", "True"]),
    st.sampled_from(["K", "01", "02", "PK"]),
    st.sampled_from(["1", "2", "3", "*", "N/A"]),
    _TEXT,
    *(_written(form) for form in (*known()["dates"]["formats"], *known()["dates"]["bare"])),
    st.one_of(_written("%m/%d/%Y"), _written("%Y-%m-%d")),
    st.one_of(_TEXT, st.integers().map(str)),
)


@st.composite
def _tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]], dict[str, str]]:
    header = draw(st.lists(_HEADER, min_size=1, max_size=8, unique=True))
    many = draw(st.integers(1, 60))
    chance = draw(st.randoms(use_true_random=False))
    columns = []
    for place in range(len(header)):
        pool = draw(st.lists(draw(st.sampled_from(_VALUES)), min_size=1, max_size=20))
        # A row is more than empty cells, so the first column is always filled.
        empty = [""] * draw(st.integers(0, 5)) if place else []
        columns.append([chance.choice([*pool, *empty]) for _ in range(many)])
    form = {"delimiter": draw(st.sampled_from([",", ";", "\t", "|"])), "end": draw(st.sampled_from(["\n", "\r\n"]))}
    return header, [list(row) for row in zip(*columns, strict=True)], form


def _may_be_described(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    slugs = {Element(each, each, "string", place).slug for place, each in enumerate(header, start=1)}
    return (
        len(slugs) == len(header)
        and all(each.strip() and not names_ssn(each) and not looks_like_data(each) for each in header)
        and not any(
            list(find_in_column(column, name)) for name, column in zip(header, zip(*rows, strict=True), strict=True)
        )
        and not any(name in column for name, column in zip(header, zip(*rows, strict=True), strict=True))
    )


@pytest.fixture(scope="module")
def _changing(_bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose one collection each example writes anew."""
    return Path(shutil.copytree(_bare, tmp_path_factory.mktemp("changing") / "plan"))


# Each example builds a plan and runs its suites: shrinking one that fails would take minutes.
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(table=_tables())
def test_a_draft_is_sound_in_a_new_plan_and_accepts_the_file_it_was_drafted_from(
    _changing: Path, tmp_path_factory: pytest.TempPathFactory, table: tuple[list[str], list[list[str]], dict[str, str]]
) -> None:
    header, rows, form = table
    assume(_may_be_described(header, rows))
    content = _csv(header, rows, **form)
    draft = describe(content, delimiter=form["delimiter"], header=True)
    assert draft.rows == len(rows)
    _install(_changing, draft)
    assert lint(_changing) == ()
    file = tmp_path_factory.mktemp("file") / "file.csv"
    file.write_bytes(content)
    assert [
        (each.rule, each.field) for each in check(file, "draft-collection", plan=open_plan(_changing)).findings
    ] == []


# What never leaves.


@pytest.mark.parametrize(
    "header",
    [
        *("last_name", "LastName", "lastname", "FIRSTNAME", "Student ID", "studentId", "SASID", "dob", "DateOfBirth"),
        *("home address", "Street", "zip code", "Phone", "e-mail", "email2", "Teacher", "teacher code", "Homeroom"),
        *("parentStatusName", "guardian", "comment", "nombre", "Apellido", "initials", "city", "pin", "employee no"),
    ],
)
def test_no_value_of_an_identifying_column_is_shown(header: str) -> None:
    stated = _field(header, ["Qx", "Yes", "No"] * 40)
    assert is_identifying(header)
    assert stated["type"] == "string"
    assert stated["acquisition"] == {"sensitivity": "direct-identifier"}
    assert not re.search("Qx|Yes", json.dumps(stated))


@pytest.mark.parametrize("header", ["grade", "student_status", "teacherType", "race", "sex", "programCode", "Gender"])
def test_the_codes_of_a_column_that_names_itself_so_are_candidates(header: str) -> None:
    assert '"Ab cd", "K"' in _why(_field(header, ["Ab cd", "K"] * 10))


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("grade", [f"{WORD}{number}" for number in range(31)] * 20),
        ("grade", [WORD, f"{WORD} 12345"] * 40),
        ("grade", [WORD, f"{WORD}@example"] * 40),
        ("grade", [WORD, f"{WORD}{'x' * 20}"] * 40),
        ("grade", [f"{WORD}{number}" for number in range(9)] * 9),
        ("room of", [WORD, "ab"] * 40),
        ("room of", ["Qxz", "ab"] * 40),
    ],
    ids=["many", "digits", "signs", "long", "spread thin", "no word for codes", "three letters"],
)
def test_a_column_whose_values_may_be_more_than_codes_shows_none(header: str, values: list[str]) -> None:
    assert "Qxz" not in json.dumps(_field(header, values))


def test_a_value_that_fewer_than_six_rows_have_is_not_shown() -> None:
    stated = _field("grade", ["K"] * 50 + ["01"] * 6 + ["02"] * 5 + ["03"])
    assert _why(stated).startswith('Candidate codes, each in 6 rows or more: "01", "K".')
    assert not re.search("02|03", json.dumps(stated))


def test_a_yes_that_fewer_than_six_rows_have_makes_no_boolean() -> None:
    assert _field("homeless", ["N"] * 50 + ["Y"] * 6)["trueValues"] == ["Y"]
    few = _field("homeless", ["N"] * 50 + ["Y"] * 5)
    assert few["type"] == "string" and '"Y"' not in json.dumps(few)


@settings(max_examples=150, deadline=None)
@given(
    header=st.one_of(_HEADER, st.sampled_from(["race", "status", "type code", "teacher", "name"])),
    values=st.lists(st.sampled_from([f"Qx{number}" for number in range(40)] + ["Qa", "Qb", "Qc"]), max_size=120),
)
def test_nothing_of_a_column_is_shown_but_codes_of_six_rows_and_more(header: str, values: list[str]) -> None:
    column = Column(header)
    for start in range(0, len(values), 50):
        column.add(Counter(values[start : start + 50]))
    shown = set(re.findall(r"Q[a-z0-9]+", json.dumps(column.field({"title": "Draft"}))))
    assert shown <= {value for value, rows in Counter(values).items() if rows >= 6}
    assert not (shown and is_identifying(header))


def test_a_canary_in_every_hidden_place_stays_in_the_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = [[number, f"{WORD}{number}", WORD, f"{WORD} street", "A", f"said {WORD}"] for number in range(60)]
    lines = _csv(["count", "last_name", "teacher", "address", "grade", "note"], rows).decode("utf-8")
    file = tmp_path / f"{WORD}.csv"
    file.write_text(f'{lines}\n{WORD},{WORD}\n{WORD}"x,1,2,3,4,5\n1,2,3,4,{WORD},6,7\n', "utf-8")
    code, out, err = _here(capsys, "describe", file)
    assert code == 0 and "row 63" in err and "(S107)" in err and "(P203)" in err and "(S106)" in err
    assert WORD not in out + err


# What is refused, with exit code 1, and nothing of it echoed.

_OK = "grade,count_of\nK,1\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"\xef\xbb\xbf\r\n", "The file is empty"),
        (b"grade,count_of\n", "(S108)"),
        (b"\ngrade,count_of\nK,1\n", "row 1: the line is empty"),
        (b"grade,,count_of\nK,1,1\n", "column 2: it has no name"),
        ("grade,\u200b\nK,1\n".encode(), "column 2: it has no name"),
        (b"grade,count_of,grade\nK,1,1\n", "column 3: the header is that of column 1 too"),
        (b"lastGrade,last_grade\nK,1\n", "column 2: its header differs from that of column 1"),
        (b"grade,Qxzvjkw 2001-01-01\nK,1\n", "column 2: the first row looks like data"),
        (b"0000000001,Qxzvjkw\n0000000002,B\n", "column 1: the first row looks like data"),
        (b"Qxzvjkw@example.org,grade\nb,1\n", "column 1: the first row looks like data"),
        (b"Qxzvjkw,Example\nAn,Other\n", "--header"),
        (b"grade,Qxzvjkw\nK,1\nK,Qxzvjkw\n", "column 2: the text of the first row stands in the column again"),
        (b'grade,"Qx\nzvjkw"\nK,1\n', "column 2: a line break"),
        (b'grade,count_of\nK,"Qxzvjkw\n', "(S104)"),
        (b'grade,count_of\nK,"Qxzvjkw"x\n', "(S105)"),
        (b"\0\1\2Qxzvjkw", "neither text nor a workbook"),
        (b"%PDF-1.7 Qxzvjkw", "neither text nor a workbook"),
        (b"caf\x81,Qxzvjkw\n1,2\n", "neither text nor a workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 Qxzvjkw", "save it anew as .xlsx"),
        (b"PK\x03\x04 Qxzvjkw", "cannot be read"),
        (b"Qxzvjkw title\ngrade,count_of\nK,1\nK,2\n", "column"),
        (b"Qxzvjkw title,\ngrade,count_of,rate\nK,1,2\nK,2,3\n", "Most rows are not as wide as row 1"),
        (b"grade;a,count_of;b\nK;1,1;2\n", "--delimiter"),
    ],
)
def test_a_file_that_cannot_be_described_says_why_and_echoes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    code, out, err = _here(capsys, "describe", file)
    assert (code, out) == (1, "")
    assert said in err
    assert not re.search("Qx|zvjkw|Traceback|unexpected", err)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("grade,note\nK,x\nK,000-12-3456\nK,000-12-3456 x\n", "column 2, rows 3, 4: A number is written like"),
        ("grade,note\nK,SSN 000123456\n", "column 2, row 2: Nine digits are labelled"),
        ("grade,note\nK,xxx-xx-3456\n", "column 2, row 2: A masked Social Security number"),
        ("grade,000-12-3456\nK,x\n", "column 2: the header: A number is written like"),
        ("grade,SSN\nK,x\n", "column 2: the header is a name for a Social Security number"),
        ("grade,note\nK,x\nK,x\n000-12-3456\n", "row 4: A number like a Social Security number is in a line"),
    ],
)
def test_a_file_with_a_social_security_number_is_not_drafted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, said: str
) -> None:
    file = tmp_path / "file.csv"
    file.write_text(content, "utf-8")
    code, out, err = _here(capsys, "describe", file, "--output", tmp_path / "new/datapackage.json")
    assert (code, out) == (1, "")
    assert said in err
    assert not re.search("12-3456|0123456|123456", err)
    assert not (tmp_path / "new").exists()


def test_a_file_named_by_a_social_security_number_is_not_drafted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "000-12-3456.csv"
    file.write_text(_OK, "utf-8")
    code, out, err = _here(capsys, "describe", file)
    assert (code, out, "(P108)" in err, "3456" in err) == (1, "", True, False)


def test_wrong_requests_exit_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file, taken = tmp_path / "file.csv", tmp_path / "taken.json"
    file.write_text(_OK, "utf-8")
    taken.write_text("kept", "utf-8")
    for words, said in (
        ((tmp_path / f"{WORD}.csv",), "there is no such file"),
        ((tmp_path,), "not a regular file"),
        ((file, "--output", taken), "is there already"),
        ((file, "--id", f"{WORD} x"), "The id must be"),
        ((file, "--sheet", WORD), "--sheet is for Excel"),
        ((file, "--delimiter", "x"), "--delimiter"),
    ):
        code, out, err = _here(capsys, "describe", *words)
        assert (code, out) == (2, "")
        assert said in err and WORD not in err
    assert taken.read_text("utf-8") == "kept"


# How it is read.


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_proven_by_the_rows(delimiter: str) -> None:
    draft = describe(_csv(["grade", "count_of"], [["a,b;c|d\te", "1"], ["K", "2"]], delimiter=delimiter))
    assert [each["name"] for each in _fields(draft)] == ["grade", "count_of"]
    assert draft.descriptor["resources"][0].get("dialect", {"delimiter": ","}) == {"delimiter": delimiter}


@pytest.mark.parametrize(
    ("encoding", "noted"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252")],
)
def test_the_encoding_is_proven_by_the_bytes(encoding: str, noted: str) -> None:
    draft = describe("año_escolar,count_of\nK,1\n".encode(encoding))
    assert _fields(draft)[0]["name"] == "año_escolar"
    assert bool(draft.notes) is bool(noted) and all(noted in each for each in draft.notes)


@pytest.mark.parametrize(
    ("header", "values", "type", "form"),
    [
        ("x", ["2001-01-31", "2001-02-01"], "date", "%Y-%m-%d"),
        ("x", ["01/31/2001", "02/01/2001"], "date", "%m/%d/%Y"),
        ("x", ["31/01/2001", "01/02/2001"], "date", "%d/%m/%Y"),
        ("x", ["01/02/2001", "03/04/2001"], "date", "any"),
        ("x", ["1/2/2001", "12/31/2001"], "date", "any"),
        ("x", ["2001-01-31", "01/31/2001"], "date", "any"),
        ("entry date", ["20010131", "20010201"], "date", "%Y%m%d"),
        ("entry date", ["01312001", "02012001"], "date", "%m%d%Y"),
        ("x", ["20010131", "20010201"], "integer", None),
        ("x", ["2001-02-30"], "string", None),
        ("x", ["31.01.2001"], "date", "%d.%m.%Y"),
        ("x", ["0012", "0013"], "string", None),
        ("x", ["12", "-13", "0"], "integer", None),
        ("x", ["12", "+1.5", ".5"], "number", None),
        ("x", ["12", "1e5"], "string", None),
        ("x", ["1,000", "2"], "string", None),
        ("x", ["1234567890123456"], "string", None),
        ("case id", ["1", "22"], "string", None),
        ("x", ["", ""], "string", None),
        ("x", ["*", "*"], "string", None),
        ("x", ["1", "N<6"], "integer", None),
        ("x", ["NA", "Ab"], "string", None),
    ],
)
def test_a_type_is_stated_only_where_every_value_has_it(
    header: str, values: list[str], type: str, form: str | None
) -> None:
    stated = _field(header, values)
    assert (stated["type"], stated.get("format")) == (type, form)
    assert bool(_why(stated, "format")) is (form == "any")


def test_lengths_are_rounded_unless_they_are_all_the_same() -> None:
    assert _field("x", ["a", "abcdefg"])["constraints"] == {"required": True, "maxLength": 8}
    assert _field("x", ["abc", "abd"] * 3)["constraints"] == {"required": True, "minLength": 3, "maxLength": 3}
    assert _field("x", ["abcdefg"] * 6)["constraints"] == {"required": True, "maxLength": 8}
    assert _field("last_name", ["abcdefg"] * 6)["constraints"] == {"required": True, "maxLength": 8}
    assert _field("x", ["x" * 5000, ""]).get("constraints") is None


def test_a_guarded_column_is_read_without_its_guards_and_says_so() -> None:
    draft = describe(b'school,count_of\n="0010011",1\n="0010012",2\n')
    assert draft.descriptor["resources"][0]["acquisition"]["textGuards"] is True
    assert _fields(draft)[0]["type"] == "string"


def test_a_header_may_be_asserted_but_data_in_it_never() -> None:
    assert [each["name"] for each in _fields(describe(b"Ab,Cd\nx,y\n", header=True))] == ["Ab", "Cd"]
    with pytest.raises(CannotDescribe, match="looks like data"):
        describe(b"Ab,2001-01-01\nx,y\n", header=True)


def test_school_years_are_names_of_columns() -> None:
    draft = describe(b"school,2017-18,2018-19\nAb,1,2\n")
    assert [each["name"] for each in _fields(draft)] == ["school", "2017-18", "2018-19"]


# Excel.


def test_a_workbook_is_drafted_like_the_file_it_would_be_saved_to() -> None:
    header = ["student_id", "count", "rate", "exit date", "open", "grade"]
    rows = [[f"{n:010d}", n, n / 2, date(2001, 1, 2) + timedelta(n), n % 2 == 0, "K"] for n in range(20)]
    draft = describe(_excel([header, *rows, [None] * 6]))
    stated = {each["name"]: each["type"] for each in _fields(draft)}
    assert stated == dict(zip(header, ["string", "integer", "number", "date", "boolean", "string"], strict=True))
    assert (draft.rows, _fields(draft)[3]["format"]) == (20, "%Y-%m-%d")
    assert any("as the sheet shows them" in each for each in draft.notes)


def test_a_workbook_of_any_kind_is_drafted_by_the_reader_of_the_check() -> None:
    old = old_book()()
    drafts = [describe(each) for each in (book()(), old)]
    assert [_names(each) for each in drafts] == [["sasid", "last_name", "grade", "birth_date", "note"]] * 2


def test_what_the_check_would_refuse_in_a_workbook_is_told_with_the_draft() -> None:
    def change(book: openpyxl.Workbook, sheet: Any) -> None:
        sheet["B2"].comment = Comment(WORD, WORD)
        sheet["E2"] = "=1+1"

    said = "\n".join(describe(book(change)()).notes)
    assert "(P213)" in said and "(P216)" in said and WORD not in said
    with pytest.raises(CannotDescribe, match="P109"):
        describe(book(lambda w, s: setattr(s["B2"], "comment", Comment("000-12-3456", "x")))())


def _names(draft: Draft) -> list[str]:
    return [each["name"] for each in _fields(draft)]


def test_several_sheets_ask_for_one_by_name_or_number() -> None:
    content = _excel([["grade", "count_of"], ["K", 1]], [["school", "rate"], ["Ab", 1.5]])
    with pytest.raises(RequestError, match="has 2 sheets"):
        describe(content)
    with pytest.raises(RequestError, match="no such sheet"):
        describe(content, sheet=WORD)
    for sheet in ("Sheet1", "2"):
        assert [each["name"] for each in _fields(describe(content, sheet=sheet))] == ["school", "rate"]


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(20_000_000))
    return out.getvalue()


def _entities() -> bytes:
    """A workbook whose sheet defines entities that grow without end."""
    out = io.BytesIO()
    whole = zipfile.ZipFile(io.BytesIO(_excel([["grade", "count_of"], ["K", 1]])))
    with zipfile.ZipFile(out, "w") as archive:
        for name in whole.namelist():
            text = whole.read(name)
            if name == "xl/worksheets/sheet1.xml":
                text = b'<!DOCTYPE x [<!ENTITY a "Qxzvjkw"><!ENTITY b "&a;&a;">]>' + text.replace(b"K", b"&b;")
            archive.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_bomb, "unpacks to more"),
        (_entities, "cannot be read"),
        (lambda: _excel([["grade", "count_of"]])[:-200], "cannot be read"),
        (lambda: _excel([]), "is empty"),
        (lambda: _excel([["grade", "count_of"]]), "(S108)"),
        (lambda: _excel([["grade", "note"], ["K", "000-12-3456"]]), "column 2, row 2"),
    ],
)
def test_a_workbook_that_is_damaged_dangerous_or_empty_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, make: Callable[[], bytes], said: str
) -> None:
    file = tmp_path / "file.xlsx"
    file.write_bytes(make())
    code, out, err = _here(capsys, "describe", file)
    assert (code, out) == (1, "")
    assert said in err and WORD not in err and "3456" not in err


def test_a_draft_under_another_id_keeps_the_plan_sound_once_it_is_edited(state: Path) -> None:
    _install(state, describe(_roster(), "spring-roster", "Spring roster"))
    path = "catalog/collections/spring-roster/datapackage.json"

    def answer(package: dict[str, Any]) -> None:
        acquisition = package["acquisition"]
        acquisition["frequency"] = "annual"
        acquisition["open"] = [each for each in acquisition["open"] if each["about"] != "frequency"]

    edit(state, path, answer)
    rebuild(state)
    assert lint(state) == ()
