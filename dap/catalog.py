"""Reads `catalog/` into a Plan, with everything that is wrong told in one pass."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from dap.errors import PlanError, RequestError, nearest
from dap.plan import (
    FIXED,
    FORMATS,
    SEPARATORS,
    Allowance,
    Change,
    Code,
    CodeCrosswalkEntry,
    CodeList,
    Collection,
    Condition,
    Contributor,
    CrossRule,
    CrosswalkEntry,
    District,
    Element,
    Layout,
    License,
    Mandate,
    MandateLink,
    MissingMark,
    Obligation,
    OpenQuestion,
    Plan,
    Position,
    Promise,
    Respondent,
    Source,
    Term,
    TitleLine,
    Topic,
    Window,
)

CATALOG = "catalog"
PLAN_FILE = "datapackage.json"
_ABOUT = {"mandate": "mandates"}
PLAN_TABLES = (
    *("mandates", "crosswalk", "code-crosswalk", "topics", "translations"),
    *("districts", "respondents", "obligations"),
)
"""The tables a plan can have beside its code lists; the first two it must."""
INHERITED = ("frequency", "mandates", "purpose", "uses", "status", "retention")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the plan: the rule it breaks, where, and what."""

    rule: str
    file: str
    place: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{where}: {self.message}  ({self.rule})"


def schemas_folder() -> Path:
    """The folder of the JSON Schemas: beside the package in a checkout, inside it in an installed wheel."""
    inside = Path(__file__).parent / "schemas"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "schemas"


def find_plan(start: Path) -> Path:
    """The folder that holds `catalog/`: `start` or the nearest folder above it; RequestError where there is none."""
    for folder in (start, *start.parents):
        if (folder / CATALOG / PLAN_FILE).is_file():
            return folder
    raise RequestError(
        f"No plan here: neither this folder nor one above it holds {CATALOG}/{PLAN_FILE}. "
        "Name the plan's folder with --plan DIR."
    )


def open_plan(folder: str | Path | None = None) -> Plan:
    """Read the plan in `folder` (or, without one, in the folder one stands in or the nearest above it).

    Raises RequestError where there is no plan and PlanError, with all problems, where it cannot be read.
    """
    if folder is not None and not (Path(folder) / CATALOG / PLAN_FILE).is_file():
        raise RequestError(f"The folder given as the plan holds no {CATALOG}/{PLAN_FILE}.")
    plan, problems = examine(find_plan(Path.cwd()) if folder is None else Path(folder))
    if problems or plan is None:
        raise PlanError(problems)
    return plan


def examine(root: Path) -> tuple[Plan | None, tuple[Problem, ...]]:
    """Read the plan in `root` as far as it can be read, and all that kept it from being read whole.

    The plan is None only where its own `catalog/datapackage.json` is not readable.
    """
    problems: list[Problem] = []
    catalog = root / CATALOG
    package = _read_json(root, catalog / PLAN_FILE, "plan.schema.json", problems)
    if package is None:
        return None, tuple(problems)
    tables = _Tables.read(root, package, problems)
    # Editors and notebooks leave hidden folders behind; any other without a descriptor is a collection that got lost.
    folders = sorted(path for path in catalog.glob("collections/[!.]*") if path.is_dir())
    collections = [
        collection
        for folder in folders
        if (collection := _read_collection(root, folder / PLAN_FILE, tables, problems)) is not None
    ]
    for each in package.get("acquisition", {}).get("promises", []):
        stated = [{"id": each["mandate"]}] if "mandate" in each else []
        _check_mandates(_relative(root, catalog / PLAN_FILE), f'promise "{each["id"]}"', stated, tables, problems)
    _check_unique(root, collections, problems)
    _check_successors(root, {folder.name for folder in folders}, collections, problems)
    _check_crosswalk({folder.name for folder in folders}, collections, tables, problems)
    _check_code_crosswalk(tables, problems)
    _check_topics({folder.name for folder in folders}, collections, tables, problems)
    _check_obligations({folder.name for folder in folders}, collections, tables, problems)
    promises = tuple(
        Promise(each["id"], each["text"], each.get("mandate", ""), _sources(each))
        for each in package.get("acquisition", {}).get("promises", [])
    )
    publisher = next((each["title"] for each in package["contributors"]), "")
    plan = Plan(
        root=root,
        version=package["version"],
        title=package["title"],
        publisher=publisher,
        all_collections=tuple(collections),
        all_mandates=tuple((tables.mandates or {}).values()),
        all_code_lists=tuple(tables.code_lists.values()),
        all_crosswalk=tables.crosswalk,
        all_code_crosswalk=tables.code_crosswalk,
        promises=promises,
        description=package.get("description", ""),
        name=package["name"],
        created=package.get("created", "")[:10],
        homepage=package.get("homepage", ""),
        contributors=tuple(_contributor(each) for each in package["contributors"]),
        licenses=tuple(
            License(**{key: each.get(key, "") for key in ("name", "title", "path")}) for each in package["licenses"]
        ),
        sources=tuple(_loose_source(each) for each in package.get("sources", [])),
        changes=tuple(Change(**each) for each in package.get("acquisition", {}).get("changes", [])),
        all_topics=tables.topics,
        translations=tables.translations,
        all_districts=tables.districts,
        all_respondents=tables.respondents,
        all_obligations=tables.obligations,
    )
    return plan, in_file_order(root, problems)


