"""For each rule of the detector a cell that shows what the rule is good for: taken out, the cell is seen otherwise."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from benchmarks.conformance import routing, ssns
from dap.identifiers import (
    candidates,
    columns,
    explanations,
    normal,
    prefilter,
    sasid,
    sheets,
    table,
    texts,
    validity,
    words,
)
from dap.identifiers.columns import find_in_column
from dap.identifiers.sheets import find_in_sheets
from dap.identifiers.table import find_in_table

TABLES: Mapping[str, dict[str, Any]] = {
    "look-alikes": normal.LOOK_ALIKES,
    "invisible": normal.INVISIBLE,
    "decoders": normal.DECODERS,
    "variants": normal.VARIANTS,
    "ssn words": words.SSN_WORDS,
    "social before": words.SOCIAL_BEFORE,
    "social after": words.SOCIAL_AFTER,
    "other labels": words.OTHER_LABELS,
    "number words": words.NUMBER_WORDS,
    "whose": words.WHOSE,
    "said of": words.SAID_OF,
    "tin before": words.TIN_BEFORE,
    "other said": words.OTHER_SAID,
    "either": words.EITHER,
    "things": words.THINGS,
    "loose things": words.LOOSE_THINGS,
    "persons": words.PERSONS,
    "last four headers": words.LAST_FOUR_HEADERS,
    "denials": words.DENIALS,
    "days": words.DAYS,
    "last four": words.LAST_FOUR,
    "separators": candidates.SEPARATORS,
    "masks": candidates.MASKS,
    "mask symbols": candidates.MASK_SYMBOLS,
    "under header": candidates.UNDER_HEADER,
    "masked under header": candidates.MASKED_UNDER_HEADER,
    "look-alike letters": candidates.LOOK_ALIKE_LETTERS,
    "explanations": explanations.EXPLANATIONS,
    "chain marks": explanations.CHAIN_MARKS,
    "whole beside": explanations.WHOLE_BESIDE,
    "finders": texts.FINDERS,
    "last four orders": texts.LAST_FOUR_ORDERS,
    "said before": texts.SAID_BEFORE,
    "links": texts.LINKS,
    "specimens": validity.SPECIMENS,
    "itin groups": validity.ITIN_GROUPS,
    "atin groups": validity.ATIN_GROUPS,
    "conditions": columns.CONDITIONS,
    "splits": table.SPLITS,
    "parts": words.PARTS,
    "triggers": prefilter.TRIGGERS,
    "sasid faults": sasid.FAULTS,
}
"""Every table of rules of the detector."""

Seen = object
Witness = Callable[[], Seen]


@contextmanager
def without(table_name: str, entry: str) -> Iterator[None]:
    """The detector without one rule."""
    with _kept(table_name) as rules:
        del rules[entry]
        yield


@contextmanager
def written_as(table_name: str, entry: str, pattern: str) -> Iterator[None]:
    """The detector with another pattern for one rule."""
    with _kept(table_name) as rules:
        rules[entry] = pattern
        yield


@contextmanager
def answering(name: str, answer: bool) -> Iterator[None]:
    """The detector with a question of it, by its name, answered alike whatever is asked."""
    asked = next(getattr(module, name) for module in _MODULES if hasattr(module, name))
    askers = [module for module in _MODULES if getattr(module, name, None) is asked]
    for module in askers:
        setattr(module, name, lambda *_, **__: answer)
    try:
        yield
    finally:
        for module in askers:
            setattr(module, name, asked)


_MODULES = (candidates, columns, explanations, sasid, sheets, table, texts, validity, words)


@contextmanager
def _kept(table_name: str) -> Iterator[dict[str, Any]]:
    rules = TABLES[table_name]
    kept = dict(rules)
    _forget()
    try:
        yield rules
    finally:
        rules.clear()
        rules.update(kept)
        _forget()


def _forget() -> None:
    for module in (normal, words, candidates, texts, prefilter):
        module.forget()


def _cell(text: str, header: str = "Comment") -> Witness:
    return lambda: sorted({(hit.label, hit.form, hit.evidence) for _, hit in find_in_column([text], header)})


def _column(make: Callable[[random.Random], list[str]], header: str = "Local id") -> Witness:
    return lambda: sorted({hit.form for _, hit in find_in_column(make(random.Random(1)), header)})


def _table(*columns: tuple[str, str]) -> Witness:
    return lambda: [place.form for place in find_in_table([(header, [cell]) for header, cell in columns], [2], 1)]


def _tables(*columns: tuple[str, list[str]]) -> Witness:
    rows = range(2, 2 + len(columns[0][1]))
    return lambda: [place.form for place in find_in_table(columns, rows, 1)]


def _parts(numbers: list[str]) -> Witness:
    return _tables(*(("n", [number[part] for number in numbers]) for part in (slice(3), slice(3, 5), slice(5, 9))))


def _sheet(*rows: tuple[str, ...]) -> Witness:
    cells = [(None, row, column, text) for row, each in enumerate(rows, 1) for column, text in enumerate(each, 1)]
    return lambda: sorted(row for row, _ in find_in_sheets(cells))


def _sasids(numbers: Callable[[random.Random], list[str]]) -> Witness:
    return lambda: sorted(sasid.poor_numbers(numbers(random.Random(1))))


def _separated(mark: str) -> Witness:
    return _cell(f"000{mark}12{mark}3456")


def _labelled(word: str) -> Witness:
    return _cell(f"{word} 000123456")


def _otherwise(label: str) -> Witness:
    return _cell(f"SSN on file; {label} 000123456")


def _all(*witnesses: Witness) -> Witness:
    return lambda: [each() for each in witnesses]


def _tin(followed: str) -> Witness:
    forms = (f"TIN{followed} 000123456", f"TIN {followed} 000123456", f"TIN {followed} seen 000123456")
    return _all(*map(_cell, forms), _cell("000123456", f"TIN{followed}"), _cell("000123456", f"TIN {followed}"))


def _social(followed: str) -> Witness:
    cells = (f"her social{followed} 000123456", f"her social {followed} 000123456", f"000123456 social{followed}")
    return _all(*map(_cell, cells), _cell("000123456", f"Social{followed}"), _cell("000123456", f"Social {followed}"))


def _word(word: str) -> Witness:
    cells = (f"{word} 000123456", f"{word} #00012345", f"000123456 ({word})")
    headed = _all(_cell("000123456", word), _cell("3456", f"last 4 {word}"))
    return _all(*map(_cell, cells), headed, lambda: words.calls_ssn(word))


def _four(said: str) -> Witness:
    headed = (_cell("3456", f"{said} SSN"), _cell("3456", f"SSN {said}"))
    return _all(*headed, _cell(f"SSN {said} 3456"), _cell(f"{said} SSN 3456"))


def _thing(header: str) -> Witness:
    return _column(lambda chance: ssns(chance, 200), header)


def _stepped(chance: random.Random) -> list[str]:
    made = ([f"{12_345_678 + place * step:09}" for place in range(28)] for step in range(29_000_017, 30_000_000, 1_003))
    return next(each for each in made if not any(map(validity.breaks_ssa_rules, each)))


def _few_areas(chance: random.Random) -> list[str]:
    # Five areas with 40 numbers each.
    return [f"{area}{number[3:]}" for area in ("012", "123", "234", "345", "456") for number in ssns(chance, 40)]


def _two_first_digits(chance: random.Random) -> list[str]:
    return [f"{chance.choice('01')}{number[1:]}" for number in ssns(chance, 400) if number[:2] not in ("00", "06")][:60]


def _one_broken(chance: random.Random) -> list[str]:
    return [*ssns(chance, 100), "900123456"]


def _no_zero(chance: random.Random) -> list[str]:
    return [number for number in ssns(chance, 300) if number[0] != "0"]


def _padded(chance: random.Random) -> list[str]:
    return [f"1{number}" for number in ssns(chance, 100)]


def _days(chance: random.Random) -> list[str]:
    return [f"2001{chance.randint(1, 12):02}{chance.randint(1, 28):02}{place:02}" for place in range(40)]


def _counted(chance: random.Random) -> list[str]:
    return [f"12345{place:05}" for place in range(100, 200)]


WITNESSES: Mapping[tuple[str, str], Witness] = {
    ("look-alikes", "minus"): _separated("\u2212"),
    ("look-alikes", "dots"): _separated("\u3002"),
    ("look-alikes", "bullets"): _separated("\u2022"),
    ("look-alikes", "asterisks"): _separated("\u2217"),
    ("look-alikes", "crosses"): _cell("\u00d7\u00d7\u00d7-\u00d7\u00d7-3456"),
    ("look-alikes", "slashes"): _separated("\u2215"),
    ("look-alikes", "backslashes"): _separated("\u2216"),
    ("look-alikes", "bars"): _separated("\u2502"),
    ("look-alikes", "colons"): _separated("\u2236"),
    ("look-alikes", "tildes"): _separated("\u223c"),
    ("look-alikes", "blanks"): _separated("\u2800"),
    ("look-alikes", "quotes"): _cell("\u201900123456", "SSN"),
    ("look-alikes", "double quotes"): _cell("\u201c00123456\u201d", "SSN"),
    ("invisible", "controls"): _cell("00\x070-12-3456"),
    ("invisible", "formats"): _cell("00\u200b0-12-3456"),
    ("invisible", "marks"): _cell("000-12\ufe0f-3456"),
    ("invisible", "frames, as of a keycap"): _cell("0\u20e300-12-3456"),
    ("decoders", "entities"): _separated("&#45;"),
    ("decoders", "tag letters"): _cell("".join(chr(0xE0000 + ord(each)) for each in "000-12-3456")),
    ("decoders", "percent codes"): _separated("%2D"),
    ("decoders", "escapes"): _separated("\\u2013"),
    ("variants", "decoded"): _separated("&ndash;"),
    ("variants", "without tags"): _cell("000<b>-12-</b>3456"),
    ("variants", "pluses are blanks"): _cell("n=000+12+3456"),
    ("variants", "soft hyphen is a hyphen"): _separated("\u00ad"),
    ("variants", "without raised digits"): _cell("000-12-3456\u00b9"),
    ("ssn words", "ssn"): _labelled("SSN"),
    ("ssn words", "ssno, ssnum"): _labelled("SSNO"),
    ("ssn words", "studentssn"): _labelled("studentssn"),
    ("ssn words", "s.s.n."): _labelled("S.S.N."),
    ("ssn words", "s s n"): _labelled("S S N"),
    ("ssn words", "ss#"): _labelled("SS#"),
    ("ssn words", "ss no"): _labelled("SS no"),
    ("ssn words", "s.s."): _labelled("S.S."),
    ("ssn words", "s/s"): _labelled("S/S"),
    ("ssn words", "number of ss"): _labelled("N\u00famero de SS:"),
    ("ssn words", "ss card"): _labelled("SS card"),
    ("ssn words", "ss last four"): _cell("3456", "Last 4 SS"),
    ("ssn words", "soc sec"): _labelled("Soc Sec"),
    ("ssn words", "social security"): _labelled("Soc. Security"),
    ("ssn words", "social"): _labelled("social:"),
    ("ssn words", "seguro social"): _cell("000123456, seguro social escolar"),
    ("ssn words", "seguridad social"): _cell("000123456, seguridad social escolar"),
    ("ssn words", "nss"): _labelled("NSS"),
    ("ssn words", "ssa number"): _labelled("SSA number"),
    ("ssn words", "hicn"): _labelled("HICN"),
    ("ssn words", "tin"): _labelled("TIN"),
    ("ssn words", "t.i.n."): _labelled("T.I.N."),
    ("ssn words", "taxpayer id"): _labelled("Taxpayer ID"),
    ("ssn words", "tax id"): _labelled("Tax ID"),
    ("ssn words", "contribuyente"): _labelled("identificaci\u00f3n de contribuyente"),
    ("ssn words", "itin"): _labelled("ITIN"),
    ("ssn words", "atin"): _labelled("ATIN"),
    ("social before", "end"): _cell("000123456", "Student Social"),
    ("social before", "digits"): _labelled("social"),
    ("social before", "brackets"): _cell("000123456 (social)"),
    ("social before", "mark"): _labelled("personal social #"),
    ("social before", "number"): _labelled("her social is"),
    ("social before", "said"): _cell("Social on card 000123456"),
    ("social after", "development"): _labelled("Personal/Social"),
    ("social after", "compounds"): _labelled("anti-social"),
    ("social after", "joints"): _cell("000123456", "Home and Social"),
    ("social after", "gatherings"): _cell("000123456", "PTA Social"),
    ("social after", "nouns"): _labelled("Raz\u00f3n social:"),
    ("other labels", "zip"): _otherwise("ZIP"),
    ("other labels", "post box"): _otherwise("P.O. Box"),
    ("other labels", "purchase order"): _otherwise("PO"),
    ("other labels", "invoice"): _otherwise("invoice"),
    ("other labels", "case"): _otherwise("case"),
    ("other labels", "state id"): _otherwise("SASID"),
    ("other labels", "local id"): _otherwise("local id"),
    ("other labels", "badge"): _otherwise("badge"),
    ("other labels", "class"): _otherwise("class"),
    ("other labels", "routing"): _otherwise("routing"),
    ("other labels", "account"): _otherwise("account"),
    ("other labels", "employer"): _otherwise("EIN"),
    ("other labels", "telephone"): _otherwise("phone"),
    ("other labels", "reference"): _otherwise("ref"),
    ("other labels", "policy"): _otherwise("policy"),
    ("other labels", "paper"): _otherwise("record no"),
    ("other labels", "machine"): _otherwise("meter"),
    ("other labels", "check"): _otherwise("check no"),
    ("other labels", "parcel"): _otherwise("parcel"),
    ("other labels", "book"): _otherwise("ISBN"),
    ("other labels", "vendor"): _otherwise("vendor"),
    ("other labels", "immigration"): _otherwise("passport"),
    ("other labels", "insurance"): _otherwise("Medicaid"),
    ("other labels", "money"): _otherwise("$"),
    ("other labels", "examination"): _otherwise("exam no"),
    ("other labels", "measure"): _otherwise("latitude"),
    ("other labels", "school"): _otherwise("school"),
    ("number words", "english"): _labelled("SS no"),
    ("number words", "spanish"): _labelled("SS n\u00famero"),
    ("whose", "pupil"): _labelled("studentssn"),
    ("whose", "staff"): _labelled("staffssn"),
    ("whose", "family"): _labelled("parentssn"),
    ("whose", "anybody"): _labelled("applicantssn"),
    ("whose", "possessive"): _labelled("myssn"),
    ("whose", "part"): _labelled("fullssn"),
    ("said of", "done"): _labelled("TIN provided"),
    ("said of", "from"): _labelled("TIN on card"),
    ("said of", "spanish"): _labelled("TIN con"),
    ("tin before", "end"): _cell("000123456", "Vendor TIN"),
    ("tin before", "mark"): _cell("000123456 (TIN), seen"),
    ("tin before", "digits"): _labelled("TIN"),
    ("tin before", "either"): _labelled("TIN or EIN"),
    ("tin before", "number"): _labelled("TIN is"),
    ("tin before", "said"): _labelled("TIN provided"),
    ("other said", "number"): _otherwise("case number"),
    ("other said", "is"): _otherwise("case is"),
    ("other said", "done"): _otherwise("case given as"),
    ("either", "slash"): _labelled("SSN/EIN"),
    ("either", "or"): _labelled("SSN or EIN"),
    ("either", "and/or"): _labelled("SSN and/or EIN"),
    ("either", "o"): _labelled("SSN o EIN"),
    ("either", "u"): _labelled("SSN u orden"),
    ("either", "y/o"): _labelled("SSN y/o EIN"),
    ("things", "zip"): _thing("ZIP"),
    ("things", "employer"): _thing("EIN"),
    ("things", "routing"): _thing("Routing"),
    ("things", "parcel"): _thing("Parcel"),
    ("things", "invoice"): _thing("Invoice"),
    ("things", "order"): _thing("PO number"),
    ("things", "book"): _thing("ISBN"),
    ("things", "part"): _thing("Part no"),
    ("things", "money"): _thing("Amount"),
    ("things", "measure"): _thing("Latitude"),
    ("things", "place"): _thing("Census tract"),
    ("things", "time"): _thing("Timestamp"),
    ("things", "version"): _thing("Checksum"),
    ("loose things", "account"): _thing("Account"),
    ("loose things", "case"): _thing("Case"),
    ("loose things", "paper"): _thing("Permit"),
    ("loose things", "vendor"): _thing("Vendor"),
    ("loose things", "class"): _thing("Course"),
    ("loose things", "office"): _thing("Reference no"),
    ("loose things", "premises"): _thing("Facility ID"),
    ("persons", "pupil"): _thing("Student account"),
    ("persons", "staff"): _thing("Employee account"),
    ("persons", "family"): _thing("Parent account"),
    ("persons", "anybody"): _thing("Member account"),
    ("last four headers", "glued"): _cell("3456", "ssnlast4"),
    ("last four headers", "four of it"): _cell("3456", "SSN (4)"),
    ("last four headers", "its four"): _cell("3456", "Four of the SSN"),
    ("denials", "not"): _cell("000123456", "Student id (not SSN)"),
    ("denials", "do not"): _cell("000123456", "Student id, do not enter SSN"),
    ("denials", "spanish"): _cell("000123456", "Identificaci\u00f3n, sin SSN"),
    ("days", "day"): _cell("20010101", "SSN date"),
    ("days", "since"): _cell("20010101", "SSN verified on"),
    ("days", "until"): _cell("20010101", "SSN expires"),
    ("last four", "last four"): _cell("last four of SSN: 3456"),
    ("last four", "l4"): _cell("3456", "L4 SSN"),
    ("last four", "partial"): _cell("3456", "SSN (partial)"),
    ("last four", "ending"): _cell("SSN ending in 3456"),
    ("last four", "ultimos cuatro"): _cell("\u00faltimos cuatro del seguro social: 3456"),
    ("separators", "blank"): _separated(" "),
    ("separators", "hyphen"): _separated("-"),
    ("separators", "dot"): _separated("."),
    ("separators", "underscore"): _separated("_"),
    ("separators", "slash"): _separated("/"),
    ("separators", "backslash"): _separated("\\"),
    ("separators", "bar"): _separated("|"),
    ("separators", "colon"): _separated(":"),
    ("separators", "tilde"): _separated("~"),
    ("separators", "asterisk"): _separated("*"),
    ("masks", "last group"): _cell("***-**-3456"),
    ("masks", "middle group"): _cell("***-12-****"),
    ("masks", "first group"): _cell("000-**-****"),
    ("masks", "all but the first"): _cell("***-12-3456"),
    ("masks", "all but the last"): _cell("000-12-****"),
    ("masks", "all but the middle"): _cell("000-**-3456"),
    ("mask symbols", "asterisk"): _cell("***-**-3456"),
    ("mask symbols", "hash"): _cell("###-##-3456"),
    ("mask symbols", "question"): _cell("???-??-3456"),
    ("mask symbols", "underscore"): _cell("___-__-3456"),
    ("mask symbols", "letter x"): _cell("xxx-xx-3456"),
    ("mask symbols", "letter n"): _cell("NNN-NN-3456"),
    ("under header", "nine digits"): _cell("000123456", "SSN"),
    ("under header", "seven or eight digits, zeros lost"): _cell("0123456", "SSN"),
    ("under header", "a number with an empty fraction"): _cell("00123456.0", "SSN"),
    ("under header", "scientific notation"): _cell("1.23456E+08", "SSN"),
    ("under header", "thousands separators"): _cell("000,123,456", "SSN"),
    ("under header", "one separator"): _cell("000-123456", "SSN"),
    ("under header", "digits set apart"): _cell("0 0 0 1 2 3 4 5 6", "SSN"),
    ("under header", "letters read for digits"): _cell("OO0-12-3456", "SSN"),
    ("under header", "nine digits and a letter"): _cell("0001A23456", "SSN"),
    ("masked under header", "hidden up to the last four"): _cell("***3456", "SSN"),
    ("masked under header", "nine, some hidden"): _cell("000XX3456", "SSN"),
    ("look-alike letters", "o"): _cell("OO0-12-3456", "SSN"),
    ("look-alike letters", "l"): _cell("000-l2-3456", "SSN"),
    ("look-alike letters", "z"): _cell("000-1Z-3456", "SSN"),
    ("look-alike letters", "s"): _cell("000-12-34S6", "SSN"),
    ("look-alike letters", "b"): _cell("000-12-34B6", "SSN"),
    ("look-alike letters", "g"): _cell("000-12-345G", "SSN"),
    ("explanations", "part of a longer chain"): _cell("1-000-12-3456"),
    ("explanations", "money"): _cell("$000.12 3456"),
    ("explanations", "book number"): _cell("978 000 00 0000 2".replace("000 00 0000 2", "000 00 0000") + " 2"),
    ("chain marks", "hyphen"): _cell("1-000-12-3456"),
    ("chain marks", "dot"): _cell("1.000.12.3456"),
    ("chain marks", "slash"): _cell("1/000/12/3456"),
    ("chain marks", "colon"): _cell("1:000:12:3456"),
    ("chain marks", "backslash"): _cell("1\\000\\12\\3456"),
    ("chain marks", "tilde"): _cell("1~000~12~3456"),
    ("chain marks", "asterisk"): _cell("1*000*12*3456"),
    ("chain marks", "bar"): _cell("1|000|12|3456"),
    ("whole beside", "day"): _cell("2001-01-01-000-12-3456"),
    ("whole beside", "school year"): _cell("2025-26-000-12-3456"),
    ("finders", "separated"): _separated("-"),
    ("finders", "labelled"): _labelled("SSN"),
    ("finders", "masked"): _cell("***-**-3456"),
    ("finders", "misread"): _cell("SSN: OO0-12-3456"),
    ("last four orders", "last four of the number"): _cell("last four of SSN: 3456"),
    ("last four orders", "the number's last four"): _cell("SSN last four 3456"),
    ("last four orders", "the number with a four"): _cell("ssn4=3456"),
    ("last four orders", "last four, digits, then the number"): _cell("Last four: 3456 (SSN)"),
    ("last four orders", "digits, then last four of the number"): _cell("3456 (last four of SSN)"),
    ("last four orders", "digits, then the number's last four"): _cell("3456 = SSN last four"),
    ("said before", "number"): _cell("SSN number 00012345"),
    ("said before", "is"): _cell("SSN is 00012345"),
    ("links", "digits"): _cell("last four digits SSN 3456"),
    ("links", "of"): _cell("last four of SSN 3456"),
    ("links", "whose"): _cell("last four her SSN 3456"),
    ("links", "is"): _cell("SSN last four is 3456"),
    ("specimens", "sample card"): _cell(f"SSN {validity.SPECIMENS['sample card']}"),
    ("specimens", "leaflet"): _cell(f"SSN {validity.SPECIMENS['leaflet']}"),
    ("specimens", "advertisement"): _cell(f"SSN {validity.SPECIMENS['advertisement']}"),
    ("specimens", "counted up"): _cell(f"SSN {validity.SPECIMENS['counted up']}"),
    ("specimens", "counted down"): _cell(f"SSN {validity.SPECIMENS['counted down']}"),
    ("itin groups", "50 to 65"): _cell("900-50-1234"),
    ("itin groups", "70 to 88"): _cell("900-70-1234"),
    ("itin groups", "90 to 92"): _cell("900-90-1234"),
    ("itin groups", "94 on"): _cell("900-94-1234"),
    ("atin groups", "93"): _cell("900-93-1234"),
    ("conditions", "no value breaks the SSA's rules"): _column(_one_broken),
    ("conditions", "at least four first digits"): _column(_two_first_digits),
    ("conditions", "different areas"): _column(_few_areas),
    ("conditions", "some leading zeros"): _column(_no_zero),
    ("conditions", "not sequential"): _column(_stepped),
    ("conditions", "no routing numbers"): _column(
        lambda chance: [each for each in routing(chance, 200) if not validity.breaks_ssa_rules(each)]
    ),
    ("splits", "three, two and four digits"): _table(("SSN 1", "000"), ("", "12"), ("", "3456")),
    ("splits", "five and four digits"): _table(("SSN 1", "00012"), ("", "3456")),
    ("parts", "area"): _table(("Area", "000"), ("Group", "12"), ("Serial", "3456")),
    ("parts", "group"): _table(("Area", "000"), ("Group", "12"), ("Serial", "3456")),
    ("parts", "serial"): _table(("Area", "000"), ("Group", "12"), ("Serial", "3456")),
    ("triggers", "three, two and four"): _separated("-"),
    ("triggers", "a word before digits"): _labelled("SSN"),
    ("triggers", "digits before a word"): _cell("000123456 (SSN)"),
    ("triggers", "a mask"): _cell("***-**-3456"),
    ("triggers", "a code"): _separated("&#45;"),
    ("triggers", "a control character"): _cell("00\x010-12-3456"),
    ("sasid faults", sasid.REGULAR): _sasids(_counted),
    ("sasid faults", sasid.DATE_LIKE): _sasids(_days),
    ("sasid faults", sasid.LIKE_SSN): _sasids(_padded),
}
"""For each rule, by table and name, what is seen of a case that needs it."""

ANSWERS: Mapping[tuple[str, bool], Witness] = {
    ("names_ssn", False): _sheet(("SSN",), ("Name", "Note", "Day"), ("000123456", "x", "x")),
    ("names_ssn", True): _sheet(("Example",), ("Name", "Note", "Day"), ("SSN",), ("000123456", "x", "x")),
    ("heads_ssns", False): _cell("000123456", "SSN"),
    ("heads_ssns", True): _cell("000123456", "Local id"),
    ("calls_ssn", False): _table(("Kind", "SSN"), ("Value", "000123456")),
    ("calls_ssn", True): _table(("Kind", "Local id"), ("Value", "000123456")),
    ("heads_last_four", False): _cell("3456", "SSN last four"),
    ("heads_last_four", True): _cell("3456", "SSN"),
    ("names_parts", False): _table(("Area", "000"), ("Group", "12"), ("Serial", "3456")),
    ("names_parts", True): _table(("A", "000"), ("B", "12"), ("C", "3456")),
    ("names_thing", False): _thing("Parcel"),
    ("names_thing", True): _thing("Local id"),
    ("names_person", False): _thing("Student account"),
    ("names_person", True): _thing("Account"),
    ("names_date", False): _cell("20010101", "SSN date"),
    ("names_date", True): _cell("20010101", "SSN"),
    ("is_date", False): _cell("20010101", "SSN date"),
    ("is_date", True): _cell("00012345", "SSN date"),
    ("masked", False): _cell("***-**-3456"),
    ("masked", True): _cell("SSN: 34567"),
    ("_is_mask", False): _cell("***-**-3456"),
    ("_is_mask", True): _cell("***-**-**** 12"),
    ("_is_mixed_mask", False): _cell("***-XX-3456"),
    ("_is_mixed_mask", True): _cell("*X#-*#-3456"),
    ("_joins", False): _cell("1***-**-3456"),
    ("_joins", True): _cell("***-**-3456"),
    ("explained", False): _cell("1-000-12-3456"),
    ("explained", True): _cell("000-12-3456"),
    ("in_code", False): _cell("SSN on file; A1B000123456"),
    ("in_code", True): _cell("SSN, no000123456"),
    ("_is_glued", False): _cell("A1SSN000123456"),
    ("_is_glued", True): _cell("SSN on file; A1B000123456"),
    ("in_hash", False): _cell("deadbeef000123456deadbeef", "SSN"),
    ("in_hash", True): _cell("seen: 000123456", "SSN"),
    ("_has_nine_foreign", False): _column(
        lambda chance: [each.translate({48 + digit: 0x660 + digit for digit in range(10)}) for each in ssns(chance, 60)]
    ),
    ("_is_long_number", False): _column(lambda chance: [*ssns(chance, 70), *(str(10**9 + n) for n in range(200))]),
    ("_is_long_number", True): _column(lambda chance: [*ssns(chance, 70), *(["Example"] * 200)]),
    ("_fits", False): _parts(ssns(random.Random(1), 100)),
    ("behave_like_ssns", False): _parts(ssns(random.Random(1), 100)),
    ("behave_like_ssns", True): _parts([f"{n:03}122025" for n in range(1, 101)]),
    ("is_placeholder", False): _column(lambda chance: [*ssns(chance, 100), "000000000"]),
    ("is_placeholder", True): _thing("Local id"),
    ("breaks_ssa_rules", False): _column(_one_broken),
    ("breaks_ssa_rules", True): _thing("Local id"),
    ("is_issuable", True): _separated("-"),
    ("is_routing_number", True): _thing("Local id"),
    ("_is_number", False): _sasids(_counted),
    ("_is_number", True): _sasids(lambda chance: [number[1:] for number in _counted(chance)]),
}
"""For each question of the detector and each answer what is seen of a case in which that answer would be wrong."""

MEANING = {"number": "no", "said": "provided", "whose": "my", "id": "id", "tin": "", "social": ""}
"""What the placeholders of the tables stand for in the text of a witness."""

_WRITTEN = (
    *(
        "SSN",
        "S.S.",
        "S/S",
        "SS no",
        "SS#",
        "Soc Sec",
        "NSS",
        "N.S.S.",
        "SSA number",
        "HIC no",
        "TIN",
        "T.I.N.",
        "Tax ID",
    ),
    *("N\u00famero de SS", "identificacion de contribuyente"),
)
_MASKED = ("***-**-3456", "***-12-****", "000-**-****", "***-12-3456", "000-12-****", "000-**-3456", "SSN ***3456")
_CODED = ("000&#45;12&#45;3456", "000%2D12%2D3456", "000\\u201312\\u20133456", "000<b>-12-</b>3456", "n=000+12+3456")
_TRIGGERING = (
    *(form.format(word) for word in _WRITTEN for form in ("{}:000123456", "{}.000123456", "000123456 ({})")),
    *_MASKED,
    *_CODED,
)

BY_ALTERNATIVE: Mapping[str, Callable[[str], Witness]] = {
    "ssn words": _word,
    "social before": _social,
    "other labels": lambda word: _all(_otherwise(word), _cell(f"SSN on file; {word}000123456")),
    "number words": lambda word: _labelled(f"SS {word}"),
    "whose": lambda word: _labelled(f"{word}ssn"),
    "said of": lambda word: _all(_labelled(f"TIN {word}"), _labelled(f"social {word} card")),
    "tin before": _tin,
    "other said": lambda word: _otherwise(f"case {word}"),
    "things": _thing,
    "loose things": _thing,
    "persons": lambda word: _thing(f"{word} account"),
    "last four": _four,
    "last four headers": lambda header: _all(
        _cell("3456", header), _cell("3456", header.replace("ssnl", "ssnlast")), _cell("3456", f"SSN {header[3:]}")
    ),
    "denials": lambda word: _cell("000123456", f"Student id ({word} SSN)"),
    "days": lambda word: _cell("20010101", f"SSN {word}"),
    "parts": lambda word: _all(
        *(
            _table((area, "000"), (group, "12"), (serial, "3456"))
            for area, group, serial in ((word, "group", "serial"), ("area", word, "serial"), ("area", "group", word))
        )
    ),
    "said before": lambda word: _all(_cell(f"SSN {word} 00012345"), _cell(f"SSN {word} xxx3456")),
    "links": lambda word: _all(_cell(f"last four {word} SSN 3456"), _cell(f"SSN {word} last four 3456")),
    "triggers": lambda text: _all(*map(_cell, (text, *_TRIGGERING))),
}
"""For each table of patterns what is seen of a case that needs the alternative a text goes by."""
