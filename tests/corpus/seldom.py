"""What is met seldom: corners of the formats that a reader may get wrong unnoticed, and other ways to hide something."""

from __future__ import annotations

import base64
import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from openpyxl.workbook.defined_name import DefinedName

from tests.corpus.case import (
    ACCEPTED,
    CANARY,
    HEADER,
    REJECTED,
    ROWS,
    UNREADABLE,
    Case,
    cell,
    csv,
    passes,
    rejected,
    table,
    unreadable,
)
from tests.corpus.packed import (
    _RELATION,
    _RELATIONS,
    _WORKBOOK,
    _changed,
    _end_changed,
    _renamed,
    _set,
    _sheet,
    book,
    old_book,
    packed,
    raw_book,
)
from tests.corpus.texts import _line

# Three, two and four digits, of an area that was never issued.
_NUMBER = "000-12-3456"


def cases() -> Iterator[Case]:
    """Every file of this kind."""
    yield from _texts()
    yield from _headers()
    yield from _values()
    yield from _numbers()
    yield from _cells()
    yield from _workbooks()
    yield from _parts()
    yield from _archives()
    yield from _other_kinds()
    yield from _fixed()


def _judged(name: str, content: bytes | Callable[[], bytes], why: str, rules: str = "") -> Case:
    """A file with the rules it must get: none where it passes; it gives no table where the last is marked with `!`."""
    unread = rules.endswith("!")
    verdict = UNREADABLE if unread else REJECTED if rules else ACCEPTED
    return Case(name, content, why, frozenset(rules.rstrip("!").split()), verdict)


def _texts() -> Iterator[Case]:
    text = table()
    broken = text.replace("one", '"two\nlines"')
    mark = "\ufeff"
    for name, changed, why, rules in (
        ("mark before a quoted header", mark + text.replace("sasid", '"sasid"', 1), "the mark is no letter of it", ""),
        ("line feeds in quotes, carriage returns behind rows", broken.replace("\n", "\r").replace("two\r", "two\n"),
         "only one of them ends rows", ""),
        ("a pipe in quotes, pipes between", table(delimiter="|").replace("one", '"a|b"'), "quotation marks keep it", ""),
        ("only quotation marks in a cell", text.replace("one", '""""""'), "two of them", ""),
        ("typographic quotes", text.replace("one", "\u201ca, b\u201d"), "they quote nothing: a cell too many", "P203"),
        ("backticks", text.replace("one", "`a, b`"), "they quote nothing: a cell too many", "P203"),
        ("text before a quotation mark", text.replace("one", 'x"one"'), "two ways to read it", "S106"),
        ("a blank before a quotation mark", text.replace("one", ' "one"'), "two ways to read it", "S106"),
        ("a quotation mark doubled at the end", text.replace("one", '"one""'), "never closed", "S104!"),
        ("line ends in quotes only", ",".join(f'"{each}"' for each in HEADER) + '"\n"' + ",".join(ROWS[0]),
         "two ways to read it", "S105!"),
        ("all in one line", text.replace("\n", ","), "a header of everything", "P201 S108 S122"),
        ("blanks around separators", text.replace(",", " , "), "no name is as it should be", "P202"),
        ("two exports with marks", text + mark + table(("0000000003", *ROWS[0][1:])), "the second header", "S119"),
        ("a comment above", "# made 2001\n" + text, "the header is not where it belongs", "S113!"),
        ("a line end before the mark", "\r\n" + mark + text, "the header is not where it belongs", "S113!"),
        ("a row of types below the header", table(("text", "text", "text", "date", "text"), *ROWS), "no row of a table",
         "V110 V120 V123"),
        ("base64", base64.b64encode(csv()).decode(), "not a table", "P201 S108 S120"),
        ("quoted-printable", text.replace(",", "=2C"), "not a table", "P201 S120"),
        ("Markdown", ("| " + text.replace(",", " | ").replace("\n", " |\n| ")), "not a table", "P201 S120"),
        ("separators of ASCII", text.replace(",", "\x1f").replace("\n", "\x1e"), "nobody declared them", "P201 S108 S120"),
        ("YAML", "- sasid: 0000000001\n  grade: 05\n", "not a table", "P201 S120"),
        ("SQL", "INSERT INTO r (sasid,last_name,grade) VALUES ('1','x','05');\n", "not a table", "P201 S108 S120"),
        ("a mail", "From: a@example.org\nContent-Type: text/csv\n\n" + text, "the header is below", "S113!"),
        ("fixed width where csv is asked", "\n".join(_line(*row) for row in (HEADER, *ROWS)), "one column", "P201 S120"),
    ):  # fmt: skip
        yield _judged(f"text: {name}", changed.encode(), why, rules)
    yield passes("text: utf-16 with a line break in a cell", (mark + broken).encode("utf-16-le"), "part of the cell")
    yield rejected("text: two marks of utf-16", (mark * 2 + text).encode("utf-16-le"), "one is a letter", "P202")
    yield passes("text: rows of separators at the end", csv() + b",,,,\n" * 50, "Excel leaves them", "S112")
    for encoding, word in (
        ("gb18030", "例"),
        ("shift_jis", "例"),
        ("big5", "例"),
        ("koi8-r", "Пример"),
        ("cp1251", "Пример"),
    ):
        content = table(("0000000001", word, "05", "01012001", "")).encode(encoding)
        yield unreadable(f"text: encoded as {encoding}", content, "no byte says so", "S101")