def in_file_order(root: Path, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once: the plan's own file first, then the catalog's others, then the rest; each file downwards."""
    texts: dict[str, str] = {}

    def order(problem: Problem) -> tuple[int, str, int]:
        if problem.file not in texts:
            try:
                texts[problem.file] = (root / problem.file).read_text("utf-8")
            except (OSError, ValueError):
                texts[problem.file] = ""
        rank = 0 if problem.file == f"{CATALOG}/{PLAN_FILE}" else 1 if problem.file.startswith(f"{CATALOG}/") else 2
        return rank, problem.file, _position(texts[problem.file], problem.place)

    return tuple(sorted(dict.fromkeys(problems), key=order))


def line_of(root: Path, problem: Problem) -> int | None:
    """The line of its file that a problem is about, from 1; None where the file cannot be read as text."""
    try:
        text = (root / problem.file).read_text("utf-8")
    except (OSError, ValueError):
        return None
    position = _position(text, problem.place)
    return position if _ROW.search(problem.place) else text.count("\n", 0, position) + 1


_ROW = re.compile(r"(?:row|line) [0-9]+")
_STEP = re.compile(r'(resource|field|rule|window|promise) "((?:[^"]|"(?!,|$))*)"|(?:row|line) ([0-9]+)|([$A-Za-z]+)')
_LISTED = {"resource": "resources", "field": "fields", "rule": "rules", "window": "windows", "promise": "promises"}


def _position(text: str, place: str) -> int:
    """How far down in the file's text a place stands: a row's number, or where the steps of the place lead."""
    here = 0
    for kind, name, row, word in _STEP.findall(place):
        if row:
            return int(row)
        key = re.compile(rf'"{re.escape(_LISTED.get(kind, word))}"\s*:').search(text, here)
        here = key.end() if key else here
        if kind:
            quoted = re.escape(json.dumps(name, ensure_ascii=False))
            found = re.compile(rf'"(?:name|schoolYear|id)"\s*:\s*{quoted}').search(text, here)
            here = found.end() if found else here
    return here


class _Row(dict[str, str]):
    """A row of a table by its columns, and its number: rows that were left out before it count."""

    def __init__(self, number: int, cells: Iterable[tuple[str, str]]) -> None:
        super().__init__(cells)
        self.number = number


@dataclass(frozen=True)
class _Tables:
    """The plan's own tables, as far as they could be read.

    In `unread` code lists, and without `mandates`, nothing can be looked up.
    `numbers` has, by table, the row of each of its entries.
    """

    mandates: dict[str, Mandate] | None = None
    code_lists: dict[str, CodeList] = field(default_factory=dict)
    crosswalk: tuple[CrosswalkEntry, ...] = ()
    code_crosswalk: tuple[CodeCrosswalkEntry, ...] = ()
    topics: tuple[Topic, ...] = ()
    translations: dict[tuple[str, str], str] = field(default_factory=dict)
    districts: tuple[District, ...] = ()
    respondents: tuple[Respondent, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    unread: frozenset[str] = frozenset()
    numbers: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path, package: dict[str, Any], problems: list[Problem]) -> _Tables:
        mandates: dict[str, Mandate] | None = None
        code_lists: dict[str, CodeList] = {}
        crosswalk: list[CrosswalkEntry] = []
        code_crosswalk: list[CodeCrosswalkEntry] = []
        topics: list[Topic] = []
        translations: dict[tuple[str, str], str] = {}
        districts: list[District] = []
        respondents: list[Respondent] = []
        obligations: list[Obligation] = []
        unread: set[str] = set()
        numbers: dict[str, tuple[int, ...]] = {}
        names = [resource["name"] for resource in package["resources"]]
        for wanted in ("mandates", "crosswalk"):
            if wanted not in names:
                message = f'no table "{wanted}".{nearest(wanted, names)}'
                problems.append(Problem("L102", f"{CATALOG}/{PLAN_FILE}", "resources", message))
        for number, resource in enumerate(package["resources"]):
            if fault := _table_fault(resource, names[:number]):
                place = f'resource "{resource["name"]}"'
                problems.append(Problem(fault[0], f"{CATALOG}/{PLAN_FILE}", place, fault[1]))
            path = None if fault else root / CATALOG / resource["path"]
            if "codeList" in resource.get("acquisition", {}):
                rows = _read_table(root, path, "code-list.table.json", resource, problems)
                code_lists.setdefault(resource["name"], _code_list(resource, rows))
                unread |= {resource["name"]} if rows is None else set()
            elif resource["name"] == "mandates":
                rows = _read_table(root, path, "mandates.table.json", resource, problems)
                if rows is not None and mandates is None:
                    mandates = {row["id"]: Mandate(**row) for row in rows}
            elif resource["name"] == "crosswalk":
                rows = _read_table(root, path, "crosswalk.table.json", resource, problems)
                crosswalk.extend(CrosswalkEntry(**row) for row in rows or ())
                numbers["crosswalk"] = (*numbers.get("crosswalk", ()), *_numbers(rows))
            elif resource["name"] == "code-crosswalk":
                rows = _read_table(root, path, "code-crosswalk.table.json", resource, problems)
                code_crosswalk.extend(CodeCrosswalkEntry(**row) for row in rows or ())
                numbers["code-crosswalk"] = (*numbers.get("code-crosswalk", ()), *_numbers(rows))
            elif resource["name"] == "topics":
                rows = _read_table(root, path, "topics.table.json", resource, problems)
                topics.extend(map(_topic, rows or ()))
                numbers["topics"] = (*numbers.get("topics", ()), *_numbers(rows))
            elif resource["name"] == "translations":
                rows = _read_table(root, path, "translations.table.json", resource, problems)
                translations |= _translations(rows or [], problems)
            elif resource["name"] == "districts":
                rows = _read_table(root, path, "districts.table.json", resource, problems)
                districts.extend(District(**row) for row in rows or ())
            elif resource["name"] == "respondents":
                rows = _read_table(root, path, "respondents.table.json", resource, problems)
                respondents.extend(map(_respondent, rows or ()))
            elif resource["name"] == "obligations":
                rows = _read_table(root, path, "obligations.table.json", resource, problems)
                obligations.extend(Obligation(**row) for row in rows or ())
                numbers["obligations"] = (*numbers.get("obligations", ()), *_numbers(rows))
        return cls(
            mandates,
            code_lists,
            tuple(crosswalk),
            tuple(code_crosswalk),
            tuple(topics),
            translations,
            tuple(districts),
            tuple(respondents),
            tuple(obligations),
            frozenset(unread),
            numbers,
        )


def _numbers(rows: list[_Row] | None) -> tuple[int, ...]:
    return tuple(row.number for row in rows or ())


def _table_fault(resource: dict[str, Any], before: list[str]) -> tuple[str, str] | None:
    """The rule a table of the plan breaks, and how, before its file is looked at."""
    name, path = resource["name"], resource["path"]
    if name in before:
        return "L120", "the name stands more than once"
    if name in PLAN_TABLES:
        wanted = f"{name}.csv"
    elif "codeList" in resource.get("acquisition", {}):
        wanted = f"code-lists/{name}.csv"
    else:
        return "L102", "no table of the plan is called so; a code list says that it is one with acquisition.codeList"
    return None if path == wanted else ("L121", f'its file is called "{path}", but should be "{wanted}"')


def _relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _read_json(root: Path, path: Path, schema: str, problems: list[Problem]) -> dict[str, Any] | None:
    """The file's object if it is JSON and follows the schema; otherwise None, with the problems added."""
    name = _relative(root, path)
    try:
        document = json.loads(path.read_text("utf-8"), object_pairs_hook=_no_twice)
    except OSError:
        problems.append(Problem("L101", name, "", _cannot_open(path)))
        return None
    except UnicodeDecodeError:
        problems.append(Problem("L101", name, "", "the file is not UTF-8 text"))
        return None
    except RecursionError:
        problems.append(Problem("L101", name, "", "objects and lists are nested too deeply"))
        return None
    except json.JSONDecodeError as error:
        if error.doc.startswith("\ufeff"):
            problems.append(Problem("L101", name, "", "begins with a byte order mark: save it as UTF-8 without one"))
            return None
        problems.append(Problem("L101", name, f"line {error.lineno}", f"not JSON: {error.msg}"))
        return None
    except _TwiceError as error:
        problems.append(Problem("L101", name, f'property "{error}"', "the property stands twice in one object"))
        return None
    found = (
        []
        if _follows(schema, document)
        else [
            Problem("L102", name, _place(document, each.absolute_path), _said(each))
            for each in _schema_errors(schema, document)
        ]
    )
    problems.extend(found)
    return None if found else document


def _cannot_open(path: Path) -> str:
    return "the file cannot be opened" if path.exists() else "there is no such file"


class _TwiceError(ValueError):
    """A property stands twice in one JSON object."""


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for key, value in pairs:
        if key in document:
            raise _TwiceError(key)
        document[key] = value
    return document


@cache
def _schema(name: str) -> Any:
    return json.loads((schemas_folder() / name).read_text("utf-8"))


@cache
def _compiled(schema: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(_schema(schema))


def _follows(schema: str, document: Any) -> bool:
    """Whether the document follows the schema: asked so, this takes a hundredth of the time that naming errors does."""
    try:
        return bool(_compiled(schema).is_valid(document))
    except ValueError:
        # Half of a surrogate pair, which JSON can say and UTF-8 cannot.
        return False


@cache
def _validator(schema: str) -> Any:
    from jsonschema import Draft7Validator

    return Draft7Validator(_schema(schema))


def value_faults(schema: str, node: Mapping[str, Any], value: Any) -> tuple[str, ...]:
    """What is wrong with one value by one part (`node`) of a schema file, in the words used of a whole descriptor."""
    from jsonschema import Draft7Validator

    part = {**node, "definitions": _schema(schema).get("definitions", {})}
    return tuple(_said(error) for error in Draft7Validator(part).iter_errors(value))


def _schema_errors(schema: str, document: Any) -> Iterator[Any]:
    """The errors, without those that only repeat that a value is of the wrong kind."""
    errors = list(_validator(schema).iter_errors(document))
    of_wrong_kind = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    yield from (
        error for error in errors if error.validator == "type" or tuple(error.absolute_path) not in of_wrong_kind
    )


_KINDS = {
    "string": "text",
    "array": "a list",
    "object": "an object",
    "boolean": "true or false",
    "integer": "a whole number",
}


def _said(error: Any) -> str:
    """What a schema error means, with the nearest name where a name is not known."""
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = [name for name in error.instance if name not in known]
        return "; ".join(f'no property "{name}" exists here.{nearest(name, known)}' for name in unknown)
    if error.validator == "enum":
        wanted = ", ".join(str(value) for value in error.validator_value)
        return (
            f'"{error.instance}" is none of: {wanted}.{nearest(str(error.instance), map(str, error.validator_value))}'
        )
    if error.validator == "required":
        given = error.instance
        # One error a missing property, and the property stands in no field of the error but its message.
        missing = next(name for name in error.validator_value if name not in given and repr(name) in error.message)
        known = error.schema.get("properties", {})
        return f'the property "{missing}" is missing.{nearest(missing, [name for name in given if name not in known])}'
    if error.validator == "type":
        kinds = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
        return f"must be {' or '.join(_KINDS.get(kind, f'a {kind}') for kind in kinds)}"
    if error.validator == "pattern":
        return f'"{error.instance}" does not have the form {error.validator_value}'
    if error.validator in ("minItems", "minLength"):
        things = "entries" if error.validator == "minItems" else "characters"
        return f"too short: at least {error.validator_value} {things}"
    if error.validator == "oneOf":
        branches = [" and ".join(each.get("required", [])) for each in error.validator_value]
        return f"exactly one of these must be given: {', '.join(branches)}"
    return str(error.message)[:200]


def _place(document: Any, path: Iterable[Any]) -> str:
    """Where in a descriptor a path leads, with layouts and fields by their names."""
    words: list[str] = []
    here = document
    trail = list(path)
    for index, step in enumerate(trail):
        here = here[step] if isinstance(here, (dict, list)) else None
        named = here.get("name") if isinstance(here, dict) else None
        if isinstance(step, int) and index and trail[index - 1] in ("fields", "resources") and named:
            words[-1] = f'{"field" if trail[index - 1] == "fields" else "resource"} "{named}"'
        elif isinstance(step, int):
            words[-1] += f"[{step}]"
        else:
            words.append(str(step))
    return ", ".join(word for word in words if word != "schema")


def _read_table(
    root: Path, path: Path | None, schema_file: str, resource: dict[str, Any], problems: list[Problem]
) -> list[_Row] | None:
    """The table's rows as text, checked against the table schema of its kind; None where it cannot be read."""
    if path is None:
        return None
    name = _relative(root, path)
    schema = json.loads((schemas_folder() / schema_file).read_text("utf-8"))
    if resource["schema"] != schema:
        place = f'resource "{resource["name"]}"'
        problems.append(
            Problem("L103", f"{CATALOG}/{PLAN_FILE}", place, f"its schema is not the one of schemas/{schema_file}")
        )
    try:
        # Excel's "CSV UTF-8" begins with a mark, which is no part of the first column's name.
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except OSError:
        problems.append(Problem("L101", name, "", _cannot_open(path)))
        return None
    except (ValueError, csv.Error):
        problems.append(Problem("L101", name, "", "the file cannot be read as CSV in UTF-8"))
        return None
    fields = schema["fields"]
    if not rows or rows[0] != [each["name"] for each in fields]:
        wanted = ", ".join(each["name"] for each in fields)
        problems.append(Problem("L103", name, "line 1", f"the columns must be {wanted}"))
        return None
    return list(_table_rows(name, rows[1:], fields, problems))


def _table_rows(
    name: str, rows: list[list[str]], fields: list[dict[str, Any]], problems: list[Problem]
) -> Iterator[_Row]:
    seen: dict[str, set[str]] = {each["name"]: set() for each in fields if each.get("constraints", {}).get("unique")}
    for number, cells in enumerate(rows, start=2):
        if len(cells) != len(fields):
            problems.append(
                Problem("L103", name, f"row {number}", f"{len(cells)} cells, but there are {len(fields)} columns")
            )
            continue
        row = _Row(number, zip([each["name"] for each in fields], cells, strict=True))
        for each in fields:
            value, rules, place = row[each["name"]], each.get("constraints", {}), f"row {number}, {each['name']}"
            if rules.get("required") and not value:
                problems.append(Problem("L103", name, place, "must not be empty"))
            if value and "enum" in rules and value not in rules["enum"]:
                problems.append(
                    Problem(
                        "L103",
                        name,
                        place,
                        f'"{value}" is none of: {", ".join(rules["enum"])}.{nearest(value, rules["enum"])}',
                    )
                )
            if value and "pattern" in rules and not re.fullmatch(rules["pattern"], value):
                problems.append(Problem("L103", name, place, f'"{value}" does not have the form {rules["pattern"]}'))
            if each["name"] in seen:
                if value in seen[each["name"]]:
                    problems.append(Problem("L120", name, place, f'"{value}" stands there already'))
                seen[each["name"]].add(value)
        yield row


def _sources(holder: dict[str, Any]) -> tuple[Source, ...]:
    return tuple(Source(**each) for each in holder.get("sources", []))


def _loose_source(stated: dict[str, Any]) -> Source:
    """A source of the plan itself, which the standard lets hold more than we keep."""
    return Source(**{key: str(stated.get(key, "")) for key in ("title", "path", "year", "confidence")})


def _contributor(stated: dict[str, Any]) -> Contributor:
    roles = tuple(stated.get("roles", ()))
    return Contributor(stated["title"], roles, stated.get("email", ""), stated.get("path", ""))


def _topic(row: dict[str, str]) -> Topic:
    lists = {key: _listed(row[key]) for key in ("domains", "collections", "elements", "terms", "words")}
    return Topic(row["topic"], row["title"], row["group"], row["statement"], **lists)


def _respondent(row: dict[str, str]) -> Respondent:
    said = {name: row[name] for name in ("why", "source", "confidence")}
    return Respondent(row["respondent"], row["owes"], _listed(row["kinds"]), **said)


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _translations(rows: list[_Row], problems: list[Problem]) -> dict[tuple[str, str], str]:
    """The translations by language and text; a text that stands twice for one language is a problem."""
    found: dict[tuple[str, str], str] = {}
    for row in rows:
        number, key = row.number, (row["language"], row["text"])
        if key in found:
            place = f"row {number}, text"
            problems.append(Problem("L120", f"{CATALOG}/translations.csv", place, "the text stands there already"))
        found.setdefault(key, row["translation"])
    return found


def _open(acquisition: dict[str, Any]) -> tuple[OpenQuestion, ...]:
    return tuple(OpenQuestion(**each) for each in acquisition.get("open", []))


def _links(acquisition: dict[str, Any]) -> tuple[MandateLink, ...]:
    return tuple(MandateLink(**each) for each in acquisition.get("mandates", []))


def _code_list(resource: dict[str, Any], rows: list[_Row] | None) -> CodeList:
    acquisition = resource["acquisition"]
    return CodeList(
        name=resource["name"],
        title=resource.get("title", resource["name"]),
        complete=acquisition["complete"] and rows is not None,
        codes=tuple(Code(**row) for row in rows or ()),
        description=resource.get("description", ""),
        sources=_sources(resource),
        open=_open(acquisition),
    )


def _window(window: dict[str, Any]) -> Window:
    freeze = tuple((each.get("name", ""), each["date"]) for each in window.get("freeze", []))
    opens, due, accurate = (window.get(key, "") for key in ("opens", "due", "accurate"))
    return Window(window["schoolYear"], opens, due, accurate, freeze, window.get("name", ""))


def _condition(stated: dict[str, Any] | None) -> Condition | None:
    if stated is None:
        return None
    terms = tuple(
        Term(each["field"], tuple(each.get("in", each.get("notIn", ()))), "notIn" in each, each.get("empty"))
        for each in stated.get("all", stated.get("any", ()))
    )
    return Condition(terms, every="all" in stated)


def _read_collection(root: Path, path: Path, tables: _Tables, problems: list[Problem]) -> Collection | None:
    package = _read_json(root, path, "collection.schema.json", problems)
    if package is None:
        return None
    name, acquisition = _relative(root, path), package["acquisition"]
    if package["name"] != path.parent.name:
        problems.append(
            Problem(
                "L121",
                name,
                "name",
                f'the collection is called "{package["name"]}" but its folder "{path.parent.name}"',
            )
        )
    _check_mandates(name, "acquisition", acquisition.get("mandates", ()), tables, problems)
    layouts = []
    for resource in package["resources"]:
        layouts.append(_layout(package["name"], resource, acquisition))
        _check_layout(name, resource, tables, problems)
    return Collection(
        id=package["name"],
        title=package["title"],
        layouts=tuple(layouts),
        description=package.get("description", ""),
        form=acquisition.get("form", ""),
        domain=acquisition["domain"],
        level=acquisition["level"],
        respondents=tuple(acquisition.get("respondents", ())),
        frequency=acquisition.get("frequency", ""),
        windows=tuple(_window(each) for each in acquisition.get("windows", ())),
        dates_note=acquisition.get("datesNote", ""),
        certified_by=acquisition.get("certifiedBy", ""),
        mandates=_links(acquisition),
        purpose=acquisition.get("purpose", ""),
        uses=tuple(acquisition.get("uses", ())),
        steward=acquisition.get("steward", ""),
        few_nine_digits=acquisition.get("fewNineDigits", "error"),
        retention=acquisition.get("retention", ""),
        status=acquisition.get("status", ""),
        submitted_as=acquisition.get("submittedAs", ""),
        successor=acquisition.get("successor", ""),
        recipient=acquisition.get("recipient", ""),
        completeness=acquisition.get("layout", ""),
        sources=_sources(package),
        open=_open(acquisition),
        folder=path.parent,
    )


def _layout(collection: str, resource: dict[str, Any], inherited: dict[str, Any]) -> Layout:
    acquisition, schema, dialect = resource["acquisition"], resource["schema"], resource.get("dialect", {})
    missing = schema.get("missingValues", [{"value": ""}])
    key = schema.get("primaryKey", ())
    submission = acquisition.get("submission", {})
    delimiter = dialect.get("delimiter", ",")
    others = [each for each in SEPARATORS if each != delimiter]
    return Layout(
        name=resource["name"],
        title=resource.get("title", resource["name"]),
        collection=collection,
        elements=tuple(
            _element(position, each, inherited, missing) for position, each in enumerate(schema["fields"], start=1)
        ),
        description=resource.get("description", ""),
        path=resource.get("path", ""),
        delimiter=delimiter,
        delimiters=tuple(acquisition.get("delimiters", [delimiter, *others])),
        quote=dialect.get("quoteChar", '"'),
        escape=dialect.get("escapeChar", ""),
        encodings=tuple(acquisition.get("encodings", ("utf-8", "utf-16"))),
        formats=tuple(acquisition.get("formats", (*FORMATS, *((FIXED,) if "positions" in acquisition else ())))),
        sheet=acquisition.get("sheet", ""),
        positions=tuple(Position(**each) for each in acquisition.get("positions", ())),
        skip_blank_rows=dialect.get("skipBlankRows", False),
        ordered=acquisition.get("order") == "fixed",
        optional=frozenset(acquisition.get("optional", ())),
        title_lines=tuple(
            TitleLine(tuple(each["cells"]), each.get("pattern", "")) for each in acquisition.get("titleLines", ())
        ),
        text_guards=acquisition.get("textGuards", False),
        header_fault=acquisition.get("headerFault", "error"),
        valid_for=tuple(acquisition.get("validFor", ())),
        district_field=submission.get("district", ""),
        period_field=submission.get("period", ""),
        primary_key=(key,) if isinstance(key, str) else tuple(key),
        rules=tuple(_cross_rule(each) for each in acquisition.get("rules", ())),
        sources=_sources(resource),
        open=_open(acquisition),
    )


def _cross_rule(stated: dict[str, Any]) -> CrossRule:
    compare = stated.get("compare")
    return CrossRule(
        rule=stated["rule"],
        name=stated["name"],
        message=stated["message"],
        fix=stated["fix"],
        compare=(compare["field"], compare["is"], compare["to"]) if compare else None,
        unique=tuple(stated.get("unique", ())),
        when=_condition(stated.get("when")),
    )


def _element(
    position: int, stated: dict[str, Any], inherited: dict[str, Any], missing: list[dict[str, str]]
) -> Element:
    own = stated.get("acquisition", {})
    left_open = {_ABOUT.get(each["about"], each["about"]) for each in own.get("open", ())}
    # What a field declares open it does not inherit: the question would be answered behind its back.
    resolved = {key: own.get(key, None if key in left_open else inherited.get(key)) for key in INHERITED}
    allows = own.get("allows")
    questions = _open(own)
    return Element(
        name=stated["name"],
        title=stated.get("title", stated["name"]),
        type=stated["type"],
        position=position,
        description=stated.get("description", ""),
        format=stated.get("format", "default"),
        example=str(stated.get("example", "")),
        constraints=stated.get("constraints", {}),
        true_values=tuple(stated.get("trueValues", ("true", "True", "TRUE", "1"))),
        false_values=tuple(stated.get("falseValues", ("false", "False", "FALSE", "0"))),
        missing=tuple(
            MissingMark(each["value"], each.get("label", "")) for each in stated.get("missingValues", missing)
        ),
        mandates=_links(resolved) if resolved["mandates"] else (),
        frequency=resolved["frequency"] or "",
        purpose=resolved["purpose"] or "",
        uses=tuple(resolved["uses"] or ()),
        sensitivity=own.get("sensitivity", ""),
        classification=tuple(own.get("classification", ())),
        codes=own.get("codes", ""),
        required_when=_condition(own.get("requiredWhen")),
        forbidden_when=_condition(own.get("forbiddenWhen")),
        allows=Allowance(allows["pattern"], allows["reason"]) if allows else None,
        since=own.get("since", ""),
        status=resolved["status"] or "",
        retention=resolved["retention"] or "",
        sources=_sources(stated),
        open=questions,
        placed=all(question.about != "position" for question in questions),
        inherited=frozenset(key for key, fact in resolved.items() if fact and key not in own),
    )


def _check_mandates(
    file: str, place: str, links: Sequence[dict[str, Any]], tables: _Tables, problems: list[Problem]
) -> None:
    ids = [link["id"] for link in links]
    for id in dict.fromkeys(ids):
        if tables.mandates is not None and id not in tables.mandates:
            problems.append(Problem("L110", file, place, f'no mandate "{id}".{nearest(id, tables.mandates)}'))
        if ids.count(id) > 1:
            problems.append(Problem("L120", file, place, f'the mandate "{id}" stands more than once'))


def _check_layout(file: str, resource: dict[str, Any], tables: _Tables, problems: list[Problem]) -> None:
    fields = resource["schema"]["fields"]
    names = [each["name"] for each in fields]
    where = f'resource "{resource["name"]}"'
    example = resource.get("path")
    if example is None:
        if resource["data"] != [names]:
            problems.append(Problem("L102", file, f"{where}, data", "must be one row: the fields' names in order"))
    elif not example or set(example) & set("/\\:\0") or example in (".", ".."):
        problems.append(
            Problem("L102", file, f"{where}, path", "must be the name of a file in the collection's folder")
        )
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(
            Problem("L120", file, f'{where}, field "{name}"', "the name stands more than once in the layout")
        )
    for place, name in _names_used(resource):
        if name not in names:
            problems.append(Problem("L112", file, f"{where}, {place}", f'no field "{name}".{nearest(name, names)}'))
    for each in fields:
        acquisition, place = each.get("acquisition", {}), f'{where}, field "{each["name"]}"'
        _check_mandates(file, place, acquisition.get("mandates", ()), tables, problems)
        codes = acquisition.get("codes")
        if codes is not None and codes not in tables.code_lists:
            problems.append(Problem("L111", file, place, f'no code list "{codes}".{nearest(codes, tables.code_lists)}'))


def _names_used(resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each field name that the layout uses outside its list of fields, and where."""
    acquisition, schema = resource["acquisition"], resource["schema"]
    key = schema.get("primaryKey", [])
    yield from (("primaryKey", name) for name in ([key] if isinstance(key, str) else key))
    yield from (("optional", name) for name in acquisition.get("optional", ()))
    yield from (("positions", each["field"]) for each in acquisition.get("positions", ()))
    yield from (("submission", name) for name in acquisition.get("submission", {}).values())
    for rule in acquisition.get("rules", ()):
        compare = rule.get("compare")
        used = (compare["field"], compare["to"]) if compare else rule["unique"]
        yield from ((f'rule "{rule["name"]}"', name) for name in used)
        yield from ((f'rule "{rule["name"]}"', name) for name in _fields_of(rule.get("when")))
    for each in schema["fields"]:
        for key_name in ("requiredWhen", "forbiddenWhen"):
            stated = each.get("acquisition", {}).get(key_name)
            yield from ((f'field "{each["name"]}", {key_name}', name) for name in _fields_of(stated))


def _fields_of(condition: dict[str, Any] | None) -> list[str]:
    return [each["field"] for terms in (condition or {}).values() for each in terms]


def _check_unique(root: Path, collections: list[Collection], problems: list[Problem]) -> None:
    for collection in collections:
        names = [layout.name for layout in collection.layouts]
        for name in sorted({name for name in names if names.count(name) > 1}):
            file = _relative(root, collection.folder / PLAN_FILE)
            problems.append(
                Problem("L120", file, f'resource "{name}"', "the name stands more than once in the collection")
            )
        for number, layout in enumerate(collection.layouts):
            twin = next((each for each in collection.layouts[:number] if each.path == layout.path), None)
            if twin is not None and layout.is_file:
                file, place = _relative(root, collection.folder / PLAN_FILE), f'resource "{layout.name}", path'
                problems.append(Problem("L120", file, place, f'"{twin.name}" has the same example file'))


def _check_successors(root: Path, folders: set[str], collections: list[Collection], problems: list[Problem]) -> None:
    known = {*folders, *(each.id for each in collections)}
    for each in collections:
        if each.successor and each.successor not in known:
            file, message = _relative(root, each.folder / PLAN_FILE), f'no collection "{each.successor}".'
            problems.append(Problem("L114", file, "acquisition, successor", message + nearest(each.successor, known)))


def _check_crosswalk(
    folders: set[str], collections: list[Collection], tables: _Tables, problems: list[Problem]
) -> None:
    # One that could not be read is told as such, and not again for each row that names it.
    unread = folders - {each.folder.name for each in collections}
    known = {each.id: {element.name for layout in each.layouts for element in layout.elements} for each in collections}
    for number, entry in zip(tables.numbers.get("crosswalk", ()), tables.crosswalk, strict=True):
        file, place = f"{CATALOG}/crosswalk.csv", f"row {number}"
        if entry.collection in unread:
            continue
        if entry.collection not in known:
            problems.append(
                Problem("L113", file, place, f'no collection "{entry.collection}".{nearest(entry.collection, known)}')
            )
        elif entry.element not in known[entry.collection]:
            hint = nearest(entry.element, known[entry.collection])
            problems.append(
                Problem("L113", file, place, f'no element "{entry.element}" in "{entry.collection}".{hint}')
            )


def _check_code_crosswalk(tables: _Tables, problems: list[Problem]) -> None:
    known = {
        name: {code.code or code.label for code in code_list.codes} for name, code_list in tables.code_lists.items()
    }
    for number, entry in zip(tables.numbers.get("code-crosswalk", ()), tables.code_crosswalk, strict=True):
        file, place = f"{CATALOG}/code-crosswalk.csv", f"row {number}"
        if entry.code_list in tables.unread:
            continue
        if entry.code_list not in known:
            hint = nearest(entry.code_list, known)
            problems.append(Problem("L113", file, place, f'no code list "{entry.code_list}".{hint}'))
        elif entry.code not in known[entry.code_list]:
            hint = nearest(entry.code, known[entry.code_list])
            problems.append(Problem("L113", file, place, f'no code "{entry.code}" in "{entry.code_list}".{hint}'))


def _check_topics(folders: set[str], collections: list[Collection], tables: _Tables, problems: list[Problem]) -> None:
    # One that could not be read is told as such, and not again for each topic that names it.
    unread = folders - {each.folder.name for each in collections}
    known = {each.id for each in collections}
    elements = {f"{c.id}/{element.name}" for c in collections for layout in c.layouts for element in layout.elements}
    for number, topic in zip(tables.numbers.get("topics", ()), tables.topics, strict=True):
        file, place = f"{CATALOG}/topics.csv", f"row {number}"
        for id in topic.collections:
            if id not in known | unread:
                problems.append(Problem("L113", file, place, f'no collection "{id}".{nearest(id, known)}'))
        for name in topic.elements:
            if name not in elements and name.split("/")[0] not in unread:
                problems.append(Problem("L113", file, place, f'no element "{name}".{nearest(name, elements)}'))


def _check_obligations(
    folders: set[str], collections: list[Collection], tables: _Tables, problems: list[Problem]
) -> None:
    # One that could not be read is told as such, and not again for each row that names it.
    unread = folders - {each.folder.name for each in collections}
    known = {each.id for each in collections}
    codes = {each.code for each in tables.districts}
    for number, each in zip(tables.numbers.get("obligations", ()), tables.obligations, strict=True):
        file, place = f"{CATALOG}/obligations.csv", f"row {number}"
        if each.collection not in known | unread:
            hint = nearest(each.collection, known)
            problems.append(Problem("L113", file, place, f'no collection "{each.collection}".{hint}'))
        if each.district not in codes:
            problems.append(
                Problem("L113", file, place, f'no district "{each.district}".{nearest(each.district, codes)}')
            )
