"""The sheets of the steward's workbook: which facts of the catalog each shows, and how they change."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from dap.catalog import CATALOG, PLAN_FILE, Problem, schemas_folder, value_faults
from dap.editing import Descriptor, Files, put
from dap.errors import nearest
from dap.plan import Plan
from dap.spreadsheet import cells
from dap.spreadsheet.cells import CellError, Form

Key = tuple[str, ...]
# fact: can be changed. id: says which entry it is, so it can only be given in a new row. shown: follows from others.
Role = Literal["fact", "id", "shown"]

_COLLECTION = "collection.schema.json"
# Names that Windows keeps for devices.
_NO_FOLDERS = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}


@dataclass(frozen=True)
class Column:
    """One column of a sheet. `path` leads to the property in the entry's object, `node` is its part of the schema."""

    name: str
    title: str
    about: str
    form: Form = cells.TEXT
    role: Role = "fact"
    path: tuple[str, ...] = ()
    node: Mapping[str, Any] | None = None
    choices: tuple[str, ...] = ()
    choose_from: str = ""
    needed: bool = False
    digits: bool = False

    @property
    def note(self) -> str:
        """What a person should know who fills the cell."""
        return " ".join(filter(None, (self.about, self.form.how, "Must not be empty." if self.needed else "")))


# Columns with the facts they are to hold.
Facts = Sequence[tuple[Column, Any]]


@dataclass(frozen=True)
class Entry:
    """What one row shows: its key, and each column's fact (None for none)."""

    key: Key
    facts: Mapping[str, Any]


def entry_name(key: Key) -> str:
    """An entry as the first cell of its row names it, so that it is the same when it is read back."""
    return cells.as_cell("/".join(filter(None, key))).strip()


def _numbered(keys: Iterable[Key]) -> Iterator[Key]:
    """The keys, with a number for one that is named like another before it: what stands twice is no reason to stop."""
    seen: Counter[str] = Counter()
    for key in keys:
        seen[entry_name(key)] += 1
        count = seen[entry_name(key)]
        yield key if count == 1 else (*key, f"no. {count}")


class Sheet(ABC):
    """One sheet: its name, its columns, the entries the catalog holds, and how one is added, changed or removed."""

    name: ClassVar[str]
    about: ClassVar[str]

    @property
    @abstractmethod
    def columns(self) -> tuple[Column, ...]:
        """The columns in their order, without the first (which entry) and the last (remove)."""

    @abstractmethod
    def entries(self, plan: Plan, files: Files) -> Iterator[Entry]:
        """Every entry of the catalog, in its order."""

    @abstractmethod
    def missing(self, plan: Plan, ids: Mapping[str, str], new: frozenset[str]) -> tuple[str, str] | None:
        """The column, and what is wrong with it, that keeps a new row of these ids from having a place in the catalog.

        `new` holds the ids of the collections that the same workbook adds.
        """

    @abstractmethod
    def add(self, files: Files, facts: Mapping[str, Any]) -> None:
        """Add an entry, last among its kin."""

    @abstractmethod
    def change(self, files: Files, key: Key, facts: Facts) -> None:
        """Set facts of an entry, or take away those that are None."""

    @abstractmethod
    def remove(self, files: Files, key: Key) -> None:
        """Take an entry away."""

    @abstractmethod
    def key_of(self, problem: Problem, files: Files) -> Key | None:
        """The entry that a problem of the catalog is about; None where it is about none of this sheet."""

    why_not_removed: ClassVar[str] = ""

    def refused(self, plan: Plan, key: Key, column: Column, fact: Any) -> str:
        """Why an entry of this key cannot hold the fact, where its form does not say; empty where it can."""
        return ""

    def key_of_new(self, facts: Mapping[str, Any]) -> Key:
        """The key that a new entry of these facts will have."""
        return tuple(str(facts.get(column.name) or "") for column in self.columns if column.role == "id")

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(each for each in self.columns if each.name == name)


@cache
def _schema(name: str) -> Any:
    return json.loads((schemas_folder() / name).read_text("utf-8"))


def _resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = node.get("$ref", "")
    return _schema(_COLLECTION)["definitions"][reference.rpartition("/")[2]] if reference else node