def _headers() -> Iterator[Case]:
    for name, twin, rules in (
        ("figure blank", "sasid\u2007", "P202"), ("mark inside", "sa\ufeffsid", "P202"), ("line break", '"sasid\n"', "P202"),
        ("quotation marks", '"""sasid"""', "P202"), ("override", "\u202esasid", "P202"), ("braille blank", "sasid\u2800", "P202"),
        ("Hangul filler", "sasid\u3164", "P201 S120"), ("Mongolian separator", "sas\u180eid", "P202"),
        ("grapheme joiner", "sas\u034fid", "P202"), ("small capital", "\ua731asid", "P202"), ("dotless i", "sas\u0131d", "P202"),
        ("subscript", "sas\u1d62d", "P202"), ("tab", "sasid\t", "P202"), ("apostrophe", "'sasid", "P202"),
        ("text guard", '="sasid"', "P202 S106"), ("asterisk", "sasid*", "P202"), ("colon", "sasid:", "P202"),
        ("entity", "sasid&#32;", "P201 S120"), ("percent code", "sasid%20", "P201 S120"),
    ):  # fmt: skip
        yield rejected(f"header: {name}", csv(header=(twin, *HEADER[1:])), "is not the element's name", *rules.split())
    for name, title in (
        ("filler", "\u3164"), ("braille blank", "\u2800"), ("zero width", "\u200b"), ("bell", "\x07"),
        ("apostrophes", "''"), ("letter for private use", "\ue000"),
    ):  # fmt: skip
        extra = csv(*((*row, CANARY) for row in ROWS), header=(*HEADER, title))
        yield rejected(f"header: extra column of a {name}", extra, "a column nobody authorised", "P201")
    numbered = csv(*((str(number), *row) for number, row in enumerate(ROWS)), header=("", *HEADER))
    yield rejected("header: numbers of pandas", numbered, "a nameless column", "S122")
    yield rejected("header: wrapped", table().replace("last_name", '"last\n_name"').encode(), "no name", "P202")


