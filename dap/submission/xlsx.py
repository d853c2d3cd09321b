"""Reads an Excel workbook (.xlsx): one sheet exactly, and everything else in it as content that must not be there.

Written for this purpose, because a library made for convenience hides what is asked here: it turns text into numbers
and back, and passes over hidden rows, names, properties and parts it does not know. Source: ECMA-376 parts 1 and 2.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from dap.submission.archive import Archive, Member, ReadError
from dap.submission.cell_text import (
    BOOLEAN,
    BUILT_IN,
    DATE,
    ERROR,
    INVISIBLE,
    NO_FORMAT,
    TEXT,
    Shown,
    literals,
    shown_number,
    text_is_hidden,
)
from dap.submission.found import Found, is_typed_property, readable_runs, whole
from dap.submission.limits import LIMITS
from dap.submission.markup import Handler, Texts, parse

CONTENT_TYPES = "[content_types].xml"
_MAIN = "spreadsheetml.sheet.main+xml"
_MACRO_MAIN = ("sheet.macroenabled.main+xml", "template.macroenabled.main+xml", "addin.macroenabled.main+xml")
_TEMPLATE_MAIN = "spreadsheetml.template.main+xml"

_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_MOST_COLUMNS, _MOST_ROWS = 16_384, 1_048_576
_HEADER_CODES = re.compile(r'&(?:"[^"]*"|[0-9]{1,3}|K[0-9A-F]{6}|K[0-9]{2}[+-][0-9]{3}|[A-Z])', re.IGNORECASE)

# What a workbook may hold without a word: each is either judged elsewhere or cannot hold content of its own.
_ORDINARY = re.compile(
    r"(?:.*/)?_rels/[^/]*\.rels|xl/theme/.*\.xml|xl/printersettings/.*\.bin|xl/calcchain\.xml"
    r"|xl/metadata\.xml|xl/persons/.*\.xml|docmetadata/labelinfo\.xml"
)
_MACROS = re.compile(r".*vbaproject.*|xl/macrosheets/.*|xl/dialogsheets/.*|xl/activex/.*|xl/ctrlprops/.*|customui/.*")
_LINKS = re.compile(r"xl/externallinks/.*|xl/connections\.xml|xl/querytables/.*|xl/model/.*|xl/customdata/.*")
_COMMENTS = re.compile(r"xl/(?:.*/)?(?:comments[^/]*|threadedcomments/[^/]*)\.xml|xl/(?:threaded)?comments/.*\.xml")
# Who made the file and when stands in every workbook that Excel writes; the rest somebody typed.
_TYPED_PROPERTIES = frozenset(
    {
        "title",
        "subject",
        "description",
        "keywords",
        "category",
        "contentStatus",
        "identifier",
        "Manager",
        "HyperlinkBase",
    }
)
_BUILT_IN_NAMES = re.compile(r"_xlnm\.(?:Print_Area|Print_Titles|_FilterDatabase)", re.IGNORECASE)


@dataclass(frozen=True)
class _Relation:
    """One line of a .rels part: what kind of part is meant (the last word of its type), and where it is."""

    kind: str
    target: str
    external: bool


@dataclass
class _Sheet:
    """A sheet as the workbook lists it: its name, whether it is visible, its part."""

    name: str = field(repr=False)
    visible: bool
    part: str
    kind: str


class _Package:
    """The parts of a workbook by their names, which do not distinguish capitals."""

    def __init__(self, archive: Archive, found: Found) -> None:
        self.archive = archive
        self._found = found
        self.members = {member.name.lower(): member for member in archive.members if not member.is_folder}

    def send(self, part: str, handler: Handler) -> None:
        """Parse a part, and have screened what no program shows of it; ReadError where it is not there or no XML."""
        member = self.members.get(part)
        if member is None:
            raise ReadError("workbook_damaged")
        parse(self.archive.chunks(member), handler)
        for text in handler.unread:
            self._found.hide("unused text", text)
        if handler.noted:
            self._found.fault("properties")

    def relations(self, part: str) -> dict[str, _Relation]:
        """What a part refers to, by id."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        handler = _Relations(folder)
        if rels in self.members:
            self.send(rels, handler)
        return handler.found


