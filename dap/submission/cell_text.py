"""The text that a spreadsheet shows for a stored number, by the cell's own number format; never a guess at it.

Source of the format language: ECMA-376 part 1, 18.8.30 and 18.8.31; of dates before March 1900: Excel counts a
29 February 1900 that never was, so serial numbers from 1 to 60 are off by one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from math import isfinite

TEXT, NUMBER, DATE, BOOLEAN, ERROR = "t", "n", "d", "b", "e"
DIGITS_LOST, SHOWN_ROUNDED, NO_FORMAT, INVISIBLE = "r", "s", "f", "i"
KINDS = frozenset("tndbersfi")
"""What a cell holds, one letter each: text, number, date, boolean, error; a number of more than 15 digits, one that is
shown rounded, one whose format cannot be told exactly, one that its format hides."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_MOST_DIGITS = 15

# What ECMA-376 (18.8.30) leaves to the program, as Excel in English writes it.
BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "m/d/yyyy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "m/d/yyyy h:mm", 37: "#,##0 ;(#,##0)", 38: "#,##0 ;[Red](#,##0)",
    39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;[Red](#,##0.00)", 41: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)',
    42: '_($* #,##0_);_($* (#,##0);_($* "-"_);_(@_)', 43: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)',
    44: '_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)', 45: "mm:ss", 46: "[h]:mm:ss", 47: "mmss.0",
    48: "##0.0E+0", 49: "@",
}  # fmt: skip

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LITERALS = frozenset("$-+/():!^&'~{}<>= ")
_COLOURS = re.compile(r"(?:black|blue|cyan|green|magenta|red|white|yellow|color ?[0-9]{1,2})", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)([+-]?[0-9]+(?:\.[0-9]+)?)")
_LOCALE = re.compile(r"\$([^-]*)(?:-([0-9A-Fa-f]+))?(?:,[0-9A-Fa-f]+)?")
_ENGLISH = frozenset({"", "409", "0409", "809", "0809", "1009", "C09", "F800", "F400"})
_DATE_RUN = re.compile(r"y+|m+|d+|h+|s+|AM/PM|A/P", re.IGNORECASE)


class UnknownFormatError(Exception):
    """The format uses what is not known here to the letter."""


@dataclass(frozen=True)
class Shown:
    """The text a cell shows, and what it holds (one of KINDS)."""

    text: str
    kind: str


@dataclass(frozen=True)
class _Token:
    """A part of a format: `kind` is literal, digit, point, comma, percent, exponent, date or general."""

    kind: str
    text: str


@dataclass(frozen=True)
class _Section:
    tokens: tuple[_Token, ...]
    condition: tuple[str, Decimal] | None = None

    def has(self, kind: str) -> bool:
        return any(token.kind == kind for token in self.tokens)


def shown_number(raw: str, code: str, *, from_1904: bool = False) -> Shown:
    """The text of a stored number under a number format.

    `raw` is the number as the file writes it; ValueError where it is none that a spreadsheet can hold. A format that
    cannot be followed to the letter gives the kind NO_FORMAT and the number as it is stored.
    """
    if not _NUMBER.fullmatch(raw):
        raise ValueError("a stored number is not written as one")
    if not isfinite(float(raw)):
        raise ValueError("a stored number is larger than any that a spreadsheet holds")
    value = Decimal(f"{float(raw):.15g}")
    stored = general(value)
    try:
        section, positive = _section_for(_sections(code), value)
        text, kind = _in_section(section, abs(value) if positive else value, from_1904)
    except (UnknownFormatError, ArithmeticError, OverflowError):
        return Shown(stored, NO_FORMAT)
    if not text.strip():
        return Shown(stored, INVISIBLE)
    if kind == NUMBER and _has_lost_digits(raw):
        kind = DIGITS_LOST
    return Shown(text, kind)


def text_is_hidden(code: str) -> bool:
    """Whether the format shows nothing for a text, as `;;;` does."""
    sections = code.split(";") if '"' not in code and "\\" not in code else []
    return len(sections) == 4 and not sections[3].strip()


