"""Each L rule is broken once, alone; a sound plan breaks none; everything wrong is told in one pass, in file order."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dap.catalog import Problem
from dap.errors import PlanError, RequestError
from dap.lint import lint, pattern_fault
from dap.rules import rules
from tests.conftest import PLAN, ROOT, ROSTER, Descriptor, NewPlan, edit, edit_text, field, layout, named, rebuild
from tests.test_districts import with_districts

CROSSWALK = "catalog/crosswalk.csv"
MANDATES = "catalog/mandates.csv"
GRADES = "catalog/code-lists/grades.csv"
STUDENTS = "catalog/collections/example-roster/example-students.csv"
SUITE = "expectations/example-roster/students.json"
ACT = "example-act,Example Act 1,Example Act,federal"

Break = Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """A way to break a sound plan: the rule it breaks, how, and what lint must say of it."""

    rule: str
    name: str
    damage: Break
    file: str
    place: str
    message: str
    stale: bool = False


def _roster(change: Callable[[Descriptor], object]) -> Break:
    return lambda root: edit(root, ROSTER, change)


def _catalog(change: Callable[[Descriptor], object]) -> Break:
    return lambda root: edit(root, PLAN, change)


def _text(path: str, old: str, new: str) -> Break:
    return lambda root: edit_text(root, path, old, new)


def _field(name: str, change: Callable[[Descriptor], object], layout_name: str = "students") -> Break:
    return _roster(lambda d: change(field(d, name, layout_name)))


def _constraints(name: str, **constraints: Any) -> Break:
    return _field(name, lambda f: f.setdefault("constraints", {}).update(constraints))


def _acquisition(name: str, **facts: Any) -> Break:
    return _field(name, lambda f: f.setdefault("acquisition", {}).update(facts))


def _rule(number: int, **stated: Any) -> Break:
    return _roster(lambda d: layout(d)["acquisition"]["rules"][number].update(stated))


def _window(**dates: Any) -> Break:
    return _roster(lambda d: d["acquisition"]["windows"][0].update(dates))


def _move(old: str, new: str) -> Break:
    return lambda root: (root / old).rename(root / new)


def _write(path: str, content: bytes) -> Break:
    return lambda root: (root / path).write_bytes(content)


def _complete_codes(root: Path, *codes: str) -> None:
    """A complete code list for the district's column, with these codes alone."""
    path = "code-lists/districts-known.csv"
    rows = "".join(f"{code},Example,,,https://example.org/codes\n" for code in codes)
    (root / "catalog" / path).write_text(f"code,label,since,until,source\n{rows}", "utf-8")
    schema = json.loads((ROOT / "schemas/code-list.table.json").read_text("utf-8"))
    known = {"name": "districts-known", "path": path, "schema": schema, "sources": [{"title": "Example"}]}
    known["acquisition"] = {"codeList": True, "complete": True}
    edit(root, PLAN, lambda document: document["resources"].append(known))
    edit(root, ROSTER, lambda d: field(d, "district_code", "counts").update(acquisition={"codes": "districts-known"}))


def _both(*damages: Break) -> Break:
    return lambda root: [each(root) for each in damages]


def _where(name: str, layout_name: str = "students") -> str:
    return f'resource "{layout_name}", field "{name}"'


def _grade(values: list[str]) -> Descriptor:
    return {"all": [{"field": "grade", "in": values}]}


def _git(root: Path, *words: str) -> None:
    who = {
        f"GIT_{role}_{fact}": "example@example.org" for role in ("AUTHOR", "COMMITTER") for fact in ("NAME", "EMAIL")
    }
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, env={**os.environ, **who, **quiet})


def _tag(root: Path) -> None:
    _git(root, "init", "--quiet")
    _git(root, "add", ".")
    _git(root, "commit", "--quiet", "--message", "Example")
    _git(root, "tag", "v1.0.0")


def _leave_out(fact: str, about: str, unanswered: str, answered: str) -> Break:
    """Take a fact from the collection and declare it open on every field but one, and one that has its own."""

    def change(descriptor: Descriptor) -> None:
        del descriptor["acquisition"][fact]
        for each in _fields(descriptor):
            if each["name"] not in (unanswered, answered):
                _open(each, about)

    return _roster(change)


def _fields(descriptor: Descriptor) -> list[Descriptor]:
    return [each for resource in descriptor["resources"] for each in resource["schema"]["fields"]]


def _open(stated: Descriptor, about: str) -> None:
    question = {"about": about, "why": "No source says so."}
    stated.setdefault("acquisition", {}).setdefault("open", []).append(question)


def _as_form(resource: Descriptor) -> None:
    del resource["path"]
    resource["data"] = [[each["name"] for each in resource["schema"]["fields"]]]


def _duplicate(things: list[Descriptor], original: str, **more: Any) -> None:
    things.append({**named(things, original), **more})


SSN_NAME = "Social security number"