class _Relations(Handler):
    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder
        self.found: dict[str, _Relation] = {}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.pass_over(attributes)
        if name != "Relationship":
            return
        external = attributes.get("TargetMode") == "External"
        target = attributes.get("Target", "")
        if not external:
            # Only ever looked up among the archive's own names.
            target = posixpath.normpath(posixpath.join("/" + self._folder, unquote(target))).lstrip("/").lower()
        kind = attributes.get("Type", "").rpartition("/")[2]
        self.found[attributes.get("Id", "")] = _Relation(kind, target, external)


class _ContentTypes(Handler):
    def __init__(self) -> None:
        super().__init__()
        self.overrides: dict[str, str] = {}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.pass_over(attributes)
        if name == "Override":
            part = attributes.get("PartName", "").lstrip("/").lower()
            self.overrides[part] = attributes.get("ContentType", "").lower()


class _Workbook(Handler):
    """The workbook's list of sheets, its defined names, and from which day it counts."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str, str]] = []
        self.names: list[tuple[str, str, str]] = []
        self.from_1904 = False
        self._name: tuple[str, str] | None = None
        self._text: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.pass_over(attributes)
        if name == "sheet" and self.path[-2:-1] == ["sheets"]:
            self.sheets.append(
                (attributes.get("name", ""), attributes.get("state", "visible"), attributes.get("id", ""))
            )
        elif name == "workbookPr":
            self.from_1904 = _is_true(attributes.get("date1904"))
        elif name == "definedName":
            said = "\n".join(value for key, value in attributes.items() if key != "name" and not value.isdigit())
            self._name = (attributes.get("name", ""), said)
            self._text.clear()

    def text(self, text: str) -> None:
        if self._name is not None:
            self._text.append(text)
        else:
            self.stray.append(text)

    def end(self, name: str) -> None:
        if name == "definedName" and self._name is not None:
            self.names.append((*self._name, "".join(self._text)))
            self._name = None


class _Styles(Handler):
    """The number format of each cell style."""

    def __init__(self) -> None:
        super().__init__()
        self.codes = dict(BUILT_IN)
        self.own: list[str] = []
        self.formats: list[int] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        # Of a format the words are screened, not its noughts: they can look like a number.
        self.pass_over({key: value for key, value in attributes.items() if key != "formatCode"})
        if name == "numFmt":
            code = attributes.get("formatCode", "")
            self.own.append(code)
            if "numFmts" in self.path:
                self.codes[_whole(attributes.get("numFmtId"))] = code
        elif name == "xf" and self.path[-2:-1] == ["cellXfs"]:
            self.formats.append(_whole(attributes.get("numFmtId", "0")))

    def text(self, text: str) -> None:
        self.stray.append(text)

    def code(self, style: int) -> str | None:
        """The format code of a style; None where the file does not say."""
        if not self.formats:
            return "General" if style == 0 else None
        return self.codes.get(self.formats[style]) if style < len(self.formats) else None


class _SharedStrings(Handler):
    """The texts that cells refer to by number; what is only a reading aid goes to `aids`."""

    def __init__(self) -> None:
        super().__init__()
        self.strings: list[str] = []
        self.aids: list[str] = []
        self._parts: list[str] = []
        self._aided = 0

    def text(self, text: str) -> None:
        if self.path[-1] == "t":
            (self.aids if "rPh" in self.path else self._parts).append(text)
        else:
            self.stray.append(text)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if attributes:
            self.pass_over(attributes)

    def end(self, name: str) -> None:
        if name == "si":
            if len(self.strings) >= LIMITS.cells:
                raise ReadError("too_large")
            self.strings.append(_unescaped("".join(self._parts)))
            self._parts.clear()
            self.noted = self.noted or explains(self.aids[self._aided :], self.strings[-1])
            self._aided = len(self.aids)


def explains(aids: Sequence[str], text: str) -> bool:
    """Whether reading aids say something about a text that has no letter that needs one, as Japanese has."""
    return any(aid.strip() for aid in aids) and all(letter < "\u2e80" for letter in text)


@dataclass(slots=True)
class _Cell:
    row: int
    column: int
    kind: str
    style: int
    value: list[str] = field(default_factory=list, repr=False)
    inline: list[str] = field(default_factory=list, repr=False)
    formula: list[str] | None = field(default=None, repr=False)
    parts: str = ""


class _SheetReader(Handler):
    """The rows of one sheet, and what a sheet holds beside them."""

    def __init__(self, shared: _Shared, take: Callable[[int, list[str], str], None]) -> None:
        super().__init__()
        self._shared = shared
        self._aided = len(shared.aids)
        self._take = take
        self._row, self._row_digits = 0, ""
        self._columns: dict[str, int] = {}
        self._cells: list[tuple[int, str, str]] = []
        self._cell: _Cell | None = None
        self._text: list[str] = []
        self._row_hidden = False
        self._hidden_columns: list[tuple[int, int]] = []
        self._used: set[int] = set()
        self.has_content = False
        self.hidden_rows: list[int] = []
        self.invisible_rows: list[int] = []
        self.formula_rows: list[int] = []
        self.formulas: list[tuple[str, int | None]] = []
        self.merged: list[int] = []
        self.links: list[tuple[str, str, Mapping[str, str]]] = []
        self.linkable: dict[str, str] = {}
        self.header_footer: list[str] = []
        self.validations: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c" and self.path[-2:-1] == ["row"]:
            self._begin_cell(attributes)
        elif self._cell is not None and name in _PARTS_OF_CELL and self.path[-2] == "c":
            if name in self._cell.parts:
                # Of two values one program shows the first and another the last.
                raise ReadError("workbook_damaged")
            self._cell.parts += name
            if name == "f":
                self._cell.formula = []
        elif name == "row" and self.path[-2:-1] == ["sheetData"]:
            self._begin_row(attributes)
        elif name == "col":
            if _is_true(attributes.get("hidden")) or _size(attributes.get("width")) < 0.3:
                self._hidden_columns.append((_whole(attributes.get("min")), _whole(attributes.get("max"))))
        elif name == "mergeCell":
            first = _REFERENCE.match(attributes.get("ref", ""))
            self.merged.append(int(first[2]) if first else 1)
        elif name == "hyperlink":
            self.links.append((attributes.get("ref", ""), attributes.get("id", ""), dict(attributes)))
        elif name == "scenario":
            # Other values for cells, which nobody sees before they are called up.
            self.noted = True
        elif name == "dataValidation":
            keys = ("promptTitle", "prompt", "errorTitle", "error")
            self.validations += [attributes[key] for key in keys if attributes.get(key)]
        if name not in ("c", "row") or not _READ_ATTRIBUTES.issuperset(attributes):
            self.pass_over(attributes)
        if self._text:
            self.stray += self._text
            self._text.clear()

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        number = _whole(attributes["r"]) if "r" in attributes else self._row + 1
        if number <= self._row or number > _MOST_ROWS:
            raise ReadError("workbook_damaged")
        self._row, self._row_digits = number, str(number)
        self._cells = []
        self._row_hidden = _is_true(attributes.get("hidden")) or _size(attributes.get("ht")) < 0.5

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        column = self._cells[-1][0] + 1 if self._cells else 1
        if "r" in attributes:
            letters = attributes["r"].removesuffix(self._row_digits)
            position = self._columns.get(letters) or self._columns.setdefault(letters, _column_of(letters))
            if position < column or len(letters) + len(self._row_digits) != len(attributes["r"]):
                raise ReadError("workbook_damaged")
            column = position
        if column > _MOST_COLUMNS:
            raise ReadError("workbook_damaged")
        self._cell = _Cell(self._row, column, attributes.get("t", "n"), _whole(attributes.get("s", "0")))

    def text(self, text: str) -> None:
        if self._cell is None:
            self._text.append(text)
            return
        where = self.path[-1]
        if where == "v" and self.path[-2] == "c":
            self._cell.value.append(text)
        elif where == "t":
            (self._shared.aids if "rPh" in self.path else self._cell.inline).append(text)
        elif where == "f" and self._cell.formula is not None:
            self._cell.formula.append(text)
        else:
            self.stray.append(text)

    def end(self, name: str) -> None:
        if name == "c" and self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None
        elif name == "row" and self.path[-2:-1] == ["sheetData"]:
            self._end_row()
        elif name in _HEADERS_AND_FOOTERS:
            self.header_footer.append("".join(self._text))
        elif name in ("formula1", "formula2", "f", "sqref", "formula") and self._cell is None:
            target = self.validations if "dataValidation" in self.path else None
            text = "".join(self._text)
            if target is not None:
                target.append(text)
            elif text:
                self.formulas.append((text, None))
        elif self._cell is None and self._text:
            self.stray += self._text
        if self._cell is None:
            self._text.clear()

    def _end_cell(self, cell: _Cell) -> None:
        if cell.formula is not None:
            self.formula_rows.append(cell.row)
            self.formulas.append(("".join(cell.formula), cell.row))
        shown = self._shared.shown(cell)
        self.noted = self.noted or explains(self._shared.aids[self._aided :], shown.text)
        self._aided = len(self._shared.aids)
        # Of a value and a text within the cell, only one is shown.
        if other := cell.value if cell.kind == "inlineStr" else cell.inline:
            self.unread.append("".join(other))
        self._cells.append((cell.column, shown.text, shown.kind))
        if not shown.text:
            return
        self.has_content = True
        self._used.add(cell.column)
        if shown.kind == INVISIBLE:
            self.invisible_rows.append(cell.row)
        if shown.kind == TEXT and ("@" in shown.text or "://" in shown.text or "www." in shown.text):
            self.linkable[f"{column_letters(cell.column)}{cell.row}"] = shown.text

    def _end_row(self) -> None:
        if not any(text for _, text, _ in self._cells):
            return
        if self._row_hidden:
            self.hidden_rows.append(self._row)
        width = self._cells[-1][0]
        texts, kinds = [""] * width, [TEXT] * width
        for column, text, kind in self._cells:
            texts[column - 1], kinds[column - 1] = text, kind
        self._take(self._row, texts, "".join(kinds))

    @property
    def hides_columns(self) -> bool:
        """Whether a hidden column holds anything."""
        return any(first <= column <= last for first, last in self._hidden_columns for column in self._used)


# Those of cells and rows that can only be what they have to be.
_READ_ATTRIBUTES = frozenset({"r", "s", "t"})
_PARTS_OF_CELL = ("v", "is", "f")
_HEADERS_AND_FOOTERS = frozenset({"oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter"})


_LITERAL = re.compile(r'=?\s*"([^"]*)"\s*')


class _Shared:
    """What the cells of all sheets refer to: shared texts, styles, and from which day dates are counted."""

    def __init__(self, strings: Sequence[str], styles: _Styles, from_1904: bool) -> None:
        self.strings, self.styles, self.from_1904 = strings, styles, from_1904
        self.used = bytearray(len(strings))
        self.aids: list[str] = []
        self._known: dict[tuple[str, int], Shown] = {}

    def shown(self, cell: _Cell) -> Shown:
        """What a cell shows."""
        raw = "".join(cell.value)
        if cell.kind in ("s", "str", "inlineStr"):
            return self._shown_text(cell, raw)
        if not raw:
            # A program that does not calculate writes ="..." without the value that any other shows.
            literal = _LITERAL.fullmatch("".join(cell.formula or ()))
            return Shown(whole(literal[1]) if literal else "", TEXT)
        if cell.kind == "b":
            if raw not in ("0", "1"):
                raise ReadError("workbook_damaged")
            return Shown("TRUE" if raw == "1" else "FALSE", BOOLEAN)
        if cell.kind == "e":
            return Shown(whole(raw), ERROR)
        if cell.kind == "d":
            return Shown(whole(raw), DATE)
        if cell.kind != "n":
            raise ReadError("workbook_damaged")
        key = (raw, cell.style)
        if key not in self._known:
            if len(self._known) > 100_000:
                self._known.clear()
            self._known[key] = self._shown_number(raw, cell.style)
        return self._known[key]

    def _shown_text(self, cell: _Cell, raw: str) -> Shown:
        if cell.kind == "s":
            place = _whole(raw) if raw else -1
            if place >= len(self.strings) or place < 0:
                raise ReadError("workbook_damaged")
            self.used[place] = 1
            text = self.strings[place]
        else:
            text = _unescaped("".join(cell.inline) if cell.kind == "inlineStr" else raw)
        code = self.styles.code(cell.style)
        return Shown(text, INVISIBLE if code and text_is_hidden(code) else TEXT)

    def _shown_number(self, raw: str, style: int) -> Shown:
        code = self.styles.code(style)
        try:
            shown = shown_number(raw, code if code is not None else "General", from_1904=self.from_1904)
        except ValueError:
            raise ReadError("workbook_damaged") from None
        return shown if code is not None else Shown(shown.text, NO_FORMAT)


def read_xlsx(archive: Archive, sheet: str, found: Found) -> None:
    """Read the workbook in an archive: the rows of one sheet go to `found`, and so does everything else in it.

    `sheet` is the name of the sheet that holds the table; empty for the first visible one with content. Raises
    ReadError where the parts do not fit together or a limit is broken.
    """
    package = _Package(archive, found)
    types = _ContentTypes()
    package.send(CONTENT_TYPES, types)
    roots = package.relations("")
    workbook_part = next((each.target for each in roots.values() if each.kind == "officeDocument"), "")
    kind = types.overrides.get(workbook_part, "")
    if not kind.endswith((_MAIN, _TEMPLATE_MAIN, *_MACRO_MAIN)):
        raise ReadError("other_kind")
    if kind.endswith(_MACRO_MAIN):
        found.fault("macros")
    workbook = _Workbook()
    package.send(workbook_part, workbook)
    relations = package.relations(workbook_part)
    _names(workbook, found)
    seen = {CONTENT_TYPES, workbook_part}
    shared = _shared(package, relations, workbook.from_1904, seen, found)
    _sheets(package, _listed(workbook, relations, package), sheet, shared, seen, found)
    for place, text in enumerate(shared.strings):
        if not shared.used[place]:
            found.hide("unused text", text)
    for text in shared.aids:
        found.hide("unused text", text)
    _other_parts(package, types, seen, found)
    for part in package.members:
        if part.endswith(".rels"):
            _external(package, part, found)


def is_xlsx(archive: Archive) -> bool:
    """Whether an archive is built like an Office file."""
    return any(member.name.lower() == CONTENT_TYPES for member in archive.members)


def _names(workbook: _Workbook, found: Found) -> None:
    for name, said, text in workbook.names:
        for each in (name, said, text):
            found.hide("defined name", each)
        if not _BUILT_IN_NAMES.fullmatch(name) or '"' in text:
            found.fault("defined_names")


def _shared(
    package: _Package, relations: Mapping[str, _Relation], from_1904: bool, seen: set[str], found: Found
) -> _Shared:
    styles, strings = _Styles(), _SharedStrings()
    for kind, handler in (("styles", styles), ("sharedStrings", strings)):
        parts = [each.target for each in relations.values() if each.kind == kind and not each.external]
        if len(parts) > 1:
            raise ReadError("workbook_damaged")
        for part in parts:
            package.send(part, handler)
            seen.add(part)
    for code in styles.own:
        for text in literals(code):
            found.hide("number format", text)
    shared = _Shared(strings.strings, styles, from_1904)
    shared.aids += strings.aids
    return shared


def _listed(workbook: _Workbook, relations: Mapping[str, _Relation], package: _Package) -> list[_Sheet]:
    sheets = []
    for name, state, id in workbook.sheets:
        relation = relations.get(id)
        if relation is None or relation.external or relation.target not in package.members:
            raise ReadError("workbook_damaged")
        sheets.append(_Sheet(name, state == "visible", relation.target, relation.kind))
    if len({each.part for each in sheets}) != len(sheets):
        raise ReadError("workbook_damaged")
    return sheets


def _sheets(
    package: _Package, sheets: Iterable[_Sheet], wanted: str, shared: _Shared, seen: set[str], found: Found
) -> None:
    """Read every sheet: the one that is wanted into the table, the others into what must not be there."""
    chosen = False
    for each in sheets:
        found.sheets += 1
        found.hide("sheet name", each.name)
        if each.kind != "worksheet":
            # A sheet of macros is told as such, a chart's is an embedded object: neither has rows.
            continue
        seen.add(each.part)
        if not chosen and each.visible and wanted in ("", each.name):
            chosen = _read_sheet(package, each, shared, found) or bool(wanted)
            continue
        place = "other sheet" if each.visible else "hidden sheet"

        def beside(row: int, cells: list[str], kinds: str, place: str = place) -> None:
            found.hide_row(place, row, cells)

        reader = _SheetReader(shared, beside)
        package.send(each.part, reader)
        for text, row in reader.formulas:
            found.hide("formula", text, row)
        _beside_rows(reader, found)
        if not each.visible:
            found.fault("hidden_sheet")
        elif reader.has_content or reader.formula_rows:
            found.fault("extra_sheet")
    if wanted and not chosen:
        raise ReadError("sheet_unclear")


def _read_sheet(package: _Package, sheet: _Sheet, shared: _Shared, found: Found) -> bool:
    """Read the sheet as the table; whether it held anything."""
    reader = _SheetReader(shared, found.row)
    package.send(sheet.part, reader)
    if reader.hidden_rows or reader.hides_columns or reader.invisible_rows:
        found.fault("hidden_cells", *reader.hidden_rows, *reader.invisible_rows)
    if reader.formula_rows:
        found.fault("formulas", *reader.formula_rows)
    for text, row in reader.formulas:
        found.hide("formula", text, row)
    if reader.merged:
        found.fault("merged_cells", *reader.merged)
    _hyperlinks(reader, package.relations(sheet.part), found)
    _beside_rows(reader, found)
    return reader.has_content or bool(reader.formula_rows)


def _beside_rows(reader: _SheetReader, found: Found) -> None:
    for text in reader.validations:
        found.hide("validation list", text)
    for text in reader.header_footer:
        words, typed = header_words(text)
        found.hide("header or footer", words)
        if typed:
            found.fault("header_footer")


def header_words(text: str) -> tuple[str, bool]:
    """A page header or footer without its codes, and whether somebody typed more than `Page 1 of 2`."""
    words = _HEADER_CODES.sub(" ", text)
    return words, any(letter.isalnum() for letter in re.sub(r"\b(?:Page|of)\b", "", words))


def _hyperlinks(reader: _SheetReader, relations: Mapping[str, _Relation], found: Found) -> None:
    """A link may say what its cell says, as Excel makes it of an address; anything else is beside the table."""
    for reference, id, attributes in reader.links:
        relation = relations.get(id)
        said = [relation.target if relation else "", *(attributes.get(key, "") for key in ("location", "tooltip"))]
        first = _REFERENCE.match(reference)
        row = int(first[2]) if first else None
        cell = reader.linkable.get(reference.partition(":")[0], "")
        for text in (*said, attributes.get("display", "")):
            found.hide("hyperlink", unquote(text), row)
        if any(text and bare_link(text) != bare_link(cell) for text in said):
            found.fault("links", *([row] if row else []))


def bare_link(text: str) -> str:
    """An address without what a program puts before and behind it."""
    return re.sub(r"^(?:mailto:|https?://)", "", unquote(text).strip().lower()).rstrip("/")


def _other_parts(package: _Package, types: _ContentTypes, seen: set[str], found: Found) -> None:
    """Every part that is no sheet, text or style of the workbook."""
    has_comments = any(_COMMENTS.fullmatch(part) for part in package.members)
    for part, member in package.members.items():
        if part in seen:
            continue
        kind = types.overrides.get(part, "")
        if part in ("docprops/core.xml", "docprops/app.xml", "docprops/custom.xml") or kind.endswith("properties+xml"):
            _properties(package, part, found)
        elif _COMMENTS.fullmatch(part) or kind.endswith(("comments+xml", "threadedcomments+xml")):
            found.fault("comments", *_part_texts(package, member, "comment", found, refs=True))
        elif _MACROS.fullmatch(part) or "macro" in kind or "vba" in kind:
            found.fault("macros")
            _part_texts(package, member, "embedded object", found)
        elif _LINKS.fullmatch(part):
            found.fault("links")
            _part_texts(package, member, "hyperlink", found)
        elif part.startswith("xl/drawings/") and part.endswith(".vml") and has_comments:
            # The boxes in which old comments are drawn.
            _part_texts(package, member, "comment", found)
        elif part.startswith("xl/drawings/drawing") and _is_bare(package, part):
            # Google Sheets gives every sheet an empty drawing.
            pass
        elif part.startswith(("xl/theme/", "xl/calcchain")):
            package.send(part, _Looks())
        elif part.startswith("xl/tables/") and part.endswith(".xml"):
            table = _Table()
            package.send(part, table)
            for text in table.found:
                found.hide("defined name", _unescaped(text))
        elif _ORDINARY.fullmatch(part):
            if not part.endswith(".rels"):
                _part_texts(package, member, "document property", found)
        else:
            found.fault("embedded")
            _part_texts(package, member, "embedded object", found)


class _Looks(Handler):
    """A part that says how things look, or in what order they are worked out: no text of it is anybody's."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.pass_over(attributes)

    def text(self, text: str) -> None:
        self.stray.append(text)


