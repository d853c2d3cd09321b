"""The catalog is read whole or refused with file and place; its schemas explain themselves; generic tools accept it."""

from __future__ import annotations

import json
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import frictionless
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from dap.catalog import Problem, examine, find_plan, in_file_order, open_plan
from dap.errors import PlanError, RequestError
from dap.lint import lint
from dap.plan import Plan
from tests.conftest import PLAN, ROOT, ROSTER, NewPlan, edit, edit_text, field, layout

DESCRIPTORS = [
    PLAN,
    *sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("catalog/collections/*/datapackage.json")),
]
SCHEMAS = sorted(path.name for path in (ROOT / "schemas").glob("*.schema.json"))


def test_a_plan_is_found_from_any_folder_inside_it(new_plan: NewPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    root = new_plan()
    monkeypatch.chdir(root / "catalog" / "collections" / "example-roster")
    assert find_plan(Path.cwd()) == root
    assert open_plan().title == "Example plan"


def test_where_no_plan_is_the_request_says_what_was_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RequestError, match=rf"neither this folder nor one above it holds {PLAN}.*--plan DIR"):
        open_plan()
    with pytest.raises(RequestError, match=f"The folder given as the plan holds no {PLAN}"):
        open_plan(tmp_path)


def test_a_folder_given_is_the_plan_itself_and_not_one_inside_it(new_plan: NewPlan) -> None:
    root = new_plan()
    assert open_plan(root).root == open_plan(str(root)).root == root
    with pytest.raises(RequestError):
        open_plan(root / "catalog")


def test_a_broken_plan_is_refused_with_every_file_place_and_nearest_name(new_plan: NewPlan) -> None:
    root = new_plan()
    edit(root, ROSTER, lambda d: field(d, "grade").update(acquisition={"codes": "grade"}))
    edit(root, ROSTER, lambda d: d["acquisition"].update(mandates=[{"id": "exampel-act"}]))
    edit_text(root, "catalog/crosswalk.csv", "example-roster,sasid", "example-roster,sasids")
    with pytest.raises(PlanError) as raised:
        open_plan(root)
    assert raised.value.exit_code == 3
    assert str(raised.value) == (
        "the plan could not be read, 3 problems:\n"
        f'  {ROSTER}, acquisition: no mandate "exampel-act". Did you mean "example-act"?  (L110)\n'
        f'  {ROSTER}, resource "students", field "grade": no code list "grade". Did you mean "grades"?  (L111)\n'
        '  catalog/crosswalk.csv, row 2: no element "sasids" in "example-roster". Did you mean "sasid"?  (L113)\n'
        "Run `dap lint` for what to do."
    )
    assert [problem.rule for problem in raised.value.problems if isinstance(problem, Problem)] == [
        "L110",
        "L111",
        "L113",
    ]


def test_a_plan_whose_own_descriptor_is_broken_gives_no_plan(new_plan: NewPlan) -> None:
    root = new_plan()
    (root / PLAN).write_text("[]", "utf-8")
    assert examine(root) == (None, (Problem("L102", PLAN, "", "must be an object"),))
    with pytest.raises(PlanError, match=re.escape(PLAN)):
        open_plan(root)


def test_a_file_that_cannot_be_read_is_told_once_and_not_again_by_all_that_name_it(new_plan: NewPlan) -> None:
    root = new_plan()
    for name in ("mandates.csv", "code-lists/grades.csv"):
        (root / "catalog" / name).unlink()
    (root / ROSTER).write_text("{", "utf-8")
    problems = examine(root)[1]
    assert [(each.rule, each.file) for each in problems] == [
        ("L101", "catalog/code-lists/grades.csv"),
        ("L101", ROSTER),
        ("L101", "catalog/mandates.csv"),
    ]
    assert lint(root) == problems


def test_a_table_of_the_plan_is_never_read_from_outside_the_catalog(new_plan: NewPlan, tmp_path: Path) -> None:
    for path in (
        str(tmp_path / "secret.csv"),
        "../secret.csv",
        "mandates.csv\0",
        "https://example.org/mandates.csv",
        "",
    ):
        root = new_plan()
        (root / "secret.csv").write_text("secret\n", "utf-8")
        edit(root, PLAN, lambda d, path=path: d["resources"][0].update(path=path))  # type: ignore[misc]
        (problem,) = examine(root)[1]
        assert (problem.rule, problem.place) == ("L121", 'resource "mandates"')


def test_hidden_folders_are_no_collections(new_plan: NewPlan) -> None:
    root = new_plan()
    (root / "catalog/collections/.ipynb_checkpoints").mkdir()
    assert examine(root)[1] == ()