CASES = [
    # L101: what cannot be read
    Case("L101", "not JSON", _write(ROSTER, b'{\n "name" 1}'), ROSTER, "line 2", "not JSON: Expecting ':'"),
    Case("L101", "not UTF-8", _write(ROSTER, b'{"name": "\xff"}'), ROSTER, "", "not UTF-8"),
    Case("L101", "a mark of bytes", _write(ROSTER, b"\xef\xbb\xbf{}"), ROSTER, "", "begins with a byte order mark"),
    Case("L101", "nested without end", _write(ROSTER, b"[" * 200_000), ROSTER, "", "nested too deeply"),
    Case(
        "L101",
        "a property twice",
        _text(ROSTER, '"title": "Example roster"', '"title": "Example roster", "title": "Other"'),
        ROSTER,
        'property "title"',
        "stands twice",
    ),
    Case("L101", "no descriptor", lambda r: (r / ROSTER).unlink(), ROSTER, "", "there is no such file"),
    Case("L101", "the table is gone", lambda r: (r / CROSSWALK).unlink(), CROSSWALK, "", "there is no such file"),
    Case("L101", "a table in another encoding", _write(CROSSWALK, b"\xff\n"), CROSSWALK, "", "CSV in UTF-8"),
    Case("L101", "an open quote", _text(CROSSWALK, "Invented", '"Invented'), CROSSWALK, "", "CSV in UTF-8"),
    # L102: what does not follow the schema
    Case(
        "L102",
        "a misspelled property",
        _field("grade", lambda f: f.update(constraints={"requierd": True})),
        ROSTER,
        f"{_where('grade')}, constraints",
        'no property "requierd" exists here. Did you mean "required"?',
    ),
    Case(
        "L102",
        "a property missing",
        _field("grade", lambda f: f.pop("sources")),
        ROSTER,
        _where("grade"),
        'the property "sources" is missing',
    ),
    Case(
        "L102",
        "another value",
        _field("grade", lambda f: f.update(type="strnig")),
        ROSTER,
        f"{_where('grade')}, type",
        '"strnig" is none of: string, integer, number, boolean, date, object, time. Did you mean "string"?',
    ),
    Case(
        "L102",
        "another kind of value",
        _roster(lambda d: d["acquisition"].update(uses="reports")),
        ROSTER,
        "acquisition, uses",
        "must be a list",
    ),
    Case(
        "L102",
        "another form",
        _window(due="October"),
        ROSTER,
        "acquisition, windows[0], due",
        '"October" does not have the form',
    ),
    Case(
        "L102",
        "an empty list",
        _acquisition("grade", mandates=[]),
        ROSTER,
        f"{_where('grade')}, acquisition, mandates",
        "too short: at least 1 entries",
    ),
    Case(
        "L102",
        "two ways at once",
        _acquisition("sponsor", requiredWhen={"all": [{"field": "grade", "in": ["K"], "empty": False}]}),
        ROSTER,
        f"{_where('sponsor')}, acquisition, requiredWhen, all[0]",
        "exactly one of these must be given: in, notIn, empty",
    ),
    Case(
        "L102",
        "an example elsewhere",
        _roster(lambda d: layout(d).update(path="../example.csv")),
        ROSTER,
        'resource "students", path',
        "must be the name of a file in the collection's folder",
    ),
    Case(
        "L102",
        "no crosswalk",
        _catalog(lambda d: d["resources"].remove(named(d["resources"], "crosswalk"))),
        PLAN,
        "resources",
        'no table "crosswalk"',
    ),
    Case(
        "L102",
        "a table of no kind",
        _catalog(lambda d: _duplicate(d["resources"], "crosswalk", name="crosswlak")),
        PLAN,
        'resource "crosswlak"',
        "no table of the plan is called so; a code list says that it is one",
    ),
    # L103: what does not follow a table's schema
    Case(
        "L103",
        "a cell too many",
        _text(CROSSWALK, "Invented", "In,vented"),
        CROSSWALK,
        "row 2",
        "8 cells, but there are 7",
    ),
    Case(
        "L103",
        "an empty cell",
        _text(CROSSWALK, "exact,,https://example.org/crosswalk", "exact,,"),
        CROSSWALK,
        "row 3, source",
        "must not be empty",
    ),
    Case(
        "L103",
        "another value",
        _text(CROSSWALK, "close", "clsoe"),
        CROSSWALK,
        "row 2, match",
        '"clsoe" is none of: exact, close, broader, narrower, none. Did you mean "close"?',
    ),
    Case(
        "L103",
        "another form",
        _text(GRADES, "1990-91", "1990"),
        GRADES,
        "row 5, since",
        '"1990" does not have the form',
    ),
    Case(
        "L103",
        "other columns",
        _text(CROSSWALK, "element,standard", "standard,element"),
        CROSSWALK,
        "line 1",
        "the columns must be collection, element, standard, target, match, note, source",
    ),
    Case(
        "L103",
        "another schema",
        _catalog(lambda d: named(d["resources"], "grades")["schema"]["fields"].pop()),
        PLAN,
        'resource "grades"',
        "its schema is not the one of schemas/code-list.table.json",
    ),
    # L110 to L115: what names a thing that does not exist
    Case(
        "L110",
        "on the collection",
        _roster(lambda d: d["acquisition"].update(mandates=[{"id": "exampel-act"}])),
        ROSTER,
        "acquisition",
        'no mandate "exampel-act". Did you mean "example-act"?',
    ),
    Case(
        "L110",
        "on a field",
        _acquisition("seat", mandates=[{"id": "example-roole"}]),
        ROSTER,
        _where("seat"),
        'no mandate "example-roole". Did you mean "example-rule"?',
    ),
    Case(
        "L110",
        "behind a promise",
        _catalog(lambda d: d["acquisition"]["promises"][0].update(mandate="exampleact")),
        PLAN,
        'promise "no-ssn"',
        'no mandate "exampleact". Did you mean "example-act"?',
    ),
    Case(
        "L111",
        "on a field",
        _acquisition("grade", codes="grade"),
        ROSTER,
        _where("grade"),
        'no code list "grade". Did you mean "grades"?',
    ),
    Case(
        "L112",
        "in a condition",
        _acquisition("sponsor", requiredWhen={"any": [{"field": "Program", "empty": False}]}),
        ROSTER,
        f"{_where('sponsor')}, requiredWhen",
        'no field "Program". Did you mean "program"?',
    ),
    Case(
        "L112",
        "in a comparison",
        _rule(0, compare={"field": "exit_dat", "is": ">=", "to": "entry_date"}),
        ROSTER,
        'resource "students", rule "exit_date.before_entry_date"',
        'no field "exit_dat". Did you mean "exit_date"?',
    ),
    Case(
        "L112",
        "in a rule's condition",
        _rule(0, when={"all": [{"field": "grad", "in": ["K"]}]}),
        ROSTER,
        'resource "students", rule "exit_date.before_entry_date"',
        'no field "grad". Did you mean "grade"?',
    ),
    Case(
        "L112",
        "in the key",
        _roster(lambda d: layout(d)["schema"].update(primaryKey="sasids")),
        ROSTER,
        'resource "students", primaryKey',
        'no field "sasids". Did you mean "sasid"?',
    ),
    Case(
        "L112",
        "among the optional columns",
        _roster(lambda d: layout(d, "counts")["acquisition"].update(optional=["notes"])),
        ROSTER,
        'resource "counts", optional',
        'no field "notes". Did you mean "note"?',
    ),
    Case(
        "L112",
        "in the submission",
        _roster(lambda d: layout(d)["acquisition"].update(submission={"district": "district"})),
        ROSTER,
        'resource "students", submission',
        'no field "district".',
    ),
    Case(
        "L113",
        "the collection",
        _text(CROSSWALK, "example-roster,grade", "example-rooster,grade"),
        CROSSWALK,
        "row 3",
        'no collection "example-rooster". Did you mean "example-roster"?',
    ),
    Case(
        "L113",
        "the element",
        _text(CROSSWALK, "example-roster,grade", "example-roster,grades"),
        CROSSWALK,
        "row 3",
        'no element "grades" in "example-roster". Did you mean "grade"?',
    ),
    # L116, L117: who owes what
    Case(
        "L116",
        "a kind that no district has",
        lambda root: with_districts(root, ["districts", "all", "twon", "All.", "", "high"]),
        "catalog/respondents.csv",
        "row 2",
        'no district is a "twon". Did you mean "town"?',
    ),
    Case(
        "L117",
        "a district whose files cannot hold its code",
        _both(
            lambda root: with_districts(root, ["districts", "all", "town; charter", "All.", "", "high"]),
            lambda root: _complete_codes(root, "0010011"),
        ),
        ROSTER,
        'resource "counts", field "district_code"',
        '"districts-known" lacks districts of the plan: 001, 002',
    ),
    # L120, L121: names
    Case(
        "L115",
        "an id of another form",
        _text(CROSSWALK, "CEDS,000001", "CEDS,1"),
        CROSSWALK,
        "row 3",
        '"1" does not have the form of CEDS',
    ),
    Case(
        "L115",
        "no counterpart, and nothing said of it",
        _text(CROSSWALK, "CEDS,000001,exact", "CEDS,,none"),
        CROSSWALK,
        "row 3",
        "no note says what was looked for",
    ),
    Case(
        "L114",
        "the successor",
        _roster(lambda d: d["acquisition"].update(successor="example-rooster")),
        ROSTER,
        "acquisition, successor",
        'no collection "example-rooster". Did you mean "example-roster"?',
    ),
    Case(
        "L120",
        "two fields",
        _roster(lambda d: _duplicate(layout(d)["schema"]["fields"], "seat")),
        ROSTER,
        _where("seat"),
        "stands more than once in the layout",
    ),
    Case(
        "L120",
        "two layouts",
        _both(
            _roster(lambda d: _duplicate(d["resources"], "students", path="other.csv")),
            _write("catalog/collections/example-roster/other.csv", b""),
        ),
        ROSTER,
        'resource "students"',
        "stands more than once in the collection",
    ),
    Case(
        "L120",
        "one example for two layouts",
        _roster(lambda d: layout(d, "counts").update(path="example-students.csv")),
        ROSTER,
        'resource "counts", path',
        '"students" has the same example file',
    ),
    Case(
        "L120",
        "two fields that differ in signs only",
        _roster(lambda d: _duplicate(layout(d)["schema"]["fields"], "seat", name="Seat")),
        ROSTER,
        _where("Seat"),
        'the names of its rules would be those of "seat"',
    ),
    Case(
        "L120",
        "two rules",
        _roster(lambda d: _duplicate(layout(d)["acquisition"]["rules"], "exit_date.before_entry_date")),
        ROSTER,
        'resource "students", rule "exit_date.before_entry_date"',
        "stands more than once among the rules V150",
    ),
    Case(
        "L120",
        "two tables",
        _catalog(lambda d: _duplicate(d["resources"], "grades")),
        PLAN,
        'resource "grades"',
        "the name stands more than once",
    ),
    Case(
        "L120",
        "two mandates of one id",
        _text(MANDATES, ACT, f"example-rule,Other,Other,state,,,,Example,,\n{ACT}"),
        MANDATES,
        "row 4, id",
        '"example-rule" stands there already',
    ),
    Case(
        "L120",
        "two mandates of one citation",
        _text(MANDATES, "Example Rule 2", "Example act 1"),
        MANDATES,
        "row 3, citation",
        '"Example act 1" is the citation of "example-act" too',
    ),
    Case(
        "L120",
        "two windows of one name in a year",
        _roster(lambda d: d["acquisition"].update(windows=[{"schoolYear": "2025-26", "name": "Fall"}] * 2)),
        ROSTER,
        'window "2025-26", name "Fall"',
        "the school year stands more than once, without names that differ",
    ),
    Case(
        "L120",
        "a mandate named twice",
        _acquisition("seat", mandates=[{"id": "example-act"}, {"id": "example-act"}]),
        ROSTER,
        _where("seat"),
        'the mandate "example-act" stands more than once',
    ),
    Case(
        "L120",
        "two codes",
        _text(GRADES, "03,", "K,Again,,,Example\n03,"),
        GRADES,
        "",
        'the code "K" stands more than once',
    ),
    Case(
        "L120",
        "two windows of one year",
        _roster(lambda d: d["acquisition"]["windows"].append({"schoolYear": "2025-26"})),
        ROSTER,
        'window "2025-26"',
        "the school year stands more than once",
    ),
    Case(
        "L121",
        "the folder",
        _both(
            _roster(lambda d: d.update(name="example-register")),
            lambda r: (r / CROSSWALK).write_text(
                (r / CROSSWALK).read_text("utf-8").replace("-roster", "-register"), "utf-8"
            ),
        ),
        ROSTER,
        "name",
        'the collection is called "example-register" but its folder "example-roster"',
    ),
    Case(
        "L121",
        "a table's file",
        _both(
            _move(GRADES, "catalog/code-lists/grade.csv"),
            _catalog(lambda d: named(d["resources"], "grades").update(path="code-lists/grade.csv")),
            _roster(lambda d: [each["acquisition"].pop("codes") for each in _fields(d) if each["name"] == "grade"]),
            _roster(lambda d: layout(d)["acquisition"]["rules"].pop()),
        ),
        PLAN,
        'resource "grades"',
        'its file is called "code-lists/grade.csv", but should be "code-lists/grades.csv"',
    ),
    # L130 to L134: facts
    Case(
        "L130",
        "neither stated nor open",
        _leave_out("frequency", "frequency", "seat", "absences"),
        ROSTER,
        _where("seat"),
        "No frequency",
    ),
    Case(
        "L131",
        "neither stated nor open",
        _leave_out("mandates", "mandate", "seat", "exit_reason"),
        ROSTER,
        _where("seat"),
        "No mandate",
    ),
    Case(
        "L132",
        "a code list",
        _catalog(lambda d: named(d["resources"], "grades").pop("sources")),
        PLAN,
        'resource "grades"',
        "No source.",
    ),
    Case(
        "L133",
        "on a field",
        _field("absences", lambda f: _open(f, "frequency")),
        ROSTER,
        _where("absences"),
        "frequency is stated, and an open question says that it is not known",
    ),
    Case(
        "L133",
        "on the collection",
        _roster(lambda d: d["acquisition"].update(retention="Seven years.")),
        ROSTER,
        "acquisition",
        "retention is stated, and an open question says that it is not known",
    ),
    Case(
        "L133",
        "on how the collection reaches the state",
        _roster(lambda d: _open(d, "submittedAs")),
        ROSTER,
        "acquisition",
        "submittedAs is stated, and an open question says that it is not known",
    ),
    Case(
        "L134",
        "neither stated nor open",
        _roster(lambda d: d["acquisition"].pop("submittedAs")),
        ROSTER,
        "acquisition",
        "Neither submittedAs nor an open question about it.",
    ),
    # L140, L141: Social Security numbers
    Case(
        "L140", "by name", _field("seat", lambda f: f.update(name="ssn")), ROSTER, _where("ssn"), "the name is one for"
    ),
    Case(
        "L140",
        "by title",
        _field("seat", lambda f: f.update(title=SSN_NAME)),
        ROSTER,
        _where("seat"),
        "the name is one for",
    ),
    Case(
        "L140",
        "by description",
        _field("seat", lambda f: f.update(description=f"The {SSN_NAME.lower()} of the student.")),
        ROSTER,
        _where("seat"),
        "the description says",
    ),
    Case(
        "L140",
        "by example",
        _field("last_name", lambda f: f.update(example="-".join(("123", "45", "6789")))),
        ROSTER,
        _where("last_name"),
        "the example is written like",
    ),
    *(
        Case(
            "L141",
            f"pattern {number}",
            _acquisition("seat", allows={"pattern": pattern, "reason": "Example reason"}),
            ROSTER,
            _where("seat"),
            "The pattern of `allows` matches numbers written like a Social Security number.",
        )
        for number, pattern in enumerate(("[0-9-]+", "[1-8][0-9]{2}[ -][0-9]{2}[ -][0-9]{4}", ".*"), start=1)
    ),
    *(
        Case(
            "L102",
            f"allowance without {lacking}",
            _acquisition("seat", allows={key: text for key, text in whole.items() if key != lacking}),
            ROSTER,
            f"{_where('seat')}, acquisition, allows",
            f'the property "{lacking}" is missing',
        )
        for whole in ({"pattern": "[0-9]{9}", "reason": "Example reason"},)
        for lacking in whole
    ),
    Case(
        "L102",
        "few nine digits",
        _roster(lambda d: d["acquisition"].update(fewNineDigits="never")),
        ROSTER,
        "acquisition, fewNineDigits",
        "",
    ),
    # L150 to L155: layouts
    *(
        Case(
            "L150",
            match,
            _roster(lambda d, match=match: layout(d)["schema"].update(fieldsMatch=match)),  # type: ignore[misc]
            ROSTER,
            'resource "students", fieldsMatch',
            f'"{match}" lets columns in that the plan does not know',
        )
        for match in ("subset", "partial")
    ),
    Case(
        "L151",
        "without an enum",
        _field("last_name", lambda f: f.update(categories=["Example"])),
        ROSTER,
        _where("last_name"),
        "`categories` stand without `constraints.enum`",
    ),
    Case(
        "L151",
        "beside another enum",
        _field("exit_reason", lambda f: f["categories"].pop()),
        ROSTER,
        _where("exit_reason"),
        "do not hold the same values",
    ),
    Case(
        "L152",
        "a class",
        _constraints("seat", pattern="\\d{4}"),
        ROSTER,
        _where("seat"),
        '"\\d" does not mean the same',
    ),
    Case("L152", "no pattern", _constraints("seat", pattern="[A"), ROSTER, _where("seat"), "does not compile"),
    Case(
        "L152",
        "in an allowance",
        _acquisition("seat", allows={"pattern": "^[0-9]{9}$", "reason": "Example reason"}),
        ROSTER,
        _where("seat"),
        '"^" is an anchor',
    ),
    Case(
        "L152",
        "in a title line",
        _roster(lambda d: layout(d, "counts")["acquisition"]["titleLines"][1].update(pattern="School year .*(?=6)6")),
        ROSTER,
        'resource "counts", titleLines',
        '"(?" does not mean the same',
    ),
    Case(
        "L153",
        "a bound of text",
        _constraints("last_name", minimum=1),
        ROSTER,
        _where("last_name"),
        "minimum asks for a number or date, but the type is string",
    ),
    Case(
        "L153",
        "a type of forms in a file",
        _field("last_name", lambda f: f.update(type="time", constraints={}) or f.pop("example")),
        ROSTER,
        _where("last_name"),
        "the column of a file cannot be of the type time",
    ),
    Case(
        "L153",
        "a bound in another format",
        _constraints("birth_date", minimum="2001-01-01"),
        ROSTER,
        _where("birth_date"),
        "minimum is no date in the element's own format",
    ),
    Case(
        "L153",
        "a bound that is no number",
        _constraints("rate", maximum="all"),
        ROSTER,
        _where("rate"),
        "maximum is no number",
    ),
    Case(
        "L153",
        "bounds crossed",
        _constraints("entry_date", maximum="2000-12-31"),
        ROSTER,
        _where("entry_date"),
        "minimum is greater than maximum",
    ),
    Case(
        "L153",
        "lengths crossed",
        _constraints("sponsor", minLength=41),
        ROSTER,
        _where("sponsor"),
        "minLength is greater than maxLength",
    ),
    Case(
        "L153",
        "a pattern for numbers",
        _constraints("rate", pattern="[0-9]+"),
        ROSTER,
        _where("rate"),
        "pattern is for text, but the type is number",
    ),
    Case(
        "L153",
        "no date format",
        _field("entry_date", lambda f: (f.update(format="%m/%Y"), f.pop("constraints"))),
        ROSTER,
        _where("entry_date"),
        '"%m/%Y" does not write a whole date',
    ),
    Case(
        "L153",
        "a format of text",
        _field("last_name", lambda f: f.update(format="%Y")),
        ROSTER,
        _where("last_name"),
        "format is for dates, but the type is string",
    ),
    Case(
        "L153",
        "yes is no",
        _field("homeless", lambda f: f.update(falseValues=["Y"])),
        ROSTER,
        _where("homeless"),
        "the same value stands for yes and for no",
    ),
    Case(
        "L153",
        "required twice",
        _constraints("sponsor", required=True),
        ROSTER,
        _where("sponsor"),
        "required and requiredWhen together",
    ),
    Case(
        "L153",
        "codes of a number",
        _field("days_enrolled", lambda f: f.update(acquisition={"codes": "programs"})),
        ROSTER,
        _where("days_enrolled"),
        "codes are text, but the type is integer: leading zeros would be lost",
    ),
    Case(
        "L153",
        "codes and an enum",
        _constraints("program", enum=["10"]),
        ROSTER,
        _where("program"),
        "codes and enum together",
    ),
    Case(
        "L153",
        "an enum against the pattern",
        _constraints("seat", enum=["A001", "B2"]),
        ROSTER,
        _where("seat"),
        'enum permits "B2", but it does not have the form of the pattern',
    ),
    Case(
        "L153",
        "a condition on a code that is none",
        _acquisition("sponsor", requiredWhen=_grade(["k"])),
        ROSTER,
        f"{_where('sponsor')}, requiredWhen",
        '"grade" cannot hold "k". Did you mean "K"?',
    ),
    Case(
        "L153",
        "a condition against the pattern",
        _acquisition("sponsor", requiredWhen={"all": [{"field": "program", "in": ["1"]}]}),
        ROSTER,
        f"{_where('sponsor')}, requiredWhen",
        '"program" cannot hold "1": does not have the form of the pattern',
    ),
    Case(
        "L153",
        "a rule's condition on a code that is none",
        _rule(1, when=_grade(["4"])),
        ROSTER,
        'resource "students", rule "absences.more_than_enrolled", when',
        '"grade" cannot hold "4".',
    ),
    Case(
        "L153",
        "an example that does not pass",
        _field("birth_date", lambda f: f.update(example="2001-01-01")),
        ROSTER,
        _where("birth_date"),
        "the example is no date",
    ),
    Case(
        "L153",
        "an example that is no code",
        _field("grade", lambda f: f.update(example="1")),
        ROSTER,
        _where("grade"),
        "the example is no permitted value. Did you mean",
    ),
    Case(
        "L153",
        "text compared",
        _rule(0, compare={"field": "seat", "is": "<", "to": "last_name"}),
        ROSTER,
        'resource "students", rule "exit_date.before_entry_date"',
        "only numbers can be compared with numbers, and dates with dates",
    ),
    Case(
        "L153",
        "a date compared with a number",
        _rule(0, compare={"field": "exit_date", "is": "<", "to": "rate"}),
        ROSTER,
        'resource "students", rule "exit_date.before_entry_date"',
        "a date cannot be compared with a number",
    ),
    Case(
        "L153",
        "a comparison under the id of another kind",
        _rule(0, rule="V141"),
        ROSTER,
        'resource "students", rule "exit_date.before_entry_date"',
        "V141 is the rule of `unique`",
    ),
    Case(
        "L154",
        "a form in a collection of files",
        _roster(lambda d: _as_form(layout(d))),
        ROSTER,
        'resource "students", data',
        "the collection is submitted as a file",
    ),
    Case(
        "L154",
        "exact in any order",
        _roster(lambda d: layout(d)["acquisition"].update(order="any")),
        ROSTER,
        'resource "students", fieldsMatch',
        '"exact" asks for every column in its place',
    ),
    Case(
        "L154",
        "equal with optional columns",
        _roster(lambda d: layout(d, "counts")["schema"].update(fieldsMatch="equal")),
        ROSTER,
        'resource "counts", fieldsMatch',
        '"equal" asks for every column, but some are optional: use "superset"',
    ),
    Case(
        "L154",
        "superset without optional columns",
        _roster(lambda d: layout(d, "counts")["acquisition"].pop("optional")),
        ROSTER,
        'resource "counts", fieldsMatch',
        '"superset" lets columns be absent, but none is optional',
    ),
    Case(
        "L154",
        "an optional key",
        _roster(lambda d: layout(d, "counts")["acquisition"]["optional"].append("grade")),
        ROSTER,
        'resource "counts", primaryKey',
        '"grade" is part of the key, so its column cannot be optional',
    ),
    Case(
        "L154",
        "required and forbidden everywhere",
        _acquisition("last_name", forbiddenWhen=_grade(["K"])),
        ROSTER,
        _where("last_name"),
        "required everywhere, but forbiddenWhen asks for an empty cell in some rows",
    ),
    Case(
        "L154",
        "required and forbidden alike",
        _acquisition("sponsor", requiredWhen=_grade(["K"]), forbiddenWhen=_grade(["K"])),
        ROSTER,
        _where("sponsor"),
        "requiredWhen and forbiddenWhen hold for the same rows",
    ),
    Case(
        "L154",
        "another header row",
        _roster(lambda d: layout(d, "counts")["dialect"].update(headerRows=[2])),
        ROSTER,
        'resource "counts", dialect',
        "there are 2 title lines, so the header's row must be 3",
    ),
    Case(
        "L154",
        "other comment rows",
        _roster(lambda d: layout(d, "counts")["dialect"].update(commentRows=[1])),
        ROSTER,
        'resource "counts", dialect',
        "commentRows must name the title lines, 1 to 2",
    ),
    Case(
        "L154",
        "a comment row without title lines",
        _roster(lambda d: layout(d).update(dialect={"commentRows": [2]})),
        ROSTER,
        'resource "students", dialect',
        "commentRows must name the title lines, and there are none",
    ),
    Case(
        "L154",
        "other delimiters",
        _roster(lambda d: layout(d)["acquisition"].update(delimiters=[";"])),
        ROSTER,
        'resource "students", delimiters',
        "the dialect's own delimiter is not among them",
    ),
    Case(
        "L155",
        "a label without a code",
        _catalog(lambda d: named(d["resources"], "programs")["acquisition"].update(complete=True)),
        PLAN,
        'resource "programs"',
        "called complete, but 1 codes have no value",
    ),
    Case(
        "L155",
        "no code in force",
        _both(
            _roster(lambda d: layout(d)["acquisition"].update(validFor=["1980-81"])),
            _text(GRADES, "K,Kindergarten,,", "K,Kindergarten,2001-02,"),
        ),
        ROSTER,
        _where("grade"),
        'no code of "grades" is in force in the layout\'s school years',
    ),
    Case(
        "L155",
        "a code against the pattern",
        _constraints("grade", pattern="[0-9]{2}"),
        ROSTER,
        _where("grade"),
        '"grades" permits "K", but it does not have the form of the pattern',
    ),
    # L160: dates
    Case("L160", "due before it opens", _window(opens="2025-10-16"), ROSTER, 'window "2025-26"', "opens is after due"),
    Case(
        "L160",
        "accurate before it is due",
        _window(accurate="2025-09"),
        ROSTER,
        'window "2025-26"',
        "due is after accurate",
    ),
    Case(
        "L160",
        "frozen before it is due",
        _window(freeze=[{"name": "F1", "date": "2025-10-14"}]),
        ROSTER,
        'window "2025-26"',
        "due is after freeze F1",
    ),
    Case(
        "L160",
        "freezes crossed",
        _window(freeze=[{"date": "2025-12"}, {"name": "F2", "date": "2025-11-15"}]),
        ROSTER,
        'window "2025-26"',
        "freeze is after freeze F2",
    ),
    Case("L160", "no such day", _window(due="2025-10-32"), ROSTER, 'window "2025-26"', "due is no date that exists"),
    Case(
        "L160",
        "no school year",
        _window(schoolYear="2025-27"),
        ROSTER,
        'window "2025-27"',
        '"2025-27" is no school year: one runs from one year to the next',
    ),
    Case(
        "L160",
        "no school year of a layout",
        _roster(lambda d: layout(d)["acquisition"].update(validFor=["2025-25"])),
        ROSTER,
        'resource "students", validFor',
        '"2025-25" is no school year',
    ),
    Case(
        "L160", "a code that ends first", _text(GRADES, "1990-91", "2010-11"), GRADES, "row 5", "since is after until"
    ),
    Case(
        "L160",
        "no school year of a code",
        _text(GRADES, "1990-91", "1990-92"),
        GRADES,
        "row 5",
        '"1990-92" is no school year',
    ),
    Case(
        "L160",
        "a mandate that ends first",
        _text(MANDATES, "2001-07-01,,", "2001-07-01,2000-07-01,"),
        MANDATES,
        "row 3",
        "since is after until",
    ),
    # L170 to L173: examples, suites, version
    Case(
        "L170",
        "missing",
        lambda r: (r / STUDENTS).unlink(),
        ROSTER,
        'resource "students", path',
        "The example file is missing",
    ),
    Case(
        "L171",
        "a wrong cell",
        _text(STUDENTS, "0000000003", "003"),
        STUDENTS,
        "row 4",
        "rejected by its own suite, V120: ",
    ),
    Case("L172", "stale", _constraints("rate", maximum=99), SUITE, "", "is not the one the catalog gives", stale=True),
    Case("L172", "missing", lambda r: (r / SUITE).unlink(), SUITE, "", "is not the one the catalog gives", stale=True),
    Case(
        "L172",
        "of no layout",
        _write("expectations/example-roster/other.json", b"{}"),
        "expectations/example-roster/other.json",
        "",
        "is not the one the catalog gives",
        stale=True,
    ),
    Case(
        "L173",
        "a changed cell",
        _both(_tag, _text(GRADES, "Kindergarten", "Kinder garden")),
        PLAN,
        "version",
        "the catalog changed since v1.0.0, but the version is still 1.0.0",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.name}")
def test_a_plan_that_breaks_one_rule_is_told_that_one_with_its_place(new_plan: NewPlan, case: Case) -> None:
    root = new_plan()
    case.damage(root)
    if not case.stale:
        _rebuild_if_possible(root)
    problems = lint(root, examples=case.rule == "L171")
    assert [each.rule for each in problems] == [case.rule], "\n".join(map(str, problems))
    (problem,) = problems
    assert (problem.file, problem.place) == (case.file, case.place)
    assert case.message in problem.message


def test_every_rule_of_the_plan_has_a_plan_that_breaks_it() -> None:
    assert {case.rule for case in CASES} == {id for id in rules() if id.startswith("L")}


def _rebuild_if_possible(root: Path) -> None:
    if not any(each.rule in ("L120", "L152", "L153") for each in lint(root, examples=False)):
        try:
            rebuild(root)
        except (PlanError, RequestError):
            return


def test_windows_of_one_year_with_names_and_laws_without_citation_are_no_repetition(new_plan: NewPlan) -> None:
    root = new_plan()
    edit(root, ROSTER, lambda d: d["acquisition"]["windows"].append({"schoolYear": "2025-26", "name": "Spring"}))
    for citation in ("Example Act 1", "Example Rule 2"):
        edit_text(root, MANDATES, citation, "")
    rebuild(root)
    assert lint(root) == ()


def test_a_form_may_ask_for_what_the_column_of_a_file_may_not_and_has_no_suite(new_plan: NewPlan) -> None:
    root = new_plan()

    def as_form(descriptor: Descriptor) -> None:
        descriptor["acquisition"]["submittedAs"] = "form"
        _as_form(layout(descriptor))
        field(descriptor, "last_name").update(type="time", format="any", constraints={})
        field(descriptor, "last_name").pop("example")
        field(descriptor, "days_enrolled").setdefault("acquisition", {})["codes"] = "programs"

    edit(root, ROSTER, as_form)
    assert [(each.rule, each.file) for each in lint(root)] == [("L172", SUITE)]
    rebuild(root)
    assert not (root / SUITE).exists()
    assert lint(root) == ()


def test_a_sound_plan_has_no_problem(new_plan: NewPlan) -> None:
    assert lint(new_plan()) == ()


@pytest.mark.parametrize("examples", [False, True])
def test_the_plan_of_connecticut_is_sound(examples: bool) -> None:
    assert "\n".join(map(str, lint(ROOT, examples=examples))) == ""


def test_everything_wrong_is_told_in_one_pass_and_in_file_order(new_plan: NewPlan) -> None:
    root = new_plan()
    edit(root, ROSTER, _two_faults)
    edit_text(root, GRADES, "1990-91", "2010-11")
    edit(root, PLAN, lambda d: named(d["resources"], "grades").pop("sources"))
    (root / SUITE).unlink()
    assert [(each.rule, each.file, each.place) for each in lint(root)] == [
        ("L132", PLAN, 'resource "grades"'),
        ("L160", GRADES, "row 5"),
        ("L160", ROSTER, 'window "2025-26"'),
        ("L133", ROSTER, _where("absences")),
        ("L172", SUITE, ""),
    ]


def _two_faults(descriptor: Descriptor) -> None:
    _open(field(descriptor, "absences"), "frequency")
    descriptor["acquisition"]["windows"][0]["opens"] = "2025-10-16"


def test_problems_of_one_descriptor_stand_in_its_own_order(new_plan: NewPlan) -> None:
    root = new_plan()

    def damage(descriptor: Descriptor) -> None:
        field(descriptor, "note", "counts")["acquisition"] = {"mandates": [{"id": "none-such"}]}
        for name in ("sponsor", "grade", "seat"):
            field(descriptor, name).setdefault("acquisition", {})["mandates"] = [{"id": "none-such"}]
        field(descriptor, "grade")["acquisition"]["codes"] = "none-such"
        layout(descriptor)["acquisition"]["rules"][0]["compare"]["to"] = "none-such"
        descriptor["acquisition"]["mandates"] = [{"id": "none-such"}]

    edit(root, ROSTER, damage)
    assert [(each.rule, each.place) for each in lint(root)] == [
        ("L110", "acquisition"),
        ("L110", _where("seat")),
        ("L110", _where("grade")),
        ("L111", _where("grade")),
        ("L110", _where("sponsor")),
        ("L112", 'resource "students", rule "exit_date.before_entry_date"'),
        ("L110", _where("note", "counts")),
    ]


def test_rows_of_a_table_stand_in_the_order_of_their_numbers(new_plan: NewPlan) -> None:
    root = new_plan()
    path = root / CROSSWALK
    path.write_text(
        path.read_text("utf-8") + "".join(f"none-such,grade,CEDS,00001{n},exact,,Example\n" for n in range(9)), "utf-8"
    )
    assert [each.place for each in lint(root)] == [f"row {number}" for number in range(4, 13)]


def test_rows_behind_one_of_a_wrong_width_keep_their_numbers(new_plan: NewPlan) -> None:
    root = new_plan()
    edit_text(root, CROSSWALK, "Invented", "In,vented")
    edit_text(root, CROSSWALK, "example-roster,grade", "example-roster,grdae")
    told = [(problem.rule, problem.place) for problem in lint(root) if problem.file == CROSSWALK]
    assert told == [("L103", "row 2"), ("L113", "row 3")]


def test_a_plan_whose_suite_cannot_be_built_is_told_why_and_still_the_rest(new_plan: NewPlan) -> None:
    root = new_plan()
    edit(root, ROSTER, lambda d: field(d, "seat")["constraints"].update(pattern="["))
    edit(root, PLAN, lambda d: named(d["resources"], "grades").pop("sources"))
    assert [each.rule for each in lint(root)] == ["L132", "L152"]


def test_a_table_that_a_spreadsheet_saved_with_a_byte_order_mark_is_read(new_plan: NewPlan) -> None:
    root = new_plan()
    (root / MANDATES).write_bytes(b"\xef\xbb\xbf" + (root / MANDATES).read_bytes())
    assert lint(root, examples=False) == ()


def test_a_message_says_file_place_trouble_and_rule() -> None:
    place = 'resource "students", field "grade"'
    problem = Problem("L111", ROSTER, place, 'no code list "grade". Did you mean "grades"?')
    assert str(problem) == f'{ROSTER}, {place}: no code list "grade". Did you mean "grades"?  (L111)'
    assert str(Problem("L172", SUITE, "", "stale")) == f"{SUITE}: stale  (L172)"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda root: None, id="nothing changed"),
        pytest.param(lambda root: (root / "README.md").write_text("Example", "utf-8"), id="another file changed"),
        pytest.param(
            _both(_text(GRADES, "Third", "Last"), _catalog(lambda d: d.update(version="1.1.0"))),
            id="the version changed too",
        ),
    ],
)
def test_the_version_stands_while_the_catalog_does(new_plan: NewPlan, change: Break) -> None:
    root = new_plan()
    _tag(root)
    change(root)
    assert lint(root, examples=False) == ()


