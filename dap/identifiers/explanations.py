"""What digits in the layout of an SSN can be instead. Few things: the gate fails closed, so each is strict."""

from __future__ import annotations

import re
import string
from collections.abc import Callable

from stdnum import isbn

from dap.identifiers.candidates import Separated

# Blanks and underscores join what does not belong together, so they make no chain.
CHAIN_MARKS: dict[str, str] = {
    "hyphen": "-",
    "dot": ".",
    "slash": "/",
    "colon": ":",
    "backslash": "\\",
    "tilde": "~",
    "asterisk": "*",
    "bar": "|",
}
_DAY = re.compile(r"(?:19|20)[0-9]{2}([-./:])(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12][0-9]|3[01])")
_SCHOOL_YEAR = re.compile(r"(?:19|20)([0-9]{2})[-./:]([0-9]{2})")


def _is_school_year(text: str) -> bool:
    found = _SCHOOL_YEAR.fullmatch(text)
    return found is not None and (int(found[1]) + 1) % 100 == int(found[2])


# What is whole by itself, so that a number joined to it is not part of its chain, as in a file's name.
WHOLE_BESIDE: dict[str, Callable[[str], bool]] = {
    "day": lambda text: _DAY.fullmatch(text) is not None,
    "school year": _is_school_year,
}
_REACH = 16
_BOOK = re.compile(r"97[89](?:[ \-]?[0-9]){10}")


def _in_chain(text: str, found: Separated) -> bool:
    """Part of a longer chain of the same separator and digits, such as a version or a code of four parts."""
    mark = found.first
    if mark != found.second or not set(mark) <= set(CHAIN_MARKS.values()):
        return False
    run = string.digits + mark
    before, after = text[max(0, found.start - _REACH) : found.start], text[found.end : found.end + _REACH]
    head, tail = before[len(before.rstrip(run)) :], after[: len(after) - len(after.lstrip(run))]
    joined = [head.removesuffix(mark)] if head.endswith(mark) and head.removesuffix(mark)[-1:].isdigit() else []
    joined += [tail.removeprefix(mark)] if tail.startswith(mark) and tail.removeprefix(mark)[:1].isdigit() else []
    return any(not any(is_whole(beside.strip(mark)) for is_whole in WHOLE_BESIDE.values()) for beside in joined)


def _money(text: str, found: Separated) -> bool:
    """An amount with its currency directly before it, then a year: "$125.50 2024"."""
    return (
        found.first == "."
        and found.second.isspace()
        and text[max(0, found.start - 1) : found.start] in tuple("$\u20ac\u00a3")
    )


def _book(text: str, found: Separated) -> bool:
    """Part of a book's number of thirteen digits, by prefix and check digit; ten alone are too easily so by chance."""
    return any(
        match.start() <= found.start and found.end <= match.end() and isbn.is_valid(match.group())
        for match in _BOOK.finditer(text, max(0, found.start - 6), min(len(text), found.end + 3))
    )


# Asked in this order; each takes the text and the number found in it.
EXPLANATIONS: dict[str, Callable[[str, Separated], bool]] = {
    "part of a longer chain": _in_chain,
    "money": _money,
    "book number": _book,
}


def explained(text: str, found: Separated) -> bool:
    """Whether a separated number is something else, whatever its digits."""
    return any(explains(text, found) for explains in EXPLANATIONS.values())


_TOKEN_REACH = 24
_LETTERS_AND_DIGITS = string.ascii_letters + string.digits


def in_code(text: str, start: int, end: int) -> bool:
    """Whether nine digits are part of a longer code of letters and digits, such as a hash.

    A word glued to them, or a claim number's suffix of one or two characters, makes no code.
    """
    before, after = text[max(0, start - _TOKEN_REACH) : start], text[end : end + _TOKEN_REACH]
    head, tail = _token(before, after)
    return any(map(str.isdigit, head)) or (len(tail) > 2 and any(map(str.isdigit, tail)))


def in_hash(text: str, start: int, end: int) -> bool:
    """Whether nine digits are part of sixteen and more hexadecimal digits, as a hash is.

    Under a header that names the number a shorter code is a number with something glued to it.
    """
    head, tail = _token(text[max(0, start - _TOKEN_REACH) : start], text[end : end + _TOKEN_REACH])
    rest = head + tail
    return len(rest) >= _HASH_REST and set(rest) <= _HEXADECIMAL


_HASH_REST = 7
_HEXADECIMAL = frozenset(string.hexdigits)


def _token(before: str, after: str) -> tuple[str, str]:
    """The letters and digits that touch what stands between two texts."""
    head = before[len(before.rstrip(_LETTERS_AND_DIGITS)) :]
    tail = after[: len(after) - len(after.lstrip(_LETTERS_AND_DIGITS))]
    return head, tail