@cache
def _walk(start: str, path: tuple[str, ...]) -> tuple[tuple[tuple[str, ...], ...], Mapping[str, Any]]:
    """The order of the properties at each step of a path, and the part of the schema it leads to."""
    node = _schema(_COLLECTION) if start == "package" else _schema(_COLLECTION)["definitions"][start]
    orders: list[tuple[str, ...]] = []
    for step in path:
        properties = _resolved(node)["properties"]
        orders.append(tuple(properties))
        node = properties[step]
    return tuple(orders), node


def _form_of(node: Mapping[str, Any]) -> Form:
    node = _resolved(node)
    item = node.get("items", {})
    if (reference := item.get("$ref", "").rpartition("/")[2]) in _REFERRED:
        return _REFERRED[reference]
    if node.get("type") == "array":
        return cells.FREEZES if "properties" in item else cells.LIST
    return {"boolean": cells.YES_NO, "integer": cells.WHOLE, "string": cells.TEXT}.get(str(node["type"]), cells.TYPED)


_REFERRED = {"mandateLink": cells.LINKS, "source": cells.SOURCES, "openQuestion": cells.QUESTIONS}


def _column(start: str, path: str, **more: Any) -> Column:
    """A column for a property of the collection's schema, which gives its title, meaning, form and choices."""
    steps = tuple(path.split("."))
    _, node = _walk(start, steps)
    resolved = _resolved(node)
    parent = _resolved(_walk(start, steps[:-1])[1])
    form = _form_of(node)
    words = resolved.get("items", resolved).get("enum", ())
    about = node.get("description", "") or resolved.get("description", "")
    if words and form is cells.LIST:
        about += f" One or more of: {', '.join(words)}."
    settings: dict[str, Any] = {
        "name": steps[-1],
        "title": node.get("title", "") or resolved.get("title", ""),
        "about": about,
        "form": cells.DAY if resolved.get("pattern", "").endswith("(-[0-9]{2})?$") and len(steps) == 1 else form,
        "path": steps,
        "node": node,
        "choices": tuple(words) if form is not cells.LIST else (),
        "needed": steps[-1] in parent.get("required", ()),
    }
    return Column(**{**settings, **more})


def _get(holder: Mapping[str, Any], path: Sequence[str]) -> Any:
    for step in path:
        holder = holder.get(step, {})
    return None if holder == {} else holder


def collection_file(id: str) -> str:
    """The path of a collection's descriptor within its plan."""
    return f"{CATALOG}/collections/{id}/{PLAN_FILE}"


def _collection_of(file: str) -> str | None:
    found = re.fullmatch(re.escape(f"{CATALOG}/collections/") + f"([^/]+)/{re.escape(PLAN_FILE)}", file)
    return found[1] if found else None


def _unknown(what: str, wanted: str, known: Sequence[str]) -> str:
    return f'no {what} "{wanted}".{nearest(wanted, known)}' if wanted else f"say which {what} it belongs to"


class Collections(Sheet):
    """One row a collection."""

    name = "collections"
    about = "What the state asks for, each once."
    why_not_removed = "A collection is not removed here, because its files would go with it: set its status to ended"

    @property
    def columns(self) -> tuple[Column, ...]:
        """Id, what the schema calls its properties, sources and open questions."""
        return _collection_columns()

    def entries(self, plan: Plan, files: Files) -> Iterator[Entry]:
        """One entry a collection, in the order of their ids."""
        for collection in plan.all_collections:
            package = files.document(collection_file(collection.folder.name))
            yield Entry((collection.id,), {each.name: _get(package, each.path) for each in self.columns})

    def missing(self, plan: Plan, ids: Mapping[str, str], new: frozenset[str]) -> tuple[str, str] | None:
        """Nothing but an id of its own, which is a folder's name too."""
        if ids["id"] in _NO_FOLDERS:
            return "id", "no folder can be called so on Windows; take another id"
        return None if ids["id"] else ("id", "give the new collection an id, in lower case with hyphens")

    def add(self, files: Files, facts: Mapping[str, Any]) -> None:
        """A new folder with a descriptor that has no layout yet."""
        package: Descriptor = {"$schema": "../../../schemas/collection.schema.json", "acquisition": {}, "resources": []}
        for column in self.columns:
            _put("package", package, column, facts.get(column.name))
        files.create(collection_file(facts["id"]), package)

    def change(self, files: Files, key: Key, facts: Facts) -> None:
        """Set properties of the package."""
        for column, fact in facts:
            _put("package", files.document(collection_file(key[0])), column, fact)

    def remove(self, files: Files, key: Key) -> None:
        """Never: see `why_not_removed`."""
        raise CellError(self.why_not_removed)

    def key_of(self, problem: Problem, files: Files) -> Key | None:
        """The collection whose descriptor it is."""
        id = _collection_of(problem.file)
        return None if id is None else (id,)