class _Elements(Handler):
    """Counts the elements of a part."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.count += 1


def _is_bare(package: _Package, part: str) -> bool:
    """Whether a part holds its outermost element and nothing else."""
    elements, texts = _Elements(), Texts()
    try:
        package.send(part, elements)
        package.send(part, texts)
    except ReadError:
        return False
    return elements.count == 1 and not texts.found


def _properties(package: _Package, part: str, found: Found) -> None:
    handler = _Properties()
    package.send(part, handler)
    for name, text in handler.found:
        found.hide("document property", text)
        own = part.endswith("custom.xml") or "property" in handler.path_of.get(name, ())
        if name in _TYPED_PROPERTIES or (own and is_typed_property(name)):
            found.fault("properties")


class _Properties(Handler):
    """The properties of a document that hold text, by name; a property of one's own by the name it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.path_of: dict[str, tuple[str, ...]] = {}
        self._own = ""
        self._text: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._text.clear()
        if name == "property":
            self._own = attributes.get("name", "")
            self.found.append((self._own, self._own))
            self.path_of[self._own] = tuple(self.path)

    def text(self, text: str) -> None:
        self._text.append(text)

    def end(self, name: str) -> None:
        text = "".join(self._text).strip()
        self._text.clear()
        if text:
            self.found.append((self._own if "property" in self.path else name, text))


