"""Reads an OpenDocument spreadsheet (.ods): one sheet as it is shown, everything else as what must not be there.

The format stores what a cell shows beside what it holds, so nothing has to be worked out. Source: OpenDocument 1.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from dap.submission.archive import Archive, Member, ReadError
from dap.submission.cell_text import BOOLEAN, DATE, DIGITS_LOST, ERROR, NUMBER, TEXT
from dap.submission.found import Found, is_typed_property, readable_runs, whole
from dap.submission.limits import LIMITS
from dap.submission.markup import Handler, Texts, parse
from dap.submission.xlsx import bare_link

_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_ORDINARY = frozenset(
    {"mimetype", "content.xml", "styles.xml", "meta.xml", "settings.xml", "manifest.rdf", "meta-inf/manifest.xml",
     "thumbnails/thumbnail.png"}
)  # fmt: skip
_TYPED_PROPERTIES = frozenset({"title", "subject", "description", "keyword"})
_KINDS = {
    "float": NUMBER,
    "percentage": NUMBER,
    "currency": NUMBER,
    "date": DATE,
    "time": DATE,
    "boolean": BOOLEAN,
    "string": TEXT,
}
# Attributes of cells and rows that are read, or say how they look.
_READ = frozenset(
    {"value", "value-type", "date-value", "time-value", "boolean-value", "string-value", "currency", "formula",
     "style-name", "default-cell-style-name", "content-validation-name", "visibility"}
)  # fmt: skip
_MOST_COLUMNS, _MOST_ROWS = 16_384, 1_048_576
# What an office suite writes into every new sheet's header and footer.
_STANDARD_HEADER = re.compile(r"\?+|[0-9/:., ()-]*|Page|of|/|Seite|Sheet[0-9]*|Title", re.IGNORECASE)


def is_ods(archive: Archive) -> bool:
    """Whether an archive calls itself an OpenDocument spreadsheet."""
    first = archive.members[0] if archive.members else None
    return (
        first is not None
        and first.name == "mimetype"
        and first.size < 100
        and archive.bytes_of(first).strip().startswith(_TYPE)
    )


def read_ods(archive: Archive, sheet: str, found: Found) -> None:
    """Read the spreadsheet in an archive: rows of one sheet go to `found`, and so does everything else in it.

    `sheet` is the name of the sheet that holds the table; empty for the first visible one with content. Raises
    ReadError where the parts do not fit together or a limit is broken.
    """
    members = {member.name.lower(): member for member in archive.members if not member.is_folder}
    manifest = members.get("meta-inf/manifest.xml")
    if manifest is not None and b"encryption-data" in archive.bytes_of(manifest):
        raise ReadError("encrypted")
    if "content.xml" not in members:
        raise ReadError("workbook_damaged")
    content = members["content.xml"]
    handler = _Content(sheet, found, max(LIMITS.ratio_from, content.size * LIMITS.ratio))
    parse(archive.chunks(content), _Styles(handler))
    parse(archive.chunks(content), handler)
    for text in handler.unread:
        found.hide("unused text", text)
    if sheet and not handler.chosen:
        raise ReadError("sheet_unclear")
    for name, member in members.items():
        _part(archive, name, member, found)


def _part(archive: Archive, name: str, member: Member, found: Found) -> None:
    if name == "meta.xml":
        meta = _Meta()
        parse(archive.chunks(member), meta)
        for text in meta.unread:
            found.hide("unused text", text)
        for kind, text in meta.found:
            found.hide("document property", text)
            if kind in _TYPED_PROPERTIES:
                found.fault("properties")
        if any(map(is_typed_property, meta.own)):
            found.fault("properties")
    elif name == "styles.xml":
        page = _Page()
        parse(archive.chunks(member), page)
        for text in page.unread:
            found.hide("unused text", text)
        for text in page.found:
            found.hide("header or footer", text)
            if not all(_STANDARD_HEADER.fullmatch(word) for word in text.split()):
                found.fault("header_footer")
    elif name == "settings.xml":
        texts = Texts()
        parse(archive.chunks(member), texts)
        for text in (*texts.found, *texts.unread):
            found.hide("document property", text)
    elif name not in _ORDINARY and not name.startswith("configurations2/"):
        found.fault("macros" if name.startswith(("basic/", "scripts/")) else "embedded")
        for text in readable_runs(archive.bytes_of(member)):
            found.hide("embedded object", text)


class _Styles(Handler):
    """First pass: which styles hide a sheet, and which show nothing of a number."""

    def __init__(self, content: _Content) -> None:
        super().__init__()
        self._content = content
        self._style = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "style":
            self._style = attributes.get("name", "")
        elif name == "table-properties" and attributes.get("display") == "false":
            self._content.hidden_styles.add(self._style)


class _Content(Handler):
    """The sheets of the document, one after the other."""

    def __init__(self, wanted: str, found: Found, most_repeated: int) -> None:
        super().__init__()
        # Letters that repeated rows and cells may add to those that are written down.
        self._to_repeat = most_repeated
        self.hidden_styles: set[str] = set()
        self.chosen = False
        self._wanted, self._found = wanted, found
        self._row = 0
        self._repeat = 1
        self._row_hidden = False
        self._cells: list[tuple[str, str, int]] = []
        self._cell: Mapping[str, str] | None = None
        self._text: list[str] = []
        self._note: list[str] = []
        self._links: list[str] = []
        self._columns: list[tuple[bool, int]] = []
        self._take: Callable[[int, list[str], str], None] = self._beside
        self._is_table = self._has_content = False
        self._place = "other sheet"
        self._used: set[int] = set()
        self._pending: list[tuple[str, tuple[int, ...]]] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "table" and "annotation" not in self.path:
            self._begin_sheet(attributes)
        elif name == "table-column":
            hidden = attributes.get("visibility", "visible") != "visible"
            self._columns.append((hidden, _count(attributes.get("number-columns-repeated"))))
        elif name == "table-row":
            self._repeat = _count(attributes.get("number-rows-repeated"))
            self._row_hidden = attributes.get("visibility", "visible") != "visible"
            self._cells = []
        elif name in ("table-cell", "covered-table-cell"):
            self._cell = attributes
            self._text, self._note, self._links = [], [], []
            if "formula" in attributes:
                self._found.hide("formula", attributes["formula"], self._row + 1)
                self._pending.append(("formulas", (self._row + 1,)))
            spans = ("number-columns-spanned", "number-rows-spanned")
            if any(attributes.get(span, "1") != "1" for span in spans):
                self._pending.append(("merged_cells", (self._row + 1,)))
        elif self._cell is not None:
            self._inside_cell(name, attributes)
        elif name in ("named-range", "named-expression", "database-range"):
            for key in ("name", "expression"):
                self._found.hide("defined name", attributes.get(key, ""))
            # A filter over the table has a name that nobody gave.
            if not attributes.get("name", "").startswith("__Anonymous_Sheet_DB__"):
                self._found.fault("defined_names")
        elif name == "content-validation":
            self._found.hide("validation list", attributes.get("condition", ""))
        elif name in ("tracked-changes", "shapes", "frame", "control", "form"):
            self._found.fault("embedded")
        elif name in ("script", "event-listener"):
            self._found.fault("macros")
        elif name == "scenario":
            self._found.fault("properties")
        elif name == "dde-link":
            self._found.fault("links")
        if name not in ("table-cell", "covered-table-cell", "table-row", "table-column", "a"):
            self.pass_over(attributes)
        elif name != "a":
            self.pass_over({key: value for key, value in attributes.items() if key not in _READ})

    def _inside_cell(self, name: str, attributes: Mapping[str, str]) -> None:
        # The row a cell stands in is the next one to be finished.
        row = self._row + 1
        if name == "annotation":
            self._pending.append(("comments", (row,)))
        elif name == "p":
            target = self._note if "annotation" in self.path else self._text
            if target:
                target.append("\n")
        elif name == "s":
            self._add(" " * min(_count(attributes.get("c")), LIMITS.cell_characters))
        elif name == "tab":
            self._add("\t")
        elif name == "line-break":
            self._add("\n")
        elif name == "a":
            link = attributes.get("href", "")
            self._found.hide("hyperlink", link, row)
            self._links.append(link)
        elif name in ("frame", "object", "image", "custom-shape"):
            self._pending.append(("embedded", (row,)))

    def text(self, text: str) -> None:
        if "p" in self.path:
            # Blanks and line ends of the markup itself count as one blank.
            self._add(re.sub(r"[ \t\r\n]+", " ", text))
        else:
            if text.strip() and "table" in self.path and "annotation" not in self.path:
                # A sheet's title or description, or what stands between its cells.
                self._found.fault("properties")
            self.stray.append(text)

    def _add(self, text: str) -> None:
        if self._cell is None:
            self._found.hide("embedded object", text)
        elif "annotation" in self.path:
            self._note.append(text)
        else:
            self._text.append(text)

    def end(self, name: str) -> None:
        if name in ("table-cell", "covered-table-cell") and self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None
        elif name == "table-row":
            self._end_row()
        elif name == "table":
            self._end_sheet()

    def _begin_sheet(self, attributes: Mapping[str, str]) -> None:
        found, name = self._found, attributes.get("name", "")
        found.sheets += 1
        found.hide("sheet name", name)
        visible = attributes.get("style-name", "") not in self.hidden_styles
        self._is_table = not self.chosen and visible and self._wanted in ("", name)
        self._take = found.row if self._is_table else self._beside
        self._place = "other sheet" if visible else "hidden sheet"
        self._row, self._columns, self._has_content = 0, [], False
        self._used.clear()
        self._pending = [] if visible else [("hidden_sheet", ())]

    def _beside(self, row: int, cells: list[str], kinds: str) -> None:
        self._found.hide_row(self._place, row, cells)

    def _end_cell(self, cell: Mapping[str, str]) -> None:
        text = whole("".join(self._text))
        if not text:
            # What a cell holds and does not show, such as a text without its paragraph.
            text = cell.get("string-value", "") or cell.get("value", "") or cell.get("date-value", "")
        elif (unseen := cell.get("string-value", text)) != text:
            self.unread.append(unseen)
        if any(bare_link(link) != bare_link(text) for link in self._links):
            self._pending.append(("links", (self._row + 1,)))
        note = "".join(self._note)
        self._found.hide("comment", note, self._row + 1)
        kind = _KINDS.get(cell.get("value-type", "string"), TEXT)
        if kind == NUMBER and _lost_digits(cell.get("value", "")):
            kind = DIGITS_LOST
        if text.startswith(("#", "Err:")) and "formula" in cell:
            kind = ERROR
        repeat = _count(cell.get("number-columns-repeated"))
        width = sum(count for _, _, count in self._cells)
        if text and width + repeat > _MOST_COLUMNS:
            raise ReadError("workbook_damaged")
        self._cells.append((text, kind, repeat))

    def _end_row(self) -> None:
        while self._cells and not self._cells[-1][0]:
            self._cells.pop()
        first = self._row + 1
        self._row += self._repeat
        if not self._cells:
            return
        if self._row > _MOST_ROWS:
            raise ReadError("workbook_damaged")
        self._has_content = True
        written = sum(max(len(text), 8) * repeat for text, _, repeat in self._cells)
        self._to_repeat -= written * self._repeat - sum(max(len(text), 8) for text, _, _ in self._cells)
        if self._to_repeat < 0:
            raise ReadError("unpacks_too_large")
        texts = [text for text, _, repeat in self._cells for _ in range(repeat)]
        kinds = "".join(kind * repeat for _, kind, repeat in self._cells)
        self._used.update(place for place, text in enumerate(texts) if text)
        for row in range(first, self._row + 1):
            if self._row_hidden:
                self._pending.append(("hidden_cells", (row,)))
            self._take(row, texts, kinds)

    def _end_sheet(self) -> None:
        place = 0
        for hidden, count in self._columns:
            # A stretch of columns may go on to the edge of the sheet; what is used is what counts.
            if hidden and any(place <= used < place + count for used in self._used):
                self._pending.append(("hidden_cells", ()))
            place += count
        if self._is_table:
            self.chosen = self._has_content or bool(self._wanted)
        elif self._has_content and self._place == "other sheet":
            self._pending.append(("extra_sheet", ()))
        for kind, rows in self._pending:
            if self._is_table or kind in ("hidden_sheet", "extra_sheet"):
                self._found.fault(kind, *rows)
        self._take = self._beside


class _Meta(Handler):
    """The properties of the document, by local name."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.own: list[str] = []
        self._text: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._text.clear()
        if name == "user-defined":
            self.own.append(attributes.get("name", ""))
        if name in ("user-defined", "template"):
            self.found += [(name, value) for value in attributes.values() if value.strip()]

    def text(self, text: str) -> None:
        self._text.append(text)

    def end(self, name: str) -> None:
        text = "".join(self._text).strip()
        self._text.clear()
        if text:
            self.found.append((name, text))


class _Page(Handler):
    """The texts of page headers and footers."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def text(self, text: str) -> None:
        if "p" in self.path and text.strip() and any(each.startswith(("header", "footer")) for each in self.path):
            self.found.append(text.strip())


def _lost_digits(raw: str) -> bool:
    try:
        value = Decimal(raw)
        return value == value.to_integral_value() and value.adjusted() >= 15
    except (InvalidOperation, ValueError):
        return False


def _count(text: str | None) -> int:
    if text is None:
        return 1
    if not re.fullmatch("[0-9]{1,8}", text) or int(text) < 1:
        raise ReadError("workbook_damaged")
    return int(text)