def _values() -> Iterator[Case]:
    for name, value, rule in (
        ("birth_date", "00002001", "V123"), ("birth_date", "01002001", "V123"), ("birth_date", "02292100", "V123"),
        ("birth_date", "-1012001", "V123"), ("birth_date", "0101200\uff11", "V123"), ("grade", "O5", "V110"),
        ("grade", "\u0660\u0665", "V110"), ("sasid", "'0000000001", "V120"), ("sasid", "0000000001.0", "V120"),
        ("sasid", "000000000O", "V120"), ("sasid", "00000 00001", "V120"), ("last_name", "\u2800", "V104"),
        ("last_name", "\u3164", "V104"), ("last_name", "\u202e", "V104"),
    ):  # fmt: skip
        yield rejected(f"value: {name} {value!a}", cell(**{name: value}), "not what the element permits", rule)
    yield passes("value: 29 February 2000", cell(birth_date="02292000"), "there was one")
    yield passes("value: 40 letters of four bytes", cell(last_name="\U00020000" * 40), "letters are counted, not bytes")
    yield passes("value: 32,767 letters of four bytes", cell(note="\U0001f600" * 32_767), "letters are counted")


def _numbers() -> Iterator[Case]:
    """A number in a cell that is permitted, written in ways that only a reader's eye sees through."""

    def shifted(nought: int) -> str:
        return "".join(chr(nought + int(each)) if each.isdigit() else each for each in _NUMBER)

    for name, written in (
        ("mathematical digits", shifted(0x1D7CE)), ("Thai digits", shifted(0xE50)),
        ("circled digits", shifted(0x245F).replace("\u245f", "\u24ea")),
        ("keycaps", "".join(each + "\ufe0f\u20e3" if each.isdigit() else each for each in _NUMBER)),
        ("digits with accents", "".join(each + "\u0300" if each.isdigit() else each for each in _NUMBER)),
        ("tag letters", "".join(chr(0xE0000 + ord(each)) for each in _NUMBER)),
        ("blanks and hyphens", "000 - 12 - 3456"), ("two hyphens", "000--12--3456"), ("a line break", '"000-12-\n3456"'),
        ("bold figures", "<b>000</b>-12-3456"), ("a web address", f"https://example.org/?ssn={_NUMBER}"),
    ):  # fmt: skip
        yield rejected(f"number in {name}", cell(note=written), "the plan's promise", "P101")
    yield rejected("number labelled in Spanish", cell(note="seguro social 000123456"), "the promise", "P102")
    fraktur = "\U0001d516\U0001d516\U0001d511 000123456"
    yield rejected("number labelled in Fraktur", cell(note=fraktur), "the promise", "P102")
    yield rejected("number in a grade", cell(grade=_NUMBER), "the promise", "P101", "V110")


def _with_note(written: str) -> str:
    """The sheet with another last cell in its first row."""
    usual = '<c r="E2" t="inlineStr"><is><t>one</t></is></c>'
    return _sheet().replace(usual, written)