def _put(start: str, holder: Descriptor, column: Column, fact: Any) -> None:
    put(holder, column.path, fact, _walk(start, column.path)[0])


@cache
def _collection_columns() -> tuple[Column, ...]:
    facts = (
        "domain level respondents frequency mandates purpose uses steward certifiedBy retention status submittedAs "
        "layout successor recipient datesNote open"
    )
    return (
        _column("package", "name", name="id", title="Id", role="id"),
        _column("package", "title"),
        _column("package", "description"),
        _column("package", "acquisition.form"),
        *(
            _column("package", f"acquisition.{each}", choose_from={"successor": "collections"}.get(each, ""))
            for each in facts.split()
        ),
        _column("package", "keywords"),
        _column("package", "sources"),
    )


class Elements(Sheet):
    """One row an element of a layout, with what it states itself; an empty cell takes what its collection states."""

    name = "elements"
    about = (
        "The facts that are asked. Frequency, mandates, purpose, uses, retention and status come from the collection "
        "where they are empty here."
    )

    @property
    def columns(self) -> tuple[Column, ...]:
        """Collection, layout, name and place; the properties of the field; what it takes from its collection."""
        return _element_columns()

    def entries(self, plan: Plan, files: Files) -> Iterator[Entry]:
        """One entry an element, in catalog order."""
        every = list(plan.every_element())
        keys = _numbered((collection.id, layout.name, element.name) for collection, layout, element in every)
        for key, (collection, layout, element) in zip(keys, every, strict=True):
            resource = _resource(files, collection.folder.name, layout.name)
            stated = resource["schema"]["fields"][element.position - 1]
            facts = {each.name: _get(stated, each.path) for each in self.columns if each.path}
            facts |= {
                "collection": collection.id,
                "layout": layout.name,
                "position": str(element.position),
                "optional": (True if element.name in layout.optional else None) if layout.is_file else None,
                "frequencyInEffect": element.frequency,
                "mandatesInEffect": "\n".join(link.id for link in element.mandates),
            }
            yield Entry(key, facts)

    def missing(self, plan: Plan, ids: Mapping[str, str], new: frozenset[str]) -> tuple[str, str] | None:
        """A layout that exists: layouts are made in the descriptor."""
        known = {each.id: each for each in plan.all_collections}
        if ids["collection"] in new:
            return (
                "collection",
                "the collection is new too: its layout is made in its descriptor, then elements can follow",
            )
        if ids["collection"] not in known:
            return "collection", _unknown("collection", ids["collection"], list(known))
        layouts = [each.name for each in known[ids["collection"]].layouts]
        if ids["layout"] not in layouts:
            return "layout", _unknown("layout", ids["layout"], layouts) + (
                "" if layouts else " The collection has none yet: it is made in its descriptor."
            )
        return None if ids["element"] else ("element", "give the new element its name")

    def refused(self, plan: Plan, key: Key, column: Column, fact: Any) -> str:
        """Only a file has columns that may be left out."""
        layouts = next(each.layouts for each in plan.all_collections if each.id == key[0])
        is_file = next(each.is_file for each in layouts if each.name == key[1])
        return (
            "only a file's column can be left out, and this layout is none"
            if column.name == "optional" and fact and not is_file
            else ""
        )

    def add(self, files: Files, facts: Mapping[str, Any]) -> None:
        """A new field, last in its layout."""
        resource = _resource(files, facts["collection"], facts["layout"])
        stated: Descriptor = {}
        for column in self.columns:
            if column.path:
                _put("field", stated, column, facts.get(column.name))
        resource["schema"]["fields"].append(stated)
        if facts.get("optional"):
            _set_optional(resource, stated["name"], True)
        _keep_header(resource)

    def change(self, files: Files, key: Key, facts: Facts) -> None:
        """Set properties of the field; whether its column may be left out is a property of the layout."""
        resource = _resource(files, key[0], key[1])
        for column, fact in facts:
            if column.name == "optional":
                _set_optional(resource, key[2], bool(fact))
            else:
                _put("field", _field(resource, key[2]), column, fact)

    def remove(self, files: Files, key: Key) -> None:
        """Take the field out of its layout."""
        resource = _resource(files, key[0], key[1])
        resource["schema"]["fields"].remove(_field(resource, key[2]))
        _set_optional(resource, key[2], False)
        _keep_header(resource)

    def key_of(self, problem: Problem, files: Files) -> Key | None:
        """The field that the place names."""
        id = _collection_of(problem.file)
        found = re.search(r'resource "((?:[^"]|"(?!,|$))*)", field "((?:[^"]|"(?!,|$))*)"', problem.place)
        return None if id is None or found is None else (id, found[1], found[2])