def test_problems_are_sorted_by_their_place_in_the_file_whatever_order_they_were_found_in(new_plan: NewPlan) -> None:
    root = new_plan()
    places = [
        "name",
        'window "2025-26"',
        "acquisition, windows[0], due",
        'resource "students", field "sasid", constraints',
        'resource "students", field "grade"',
        'resource "students", field "exit_reason", requiredWhen',
        'resource "students", primaryKey',
        'resource "students", rule "exit_date.before_entry_date"',
        'resource "counts", dialect',
        'resource "counts", field "grade"',
    ]
    problems = [Problem("L102", ROSTER, place, "message") for place in places]
    files = [PLAN, ROSTER, "catalog/crosswalk.csv", "expectations/example-roster/students.json"]
    others = [Problem("L101", file, "", "message") for file in files]
    found = in_file_order(root, [*reversed(problems), *reversed(others), *problems])
    assert [each.place for each in found if each.place] == places
    assert [each.file for each in found if not each.place] == files


@pytest.mark.parametrize("path", DESCRIPTORS)
def test_frictionless_accepts_every_package_of_the_catalog_and_asks_nobody(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_network: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    report = frictionless.validate(str(ROOT / path))
    assert report.flatten(["rowNumber", "fieldName", "type"]) == []
    assert report.valid
    assert no_network == []


def test_frictionless_accepts_the_example_plan_and_refuses_it_broken(new_plan: NewPlan) -> None:
    root = new_plan()
    for path in (PLAN, ROSTER):
        assert frictionless.validate(str(root / path)).valid
    edit(root, ROSTER, lambda d: field(d, "last_name").update(constraints={"pattern": "[0-9]"}))
    assert not frictionless.validate(str(root / ROSTER)).valid


def test_a_test_that_opens_a_connection_is_refused_and_remembered(no_network: list[str]) -> None:
    with pytest.raises(PermissionError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    assert len(no_network) == 1
    no_network.clear()


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_a_valid_one(name: str) -> None:
    Draft7Validator.check_schema(_schema(name))


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_property_of_a_schema_explains_itself(name: str) -> None:
    schema = _schema(name)
    silent = [
        f"{place}: no {word}"
        for place, stated in _properties(schema, "")
        for word in ("title", "description")
        if not _resolved(schema, stated).get(word)
    ]
    assert silent == []


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "schemas").glob("*.table.json")))
def test_every_column_of_the_plans_tables_explains_itself(name: str) -> None:
    for column in _schema(name)["fields"]:
        assert column["title"]
        assert column["description"].endswith(".")


@pytest.mark.parametrize("path", DESCRIPTORS)
def test_every_descriptor_follows_the_schema_it_names(path: str) -> None:
    document = json.loads((ROOT / path).read_text("utf-8"))
    schema = (ROOT / path).parent / document["$schema"]
    assert schema.resolve().parent == ROOT / "schemas"
    errors = [
        f"{list(each.absolute_path)}: {each.message}"
        for each in Draft7Validator(_schema(schema.name)).iter_errors(document)
    ]
    assert errors == []


def test_every_fact_of_connecticut_has_a_source_and_a_law_without_one_is_an_open_question(connecticut: Plan) -> None:
    assert [each.id for each in connecticut.all_collections if not each.sources] == []
    assert [each.name for each in connecticut.all_code_lists if not each.sources] == []
    assert [(c.id, e.name) for c, _, e in connecticut.every_element() if not e.sources] == []
    without = [each.id for each in connecticut.all_mandates if not each.source]
    questions = connecticut.open_questions
    assert (
        without == questions.loc[(questions["mandate"] != "") & (questions["about"] == "source"), "mandate"].to_list()
    )


# Written in pieces, so that this file does not find itself.
_REGISTRIES = [
    f"{name}.{end}"
    for name, end in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("anaconda", "org"),
        ("jsdelivr", "net"),
    )
]
_MACHINE = re.compile(r"(?<![\w.])/(?:home|root|Users|work|tmp|private|var)/\w|\b[A-Z]:\\\w")


def test_no_file_of_the_plan_and_no_test_names_a_machines_path_or_a_registry() -> None:
    folders = ("catalog", "expectations", "schemas", "tests")
    named = []
    for path in (each for folder in folders for each in (ROOT / folder).rglob("*") if each.is_file()):
        if path.suffix in (".pyc", ".png"):
            continue
        text = path.read_text("utf-8", errors="replace")
        named += [f"{path.relative_to(ROOT)}: {host}" for host in _REGISTRIES if host in text]
        local = re.sub(r"https?://[^\s\"']+", "", text)
        named += [f"{path.relative_to(ROOT)}: {found.group()}" for found in _MACHINE.finditer(local)]
        named += [f"{path.relative_to(ROOT)}: the root" for place in (str(ROOT), str(Path.home())) if place in local]
    assert named == []