def _cells() -> Iterator[Case]:
    for name, written, rules in (
        ("float noise", '<c r="E2"><v>0.30000000000000004</v></c>', ""),
        ("carriage return", '<c r="E2" t="inlineStr"><is><t>a_x000D_&#10;b</t></is></c>', ""),
        ("text of a formula's kind", '<c r="E2" t="str"><v>one</v></c>', ""),
        ("words of an error", '<c r="E2" t="str"><v>#N/A</v></c>', ""),
        ("runs of text", '<c r="E2" t="inlineStr"><is><r><t>o</t></r><r><rPr><b/></rPr><t>ne</t></r></is></c>', ""),
        ("array formula", '<c r="E2"><f t="array" ref="E2">1+1</f><v>2</v></c>', "P216"),
        ("shared formula", '<c r="E2"><f t="shared" si="0"/><v>2</v></c>', "P216"),
        ("data table", '<c r="E2"><f t="dataTable" ref="E2" r1="A1"/><v>2</v></c>', "P216"),
        ("empty formula", '<c r="E2"><f/><v>2</v></c>', "P216"),
        ("bell by its code", '<c r="E2" t="inlineStr"><is><t>a_x0007_b</t></is></c>', "V105"),
        ("control character by number", '<c r="E2" t="inlineStr"><is><t>a&#1;b</t></is></c>', "S141!"),
        ("number of 400 digits", f'<c r="E2"><v>{"9" * 400}</v></c>', "S141!"),
        ("endless number", '<c r="E2"><v>1e999</v></c>', "S141!"),
        ("number with blanks", '<c r="E2"><v> 5 </v></c>', "S141!"),
        ("number in other digits", '<c r="E2"><v>\u0665</v></c>', "S141!"),
        ("number with an underscore", '<c r="E2"><v>1_0</v></c>', "S141!"),
        ("two values", '<c r="E2"><v>1</v><v>2</v></c>', "S141!"),
        ("two texts", '<c r="E2" t="inlineStr"><is><t>one</t></is><is><t>two</t></is></c>', "S141!"),
    ):  # fmt: skip
        yield _judged(f"xlsx cell: {name}", raw_book(sheet=_with_note(written)), "exactly or not at all", rules)
    deeper = f'<c r="E2"><v>1</v><extLst><ext><v>{_NUMBER}</v></ext></extLst></c>'
    yield rejected(
        "xlsx cell: value in an extension", raw_book(sheet=_with_note(deeper)), "no program shows it", "P109", "P215"
    )
    for name, old, new in (
        ("small letters in a place", 'r="A2"', 'r="a2"'), ("place of another row", 'r="A3"', 'r="A2"'),
        ("row nought", '<row r="1"', '<row r="0"'),
    ):  # fmt: skip
        changed = raw_book(sheet=_sheet().replace(old, new))
        yield unreadable(f"xlsx cell: {name}", changed, "its parts do not fit together", "S141")
    for name, change, rules in (
        ("padded grade", _set(C2=(5, "00")), ""), ("id of ten digits", _set(A2=1234567890), ""),
        ("date format of a language", _set(D2=(date(2001, 1, 1), "[$-409]mmddyyyy")), ""),
        ("negative in brackets", _set(E2=(-5, "0;(0)")), ""),
        ("29 February 1900", _set(D2=(60, "mmddyyyy")), "S142 V123"), ("text format on a number", _set(C2=(5, "@")), "S145 V110"),
    ):  # fmt: skip
        yield _judged(f"xlsx cell: {name}", book(change), "as it is shown", rules)


def _styled(code: str) -> Mapping[str, str]:
    """The parts by which the second style of a cell has this number format."""
    parts = _RELATION.format("worksheet", "worksheets/sheet1.xml"), _RELATION.format("styles", "styles.xml")
    formats = f'<numFmts><numFmt numFmtId="170" formatCode="{code}"/></numFmts>'
    cells = '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs>'
    return {
        "xl/_rels/workbook.xml.rels": _RELATIONS.format(parts[0] + parts[1].replace("r1", "r2")),
        "xl/styles.xml": f"<styleSheet>{formats}{cells}</styleSheet>",
    }


