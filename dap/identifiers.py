"""Finds Social Security numbers and their kin: separated and labelled forms, in a text, under a header, in a table.

The rules are those of the Social Security Administration (areas, groups and serials that are never issued,
https://secure.ssa.gov/apps10/poms.nsf/lnx/0110201035) and of the IRS (ITIN and ATIN groups). Validity chooses the
label of a finding; it never silences one: a dummy in the layout of an SSN shows that an SSN field was exported.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

SEPARATED = "separated"
LABELLED = "labelled"

# Dashes outside the category Pd: minus, hyphen bullet, modifier, prolonged sound mark, heavy and superscript minus.
_DASHES = frozenset("\u2212\u2043\u02d7\u30fc\u2796\u207b")
# Look-alikes of the other separators: dots and bullets, slashes, tildes; and letters that draw nothing.
_FOLDED = {
    **dict.fromkeys("\u00b7\u2022\u2219\u22c5\u2024\u30fb", "."),
    **dict.fromkeys("\u2044\u2215", "/"),
    **dict.fromkeys("\u223c\u02dc", "~"),
    **dict.fromkeys("\u2800\u3164\u115f\u1160", " "),
}
# The grapheme joiner and the variation selectors: marks that draw nothing.
_REMOVED = frozenset("\u034f" + "".join(map(chr, range(0xFE00, 0xFE10))))
_SOFT_HYPHEN = "\u00ad"

_SEPARATOR = r"[ \-._/\\|:~*]{1,4}"
_LONGEST_SEPARATOR = 4
_CHAIN_MARKS = frozenset("-./:")
_SEPARATED = re.compile(rf"(?<![0-9])(?=([0-9]{{3}})({_SEPARATOR})([0-9]{{2}})({_SEPARATOR})([0-9]{{4}})(?![0-9]))")
# Not the digits after a decimal point, nor those before one; a point after a letter ("No.") makes no fraction.
_NINE = re.compile(r"(?<![0-9])(?<![0-9 ]\.)(?<!\A\.)[0-9]{9}(?![0-9]|[.,][0-9])")
_NEARLY_NINE = re.compile(r"(?<![0-9])(?:[0-9]{8}|[0-9]{3}[ -][0-9]{6}|[0-9]{5}[ -][0-9]{4})(?![0-9]|[.,][0-9])")
_UNDER_HEADER = re.compile(r"[0-9]{7,9}(?:\.0+)?|[0-9]{3}[ -]?[0-9]{6}|[0-9]{5}[ -]?[0-9]{4}")
_JOINT = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")

_NUMBER = r"(?:no|nr|nbr|num|number)"
_SSN = (
    r"(?<![a-z0-9])"
    rf"(?:ss ?#|(?:ssns?|ssno|ssnum|ssnbr|ssnumber|s\.s\.n\.?|s\.s\.|ss {_NUMBER}|s/s"
    rf"|soc\.? ?sec\.?(?: ?{_NUMBER})?|social ?security(?: ?{_NUMBER})?"
    # "Personal/social" is a field of child development.
    rf"|social(?= ?(?:(?<!personal social)$|[#:=0-9]|(?:{_NUMBER}|is|was)(?![a-z])))"
    rf"|seguro ?social|nss|ssa {_NUMBER}|hicn"
    r"|tin|tax ?payer ?(?:id|identification)|tax ?(?:id|identification)|itin|atin)(?![a-z0-9]))"
)
_SSN_WORD = re.compile(_SSN)
_DIRECTLY_BEFORE = re.compile(rf"{_SSN}(?: ?(?:{_NUMBER}|is|was)(?![a-z]))*[ .:#=(-]*(?=[0-9])")
_OTHER_LABEL = re.compile(
    r"(?<![a-z0-9])"
    r"(?:zip(?: code)?|po|p\.o\.|box|invoice|case|sasid|ssid|class|routing|account|acct|ein|fein|phone|tel|fax|order"
    r"|ticket|ref|policy|permit|parcel|isbn|local id|student id)"
    rf"(?: ?(?:{_NUMBER}|id)(?![a-z]))?[ .:#=(-]*(?=[0-9])"
)
_WORD_REACH = 40


@dataclass(frozen=True)
class Hit:
    """One number found: `ssn`, `itin`, `atin` or `ssn-shaped`, by which form, on what evidence. Holds no value."""

    label: str
    form: str
    evidence: str


def find_in_text(text: str) -> tuple[Hit, ...]:
    """What a single text holds, cell, header, title line or file name alike."""
    hits: list[Hit] = []
    for variant in _normalised(text):
        hits += [
            Hit(_label(*groups), SEPARATED, "three, two and four digits with separators")
            for groups in _separated(variant)
        ]
        hits += [
            Hit(_label(*groups), LABELLED, "nine digits beside a word for Social Security number")
            for groups in _labelled(variant)
        ]
    return tuple(dict.fromkeys(hits))


def names_ssn(header: str) -> bool:
    """Whether a header or name holds a word for Social Security number (whole words, English or Spanish)."""
    return any(_SSN_WORD.search(words) for variant in _normalised(header) for words in _words(variant))


def find_in_column(values: Sequence[str | None], header: str) -> Iterator[tuple[int, Hit]]:
    """Where in a column something is found: the place in `values`, from 0, and what.

    Under a header that names an SSN, nine bare digits (or a cell of 7 or 8, whose zeros were lost) are labelled by it.
    """
    labelled = names_ssn(header)
    for place, value in enumerate(values):
        if value is None or (len(value) < 7):
            continue
        hits = find_in_text(value) if _worth_a_look(value) else ()
        yield from ((place, hit) for hit in hits)
        if labelled and not hits and (groups := _under_header(value)):
            yield place, Hit(_label(*groups), LABELLED, "digits under a header that names a Social Security number")


@dataclass(frozen=True)
class Place:
    """One column in which a form was found: its position from 1, and the row numbers."""

    form: str
    column: int
    rows: tuple[int, ...]


def find_in_table(
    columns: Iterable[tuple[str, Sequence[str | None]]], rows: Sequence[int], header_row: int
) -> tuple[Place, ...]:
    """What a whole table holds, one Place a column and form.

    `columns` gives each column's header text and values, in file order; `rows` their row numbers.
    """
    places: list[Place] = []
    for position, (header, values) in enumerate(columns, start=1):
        found: dict[str, list[int]] = {}
        for form in dict.fromkeys(hit.form for hit in find_in_text(header)):
            found[form] = [header_row]
        for place, hit in find_in_column(values, header):
            numbers = found.setdefault(hit.form, [])
            if not numbers or numbers[-1] != rows[place]:
                numbers.append(rows[place])
        places += [Place(form, position, tuple(numbers)) for form, numbers in found.items()]
    return tuple(places)


_DIGITS_OR_WORD = re.compile(r"[0-9][^0-9A-Za-z]{1,4}[0-9]{2}[^0-9A-Za-z]{1,4}[0-9]|[0-9]{5}|[&%]|[^\x00-\x7f]")


def _worth_a_look(value: str) -> bool:
    # Most cells end here: without these there is neither a separated number nor nine digits beside a word.
    return _DIGITS_OR_WORD.search(value) is not None


def _normalised(text: str) -> tuple[str, ...]:
    """The text as it is scanned: entities and percent codes decoded; digits, dashes and blanks folded."""
    if text.isascii() and "&" not in text and "%" not in text:
        return (text.translate(_BLANKS_AND_CONTROLS),)
    # As it stands as well: what only looks like a code ("95%000-12-3456") would swallow digits when decoded.
    decoded = unquote(html.unescape(text), errors="replace")
    # A raised digit is a digit to NFKC; as a footnote mark behind a number it is none. Both ways are scanned.
    marked = (each for text in (text, decoded) for each in (text, _without_raised(text)))
    hyphened = (each.replace(_SOFT_HYPHEN, instead) for each in marked for instead in ("", "-"))
    return tuple(_folded(each) for each in dict.fromkeys(hyphened))


def _without_raised(text: str) -> str:
    return "".join(each for each in text if not unicodedata.decomposition(each).startswith(("<super>", "<sub>")))


_BLANKS = {ord(blank): " " for blank in "\t\n\r\v\f\x1c\x1d\x1e\x1f\x85"}
_BLANKS_AND_CONTROLS: dict[int, str | None] = {**dict.fromkeys((*range(32), 127)), **_BLANKS}


def _folded(text: str) -> str:
    folded: list[str] = []
    for character in unicodedata.normalize("NFKC", text):
        category = unicodedata.category(character)
        if character in _DASHES or category == "Pd":
            folded.append("-")
        elif category == "Nd":
            folded.append(str(unicodedata.digit(character)))
        elif category in ("Zs", "Zl", "Zp") or ord(character) in _BLANKS:
            folded.append(" ")
        elif category not in ("Cf", "Cc") and character not in _REMOVED:
            folded.append(_FOLDED.get(character, character))
    return "".join(folded)


def _separated(text: str) -> Iterator[tuple[str, str, str]]:
    found = list(_SEPARATED.finditer(text))
    named = bool(found) and any(_SSN_WORD.search(words) for words in _words(text))
    for place, match in enumerate(found):
        area, first, group, second, serial = match.groups()
        # Two such numbers in a row vouch for each other, and a word for Social Security number for all.
        beside = found[max(0, place - 1) : place] + found[place + 1 : place + 2]
        repeated = any(_gap(match, other) <= _LONGEST_SEPARATOR for other in beside)
        if named or repeated or not _in_chain(text, match.start(1), match.end(5), first, second):
            yield area, group, serial


def _gap(one: re.Match[str], other: re.Match[str]) -> int:
    return max(one.start(1), other.start(1)) - min(one.end(5), other.end(5))


def _in_chain(text: str, start: int, end: int, first: str, second: str) -> bool:
    """Whether the groups are part of a longer chain of the same mark and digits, such as a version or a code.

    Blanks and underscores join what does not belong together, so they make no chain.
    """
    if first != second or first not in _CHAIN_MARKS:
        return False
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    return bool(re.fullmatch(rf"[0-9]{re.escape(first)}", before) or re.fullmatch(rf"{re.escape(second)}[0-9]", after))


def _labelled(text: str) -> Iterator[tuple[str, str, str]]:
    if text.isdigit() or not (_NINE.search(text) or _NEARLY_NINE.search(text)):
        return
    for words in _words(text):
        spans = [match.span() for match in _SSN_WORD.finditer(words)]
        if not spans:
            continue
        starts, ends = [start for start, _ in spans], [end for _, end in spans]
        otherwise = {match.end() for match in _OTHER_LABEL.finditer(words)}
        for match in _NINE.finditer(words):
            before, after = bisect_right(ends, match.start()) - 1, bisect_left(starts, match.end())
            near = (before >= 0 and ends[before] >= match.start() - _WORD_REACH) or (
                after < len(starts) and starts[after] <= match.end() + _WORD_REACH
            )
            if near and match.start() not in otherwise:
                yield _groups(match.group())
        directly = {match.end() for match in _DIRECTLY_BEFORE.finditer(words)}
        yield from (_groups(match.group()) for match in _NEARLY_NINE.finditer(words) if match.start() in directly)


def _under_header(value: str) -> tuple[str, str, str] | None:
    """The groups of a value that is nine digits, or 7 or 8 whose leading zeros were lost, or text that holds nine."""
    for variant in _normalised(value):
        bare = variant.strip(" '=\"")
        if _UNDER_HEADER.fullmatch(bare):
            return _groups(bare.partition(".")[0])
        words = _plain(variant)
        otherwise = {match.end() for match in _OTHER_LABEL.finditer(words)}
        for match in _NINE.finditer(words):
            if match.start() not in otherwise:
                return _groups(match.group())
    return None


def _groups(number: str) -> tuple[str, str, str]:
    digits = re.sub("[^0-9]", "", number).zfill(9)
    return digits[:3], digits[3:5], digits[5:]


def _words(normalised: str) -> tuple[str, ...]:
    """The text as words are looked for in it, lower case without accents: as it stands, and with joined words split."""
    split = _JOINT.sub(" ", normalised).replace("-", " ")
    return tuple(dict.fromkeys((_plain(normalised), _plain(split))))


def _plain(text: str) -> str:
    if not text.isascii():
        decomposed = unicodedata.normalize("NFD", text)
        text = "".join(each for each in decomposed if unicodedata.category(each) != "Mn")
    return re.sub(r"\s+", " ", text.casefold().replace("_", " "))


def _itin(group: int) -> bool:
    # https://support.taxslayerpro.com/hc/en-us/articles/8250466982554-Valid-Range-for-ITINs
    return 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99


_SPECIMENS = frozenset({"078051120", "219099999", "457555462", "123456789", "987654321"})
_NEVER_ISSUED: tuple[Callable[[str, str, str], bool], ...] = (
    lambda area, group, serial: area in ("000", "666") or area.startswith("9"),
    lambda area, group, serial: group == "00" or serial == "0000",
)


def _label(area: str, group: str, serial: str) -> str:
    specimen = area + group + serial in _SPECIMENS or len(set(area + group + serial)) == 1
    if area.startswith("9") and serial != "0000" and not specimen:
        if group == "93":
            return "atin"
        if _itin(int(group)):
            return "itin"
    return "ssn-shaped" if specimen or any(rule(area, group, serial) for rule in _NEVER_ISSUED) else "ssn"
