"""Workbooks and archives: right ones, ones that hold more than their table, damaged ones, and ones built to do harm."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.chart import BarChart
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

from tests.corpus.case import CANARY, HEADER, ROWS, Case, csv, passes, rejected, unreadable

Change = Callable[[Workbook, Worksheet], object]


def cases() -> Iterator[Case]:
    """Every packed file of the corpus."""
    yield from _right_workbooks()
    yield from _more_than_a_table()
    yield from _destroyed()
    yield from _broken_workbooks()
    yield from _unread()
    yield from _old_workbooks()
    yield from _open_documents()
    yield from _archives()


def book(change: Change | None = None) -> Callable[[], bytes]:
    """A workbook with the table, changed; made when it is asked for."""

    def make() -> bytes:
        workbook = Workbook()
        sheet = workbook.active
        assert isinstance(sheet, Worksheet)
        sheet.title = "Register"
        for row in (HEADER, *ROWS):
            sheet.append(list(row))
        if change is not None:
            change(workbook, sheet)
        out = io.BytesIO()
        workbook.save(out)
        return out.getvalue()

    return make


def _set(**cells: Any) -> Change:
    """Put values into cells; a pair is a value and its number format."""

    def change(workbook: Workbook, sheet: Worksheet) -> None:
        for place, value in cells.items():
            if isinstance(value, tuple):
                sheet[place].number_format = value[1]
                value = value[0]
            sheet[place].value = value

    return change


def _right_workbooks() -> Iterator[Case]:
    yield passes("xlsx plain", book(), "the twin of most others")
    for name, change, why in (
        ("empty sheets", lambda w, s: (w.create_sheet("Sheet2"), w.create_sheet("Sheet3")), "old Excel makes three"),
        ("bold header", lambda w, s: setattr(s["A1"], "font", Font(bold=True)), "looks are no content"),
        ("filter", lambda w, s: setattr(s.auto_filter, "ref", "A1:E3"), "Excel makes a name for it"),
        ("frozen header", lambda w, s: setattr(s, "freeze_panes", "A2"), "looks are no content"),
        ("print area", lambda w, s: setattr(s, "print_area", "A1:E3"), "Excel makes a name for it"),
        ("page number", lambda w, s: setattr(s.oddFooter.center, "text", "Page &P of &N"), "no text of its own"),
        ("wide columns", lambda w, s: setattr(s.column_dimensions["B"], "width", 50), "looks are no content"),
        ("hidden empty column", lambda w, s: setattr(s.column_dimensions["H"], "hidden", True), "it holds nothing"),
        ("list to choose from", lambda w, s: s.add_data_validation(_choices()), "the state's own template has it"),
        ("Excel table", lambda w, s: s.add_table(Table(displayName="Register1", ref="A1:E3")), "format as table"),
        ("mail link", _mail,
         "Excel makes a link of an address"),
        ("who made it", lambda w, s: setattr(w.properties, "creator", "Example"), "stands in every workbook"),
        ("line break in a cell", _set(E2="two\nlines"), "part of the cell"),
        ("accents", _set(B2="Peña"), "a name is what it is"),
        ("text that looks like a number", _set(E2="007"), "it is text"),
        ("padded id", _set(A2=(1, "0000000000")), "its own format shows the zeros"),
        ("date in the right format", _set(D2=(date(2001, 1, 1), "mmddyyyy")), "its own format shows what is asked"),
        ("number in a note", _set(E2=12.5), "what it shows is what it holds"),
        ("percentage in a note", _set(E2=(0.125, "0.0%")), "as it is shown"),
        ("thousands in a note", _set(E2=(1234567, "#,##0")), "as it is shown"),
        ("money in a note", _set(E2=(12.5, '"$"#,##0.00')), "as it is shown"),
        ("boolean in a note", _set(E2=True), "TRUE is what it shows"),
        ("formatted empty rows", _set(A9=("", "0")), "they hold nothing"),
        ("rich blanks", _set(E2="  two  "), "blanks are part of a text"),
        ("1904 dates", _from_1904,
         "Macs counted from there"),
    ):  # fmt: skip
        yield passes(f"xlsx {name}", book(change), why)
    yield passes("xlsx written by hand", raw_book(), "the smallest workbook there is")
    yield passes("xlsx without references", raw_book(sheet=_sheet(refs=False)), "places may be left out")
    yield passes("xlsx with streamed sizes", lambda: _streamed(book()()), "some programs write sizes behind")
    yield passes("xlsx stored", lambda: _repacked(book()(), zipfile.ZIP_STORED), "packing may be left out")
    yield passes("xlsx declared sheet", book(), "the layout names it", layout="sheet")
    yield rejected("xlsx declared sheet and another", book(lambda w, s: w.create_sheet("Other", 0).append(["x"])),
                   "the layout names its sheet; the other holds something", "P210", layout="sheet")  # fmt: skip
    yield passes("xlsx titles", book(_titles), "a sheet may have title lines too", layout="titled")
    yield passes("xlsx empty row between", book(lambda w, s: s.insert_rows(3)), "told, no harm", "S111")


def _mail(workbook: Workbook, sheet: Worksheet) -> None:
    sheet["E2"] = "a@example.org"
    sheet["E2"].hyperlink = "mailto:a@example.org"


def _from_1904(workbook: Workbook, sheet: Worksheet) -> None:
    workbook.epoch = datetime(1904, 1, 1)
    _set(D2=(date(2001, 1, 1), "mmddyyyy"))(workbook, sheet)


def _choices() -> DataValidation:
    validation = DataValidation(type="list", formula1='"K,05,06"')
    validation.add("C2:C9")
    return validation


def _titles(workbook: Workbook, sheet: Worksheet) -> None:
    sheet.insert_rows(1, 2)
    sheet["A1"], sheet["A2"] = "Example register", "made 2001"
    sheet.merge_cells("A1:E1")


def _more_than_a_table() -> Iterator[Case]:
    def hidden(workbook: Workbook, state: str) -> None:
        sheet = workbook.create_sheet("Sheet2")
        sheet["A1"] = CANARY
        sheet.sheet_state = state

    for name, change, rule in (
        ("another sheet", lambda w, s: w.create_sheet("Other").append([CANARY]), "P210"),
        ("another sheet before", lambda w, s: w.create_sheet("Other", 1).append([CANARY]), "P210"),
        ("hidden sheet", lambda w, s: hidden(w, "hidden"), "P211"),
        ("very hidden sheet", lambda w, s: hidden(w, "veryHidden"), "P211"),
        ("hidden row", lambda w, s: setattr(s.row_dimensions[3], "hidden", True), "P212"),
        ("row of no height", lambda w, s: setattr(s.row_dimensions[3], "height", 0.1), "P212"),
        ("hidden column", lambda w, s: setattr(s.column_dimensions["B"], "hidden", True), "P212"),
        ("column of no width", lambda w, s: setattr(s.column_dimensions["B"], "width", 0.1), "P212"),
        ("text that its format hides", lambda w, s: setattr(s["E2"], "number_format", ";;;"), "P212"),
        ("number that its format hides", _set(E2=(5, ";;;")), "P212"),
        ("comment", lambda w, s: setattr(s["B2"], "comment", Comment(CANARY, CANARY)), "P213"),
        ("defined name", lambda w, s: w.defined_names.add(DefinedName("Contact", attr_text=f'"{CANARY}"')), "P214"),
        ("name of a range", lambda w, s: w.defined_names.add(DefinedName("All", attr_text="Register!$A$1:$E$3")), "P214"),
        ("title", lambda w, s: setattr(w.properties, "title", CANARY), "P215"),
        ("subject", lambda w, s: setattr(w.properties, "subject", CANARY), "P215"),
        ("keywords", lambda w, s: setattr(w.properties, "keywords", CANARY), "P215"),
        ("description", lambda w, s: setattr(w.properties, "description", CANARY), "P215"),
        ("category", lambda w, s: setattr(w.properties, "category", CANARY), "P215"),
        ("own property", lambda w, s: w.custom_doc_props.append(_property()), "P215"),
        ("chart", lambda w, s: s.add_chart(BarChart(), "H2"), "P217"),
        ("link that says something else", lambda w, s: setattr(s["E2"], "hyperlink", f"https://example.org/{CANARY}"), "P218"),
        ("tip of a link", _tip, "P218"),
        ("header", lambda w, s: setattr(s.oddHeader.left, "text", CANARY), "P220"),
        ("footer of even pages", lambda w, s: setattr(s.evenFooter.left, "text", f"&B{CANARY}"), "P220"),
        ("merged cells", lambda w, s: s.merge_cells("E2:E3"), "S144"),
        ("right of the header", _set(G2=CANARY), "P203"),
        ("under a blank line", _set(A6=CANARY), "S111 V101 V120"),
        ("header again", lambda w, s: s.append(list(HEADER)), "S119"),
        ("extra column", _set(F1="lunch", F2=CANARY), "P201"),
        ("nameless column", _set(G1="sasid2", G2=CANARY), "P201 S122"),
    ):  # fmt: skip
        rules = rule.split()
        yield rejected(f"xlsx {name}", book(change), "content that must not be there", *rules)
    formula = _set(E2="=1+1")
    yield rejected("xlsx formula", book(formula), "a calculation is no value", "P216")
    for part, rule in (
        ("xl/media/image1.png", "P217"), ("customXml/item1.xml", "P217"), ("xl/embeddings/oleObject1.bin", "P217"),
        ("xl/pivotCache/pivotCacheRecords1.xml", "P217"), ("docProps/thumbnail.jpeg", "P217"), ("notes.txt", "P217"),
        ("xl/worksheets/sheet9.xml", "P217"), ("xl/vbaProject.bin", "P219"), ("xl/macrosheets/sheet1.xml", "P219"),
        ("xl/activeX/activeX1.xml", "P219"), ("xl/externalLinks/externalLink1.xml", "P218"), ("xl/connections.xml", "P218"),
        ("xl/threadedComments/threadedComment1.xml", "P213"),
    ):  # fmt: skip
        yield rejected(
            f"xlsx with {part}", raw_book({part: f"<a>{CANARY}</a>"}), "content that must not be there", rule
        )
    for part in (
        "xl/printerSettings/printerSettings1.bin",
        "xl/theme/theme1.xml",
        "xl/persons/person.xml",
        "xl/metadata.xml",
    ):
        yield passes(f"xlsx with {part}", raw_book({part: "<a/>"}), "Excel writes it by itself")
    drawing = {"xl/drawings/drawing1.xml": '<xdr:wsDr xmlns:xdr="x"/>'}
    yield passes("xlsx with an empty drawing", raw_book(drawing), "Google Sheets writes it by itself")
    drawing = {"xl/drawings/drawing1.xml": f'<xdr:wsDr xmlns:xdr="x"><xdr:t>{CANARY}</xdr:t></xdr:wsDr>'}
    yield rejected("xlsx with a text box", raw_book(drawing), "content that must not be there", "P217")
    yield rejected("xlsm", raw_book(main="application/vnd.ms-excel.sheet.macroEnabled.main+xml"), "may run", "P219")


def _property() -> Any:
    from openpyxl.packaging.custom import StringProperty

    return StringProperty(name="Office", value=CANARY)


def _tip(workbook: Workbook, sheet: Worksheet) -> None:
    from openpyxl.worksheet.hyperlink import Hyperlink

    sheet["E2"].hyperlink = Hyperlink(ref="E2", location="Register!A1", tooltip=CANARY)


# Three, two and four digits, of an area that was never issued.
_NUMBER = "000-12-3456"


def _unread() -> Iterator[Case]:
    """A number where no program shows it: workbooks and archives have more such places than anybody knows."""
    sheet, styles = _sheet(), {"xl/_rels/workbook.xml.rels": _RELATIONS.format(
        _RELATION.format("worksheet", "worksheets/sheet1.xml")
        + _RELATION.format("styles", "styles.xml").replace("r1", "r2"))}  # fmt: skip
    told = {"element of no meaning", "element with another in it", "text written with references", "extension", "scenario",
            "extension of a cell", "text between cells"}  # fmt: skip
    for name, changed in (
        ("comment of the XML", sheet.replace("<sheetData>", f"<!-- {_NUMBER} --><sheetData>")),
        ("instruction of the XML", sheet.replace("<sheetData>", f"<?note {_NUMBER}?><sheetData>")),
        ("attribute of no meaning", sheet.replace("<sheetData>", f'<sheetData note="{_NUMBER}">')),
        ("attribute of a cell", sheet.replace("<c ", f'<c note="{_NUMBER}" ', 1)),
        ("code name", sheet.replace("<sheetData>", f'<sheetPr codeName="{_NUMBER}"/><sheetData>')),
        ("element of no meaning", _sheet(behind=f"<note>{_NUMBER}</note>")),
        ("element with another in it", _sheet(behind=f"<note>{_NUMBER}<a/></note>")),
        ("text written with references", _sheet(behind=f"<note>{_NUMBER.replace('-', '&#45;')}</note>")),
        ("extension", _sheet(behind=f"<extLst><ext><a>{_NUMBER}</a></ext></extLst>")),
        ("scenario", _sheet(behind=f'<scenarios><scenario><inputCells val="{_NUMBER}"/></scenario></scenarios>')),
        ("value beside a text", sheet.replace("</is>", f"</is><v>{_NUMBER}</v>", 1)),
        ("extension of a cell", sheet.replace("</is>", f"</is><extLst><ext>{_NUMBER}</ext></extLst>", 1)),
        ("text between cells", sheet.replace("</c>", f"</c>{_NUMBER}", 1)),
    ):  # fmt: skip
        found = ("P109", "P215") if name in told else ("P109",)
        yield rejected(f"xlsx number in a {name}", raw_book(sheet=changed), "nobody sees it, everybody has it", *found)
        if name in told:
            words = raw_book(sheet=changed.replace(_NUMBER, CANARY).replace(_NUMBER.replace("-", "&#45;"), CANARY))
            yield rejected(f"xlsx words in a {name}", words, "text in no cell", "P215")
    bars = _sheet(behind="<extLst><ext><id>{00000000-0001-0000-0000-000000000000}</id></ext></extLst>")
    yield passes("xlsx with bars drawn in cells", raw_book(sheet=bars), "Excel writes their ids")
    style = f'<styleSheet><cellStyles><cellStyle name="{_NUMBER}"/></cellStyles></styleSheet>'
    for name, parts in (
        ("style's name", {**styles, "xl/styles.xml": style}),
        ("theme's name", {"xl/theme/theme1.xml": f'<theme name="{_NUMBER}"/>'}),
        ("attribute of the workbook", {"xl/workbook.xml": _WORKBOOK.replace("<sheets>", f'<a b="{_NUMBER}"/><sheets>')}),
        ("comment in a part", {"xl/metadata.xml": f"<a><!-- {_NUMBER} --></a>"}),
    ):  # fmt: skip
        yield rejected(f"xlsx number in a {name}", raw_book(parts), "nobody sees it, everybody has it", "P109")
    seldom = f'<c t="string" office:string-value="{_NUMBER}"><text:p>one</text:p></c>'
    yield rejected("ods number beside the text shown", _document({(1, 4): seldom}), "it is stored", "P109")
    noted = f"<c><!-- {_NUMBER} --><text:p>one</text:p></c>"
    yield rejected("ods number in a comment of the XML", _document({(1, 4): noted}), "it is stored", "P109")
    yield rejected(
        "xlsx number in the archive's comment",
        _with_comment(raw_book(), _NUMBER.encode()),
        "no program shows it",
        "P109",
        "P215",
    )
    yield rejected(
        "zip number in the archive's comment",
        _with_comment(packed({"a.csv": csv()}), _NUMBER.encode()),
        "the same",
        "P109",
        "P215",
    )
    for name, content in (("a.csv", csv()), ("a.xlsx", raw_book())):
        remarked = _beside(name, content, "comment")
        yield rejected(f"zip of {name} number in a member's comment", remarked, "as above", "P109", "P215")
        numbered = _beside(name, content, "extra")
        yield rejected(f"zip of {name} number in a member's extra field", numbered, "as above", "P109", "P215")
    numbered = _gzip_beside(b"AB" + struct.pack("<H", 11) + _NUMBER.encode())
    yield rejected("gzip number in the extra field", numbered, "no program shows it", "P109", "P215")
    guid = '<worksheet uid="{00000000-0001-0000-0000-000000000000}"'
    yield passes("xlsx with ids of parts", raw_book(sheet=sheet.replace("<worksheet", guid)), "Excel writes them")
    for name, base, aid, rules in (
        ("of a text that needs none", "one", CANARY, ("P215",)),
        ("that is empty", "one", " ", ()),
        ("of a Japanese text", "\u4e00\u756a", "\u30a4\u30c1\u30d0\u30f3", ()),
    ):
        aided = f'<t>{base}</t><rPh sb="0" eb="1"><t>{aid}</t></rPh>'
        inline = raw_book(sheet=sheet.replace("<t>one</t>", aided))
        strings = {"xl/sharedStrings.xml": f"<sst><si>{aided}</si></sst>", "xl/_rels/workbook.xml.rels":
                   styles["xl/_rels/workbook.xml.rels"].replace("styles", "sharedStrings")}  # fmt: skip
        pointing = sheet.replace('t="inlineStr"><is><t>one</t></is>', 't="s"><v>0</v>')
        for where, content in (("a cell", inline), ("the shared texts", raw_book(strings, sheet=pointing))):
            case = f"xlsx reading aid {name}, in {where}"
            yield rejected(case, content, "it is said of a cell", *rules) if rules else passes(case, content, "typed")
    for name, element in (
        ("a sheet's description", f"<table:desc>{CANARY}</table:desc>"),
        ("a scenario", f'<table:scenario table:comment="{CANARY}"/>'),
    ):
        yield rejected(f"ods with {name}", _document(rows=element), "text in no cell", "P215")
    yield passes("ods with an empty description", _document(rows="<table:desc> </table:desc>"), "nothing is said")
    spaced = sheet.replace("<row", "\n  <row").replace("<c ", "\n    <c ")
    yield passes("xlsx laid out in lines", raw_book(sheet=spaced), "blanks between elements are nothing")


def _with_comment(content: bytes, comment: bytes) -> bytes:
    return content[:-2] + struct.pack("<H", len(comment)) + comment


def _gzip_beside(said: bytes) -> bytes:
    """A gzip file with an extra field."""
    return b"\x1f\x8b\x08\x04" + b"\0" * 6 + struct.pack("<H", len(said)) + said + gzip.compress(csv())[10:]


_FIELDS = {"unicode comment": 0x6375, "extra": 0x7777, "times": 0x000A}


def _beside(name: str, content: bytes, where: str, said: bytes = _NUMBER.encode()) -> bytes:
    """A zip file with something written beside its member: its `comment`, in one of `_FIELDS`, or `twice`."""
    member = zipfile.ZipInfo(name)
    if where == "comment":
        member.comment = said
    else:
        kind = _FIELDS["extra" if where == "twice" else where]
        member.extra = struct.pack("<HH", kind, len(said)) + said
        if where == "twice":
            member.extra += struct.pack("<HH", kind, 3) + b"abc"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(member, content)
    return out.getvalue()


def _destroyed() -> Iterator[Case]:
    """What Excel has done to values: told, and judged by what is left."""
    for name, change, rules in (
        ("zeros lost in a grade", _set(C2=5), "S145 V110"),
        ("zeros lost in an id", _set(A2=1), "S145 V120"),
        ("zeros lost in a date", _set(D2=1012001), "S145 V123"),
        ("date as Excel shows it", _set(D2=(date(2001, 1, 1), "m/d/yyyy")), "V123"),
        ("date and time", _set(D2=datetime(2001, 1, 1)), "V123"),
        ("error value", _set(E2="#N/A"), "S143"),
        ("fraction", _set(E2=(0.5, "# ?/?")), "S142"),
        ("duration", _set(E2=(1.5, "[h]:mm")), "S142"),
        ("social security format", _set(E2=(123456, "000-00-0000")), "P101"),
    ):  # fmt: skip
        yield rejected(f"xlsx {name}", book(change), "what Excel left of a value", *rules.split())
    for name, change, rule in (
        ("digits lost", _set(E2=1234567890123456789), "S146"),
        ("date made of a code", _set(E2=(date(2001, 1, 2), "d-mmm")), "S147"),
        ("shown rounded", _set(E2=(96.6, "0")), "S148"),
    ):  # fmt: skip
        yield passes(f"xlsx {name}", book(change), "told, and judged by what is shown", rule)


_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{}</Types>'
_OVERRIDE = '<Override PartName="/xl/workbook.xml" ContentType="{}"/>'
_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
_RELATION = '<Relationship Id="r1" Type="http://example.org/{}" Target="{}"/>'
_WORKBOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="Register" sheetId="1" r:id="r1"/></sheets></workbook>'
)


def _sheet(*, refs: bool = True, more: str = "", behind: str = "") -> str:
    rows = []
    for number, row in enumerate((HEADER, *ROWS), start=1):
        cells = "".join(
            f'<c{f" r={chr(34)}{letter}{number}{chr(34)}" if refs else ""} t="inlineStr"><is><t>{text}</t></is></c>'
            for letter, text in zip("ABCDE", row, strict=True)
        )
        rows.append(f"<row{f' r={chr(34)}{number}{chr(34)}' if refs else ''}>{cells}</row>")
    return f"<worksheet><sheetData>{''.join(rows)}{more}</sheetData>{behind}</worksheet>"


def raw_book(parts: Mapping[str, str] | None = None, *, sheet: str = "", main: str = _MAIN) -> bytes:
    """A workbook part by part; a part named in `parts` is added or takes the place of the usual one."""
    usual = {
        "[Content_Types].xml": _TYPES.format(_OVERRIDE.format(main)),
        "_rels/.rels": _RELATIONS.format(_RELATION.format("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": _WORKBOOK,
        "xl/_rels/workbook.xml.rels": _RELATIONS.format(_RELATION.format("worksheet", "worksheets/sheet1.xml")),
        "xl/worksheets/sheet1.xml": sheet or _sheet(),
    }
    return packed({**usual, **(parts or {})})


def packed(members: Mapping[str, str | bytes]) -> bytes:
    """A zip file of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _repacked(content: bytes, method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", method) as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member))
    return out.getvalue()


class _Pipe(io.RawIOBase):
    """A stream that cannot be sought, as one to a network."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.content += bytes(content)
        return len(content)


def _streamed(content: bytes) -> bytes:
    out = _Pipe()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member))
    return out.content


def _broken_workbooks() -> Iterator[Case]:
    plain = raw_book()
    for share in (4, 10, 50, 90, 99):
        yield unreadable(f"xlsx cut at {share} %", plain[: len(plain) * share // 100], "cut off on the way", "S131")
    entity = '<!DOCTYPE a [<!ENTITY x "y">]>'
    bomb = '<!DOCTYPE a [<!ENTITY a "' + "x" * 1000 + '">' + "".join(
        f'<!ENTITY {name} "{("&" + last + ";") * 10}">' for last, name in zip("abcdef", "bcdefg", strict=True)
    ) + "]>"  # fmt: skip
    for name, parts in (
        ("document type", {"xl/workbook.xml": entity + _WORKBOOK}),
        ("entity bomb", {"xl/worksheets/sheet1.xml": bomb + _sheet().replace(CANARY, "&g;", 1)}),
        ("outside entity", {"xl/worksheets/sheet1.xml": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + _sheet()}),
        ("outside document type", {"xl/worksheets/sheet1.xml": '<!DOCTYPE a SYSTEM "http://example.org/a.dtd">' + _sheet()}),
        ("document type in styles", {"xl/_rels/workbook.xml.rels": _RELATIONS.format(
            _RELATION.format("worksheet", "worksheets/sheet1.xml")
            + _RELATION.format("styles", "styles.xml").replace("r1", "r2")), "xl/styles.xml": entity + "<styleSheet/>"}),
        ("no sheet part", {"xl/_rels/workbook.xml.rels": _RELATIONS.format(_RELATION.format("worksheet", "nowhere.xml"))}),
        ("part outside", {"xl/_rels/workbook.xml.rels": _RELATIONS.format(
            _RELATION.format("worksheet", "../../../etc/passwd"))}),
        ("no XML", {"xl/worksheets/sheet1.xml": "sasid,last_name"}),
        ("XML that ends early", {"xl/worksheets/sheet1.xml": _sheet()[:-20]}),
        ("deep XML", {"xl/worksheets/sheet1.xml": "<a>" * 100_000 + "</a>" * 100_000}),
        ("rows out of order", {"xl/worksheets/sheet1.xml": _sheet(more='<row r="2"><c r="A2"><v>1</v></c></row>')}),
        ("cell of another row", {"xl/worksheets/sheet1.xml": _sheet(more='<row r="9"><c r="A8"><v>1</v></c></row>')}),
        ("cell twice", {"xl/worksheets/sheet1.xml": _sheet(
            more='<row r="9"><c r="A9"><v>1</v></c><c r="A9"><v>2</v></c></row>')}),
        ("cell beyond the sheet", {"xl/worksheets/sheet1.xml": _sheet(more='<row r="9"><c r="XFE9"><v>1</v></c></row>')}),
        ("text that is not there", {"xl/worksheets/sheet1.xml": _sheet(more='<row r="9"><c r="A9" t="s"><v>7</v></c></row>')}),
        ("number that is none", {"xl/worksheets/sheet1.xml": _sheet(more='<row r="9"><c r="A9"><v>nan</v></c></row>')}),
        ("kind of cell that is none", {"xl/worksheets/sheet1.xml": _sheet(
            more='<row r="9"><c r="A9" t="z"><v>1</v></c></row>')}),
        ("same sheet twice", {"xl/workbook.xml": _WORKBOOK.replace("</sheets>",
            '<sheet name="Two" sheetId="2" r:id="r1"/></sheets>')}),
    ):  # fmt: skip
        yield unreadable(f"xlsx {name}", raw_book(parts), "its parts do not fit together", "S141")
    yield unreadable("docx", raw_book(main="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"),
                     "no workbook", "S117")  # fmt: skip
    yield unreadable(
        "xlsb", raw_book(main="application/vnd.ms-excel.sheet.binary.macroEnabled.main"), "not read", "S117"
    )
    empty_rows = "<row></row>" * 3_000_000
    yield unreadable("xlsx of empty rows", lambda: raw_book(sheet=_sheet(more=empty_rows)), "a bomb", "S133")
    wide = '<row r="9">' + "".join('<c t="inlineStr"><is><t>x</t></is></c>' for _ in range(2_500)) + "</row>"
    yield unreadable("xlsx of 2,500 columns", raw_book(sheet=_sheet(more=wide)), "no table is so wide", "S115")
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    yield unreadable("xlsx cell in the last corner", raw_book(sheet=_sheet(more=far)), "far beyond the table", "S115")
    long = f'<row r="9"><c t="inlineStr"><is><t>{"x" * 40_000}</t></is></c></row>'
    yield unreadable("xlsx cell of 40,000 letters", raw_book(sheet=_sheet(more=long)), "no cell holds so much", "S116")
    dimension = _sheet().replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')
    yield passes("xlsx false dimension", raw_book(sheet=dimension), "nobody believes it")
    yield unreadable("xlsx without cells", raw_book(sheet="<worksheet><sheetData/></worksheet>"), "nothing", "S102")
    yield unreadable("xlsx declared sheet missing", raw_book({"xl/workbook.xml": _WORKBOOK.replace("Register", "Other")}),
                     "the layout names its sheet", "S140", "sheet")  # fmt: skip
    yield unreadable("xlsx where text is asked", book(), "the layout takes text only", "S117", "text-only")
    yield unreadable(
        "zip where text is asked", packed({"a.csv": csv()}), "the layout takes text only", "S117", "text-only"
    )


def old_book(change: Callable[[Any, Any], object] | None = None) -> Callable[[], bytes]:
    """An old workbook with the table, changed."""

    def make() -> bytes:
        import xlwt

        workbook = xlwt.Workbook()
        sheet = workbook.add_sheet("Register", cell_overwrite_ok=True)
        for number, row in enumerate((HEADER, *ROWS)):
            for place, text in enumerate(row):
                if text:
                    sheet.write(number, place, text)
        if change is not None:
            change(workbook, sheet)
        out = io.BytesIO()
        workbook.save(out)
        return out.getvalue()

    return make


def _with_record(kind: int, data: bytes) -> Callable[[Any, Any], object]:
    """A change that puts a record at the end of a sheet, before the one that ends it."""

    def change(_: Any, sheet: Any) -> None:
        plain = sheet.get_biff_data
        record = struct.pack("<HH", kind, len(data)) + data
        sheet.get_biff_data = lambda: plain()[:-4] + record + plain()[-4:]

    return change


def _old_workbooks() -> Iterator[Case]:
    import xlwt

    padded = xlwt.easyxf(num_format_str="0000000000")
    dated = xlwt.easyxf(num_format_str="mmddyyyy")
    yield passes("xls plain", old_book(), "the twin of the others")
    yield passes("xls padded id", old_book(lambda w, s: s.write(1, 0, 1, padded)), "its own format shows the zeros")
    yield passes("xls date", old_book(lambda w, s: s.write(1, 3, date(2001, 1, 1), dated)), "its format shows it")
    for name, change, rules in (
        ("zeros lost", lambda w, s: s.write(1, 2, 5), "S145 V110"),
        ("formula", lambda w, s: s.write(1, 4, xlwt.Formula("1+1")), "P216"),
        ("another sheet", lambda w, s: w.add_sheet("Other").write(0, 0, CANARY), "P210"),
        ("hidden sheet", lambda w, s: setattr(w.add_sheet("Other"), "visibility", 1), "P211"),
        ("very hidden sheet", lambda w, s: setattr(w.add_sheet("Other"), "visibility", 2), "P211"),
        ("hidden row", lambda w, s: setattr(s.row(2), "hidden", 1), "P212"),
        ("hidden column", lambda w, s: setattr(s.col(1), "hidden", 1), "P212"),
        ("merged cells", lambda w, s: s.merge(1, 2, 4, 4), "S144"),
        ("header", lambda w, s: setattr(s, "header_str", CANARY.encode()), "P220"),
    ):  # fmt: skip
        yield rejected(f"xls {name}", old_book(change), "content that must not be there", *rules.split())
    for said, expected in ((CANARY, ["P215"]), (_NUMBER, ["P109", "P215"])):
        scenario = _with_record(0xAF, said.encode())
        yield rejected(f"xls {len(said)} letters in a scenario", old_book(scenario), "values in no cell", *expected)
    yield passes("xls with a list of no scenario", old_book(_with_record(0xAE, b"\0" * 8)), "nothing is in it")
    content = old_book()()
    for name, rule, why in (
        ("EncryptedPackage", "S132", "a workbook with a password is packed so"),
        ("WordDocument", "S117", "no workbook"),
    ):
        yield unreadable(f"ole with {name}", lambda name=name: _renamed(old_book()(), name), why, rule)
    yield unreadable("xls cut off", content[: len(content) // 2], "cut off on the way", "S141")
    yield unreadable("ole junk", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 1_000, "no workbook", "S141")
    yield unreadable("ole header alone", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "no workbook", "S141")


def _renamed(content: bytes, name: str) -> bytes:
    """An old Office file whose one stream has another name."""
    at = content.index("Workbook\0".encode("utf-16-le"))
    written = name.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 2 * len(name) + 2)
    return content[:at] + written + content[at + len(written) :]


def _open_documents() -> Iterator[Case]:
    yield passes("ods plain", _document(), "the twin of the others")
    shown = '<c t="float" v="5"><text:p>05</text:p></c>'
    yield passes("ods number as it is shown", _document({(1, 2): shown}), "the format stores what it shows")
    for name, cell, rules in (
        ("comment", "<c><office:annotation><text:p>note</text:p></office:annotation><text:p>one</text:p></c>", "P213"),
        ("formula", '<c table:formula="of:=1+1" t="float" v="2"><text:p>2</text:p></c>', "P216"),
        ("link", '<c><text:p><text:a xlink:href="https://example.org/x">one</text:a></text:p></c>', "P218"),
        ("picture", "<c><text:p>one</text:p><draw:frame/></c>", "P217"),
        ("merged cells", '<c table:number-columns-spanned="2"><text:p>one</text:p></c>', "S144"),
    ):
        yield rejected(f"ods {name}", _document({(1, 4): cell}), "content that must not be there", rules)
    yield rejected("ods another sheet", _document(behind=_second()), "content that must not be there", "P210")
    yield rejected("ods hidden row", _document(row='table:visibility="collapse"'), "what nobody sees", "P212")
    yield rejected("ods named range", _document(behind='<table:named-range table:name="x"/>'), "a name", "P214")
    yield rejected(
        "ods title", _document(parts={"meta.xml": "<a xmlns:d='d'><d:title>x</d:title></a>"}), "typed", "P215"
    )
    yield rejected("ods macros", _document(parts={"Basic/script.xml": "<a/>"}), "may run", "P219")
    bomb = '<table:table-row table:number-rows-repeated="1048576"><table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>'
    yield unreadable("ods repeated rows", _document(rows=bomb), "a million rows of one", "S141")
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>' for name in HEADER
    )
    again = f'<table:table-row table:number-rows-repeated="1000000">{cells}</table:table-row>'
    yield unreadable("ods header repeated", _document(rows=again), "a million rows out of ten thousand bytes", "S133")
    twice = f'<table:table-row table:number-rows-repeated="500">{cells}</table:table-row>'
    yield rejected("ods row repeated 500 times", _document(rows=twice), "few enough to be written down", "S119")
    empty = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    yield passes("ods empty rows", _document(rows=empty), "every such file ends with them")
    manifest = {"META-INF/manifest.xml": '<a xmlns:m="m"><m:encryption-data/></a>'}
    yield unreadable("ods with a password", _document(parts=manifest), "cannot be read", "S132")


_SPACES = " ".join(f'xmlns:{name}="urn:{name}"' for name in ("office", "table", "text", "draw", "xlink"))


def _document(
    cells: Mapping[tuple[int, int], str] | None = None,
    *,
    row: str = "",
    rows: str = "",
    behind: str = "",
    parts: Mapping[str, str] | None = None,
) -> bytes:
    lines = []
    for number, line in enumerate((HEADER, *ROWS)):
        written = []
        for place, text in enumerate(line):
            cell = (cells or {}).get((number, place), f"<c><text:p>{text}</text:p></c>")
            cell = cell.replace("<c", "<table:table-cell", 1).replace("</c>", "</table:table-cell>")
            written.append(cell.replace(' t="', ' office:value-type="').replace(' v="', ' office:value="'))
        lines.append(f"<table:table-row {row if number == 2 else ''}>{''.join(written)}</table:table-row>")
    table = f'<table:table table:name="Register">{"".join(lines)}{rows}</table:table>'
    content = f"<office:document-content {_SPACES}><office:body>{table}{behind}</office:body></office:document-content>"
    return packed(
        {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content, **(parts or {})}
    )


def _second() -> str:
    return '<table:table table:name="x"><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row></table:table>'


def _archives() -> Iterator[Case]:
    one = packed({"register.csv": csv()})
    yield passes("zip of one csv", one, "the one file decides")
    yield passes("zip with a folder", packed({"folder/": "", "folder/register.csv": csv()}), "a folder holds nothing")
    yield passes("zip of one xlsx", lambda: packed({"register.xlsx": book()()}), "a workbook is no archive")
    yield passes("zip streamed", _streamed(one), "sizes may stand behind")
    yield passes("zip whatever the name", packed({"register.pdf": csv()}), "names decide nothing")
    yield passes("gzip", gzip.compress(csv()), "the one file decides")
    yield passes("gzip with noughts behind", gzip.compress(csv()) + b"\0" * 512, "tapes were filled up")
    yield rejected("zip of a bad csv", packed({"a.csv": csv(("1", *ROWS[0][1:]))}), "judged like any other", "V120")
    yield unreadable("zip of a pdf", packed({"a.csv": b"%PDF-1.4"}), "not a table", "S117")
    yield unreadable("zip of nothing", packed({}), "no file", "S130")
    yield unreadable("zip of an empty file", packed({"a.csv": b""}), "nothing", "S102")
    yield unreadable("zip of two", packed({"a.csv": csv(), "b.csv": csv()}), "which of the two?", "S130")
    yield unreadable("zip of a Mac", packed({"a.csv": csv(), "__MACOSX/._a.csv": b"x"}), "one too many", "S130")
    yield unreadable("zip in a zip", packed({"a.zip": one}), "one archive is enough", "S130")
    remark, why = CANARY.encode(), "a remark is in no column"
    yield rejected("zip with a comment", _with_comment(packed({"a.csv": csv()}), remark), why, "P215")
    for where in ("comment", "unicode comment"):
        yield rejected(f"zip with a member's {where}", _beside("a.csv", csv(), where, remark), why, "P215")
    yield passes("zip with a field of its packer", _beside("a.csv", csv(), "extra", b"abc"), "packers write them")
    yield passes("zip with times that read like letters", _beside("a.csv", csv(), "times", remark), "NTFS numbers")
    for where in ("extra", "twice"):
        yield rejected(f"zip with text in a field, {where}", _beside("a.csv", csv(), where, remark), why, "P215")
    yield rejected("zip of xlsx with text in a field", _beside("a.xlsx", raw_book(), "extra", remark), why, "P215")
    yield rejected(
        "gzip with text in the extra field", _gzip_beside(b"AB" + struct.pack("<H", len(remark)) + remark), why, "P215"
    )
    yield passes("gzip with a number of its packer", _gzip_beside(b"BC\x02\0\x12\x34"), "bgzip writes one")
    noted = b"\x1f\x8b\x08\x10" + b"\0" * 6 + remark + b"\0" + gzip.compress(csv())[10:]
    yield rejected("gzip with a comment", noted, why, "P215")
    yield rejected("xlsx with a comment of the archive", _with_comment(raw_book(), remark), why, "P215")
    lines = "".join("{:10}{:12} {:2}{:8}{:6}\n".format(*row) for row in ROWS)
    yield passes("zip of fixed width", packed({"a.txt": lines}), "the one file decides", layout="fixed")
    noted = _with_comment(packed({"a.txt": lines}), remark)
    yield rejected("zip of fixed width with a comment", noted, why, "P215", layout="fixed")
    yield unreadable("gzip in a gzip", gzip.compress(gzip.compress(csv())), "one archive is enough", "S130")
    yield unreadable("zip in a gzip", gzip.compress(one), "one archive is enough", "S130")
    yield unreadable("two gzips in a row", gzip.compress(csv()) + gzip.compress(csv()), "which of the two?", "S130")
    yield unreadable("gzip with junk behind", gzip.compress(csv()) + b"junk", "what is it?", "S131")
    yield unreadable("gzip cut off", gzip.compress(csv())[:-6], "cut off", "S131")
    yield unreadable("gzip header alone", b"\x1f\x8b", "cut off", "S131")
    yield unreadable("gzip of zeros", lambda: gzip.compress(b"\0" * 60_000_000), "a bomb", "S133")
    yield unreadable("zip of zeros", lambda: packed({"a.csv": b"\0" * 60_000_000}), "a bomb", "S133")
    yield unreadable("zip of many", packed({f"{number}.csv": b"" for number in range(1_200)}), "far too many", "S133")
    for name in ("../a.csv", "/etc/a.csv", "C:\\a.csv", "a\\..\\..\\b.csv", "..\\a.csv"):
        yield unreadable(f"zip with the name {name}", packed({name: csv()}), "no honest name", "S131")
    yield unreadable("zip with junk before", b"PK\x03\x04junk" + one, "two files in one", "S131")
    yield unreadable("zip with junk behind", one + b"junk", "two files in one", "S131")
    yield unreadable("zip with a gap", _with_gap(one), "something hides in between", "S131")
    yield unreadable(
        "zip with another name inside", one.replace(b"register.csv", b"receipts.csv", 1), "two names", "S131"
    )
    yield unreadable("zip with a false size", _changed(one, 24, struct.pack("<L", 5)), "a lie", "S131")
    yield unreadable("zip with a false sum", _changed(one, 16, struct.pack("<L", 5)), "a lie", "S131")
    yield unreadable("zip with an unknown packing", _changed(one, 10, struct.pack("<H", 99)), "not known", "S131")
    yield unreadable("zip with a password", _changed(one, 8, struct.pack("<H", 1)), "cannot be read", "S132")
    yield unreadable("zip with a link", _changed(one, 38, struct.pack("<L", 0o120777 << 16)), "no file", "S131")
    yield unreadable("zip with a pipe", _changed(one, 38, struct.pack("<L", 0o010644 << 16)), "no file", "S131")
    yield unreadable("zip of overlapping members", _overlapping(), "one content twice", "S131")
    yield unreadable("zip end alone", b"PK\x05\x06" + b"\0" * 18, "no file", "S130")
    yield unreadable("zip beginning alone", b"PK\x03\x04", "cut off", "S131")
    yield unreadable("zip with a false count", _end_changed(one, 10, struct.pack("<H", 2)), "a lie", "S131")
    body = zlib.compress(b"x")
    yield unreadable("zip of junk", b"PK\x03\x04" + body * 20, "damaged", "S131")


def _directory(content: bytes) -> int:
    return content.rindex(b"PK\x01\x02")


def _changed(content: bytes, place: int, value: bytes) -> bytes:
    """The archive with a field of its directory replaced."""
    at = _directory(content) + place
    return content[:at] + value + content[at + len(value) :]


def _end_changed(content: bytes, place: int, value: bytes) -> bytes:
    at = content.rindex(b"PK\x05\x06") + place
    return content[:at] + value + content[at + len(value) :]


def _with_gap(content: bytes) -> bytes:
    at = _directory(content)
    longer = content[:at] + b"hidden in between" + content[at:]
    return _end_changed(longer, 16, struct.pack("<L", at + 17))


def _overlapping() -> bytes:
    """Two entries of the directory that mean the same bytes, as in the bombs of D. Fifield."""
    one = packed({"a.csv": csv()})
    at = _directory(one)
    end = one.rindex(b"PK\x05\x06")
    entry = one[at:end]
    tail = bytearray(one[end:])
    tail[8:12] = struct.pack("<HH", 2, 2)
    tail[12:16] = struct.pack("<L", 2 * len(entry))
    return one[:at] + entry + entry.replace(b"a.csv", b"b.csv") + bytes(tail)