def _resource(files: Files, collection: str, layout: str) -> Descriptor:
    resources: list[Descriptor] = files.document(collection_file(collection))["resources"]
    return next(each for each in resources if each["name"] == layout)


def _field(resource: Descriptor, name: str) -> Descriptor:
    fields: list[Descriptor] = resource["schema"]["fields"]
    return next(each for each in fields if each["name"] == name)


def _keep_header(resource: Descriptor) -> None:
    """A layout that is no file's repeats its fields' names as its data."""
    if "data" in resource:
        resource["data"] = [[each["name"] for each in resource["schema"]["fields"]]]


def _set_optional(resource: Descriptor, name: str, optional: bool) -> None:
    """Let a file leave the column out, or not; `fieldsMatch` is what the standard calls a layout with such columns."""
    acquisition = resource["acquisition"]
    names = [each for each in acquisition.get("optional", ()) if each != name] + [name] * optional
    if names == acquisition.get("optional", []):
        return
    orders = [tuple(_schema(_COLLECTION)["definitions"]["resource"]["properties"]["acquisition"]["properties"])]
    put(acquisition, ["optional"], names or None, orders)
    strict = "exact" if acquisition.get("order") == "fixed" else "equal"
    resource["schema"]["fieldsMatch"] = "superset" if names else strict


@cache
def _element_columns() -> tuple[Column, ...]:
    facts = "codes frequency mandates purpose uses sensitivity classification since retention status open"
    limits = "required unique pattern minLength maxLength minimum maximum"
    return (
        Column(
            "collection", "Collection", "The id of its collection.", role="id", choose_from="collections", needed=True
        ),
        Column("layout", "Layout", "The name of its layout in the collection.", role="id", needed=True),
        _column("field", "name", name="element", title="Element", role="id", needed=True),
        Column("position", "Position", "Its place in the layout, from 1.", role="shown"),
        *(_column("field", each) for each in ("title", "type", "format", "description")),
        _column("field", "example", form=cells.TYPED),
        *(_column("field", f"constraints.{each}") for each in limits.split()),
        Column("optional", "May be left out", "Whether a file may have no such column.", cells.YES, choices=("yes",)),
        *(
            _column("field", f"acquisition.{each}", choose_from={"codes": "code lists"}.get(each, ""))
            for each in facts.split()
        ),
        _column("field", "sources"),
        Column("frequencyInEffect", "Frequency in effect", "Its own, or that of its collection.", role="shown"),
        Column("mandatesInEffect", "Mandates in effect", "Its own, or those of its collection.", role="shown"),
    )