def shows_dates(code: str) -> bool:
    """Whether numbers are dates or times under this format."""
    try:
        return any(section.has("date") for section in _sections(code))
    except UnknownFormatError:
        return False


def literals(code: str) -> tuple[str, ...]:
    """The words that a format adds to what it shows; all of it where it cannot be followed."""
    try:
        said = ("".join(t.text for t in each.tokens if t.kind == "literal") for each in _sections(code))
        return tuple(words for words in said if words.strip("$-+/():, "))
    except UnknownFormatError:
        return (code,)


def general(value: Decimal) -> str:
    """A number as the format General has it, in full: Excel shortens it only to fit the column's width."""
    if value == value.to_integral_value():
        return f"{value.to_integral_value():f}".removeprefix("-") if not value else f"{value.to_integral_value():f}"
    if value.adjusted() < -9:
        digits, _, exponent = f"{value.normalize():E}".partition("E")
        return f"{digits}E{int(exponent):+03d}"
    return f"{value.normalize():f}"


def _has_lost_digits(raw: str) -> bool:
    """Whether a whole number has more digits than a spreadsheet keeps: those after the 15th were made 0."""
    value = Decimal(raw)
    return value == value.to_integral_value() and value.adjusted() >= _MOST_DIGITS


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    parts: list[list[_Token]] = [[]]
    conditions: list[tuple[str, Decimal] | None] = [None]
    place = 0
    while place < len(code):
        letter, rest = code[place], code[place:]
        if letter == ";":
            parts.append([])
            conditions.append(None)
            place += 1
        elif letter == "[":
            end = code.find("]", place)
            if end < 0:
                raise UnknownFormatError
            literal, condition = _bracket(code[place + 1 : end])
            conditions[-1] = condition or conditions[-1]
            if literal:
                parts[-1].append(_Token("literal", literal))
            place = end + 1
        else:
            token, length = _token(letter, rest)
            if token is not None:
                parts[-1].append(token)
            place += length
    if len(parts) > 4:
        raise UnknownFormatError
    return tuple(_Section(_resolved(tokens), condition) for tokens, condition in zip(parts, conditions, strict=True))


def _bracket(inside: str) -> tuple[str, tuple[str, Decimal] | None]:
    """What stands in brackets: a colour (nothing), a condition, a currency sign or language."""
    if _COLOURS.fullmatch(inside):
        return "", None
    if found := _CONDITION.fullmatch(inside):
        return "", (found[1], Decimal(found[2]))
    if (found := _LOCALE.fullmatch(inside)) and (found[2] or "").upper() in _ENGLISH:
        return found[1], None
    raise UnknownFormatError


def _token(letter: str, rest: str) -> tuple[_Token | None, int]:
    """The token at the beginning of `rest`, and how many characters it takes."""
    if letter == '"':
        end = rest.find('"', 1)
        if end < 0:
            raise UnknownFormatError
        return _Token("literal", rest[1:end]), end + 1
    if letter == "\\":
        return _Token("literal", rest[1:2]), 2
    if letter == "_":
        return _Token("literal", " "), 2
    if letter == "*":
        return None, 2
    if rest[:7].lower() == "general":
        return _Token("general", ""), 7
    if found := re.match(r"E[+-]", rest):
        return _Token("exponent", found[0]), 2
    if found := _DATE_RUN.match(rest):
        return _Token("date", found[0]), len(found[0])
    kinds = {"0": "digit", "#": "digit", "?": "digit", ".": "point", ",": "comma", "%": "percent", "@": "text"}
    if letter in kinds:
        return _Token(kinds[letter], letter), 1
    if letter in _LITERALS or not letter.isascii():
        return _Token("literal", letter), 1
    raise UnknownFormatError