def _workbooks() -> Iterator[Case]:
    sheet = _sheet()
    column = '<cols><col min="2" max="2" width="9" {}/></cols><sheetData>'
    chosen = '</sheetData><autoFilter ref="A1:E3"><filterColumn colId="2"><filters><filter val="{}"/></filters></filterColumn></autoFilter>'
    coloured = '<conditionalFormatting sqref="A1"><cfRule type="expression"><formula>A1="{}"</formula></cfRule></conditionalFormatting>'
    merged = "".join(f'<mergeCell ref="A{number}:B{number}"/>' for number in range(1, 20_001))
    for name, changed, rules in (
        ("spans that are wrong", sheet.replace('<row r="1"', '<row r="1" spans="1:1"'), ""),
        ("errors to be ignored", _sheet(behind='<ignoredErrors><ignoredError sqref="A1:A9" numberStoredAsText="1"/></ignoredErrors>'), ""),
        ("other rows hidden by default", sheet.replace("<sheetData>", '<sheetFormatPr zeroHeight="1"/><sheetData>'), ""),
        ("open group of columns", sheet.replace("<sheetData>", column.format('outlineLevel="1"')), ""),
        ("closed group of columns", sheet.replace("<sheetData>", column.format('hidden="1" outlineLevel="1"')), "P212"),
        ("row that a filter hides", sheet.replace('<row r="3"', '<row r="3" hidden="1"').replace("</sheetData>", chosen.format("05")), "P212"),
        ("number in a filter", sheet.replace("</sheetData>", chosen.format(_NUMBER)), "P109"),
        ("rule of colours", _sheet(behind=coloured.format("x")), ""),
        ("number in a rule of colours", _sheet(behind=coloured.format(_NUMBER)), "P109"),
        ("20,000 merged ranges", _sheet(behind=f"<mergeCells>{merged}</mergeCells>"), "S144"),
        ("one merge of everything", _sheet(behind='<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'), "S144"),
        ("unknown encoding", '<?xml version="1.0" encoding="utf-7"?>' + sheet, "S141!"),
    ):  # fmt: skip
        yield _judged(f"xlsx sheet: {name}", raw_book(sheet=changed), "what somebody put there, or Excel", rules)
    long = raw_book(_styled("0" * 40_000), sheet=_with_note('<c r="E2" s="1"><v>5</v></c>'))
    yield unreadable("xlsx sheet: number shown in 40,000 noughts", long, "no cell holds so much", "S116")
    hidden = DefinedName("x", attr_text='"a"', hidden=True)
    yield rejected("xlsx sheet: hidden name", book(lambda w, s: w.defined_names.add(hidden)), "a text", "P214")