class Windows(Sheet):
    """One row a window of a collection."""

    name = "windows"
    about = "When each collection opens and is due, by school year."

    @property
    def columns(self) -> tuple[Column, ...]:
        """Collection, school year and name; the dates."""
        return _window_columns()

    def entries(self, plan: Plan, files: Files) -> Iterator[Entry]:
        """One entry a window, in catalog order."""
        for collection in plan.all_collections:
            windows = _windows(files, collection.folder.name)
            for key, window in zip(_window_keys(collection.id, windows), windows, strict=True):
                facts = {each.name: _get(window, each.path) for each in self.columns if each.path}
                yield Entry(key, {"collection": collection.id, **facts})

    def missing(self, plan: Plan, ids: Mapping[str, str], new: frozenset[str]) -> tuple[str, str] | None:
        """A collection that exists or is added too."""
        known = [*(each.id for each in plan.all_collections), *sorted(new)]
        if ids["collection"] not in known:
            return "collection", _unknown("collection", ids["collection"], known)
        return None if ids["schoolYear"] else ("schoolYear", "say which school year it is, such as 2026-27")

    def add(self, files: Files, facts: Mapping[str, Any]) -> None:
        """A new window, before those of later years."""
        window: Descriptor = {}
        for column in self.columns:
            if column.path:
                _put("window", window, column, facts.get(column.name))
        windows = list(_windows(files, facts["collection"]))
        later = [place for place, each in enumerate(windows) if each["schoolYear"] > window["schoolYear"]]
        windows.insert(later[0] if later else len(windows), window)
        self._set(files, facts["collection"], windows)

    def change(self, files: Files, key: Key, facts: Facts) -> None:
        """Set dates of the window."""
        for column, fact in facts:
            _put("window", self._window(files, key), column, fact)

    def remove(self, files: Files, key: Key) -> None:
        """Take the window away."""
        gone = self._window(files, key)
        self._set(files, key[0], [each for each in _windows(files, key[0]) if each is not gone])

    def key_of(self, problem: Problem, files: Files) -> Key | None:
        """The window that the place names, by its school year and name or by its number."""
        id = _collection_of(problem.file)
        if id is None:
            return None
        if found := re.match(r'window "([^"]*)"(?:, name "(.*)")?$', problem.place):
            return id, found[1], found[2] or ""
        if found := re.match(r"acquisition, windows\[([0-9]+)\]", problem.place):
            window = _windows(files, id)[int(found[1])]
            return id, window.get("schoolYear", ""), window.get("name", "")
        return None

    def _window(self, files: Files, key: Key) -> Descriptor:
        windows = _windows(files, key[0])
        return windows[list(_window_keys(key[0], windows)).index(key)]

    def _set(self, files: Files, collection: str, windows: list[Descriptor]) -> None:
        path = ("acquisition", "windows")
        put(files.document(collection_file(collection)), path, windows or None, _walk("package", path)[0])


def _windows(files: Files, collection: str) -> list[Descriptor]:
    windows: list[Descriptor] = files.document(collection_file(collection))["acquisition"].get("windows", [])
    return windows


def _window_keys(collection: str, windows: Sequence[Descriptor]) -> Iterator[Key]:
    return _numbered((collection, each["schoolYear"], each.get("name", "")) for each in windows)


@cache
def _window_columns() -> tuple[Column, ...]:
    return (
        Column(
            "collection", "Collection", "The id of its collection.", role="id", choose_from="collections", needed=True
        ),
        _column("window", "schoolYear", role="id", form=cells.TEXT),
        _column("window", "name", role="id"),
        *(_column("window", each) for each in ("opens", "due", "accurate", "freeze")),
    )


def _table_columns(schema: str, **more: dict[str, Any]) -> tuple[Column, ...]:
    """A column for each field of a table of the plan, as its Table Schema describes it."""
    columns = []
    for each in _schema(schema)["fields"]:
        rules = each.get("constraints", {})
        settings: dict[str, Any] = {
            "name": each["name"],
            "title": each["title"],
            "about": each["description"],
            "path": (each["name"],),
            "choices": tuple(rules.get("enum", ())),
            "node": {"type": "string", **({"pattern": f"^(?:{rules['pattern']})$"} if "pattern" in rules else {})}
            | ({"enum": rules["enum"]} if "enum" in rules else {}),
            "needed": bool(rules.get("required")),
        }
        columns.append(Column(**{**settings, **more.get(each["name"], {})}))
    return tuple(columns)


class _TableSheet(Sheet):
    """A sheet whose entries are rows of CSV files; `depth` is how much of a key says which file."""

    depth: ClassVar[int] = 0

    def key_in(self, row: Mapping[str, str]) -> str:
        """What tells a row of a file from its others."""
        raise NotImplementedError

    def path_of(self, key: Key) -> str:
        """The file of an entry."""
        raise NotImplementedError

    def change(self, files: Files, key: Key, facts: Facts) -> None:
        """Set cells of the row."""
        for column, fact in facts:
            files.table(self.path_of(key)).set(self._place(files, key), column.path[0], fact or "")

    def remove(self, files: Files, key: Key) -> None:
        """Take the row away."""
        files.table(self.path_of(key)).remove(self._place(files, key))

    def _place(self, files: Files, key: Key) -> int:
        # By what the rows were: a list's codes can change places with each other.
        rows = [(place, row) for place, row in enumerate(files.table(self.path_of(key)).origins) if row]
        return next(
            place
            for (place, _), each in zip(rows, self.keys(key, [row for _, row in rows]), strict=True)
            if each == key
        )

    def keys(self, key: Key, rows: Iterable[Mapping[str, str]]) -> Iterator[Key]:
        """The keys of the rows of the file that `key` is in."""
        return _numbered((*key[: self.depth], self.key_in(row)) for row in rows)

    def _row_of(self, problem: Problem, files: Files) -> Mapping[str, str] | None:
        rows = files.table(problem.file).rows
        if found := re.match("row ([0-9]+)", problem.place):
            return rows[int(found[1]) - 2] if 2 <= int(found[1]) < len(rows) + 2 else None
        quoted = re.search('"([^"]*)" stands more than once', problem.message)
        return next((row for row in reversed(rows) if quoted and self.key_in(row) == quoted[1]), None)