def test_a_new_collection_that_git_does_not_know_yet_asks_for_a_new_version(new_plan: NewPlan) -> None:
    root = new_plan()
    _tag(root)
    (root / "catalog/notes.md").write_text("Example", "utf-8")
    assert [each.rule for each in lint(root, examples=False)] == ["L173"]


@pytest.mark.parametrize("commit", [False, True])
def test_without_a_tag_there_is_no_version_to_compare(new_plan: NewPlan, commit: bool) -> None:
    root = new_plan()
    _git(root, "init", "--quiet")
    if commit:
        _git(root, "add", ".")
        _git(root, "commit", "--quiet", "--message", "Example")
    edit_text(root, GRADES, "Third", "Last")
    assert lint(root, examples=False) == ()


def test_a_plan_in_a_folder_of_a_larger_repository_is_compared_all_the_same(new_plan: NewPlan) -> None:
    root = new_plan()
    _tag(root.parent)
    edit_text(root, GRADES, "Third", "Last")
    assert [each.rule for each in lint(root, examples=False)] == ["L173"]


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "[0-9]{10}",
        "[A-Za-z]+(?:-[A-Za-z]+)*",
        "[^,]+",
        "[$^]",
        r"\$[0-9]+",
        r"\[[0-9]\]",
        "a|b",
        "[0-9]{2,}",
        r"[\]\\]",
    ],
)
def test_a_plain_pattern_means_the_same_on_every_engine(pattern: str) -> None:
    assert pattern_fault(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d",
        r"\w+",
        r"[\s]",
        r"\b",
        "^a",
        "a$",
        "(?:^a)",
        "a|b$",
        "(?i)a",
        "(?=a)a",
        r"(a)\1",
        "(?P<x>a)",
        "a++",
        "[0-9]{,3}",
        "[a[b]",
        "[[:alpha:]]",
        "[a&&b]",
        "[",
        "(",
        "*",
        r"\Z",
        r"\p{L}",
    ],
)
def test_a_pattern_that_engines_read_in_different_ways_is_refused(pattern: str) -> None:
    assert pattern_fault(pattern) != ""


