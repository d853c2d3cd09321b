"""Which cells of a column are worth a close look: one search over the joined column, in linear time, by RE2.

Most cells hold neither digits in the layout of an identifier, nor a word beside digits, nor a mask, nor a character
beyond ASCII. They stop here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

_JOINT = "\0"
_SEPARATOR = r"[^0-9A-Za-z,;\x00-\x08\x0e-\x1b\x21\x22\x24-\x29\x3b-\x40]{1,4}"
_DIGITS = r"[0-9]"
_WORD = r"(?i:ssn|s[./ -]{1,2}s|ss[ _#:=-]|soc|nss|ssa|hic|tin|t\.i|tax|contrib)"
_MASK = r"(?:[*#?xXnN_]{2})"

# Each is wider than the rule it serves: what it leaves out cannot be a hit. Cells beyond ASCII are looked at anyway.
TRIGGERS: dict[str, str] = {
    "three, two and four": rf"[0-9]{{3}}{_SEPARATOR}[0-9]{{2}}{_SEPARATOR}[0-9]{{4}}",
    "a word before digits": rf"{_WORD}[^\x00]*[0-9]{{2}}",
    "digits before a word": rf"[0-9]{{2}}[^\x00]*{_WORD}",
    "a mask": rf"{_MASK}[^0-9A-Za-z\x00]{{0,8}}(?:[0-9]{{2}}|{_MASK})[^0-9A-Za-z\x00]{{0,8}}(?:[0-9]{{4}}|{_MASK}{{2}})"
    rf"|[0-9]{{3}}[^0-9A-Za-z\x00]{{1,8}}(?:{_MASK}|[0-9]{{2}}[^0-9A-Za-z\x00]{{1,8}}{_MASK})",
    "a code": r"&[#A-Za-z]|%u?[0-9A-Fa-f]{2}|\\[ux][0-9A-Fa-f]{2}|<[/!A-Za-z]",
    "a control character": r"[\x01-\x08\x0e-\x1b\x7f]",
}

_NINE = r"\x00[ '=\"]{0,4}[0-9]{9}(?:[.,]0{1,9})?[ '\"]{0,4}\x00"


# One byte of a character beyond ASCII: whatever else such a cell holds, it is looked at.
_FOREIGN = r"[\x80-\xff]"


SHORTEST = 8
"""No cell of fewer bytes holds an identifier by itself, nor nine digits: the shortest are such as "l4ssn1234"."""


class Joined(Protocol):
    """A column that can give its cells as one text without making each of them.

    `apart` says that none of its cells holds a NUL, `quiet` that there is nothing in any of them (`holds_nothing`).
    """

    apart: bool
    quiet: bool

    def joined(self) -> bytes:
        """The cells in UTF-8, with a NUL before the first, between each two and behind the last.

        A cell shorter than SHORTEST may be left empty.
        """
        ...


@cache
def _compiled(name: str) -> Any:
    import re2

    options = re2.Options()
    options.max_mem, options.log_errors = 64 << 20, False
    options.encoding = re2.Options.Encoding.LATIN1
    triggers = (*TRIGGERS.values(), _FOREIGN)
    forms = {"triggers": triggers, "nine": (_NINE,), "any": (*triggers, _NINE)}[name]
    return re2.compile("|".join(f"(?:{each})" for each in forms).encode("ascii"), options)


def joined(values: Sequence[str | None]) -> bytes:
    """The column as one text in UTF-8, its cells set apart by a character that no cell of a submission holds."""
    join = getattr(values, "joined", None)
    if join is not None:
        found: bytes = join()
        return found
    return (_JOINT + _JOINT.join([value or "" for value in values]) + _JOINT).encode("utf-8", "surrogatepass")


def stops_here(values: Sequence[str | None], column: bytes) -> bool:
    """Whether no cell of the joined column is worth a look and none is nine bare digits: one search tells both."""
    if len(column) == len(values) + 1 and _is_empty(column):
        return True
    return getattr(values, "apart", False) and _compiled("any").search(column) is None


def holds_nothing(values: Sequence[str | None]) -> bool:
    """Whether no text is worth a look and none is nine bare digits, and so no cell of a column that has only these."""
    column = joined(values)
    return stops_here(values, column) or not (worth_a_look(values, column) or holds_nine(column))


def worth_a_look(values: Sequence[str | None], column: bytes | None = None) -> list[int]:
    """The places, ascending, of the cells that may hold an identifier by themselves; `column` is `joined(values)`."""
    column = joined(values) if column is None else column
    if len(column) == len(values) + 1 and _is_empty(column):
        return []
    if not getattr(values, "apart", False) and column.count(b"\0") != len(values) + 1:
        # A cell that holds the joint itself: no reader lets it through, and whoever passes a list is still answered.
        return [place for place, value in enumerate(values) if value]
    places = _cells(_compiled("triggers"), column)
    if column.isascii():
        return places
    # Of a cell beyond ASCII no form is asked, only digits.
    return [place for place in places if (value := values[place]) and (value.isascii() or _has_digits(value))]


def _has_digits(value: str) -> bool:
    # The tags of Unicode are ASCII once more, and Unicode calls none of them a digit.
    return sum(map(str.isnumeric, value)) >= 2 or max(value) >= "\U000e0020"


def _cells(triggers: Any, content: bytes) -> list[int]:
    """The cells that any trigger matches; a match never leaves its cell, and one a cell is enough."""
    places: list[int] = []
    cell = position = 0
    while (match := triggers.search(content, position)) is not None:
        start = match.start()
        # Cells begin behind a joint: as many joints as were passed, so many cells are.
        cell += content.count(b"\0", position, start)
        places.append(cell - 1)
        position = content.find(b"\0", start)
    return places


def holds_nine(column: bytes) -> bool:
    """Whether any cell of a joined column is nine bare digits; only then are statistics worth asking for."""
    return not _is_empty(column) and _compiled("nine").search(column) is not None


def _is_empty(column: bytes) -> bool:
    """Whether no cell of a joined column holds anything, as of one that has short cells alone."""
    return column == bytes(len(column))


def forget() -> None:
    """Build the patterns anew: for whoever changed a table of this module."""
    _compiled.cache_clear()