class Mandates(_TableSheet):
    """One row a mandate."""

    name = "mandates"
    about = "The statutes, regulations and other reasons that authorise asking."

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of mandates.csv."""
        return _table_columns(
            "mandates.table.json", id={"role": "id"}, since={"form": cells.DAY}, until={"form": cells.DAY}
        )

    def entries(self, plan: Plan, files: Files) -> Iterator[Entry]:
        """One entry a mandate, in file order."""
        rows = files.table(self.path_of(())).rows
        for key, row in zip(self.keys((), rows), rows, strict=True):
            yield Entry(key, {name: text or None for name, text in row.items()})

    def missing(self, plan: Plan, ids: Mapping[str, str], new: frozenset[str]) -> tuple[str, str] | None:
        """Nothing but an id of its own."""
        return None if ids["id"] else ("id", "give the new mandate an id, in lower case with hyphens")

    def add(self, files: Files, facts: Mapping[str, Any]) -> None:
        """A row after the last one."""
        files.table(self.path_of(())).append({name: str(fact or "") for name, fact in facts.items()})

    def key_of(self, problem: Problem, files: Files) -> Key | None:
        """The mandate whose row it is."""
        row = self._row_of(problem, files) if problem.file == self.path_of(()) else None
        return None if row is None else (self.key_in(row),)

    def key_in(self, row: Mapping[str, str]) -> str:
        """Its id."""
        return row["id"]

    def path_of(self, key: Key) -> str:
        """The one file of the mandates."""
        return f"{CATALOG}/mandates.csv"


class Codes(_TableSheet):
    """One row a code, or a label whose code is not known."""

    name = "codes"
    depth = 1
    about = "The permitted values of each code list. A new list is made in catalog/datapackage.json."

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The list, and the columns of its file."""
        own = Column("list", "Code list", "The name of the list.", role="id", choose_from="code lists", needed=True)
        return own, *_table_columns("code-list.table.json", code={"digits": True})

    def entries(self, plan: Plan, files: Files) -> Iterator[Entry]:
        """One entry a code, list by list."""
        for code_list in plan.all_code_lists:
            rows = files.table(self.path_of((code_list.name,))).rows
            for key, row in zip(self.keys((code_list.name,), rows), rows, strict=True):
                facts = {name: text or None for name, text in row.items()}
                yield Entry(key, {"list": code_list.name, **facts})

    def key_of_new(self, facts: Mapping[str, Any]) -> Key:
        """The list, and its code or else its label."""
        return str(facts.get("list") or ""), str(facts.get("code") or facts.get("label") or "")

    def missing(self, plan: Plan, ids: Mapping[str, str], new: frozenset[str]) -> tuple[str, str] | None:
        """A code list that exists."""
        known = [each.name for each in plan.all_code_lists]
        return None if ids["list"] in known else ("list", _unknown("code list", ids["list"], known))

    def add(self, files: Files, facts: Mapping[str, Any]) -> None:
        """A row after the last one of its list."""
        path = self.path_of((facts["list"],))
        files.table(path).append({name: str(fact or "") for name, fact in facts.items() if name != "list"})

    def key_of(self, problem: Problem, files: Files) -> Key | None:
        """The code whose row it is."""
        found = re.fullmatch(re.escape(f"{CATALOG}/code-lists/") + r"([^/]+)\.csv", problem.file)
        row = self._row_of(problem, files) if found else None
        return None if row is None or found is None else (found[1], self.key_in(row))

    def key_in(self, row: Mapping[str, str]) -> str:
        """Its code, or its label where the code is not known."""
        return row["code"] or row["label"]

    def path_of(self, key: Key) -> str:
        """The file of its list."""
        return f"{CATALOG}/code-lists/{key[0]}.csv"