def _resolved(tokens: list[_Token]) -> tuple[_Token, ...]:
    """The tokens with points and commas of a date made literals; an `m` next to hours or seconds made minutes (`n`)."""
    if not any(token.kind == "date" for token in tokens):
        if any(token == _Token("literal", "/") for token in tokens) and any(token.text == "?" for token in tokens):
            raise UnknownFormatError  # fractions
        return tuple(tokens)
    runs = [place for place, token in enumerate(tokens) if token.kind == "date" and "/" not in token.text]
    letters = {place: tokens[place].text[0].lower() for place in runs}
    resolved = list(tokens)
    for order, place in enumerate(runs):
        if letters[place] != "m" or len(tokens[place].text) > 2:
            continue
        before = letters[runs[order - 1]] if order else ""
        after = letters[runs[order + 1]] if order + 1 < len(runs) else ""
        if before in ("h", "n") or after == "s" or before == "s":
            letters[place] = "n"
            resolved[place] = _Token("date", "n" * len(tokens[place].text))
    for place, token in enumerate(resolved):
        if token.kind in ("digit", "percent", "exponent", "text", "general"):
            raise UnknownFormatError
        if token.kind in ("point", "comma"):
            resolved[place] = _Token("literal", token.text)
    return tuple(resolved)


def _section_for(sections: tuple[_Section, ...], value: Decimal) -> tuple[_Section, bool]:
    """The section a number is shown by, and whether the section brings its own sign."""
    if any(section.condition for section in sections):
        for section in sections[:2]:
            if section.condition is None or _holds(section.condition, value):
                return section, section.condition is not None and value < 0 and len(sections) > 1
        if len(sections) > 2:
            return sections[2], False
        raise UnknownFormatError
    # A last section with @ is that of texts, wherever it stands.
    numeric = sections[:-1] if len(sections) > 1 and sections[-1].has("text") else sections[:3]
    if len(numeric) == 1:
        return numeric[0], False
    if value < 0:
        return numeric[1], True
    if value == 0 and len(numeric) == 3:
        return numeric[2], False
    return numeric[0], False


def _holds(condition: tuple[str, Decimal], value: Decimal) -> bool:
    sign, bound = condition
    return {
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
        "=": value == bound,
        "<>": value != bound,
    }[sign]


def _in_section(section: _Section, value: Decimal, from_1904: bool) -> tuple[str, str]:
    if section.has("date"):
        return _date_text(section.tokens, value, from_1904), DATE
    if section.has("general") or section.has("text"):
        text = "".join(general(value) if t.kind in ("general", "text") else t.text for t in section.tokens)
        if any(token.kind not in ("general", "text", "literal") for token in section.tokens):
            raise UnknownFormatError
        return text, NUMBER
    if not section.has("digit"):
        words = "".join(token.text for token in section.tokens if token.kind == "literal")
        return words, SHOWN_ROUNDED if value else NUMBER
    if section.has("exponent"):
        return _scientific(section.tokens, value)
    return _decimal_text(section.tokens, value)


def _decimal_text(tokens: tuple[_Token, ...], value: Decimal) -> tuple[str, str]:
    point = next((place for place, token in enumerate(tokens) if token.kind == "point"), None)
    digits = [place for place, token in enumerate(tokens) if token.kind == "digit"]
    last = digits[-1]
    if sum(token.kind == "point" for token in tokens) > 1:
        raise UnknownFormatError
    before = tokens if point is None else tokens[:point]
    after = () if point is None else tokens[point + 1 :]
    last_before = max((place for place in digits if point is None or place < point), default=-1)
    scale = sum(1 for place, token in enumerate(tokens) if token.kind == "comma" and place > last_before)
    # Commas behind the last digit divide by a thousand; those behind the decimals are not known to the letter.
    if scale and last != last_before:
        raise UnknownFormatError
    grouped = any(token.kind == "comma" and digits[0] < place < last_before for place, token in enumerate(tokens))
    exact = value.scaleb(2 * sum(token.kind == "percent" for token in tokens) - 3 * scale)
    places = sum(token.kind == "digit" for token in after)
    rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole, _, fraction = f"{abs(rounded):f}".partition(".")
    sign = "-" if rounded < 0 else ""
    text = _whole_text(before, whole.lstrip("0"), grouped)
    if point is not None:
        text += "." + _fraction_text(after, fraction)
    return sign + text, NUMBER if rounded == exact else SHOWN_ROUNDED