def _part_texts(package: _Package, member: Member, place: str, found: Found, *, refs: bool = False) -> list[int]:
    """Hand on every text of a part; with `refs` also the rows of the cells its elements refer to."""
    content = package.archive.bytes_of(member)
    handler = _RefTexts()
    if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        try:
            parse([content], handler)
            for text in (*handler.found, *handler.unread):
                found.hide(place, _unescaped(text))
            return handler.rows if refs else []
        except ReadError:
            # It must not be there anyway; what cannot be parsed is looked through as it stands.
            pass
    for text in readable_runs(content):
        found.hide(place, text)
    return []


class _Table(Texts):
    """All texts of a part that makes a table of cells; its description is what somebody typed."""

    def __init__(self) -> None:
        super().__init__(None)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        super().start(name, attributes)
        typed = ("comment", "altText", "altTextSummary")
        self.noted = self.noted or (name == "table" and any(attributes.get(each, "").strip() for each in typed))


class _RefTexts(Texts):
    """All texts of a part, and the rows of the cells that it refers to."""

    def __init__(self) -> None:
        super().__init__(None)
        self.rows: list[int] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        super().start(name, attributes)
        if found := _REFERENCE.fullmatch(attributes.get("ref", "")):
            self.rows.append(int(found[2]))


def _external(package: _Package, part: str, found: Found) -> None:
    handler = _Relations("")
    package.send(part, handler)
    for relation in handler.found.values():
        if relation.external and relation.kind != "hyperlink":
            found.hide("hyperlink", unquote(relation.target))
            found.fault("links")


def column_number(letters: str) -> int:
    """The position of a column from its letters: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _column_of(letters: str) -> int:
    if not 0 < len(letters) <= 3 or not letters.isascii() or not (letters.isalpha() and letters.isupper()):
        raise ReadError("workbook_damaged")
    return column_number(letters)


def column_letters(number: int) -> str:
    """The letters of a column from its position."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _unescaped(text: str) -> str:
    """The text with Excel's own escapes for characters that XML cannot hold, as in `_x000D_`, resolved."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return whole(text)


def _is_true(text: str | None) -> bool:
    return text in ("1", "true", "on")


def _whole(text: str | None) -> int:
    if text is None or len(text) > 10 or not text.isascii() or not text.isdigit():
        raise ReadError("workbook_damaged")
    return int(text)


def _size(text: str | None) -> float:
    """A width or height; none given is an ordinary one."""
    try:
        return 1.0 if text is None else float(text)
    except ValueError:
        raise ReadError("workbook_damaged") from None