class _PlanTable(_TableSheet):
    """One row a row of a table that a plan may have; `ids` are the columns that tell its rows apart."""

    ids: ClassVar[tuple[str, ...]]
    special: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns of its file."""
        special: dict[str, dict[str, Any]] = {name: {"role": "id"} for name in self.ids}
        special |= {name: {**special.get(name, {}), **more} for name, more in self.special.items()}
        return _table_columns(f"{self.name}.table.json", **special)

    def entries(self, plan: Plan, files: Files) -> Iterator[Entry]:
        """One entry a row, in file order; none where the plan has no such table."""
        if not _has_table(files, self.name):
            return
        rows = files.table(self.path_of(())).rows
        for key, row in zip(self.keys((), rows), rows, strict=True):
            yield Entry(key, {name: text or None for name, text in row.items()})

    def keys(self, key: Key, rows: Iterable[Mapping[str, str]]) -> Iterator[Key]:
        """The columns that tell rows apart, numbered where they are the same."""
        return _numbered(tuple(row[name] for name in self.ids) for row in rows)

    def missing(self, plan: Plan, ids: Mapping[str, str], new: frozenset[str]) -> tuple[str, str] | None:
        """A table to stand in, and what tells the row apart."""
        if not _has_table(files_of(plan), self.name):
            return self.ids[0], f"the plan has no table of {self.name}: it is made in {CATALOG}/{PLAN_FILE}"
        needed = [each for each in self.columns if each.role == "id" and each.needed and not ids[each.name]]
        return (needed[0].name, "must not be empty") if needed else None

    def add(self, files: Files, facts: Mapping[str, Any]) -> None:
        """A row after the last one."""
        files.table(self.path_of(())).append({name: str(fact or "") for name, fact in facts.items()})

    def key_of(self, problem: Problem, files: Files) -> Key | None:
        """The row that the problem is about."""
        row = self._row_of(problem, files) if problem.file == self.path_of(()) else None
        return None if row is None else tuple(row[name] for name in self.ids)

    def key_in(self, row: Mapping[str, str]) -> str:
        """The first of the columns that tell rows apart."""
        return row[self.ids[0]]

    def path_of(self, key: Key) -> str:
        """The one file of the table."""
        return f"{CATALOG}/{self.name}.csv"


def _has_table(files: Files, name: str) -> bool:
    return any(each["name"] == name for each in files.document(f"{CATALOG}/{PLAN_FILE}")["resources"])


class Districts(_PlanTable):
    """One row a district."""

    name = "districts"
    ids = ("code",)
    special: ClassVar[Mapping[str, Mapping[str, Any]]] = {"code": {"digits": True}}
    about = "The organizations that report to the state, and what kind each is."


class Respondents(_PlanTable):
    """One row a word for respondents."""

    name = "respondents"
    ids = ("respondent",)
    about = "Which kinds of district each word means that collections use for their respondents."


class Obligations(_PlanTable):
    """One row a district that owes a collection, or does not, whatever holds for its kind."""

    name = "obligations"
    ids = ("collection", "district", "since")
    special: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "collection": {"choose_from": "collections"},
        "district": {"digits": True},
    }
    about = "Single districts that owe a collection, or do not, whatever holds for their kind."


SHEETS: tuple[Sheet, ...] = (
    *(Collections(), Elements(), Mandates(), Codes(), Windows()),
    *(Districts(), Respondents(), Obligations()),
)


def faults_of(column: Column, fact: Any) -> tuple[str, ...]:
    """What is wrong with a fact that a cell was read as, by the column's part of the schema."""
    return () if column.node is None else value_faults(_COLLECTION, column.node, fact)


def choices(plan: Plan, name: str) -> tuple[str, ...]:
    """What a column that refers to other entries can hold: the ids of collections, or the names of code lists."""
    if name == "collections":
        return tuple(each.id for each in plan.all_collections)
    return tuple(sorted(each.name for each in plan.all_code_lists))


def files_of(plan: Plan) -> Files:
    """The files of a plan, none of them read yet."""
    return Files(Path(plan.root))


def plan_name(files: Files) -> str:
    """The id of the plan, which tells a workbook of it from those of others."""
    return str(files.document(f"{CATALOG}/{PLAN_FILE}")["name"])