_OTHER_VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    "../x",
    "\0",
    "[",
    "%",
    [],
    [[]],
    ["x", "x"],
    {},
    {"x": {}},
]
_KINDS = ("drop", "replace", "rename", "repeat")


@settings(
    max_examples=250, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_a_descriptor_holds_the_reader_answers_or_refuses_it_by_file(
    mutable_plan: Path, data: st.DataObject
) -> None:
    file = data.draw(st.sampled_from([PLAN, ROSTER]))
    original = (mutable_plan / file).read_text("utf-8")
    document = json.loads(original)
    for _ in range(data.draw(st.integers(1, 2))):
        _mutate(document, data)
    try:
        (mutable_plan / file).write_text(json.dumps(document), "utf-8")
        try:
            open_plan(mutable_plan)
        except PlanError as error:
            listed = [each for each in error.problems if isinstance(each, Problem)]
            assert listed
            for problem in listed:
                assert problem.file.startswith("catalog/")
                assert problem.message
                assert str(problem) in str(error)
        except RequestError as error:
            assert PLAN in str(error)
        # What can be read can be judged: lint finds problems, and never breaks on one.
        assert all(problem.file for problem in lint(mutable_plan, examples=False))
    finally:
        (mutable_plan / file).write_text(original, "utf-8")


@pytest.fixture
def mutable_plan(new_plan: NewPlan) -> Path:
    return new_plan()


def _mutate(document: Any, data: st.DataObject) -> None:
    """Drop, replace, rename or repeat one entry somewhere in the document."""
    places = list(_places(document))
    if not places:
        return
    holder, key = data.draw(st.sampled_from(places))
    kind = data.draw(st.sampled_from(_KINDS))
    if kind == "drop":
        del holder[key]
    elif kind == "replace":
        holder[key] = data.draw(st.sampled_from(_OTHER_VALUES))
    elif isinstance(holder, list):
        holder.insert(key, holder[key])
    elif kind == "rename":
        holder[f"{key}x"] = holder.pop(key)
    else:
        holder[data.draw(st.sampled_from(list(holder)))] = holder[key]


def _places(holder: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
    for key in keys:
        yield holder, key
        yield from _places(holder[key])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=300), name=st.sampled_from(["mandates.csv", "crosswalk.csv", "code-lists/grades.csv"])
)
def test_whatever_a_table_holds_the_reader_answers_or_refuses_it_by_file(
    mutable_plan: Path, content: bytes, name: str
) -> None:
    path = mutable_plan / "catalog" / name
    original = path.read_bytes()
    header = original.splitlines(keepends=True)[0]
    try:
        for text in (content, header + content):
            path.write_bytes(text)
            _, problems = examine(mutable_plan)
            assert all(each.file.startswith("catalog/") for each in problems)
            lint(mutable_plan, examples=False)
    finally:
        path.write_bytes(original)


def test_a_title_line_or_rule_added_by_a_steward_reaches_the_plan(new_plan: NewPlan) -> None:
    root = new_plan()
    edit(root, ROSTER, lambda d: layout(d, "counts")["acquisition"].update(headerFault="warning", textGuards=False))
    counts = open_plan(root).collection("example-roster").layout("counts")
    assert (counts.header_fault, counts.text_guards) == ("warning", False)
    assert [line.pattern for line in counts.title_lines] == ["", "School year [0-9]{4}-[0-9]{2}"]


def test_plans_can_be_moved_anywhere(new_plan: NewPlan, tmp_path: Path) -> None:
    moved = tmp_path / "with blanks" / "and ümlaut"
    shutil.copytree(new_plan(), moved)
    assert lint(moved) == ()


def _schema(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / "schemas" / name).read_text("utf-8"))
    return document


def _properties(stated: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each property and definition anywhere in a schema, with its place."""
    if isinstance(stated, list):
        for number, each in enumerate(stated):
            yield from _properties(each, f"{place}[{number}]")
    if not isinstance(stated, dict):
        return
    for word, held in stated.items():
        if word in ("properties", "definitions") and isinstance(held, dict):
            for name, each in held.items():
                yield f"{place}/{name}", each
                yield from _properties(each, f"{place}/{name}")
        # A condition says more of properties that are explained where they are declared.
        elif word != "then":
            yield from _properties(held, f"{place}/{word}")


def _resolved(schema: dict[str, Any], stated: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in stated:
        return stated
    target: Any = schema
    for step in stated["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return {**target, **stated}
