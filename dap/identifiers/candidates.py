"""Where in a normalised text digits stand as an identifier would: separated, bare, nearly bare, masked.

Every pattern is bounded (no `*`, no `+`), so a search takes time in proportion to the text; a test keeps it so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import repeat

SEPARATORS: dict[str, str] = {
    "blank": " ",
    "hyphen": r"\-",
    "dot": ".",
    "underscore": "_",
    "slash": "/",
    "backslash": r"\\",
    "bar": "|",
    "colon": ":",
    "tilde": "~",
    "asterisk": "*",
}
LONGEST_SEPARATOR = 4

# A mask of 3-2-4 layout: which groups are digits. All hidden is no identifier, all shown is a separated number.
MASKS: dict[str, tuple[bool, bool, bool]] = {
    "last group": (False, False, True),
    "middle group": (False, True, False),
    "first group": (True, False, False),
    "all but the first": (False, True, True),
    "all but the last": (True, True, False),
    "all but the middle": (True, False, True),
}
# What hides a digit. Letters do only where no other letter touches them.
MASK_SYMBOLS: dict[str, str] = {
    "asterisk": "*",
    "hash": "#",
    "question": "?",
    "underscore": "_",
    "letter x": "xX",
    "letter n": "nN",
}
# In running text these stand before numbers too ("### 12 2024", "___ 12 2024"): they mask between dashes only.
_ALSO_TEXT = "#?_"


@dataclass(frozen=True)
class Separated:
    """Three, two and four digits with separators between: what they are and where they stand."""

    digits: str
    first: str
    second: str
    start: int
    end: int


def separator() -> str:
    """The pattern of one separator."""
    return rf"[{''.join(SEPARATORS.values())}]{{1,{LONGEST_SEPARATOR}}}"


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(_BUILT[name]())


_BUILT: dict[str, Callable[[], str]] = {
    "separated": lambda: rf"(?<![0-9])(?=([0-9]{{3}})({separator()})([0-9]{{2}})({separator()})([0-9]{{4}})(?![0-9]))",
    # Not the digits after a decimal point, nor those before one; a point after a letter ("No.") makes no fraction.
    "nine": lambda: r"(?<![0-9])(?<![0-9 ]\.)(?<!\A\.)[0-9]{9}(?![0-9]|\.(?!0{1,2}(?![0-9]))[0-9])",
    "nearly nine": lambda: (
        rf"(?<![0-9])(?:[0-9]{{8}}|[0-9]{{3}}{separator()}[0-9]{{6}}|[0-9]{{5}}{separator()}[0-9]{{4}})"
        r"(?![0-9]|[.,][0-9])"
    ),
    # By any symbol, where a mask may be; then by each.
    "masked": lambda: _mask(_symbols(), "".join(SEPARATORS.values())),
    # Whatever separates digits and may hide them separates nothing here.
    "mixed masks": lambda: _mask(_symbols(), "".join(set(SEPARATORS.values()) - set("".join(MASK_SYMBOLS.values())))),
    # Three of them are enough where the digits follow at once: "??? 2024" is a question and a year.
    "half masked": lambda: (
        rf"(?<![0-9{_symbols()}])([{_symbols()}]{{3,9}})(?:(?<=[{_symbols()}]{{5}})[ \-._/]{{1,4}})?"
        r"[0-9]{4}(?![0-9A-Za-z])"
    ),
}


def _symbols() -> str:
    return re.escape("".join(MASK_SYMBOLS.values()))


def separated(text: str) -> Iterator[Separated]:
    """Every three, two and four digits with separators, no digit touching; they may overlap."""
    for match in _pattern("separated").finditer(text):
        area, first, group, second, serial = match.groups()
        yield Separated(area + group + serial, first, second, match.start(1), match.end(5))


def nine(text: str) -> Iterator[re.Match[str]]:
    """Every nine bare digits that are no part of a longer number or of a fraction."""
    return _pattern("nine").finditer(text)


def nearly_nine(text: str) -> Iterator[re.Match[str]]:
    """Eight digits, or nine with one separator (3-6, 5-4)."""
    return _pattern("nearly nine").finditer(text)


def masked(text: str) -> bool:
    """Whether the text holds a mask of 3-2-4 layout with one or two groups visible."""
    # All shown is a separated number, and no mask by any symbol.
    places = [
        found.start() for found in _pattern("masked").finditer(text) if not "".join(found.group(1, 3, 5)).isdigit()
    ]
    if not places:
        return False
    return any(
        _is_mask(text, match, symbol)
        for symbol in MASK_SYMBOLS.values()
        for match in map(_masked_by(symbol, "".join(SEPARATORS.values())).match, repeat(text), places)
        if match
    ) or any(_is_mixed_mask(text, match) for match in map(_pattern("mixed masks").match, repeat(text), places) if match)


def _is_mixed_mask(text: str, match: re.Match[str]) -> bool:
    """Whether each hidden group is hidden by one symbol, whichever: "***-XX-" and four digits."""
    hidden = [group for group in match.group(1, 3, 5) if not group.isdigit()]
    symbols = [next((each for each in MASK_SYMBOLS.values() if set(group) <= set(each)), "") for group in hidden]
    return bool(symbols) and all(symbols) and all(_is_mask(text, match, symbol) for symbol in symbols)


@cache
def _masked_by(symbol: str, separators: str) -> re.Pattern[str]:
    # What stands for a digit separates no groups: else "-**- **" could be read as a separator, two digits, a separator.
    return re.compile(_mask(re.escape(symbol), separators.replace(symbol, "")))


def _mask(symbols: str, separators: str) -> str:
    between = rf"([{separators}]{{1,{LONGEST_SEPARATOR}}})"
    return "(?=" + between.join(rf"([0-9]{{{size}}}|[{symbols}]{{{size}}})" for size in (3, 2, 4)) + ")"


def _is_mask(text: str, match: re.Match[str], symbol: str) -> bool:
    area, first, group, second, serial = match.groups()
    if tuple(map(str.isdigit, (area, group, serial))) not in MASKS.values():
        return False
    if symbol in _ALSO_TEXT and (first.isspace() or second.isspace()):
        return False
    before, after = text[max(0, match.start() - 3) : match.start()], text[match.end(5) : match.end(5) + 1]
    return not (_joins(before[-1:], area, symbol, before) or _joins(after, serial, symbol))


def _joins(beside: str, group: str, symbol: str, before: str = "") -> bool:
    """Whether the character beside a group makes it longer than it is: the same kind, or a letter beside letters."""
    if group.isdigit():
        return beside.isdigit()
    # "SSNxxx-xx-..." is glued to its word.
    letter = symbol.isalpha() and beside.isalpha() and before.casefold() != "ssn"
    return beside.isdigit() or letter or (bool(beside) and beside in symbol and before.casefold() != "ssn")


def half_masked(text: str) -> Iterator[re.Match[str]]:
    """Mask characters and four digits, which mean something only beside a word or under a header."""
    for match in _pattern("half masked").finditer(text):
        if any(set(match.group(1)) <= set(each) for each in MASK_SYMBOLS.values()):
            yield match


def digits_of(text: str) -> str:
    """The digits of a text, with the leading zeros that make them nine."""
    return re.sub("[^0-9]", "", text).zfill(9)


def bare(value: str) -> str:
    """A normalised cell without what a spreadsheet puts around it: text guards, quotes, blanks."""
    return value.strip(" '=\"")


# What nine digits become under a header that names them. Each answers the digits, or None.
def _whole(pattern: str) -> Callable[[str], str | None]:
    compiled = re.compile(pattern)
    return lambda text: digits_of(text) if compiled.fullmatch(text) else None


def _one_separator(text: str) -> str | None:
    layout = rf"[0-9]{{3}}{separator()}[0-9]{{6}}|[0-9]{{5}}{separator()}[0-9]{{4}}"
    return digits_of(text) if re.fullmatch(layout, text) else None


def _float_text(text: str) -> str | None:
    whole, point, rest = text.replace(",", ".").partition(".")
    zeros = point and not rest.strip("0") and len(rest) <= 9
    return whole.zfill(9) if zeros and 7 <= len(whole) <= 9 and whole.isdigit() else None


_THOUSANDS = re.compile(r"([0-9]{1,3}(?:,[0-9]{3}){2})(?:\.0{1,2})?|([0-9]{1,3}(?:[.' ][0-9]{3}){2})(?:,0{1,2})?")


def _thousands(text: str) -> str | None:
    found = _THOUSANDS.fullmatch(text)
    return digits_of(found[1] or found[2]) if found else None


_SCIENTIFIC = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{0,9})?[eE]\+?[0-9]{1,2}")


def _scientific(text: str) -> str | None:
    if not _SCIENTIFIC.fullmatch(text):
        return None
    number = Decimal(text.replace(",", "."))
    return str(int(number)).zfill(9) if 1_000_000 <= number < 1_000_000_000 else None


LOOK_ALIKE_LETTERS: dict[str, tuple[str, str]] = {
    "o": ("oOQD", "0"),
    "l": ("lIi|!", "1"),
    "z": ("zZ", "2"),
    "s": ("sS", "5"),
    "b": ("B", "8"),
    "g": ("G", "6"),
}
_READ_WRONGLY = 4


@cache
def _alike() -> dict[int, str]:
    return {ord(letter): digit for letters, digit in LOOK_ALIKE_LETTERS.values() for letter in letters}


_LONGEST = 32


def _misread(text: str) -> str | None:
    """Nine characters, or 3-2-4, some of them letters that look like digits."""
    if len(text) > _LONGEST:
        return None
    read = text.translate(_alike())
    letters = sum(each.isalpha() for each in text)
    if not 0 < letters <= _READ_WRONGLY:
        return None
    layout = rf"[0-9]{{9}}|[0-9]{{3}}{separator()}[0-9]{{2}}{separator()}[0-9]{{4}}"
    return digits_of(read) if re.fullmatch(layout, read) else None


_ONE_LETTER = re.compile(
    r"[A-Za-z][ -]?[0-9]{9}|[0-9]{9}[ -]?[A-Za-z][0-9A-Za-z]?|(?=[0-9A-Za-z]{9,10}\Z)[0-9]{0,8}[A-Za-z][0-9]{0,8}"
)


def _one_letter(text: str) -> str | None:
    """Nine digits and a letter (a claim number's suffix), or nine characters of which one is a letter."""
    return digits_of(text)[:9] if _ONE_LETTER.fullmatch(text) else None


UNDER_HEADER: dict[str, Callable[[str], str | None]] = {
    "nine digits": _whole(r"[0-9]{9}"),
    "seven or eight digits, zeros lost": _whole(r"[0-9]{7,8}"),
    "a number with an empty fraction": _float_text,
    "scientific notation": _scientific,
    "thousands separators": _thousands,
    "one separator": _one_separator,
    "digits set apart": _whole(r"[0-9](?:[ .\-][0-9]){8}"),
    "letters read for digits": _misread,
    "nine digits and a letter": _one_letter,
}

MASKED_UNDER_HEADER: dict[str, Callable[[str], bool]] = {
    "hidden up to the last four": lambda text: (
        re.fullmatch(r"[*#?_xXnN. \-]{3,14}[0-9]{4}", text) is not None
        and sum(each in "*#?_xXnN." for each in text) >= 3
    ),
    "nine, some hidden": lambda text: (
        len(text) <= 24
        and re.fullmatch(r"[0-9*#?_xXnN \-]{9,24}", text) is not None
        and len(shown := re.sub(r"[ \-]", "", text)) == 9
        and sum(map(str.isdigit, shown)) >= 3
        and sum(not each.isdigit() for each in shown) >= 2
    ),
}


def forget() -> None:
    """Build the patterns anew: for whoever changed a table of this module."""
    _pattern.cache_clear()
    _alike.cache_clear()