def _parts() -> Iterator[Case]:
    app = (
        '<Properties xmlns:vt="v"><Application>Microsoft Excel</Application><TitlesOfParts><vt:vector size="1">'
        "<vt:lpstr>{}</vt:lpstr></vt:vector></TitlesOfParts><Company>Example</Company>{}</Properties>"
    )
    area = f'</sheets><definedNames><definedName name="_xlnm.Print_Area" localSheetId="0">"{CANARY}"</definedName></definedNames>'
    strict = _WORKBOOK.replace("http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                               "http://purl.oclc.org/ooxml/spreadsheetml/main")  # fmt: skip
    label = '<Properties xmlns:vt="v"><property pid="2" name="MSIP_Label_00000000_Enabled"><vt:lpwstr>true</vt:lpwstr></property></Properties>'
    columns = "".join(f'<tableColumn id="{number}" name="{name}"/>' for number, name in enumerate(HEADER, 1))
    listed = '<table id="1" name="T" displayName="T" ref="A1:E3" {}><tableColumns count="5">{}</tableColumns></table>'
    outside = _RELATIONS.format(_RELATION.format("worksheet", "../../../../etc/passwd"))
    chart = _RELATION.format("chartsheet", "chartsheets/sheet1.xml").replace("r1", "r2")
    for name, parts, rules in (
        ("saved as Strict Open XML", {"xl/workbook.xml": strict}, ""),
        ("titles of parts", {"docProps/app.xml": app.format("Register", "")}, ""),
        ("number among the titles of parts", {"docProps/app.xml": app.format(_NUMBER, "")}, "P109"),
        ("manager", {"docProps/app.xml": app.format("Register", f"<Manager>{CANARY}</Manager>")}, "P215"),
        ("label of sensitivity", {"docProps/custom.xml": label}, ""),
        ("chain of calculations left over", {"xl/calcChain.xml": '<calcChain><c r="A1"/></calcChain>'}, ""),
        ("columns of an Excel table", {"xl/tables/table1.xml": listed.format("", columns)}, ""),
        ("number in a table's comment", {"xl/tables/table1.xml": listed.format(f'comment="{_NUMBER}"', columns)}, "P109 P215"),
        ("words in a table's comment", {"xl/tables/table1.xml": listed.format(f'comment="{CANARY}"', columns)}, "P215"),
        ("words as a table's alternative text", {"xl/tables/table1.xml": listed.format("", columns).replace(
            "</table>", f'<extLst><ext><x14:table xmlns:x14="x" altText="{CANARY}"/></ext></extLst></table>')}, "P215"),
        ("text as a print area", {"xl/workbook.xml": _WORKBOOK.replace("</sheets>", area)}, "P214"),
        ("chart sheet", {"xl/workbook.xml": _WORKBOOK.replace("</sheets>", '<sheet name="C" sheetId="2" r:id="r2"/></sheets>'),
                         "xl/_rels/workbook.xml.rels": _RELATIONS.format(_RELATION.format("worksheet", "worksheets/sheet1.xml") + chart),
                         "xl/chartsheets/sheet1.xml": "<chartsheet/>"}, "P217"),
        ("sheet outside the archive", {"xl/_rels/workbook.xml.rels": outside}, "S141!"),
        ("part twice in other capitals", {"xl/Workbook.xml": _WORKBOOK}, "S131!"),
    ):  # fmt: skip
        yield _judged(f"xlsx part: {name}", raw_book(parts), "what somebody put there, or Excel", rules)
    for part in (
        "xl/revisions/revisionLog1.xml", "xl/webextensions/webextension1.xml", "xl/slicers/slicer1.xml",
        "xl/richData/rdrichvalue.xml", "xl/drawings/vmlDrawing1.vml", "xl/media/image1.emf", "_xmlsignatures/sig1.xml",
        "xl/ink/ink1.xml", "userCustomization/customUI.xml", "xl/worksheets/_rels/notes.txt",
    ):  # fmt: skip
        content = raw_book({part: f"<a>{CANARY}</a>"})
        yield rejected(f"xlsx part: {part}", content, "content that must not be there", "P217")


def _archives() -> Iterator[Case]:
    one = packed({"register.csv": csv()})
    wide = io.BytesIO()
    with (
        zipfile.ZipFile(wide, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.csv", "w", force_zip64=True) as member,
    ):
        member.write(csv())
    times = struct.pack("<HHBL", 0x5455, 5, 1, 10**9) + struct.pack("<HHBBLBL", 0x7875, 11, 1, 4, 1000, 4, 1000)
    windows = struct.pack("<HHLHHQQQ", 0x000A, 32, 0, 1, 24, *[13 * 10**16] * 3)
    again = struct.pack("<HHBL", 0x7075, 10, 1, zlib.crc32(b"a.csv")) + b"a.csv"
    for name, content, why, rules in (
        ("sizes of 64 bits", wide.getvalue(), "programs that stream write them", ""),
        ("times and owners", _with_extra(times), "Unix writes them", ""),
        ("times of Windows", _with_extra(windows), "Windows writes them", ""),
        ("its name once more", _with_extra(again), "some programs write it in Unicode too", ""),
        ("text behind what is packed", _with_slack(), "no program unpacks it", "S131!"),
        ("packing 9", _changed(one, 10, struct.pack("<H", 9)), "not known", "S131!"),
        ("comment longer than told", one[:-2] + struct.pack("<H", 2) + b"hidden", "a lie", "S131!"),
        ("comment shorter than told", one[:-2] + struct.pack("<H", 20) + b"hidden", "a lie", "S131!"),
        ("folder that holds something", packed({"folder/": b"hidden", "a.csv": csv()}), "no folder does", "S130!"),
        ("file of the Finder", packed({"a.csv": csv(), ".DS_Store": b"x"}), "one too many", "S130!"),
        ("two disks", _end_changed(one, 4, struct.pack("<H", 1)), "half of it is elsewhere", "S131!"),
        ("directory elsewhere", _end_changed(one, 16, struct.pack("<L", 1)), "a lie", "S131!"),
        ("number in a folder's name", packed({f"{_NUMBER}/": "", f"{_NUMBER}/a.csv": csv()}), "a name is sent too", "P109"),
        ("workbook with a password", packed({"a.xlsx": _renamed(old_book()(), "EncryptedPackage")}), "cannot be read", "S132!"),
        ("tar", _tar(), "an archive in an archive", "S103!"),
    ):  # fmt: skip
        yield _judged(f"archive: {name}", content, why, rules)


def _with_extra(extra: bytes) -> bytes:
    """A zip file of one table, its member with this extra field."""
    member = zipfile.ZipInfo("a.csv")
    member.extra = extra
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(member, csv())
    return out.getvalue()


def _with_slack() -> bytes:
    """A zip file whose member goes on behind the end of what was packed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = packer.compress(csv()) + packer.flush() + f"hidden {_NUMBER}".encode()
    sizes = (zlib.crc32(csv()), len(body), len(csv()))
    own = struct.pack("<4sHHHHHLLLHH", b"PK\x03\x04", 20, 0, 8, 0, 33, *sizes, 5, 0) + b"a.csv" + body
    entry = struct.pack("<4sHHHHHHLLLHHHHHLL", b"PK\x01\x02", 20, 20, 0, 8, 0, 33, *sizes, 5, *[0] * 6) + b"a.csv"
    return own + entry + struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(own), 0)


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        member = tarfile.TarInfo("a.csv")
        member.size = len(csv())
        archive.addfile(member, io.BytesIO(csv()))
    return out.getvalue()


def _other_kinds() -> Iterator[Case]:
    for name, start in (
        ("compress", b"\x1f\x9d\x90"), ("lz4", b"\x04\x22\x4d\x18"), ("lzip", b"LZIP\x01"), ("SPSS", b"$FL2@(#) SPSS DATA FILE"),
        ("Stata", b"<stata_dta><header>"), ("Access", b"\x00\x01\x00\x00Standard ACE DB\x00"),
    ):  # fmt: skip
        yield unreadable(f"kind: {name}", start + csv(), "not a table, whatever its name", "S117")
    flat = b'<?xml version="1.0"?><office:document xmlns:office="urn:o"/>'
    yield unreadable("kind: flat OpenDocument", flat, "saved as one XML file", "S117")
    yield unreadable("kind: message of Outlook", lambda: _renamed(old_book()(), "__substg1.0_1000"), "a mail", "S117")
    yield unreadable(
        "kind: Numbers of a Mac", packed({"Index/Document.iwa": b"x", "preview.jpg": b"z"}), "many", "S130"
    )
    lock = (b"\x07Example" + b" " * 47) + b"\0" * 110
    yield unreadable("kind: lock of an open workbook", lock, "it lies beside the workbook while that is open", "S103")
    link = b"[InternetShortcut]\r\nURL=https://example.org/\r\n"
    yield rejected("kind: shortcut to a page", link, "not the table itself", "P201", "S120")
    yield unreadable("kind: shortcut of Google", b'{"url":"https://example.org","doc_id":"x"}', "no table", "S105")


def _fixed() -> Iterator[Case]:
    lines = "\n".join(_line(*row) for row in ROWS) + "\n"
    yield passes("fixed: utf-16", lines.encode("utf-16"), "its mark proves it", layout="fixed")
    for name, text, rules in (
        ("in one line", lines.replace("\n", ""), "P204"),
        ("a decomposed accent", lines.replace(CANARY, "Exa\u0301mple"), "V110 V123"),
        ("a line of names above", "sasid     last_name\n" + lines, "S150"),
        ("in quotation marks", "".join(f'"{each}"\n' for each in lines.splitlines()), "P204 V110 V120 V123 V140"),
    ):
        yield rejected(f"fixed: {name}", text.encode(), "nothing is at its place", *rules.split(), layout="fixed")
    yield unreadable("fixed: in a gzip", gzip.compress(lines.encode()), "not asked for", "S117", "fixed")