def test_lint_of_a_folder_without_a_plan_says_so(tmp_path: Path) -> None:
    assert [(each.rule, each.file) for each in lint(tmp_path)] == [("L101", PLAN)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda places: places[1].update(start=9), '"school_year" begins before "sasid" ends'),
        (lambda places: places[1].update(field="sasid"), '"sasid" has more than one place'),
        (
            lambda places: places[1].update(field="scool_year"),
            'no field "scool_year". Did you mean "school_year"?',
        ),
        (lambda places: places.pop(), '"sponsor" has no place, and no file may lack it'),
        (lambda places: places[0].update(width=9), '"sasid" may have 10 letters, but its place has 9'),
    ],
)
def test_positions_are_places_of_the_layouts_fields_beside_each_other(
    new_plan: NewPlan, change: Callable[[list[dict[str, Any]]], object], said: str
) -> None:
    def place(descriptor: dict[str, Any]) -> None:
        students = layout(descriptor)
        names = [each["name"] for each in students["schema"]["fields"]]
        students["acquisition"]["positions"] = [
            {"field": name, "start": 1 + 50 * number, "width": 10 if name == "sasid" else 50}
            for number, name in enumerate(names)
        ]

    root = new_plan()
    edit(root, ROSTER, place)
    rebuild(root)
    assert [each.message for each in lint(root, examples=False)] == []
    edit(root, ROSTER, lambda descriptor: change(layout(descriptor)["acquisition"]["positions"]))
    found = [each.message for each in lint(root, examples=False)]
    assert any(said in each for each in found), found