def _whole_text(tokens: tuple[_Token, ...], whole: str, grouped: bool) -> str:
    """The digits before the point, filled into the places from the right; the first place takes what is left."""
    places = [place for place, token in enumerate(tokens) if token.kind == "digit"]
    filled = {}
    rest, count = whole, 0
    for place in reversed(places):
        take = rest if place == places[0] else rest[-1:]
        rest = "" if place == places[0] else rest[:-1]
        blank = {"0": "0", "#": "", "?": " "}[tokens[place].text]
        shown = ""
        for digit in reversed(take or blank):
            shown = digit + ("," if grouped and count and count % 3 == 0 and digit != " " else "") + shown
            count += 1
        filled[place] = shown
    out = []
    for place, token in enumerate(tokens):
        if token.kind == "digit":
            out.append(filled[place])
        elif token.kind == "percent":
            out.append("%")
        elif token.kind == "literal":
            out.append(token.text)
    return "".join(out) if places else "".join(out) + whole


def _fraction_text(tokens: tuple[_Token, ...], fraction: str) -> str:
    out, place = [], 0
    for token in tokens:
        if token.kind == "digit":
            digit, rest = fraction[place], fraction[place:]
            place += 1
            if token.text == "0" or rest.strip("0"):
                out.append(digit)
            elif token.text == "?":
                out.append(" ")
        elif token.kind == "percent":
            out.append("%")
        elif token.kind == "literal":
            out.append(token.text)
    return "".join(out)


def _scientific(tokens: tuple[_Token, ...], value: Decimal) -> tuple[str, str]:
    code = "".join(token.text for token in tokens)
    found = re.fullmatch(r"0(?:\.(0+))?E([+-])(0+)", code)
    if found is None or any(token.kind == "literal" for token in tokens):
        raise UnknownFormatError
    places = len(found[1] or "")
    text = f"{value:.{places}E}"
    mantissa, _, exponent = text.partition("E")
    sign = "-" if int(exponent) < 0 else "+" if found[2] == "+" else ""
    shown = f"{mantissa}E{sign}{abs(int(exponent)):0{len(found[3])}d}"
    return shown, NUMBER if Decimal(text) == value else SHOWN_ROUNDED


def _date_text(tokens: tuple[_Token, ...], value: Decimal, from_1904: bool) -> str:
    moment = _moment(value, from_1904)
    half_day = any("/" in token.text for token in tokens if token.kind == "date")
    return "".join(_date_part(token.text, moment, half_day) if token.kind == "date" else token.text for token in tokens)


def _moment(value: Decimal, from_1904: bool) -> datetime:
    # Below 61 stands the day that never was; what is negative is shown as a row of hashes.
    if value < 0 or (not from_1904 and value < 61 and value >= 1) or value >= 2_958_466:
        raise UnknownFormatError
    base = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)
    days = int(value)
    seconds = ((value - days) * 86_400).quantize(Decimal(1), ROUND_HALF_UP)
    return base + timedelta(days=days, seconds=int(seconds))


def _date_part(run: str, moment: datetime, half_day: bool) -> str:
    letter, length = run[0].lower(), len(run)
    hour = moment.hour % 12 or 12 if half_day else moment.hour
    if "/" in run:
        word = "AM" if moment.hour < 12 else "PM"
        return word if length > 3 else word[0]
    numbers = {"m": moment.month, "d": moment.day, "h": hour, "n": moment.minute, "s": moment.second}
    if letter == "y":
        return f"{moment.year:04d}" if length > 2 else f"{moment.year % 100:02d}"
    if length <= 2:
        return f"{numbers[letter]:0{length}d}"
    if letter == "m" and length <= 5:
        name = _MONTHS[moment.month - 1]
        return {3: name[:3], 4: name, 5: name[0]}[length]
    if letter == "d" and length <= 4:
        name = _DAYS[moment.weekday()]
        return name[:3] if length == 3 else name
    raise UnknownFormatError
