"""Python patterns as Rust's regular expressions read them: the same texts match, or there is no translation."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from importlib import import_module
from itertools import groupby
from typing import Any

_SURROGATES = range(0xD800, 0xE000)


class _UntranslatableError(Exception):
    """The pattern holds something that Rust has not, or reads otherwise."""


@lru_cache(maxsize=4096)
def translated(pattern: str) -> str | None:
    """The pattern for `str.contains` of Polars, true for exactly the texts in which `re.search` finds it; or None.

    Whether a text matches is a question about a regular language only while there are no flags, look-around,
    back-references, word boundaries, possessive or atomic groups: with those the answer is None, and also where Rust
    cannot compile the pattern. `$` also stands before a final line feed, as in Python; classes are those of this
    Python's Unicode tables, written out.
    """
    parser: Any = import_module("re._parser")
    try:
        parsed = parser.parse(pattern)
        if parsed.state.flags & ~re.UNICODE.value:
            return None
        rust = "".join(_sequence(list(parsed), last=True))
    except (_UntranslatableError, re.error, OverflowError, RecursionError):
        return None
    return rust if _compiles(rust) else None


def _compiles(rust: str) -> bool:
    import polars as pl

    try:
        pl.Series([""]).str.contains(rust)
    except pl.exceptions.PolarsError:
        return False
    return True


def _sequence(nodes: list[tuple[Any, Any]], last: bool) -> Iterator[str]:
    for place, (operator, value) in enumerate(nodes):
        yield _node(str(operator), value, last and place == len(nodes) - 1)


def _node(operator: str, value: Any, last: bool) -> str:
    """One node of the parse; `last`: nothing of the pattern can follow it."""
    if operator in ("MAX_REPEAT", "MIN_REPEAT"):
        fewest, most, inner = value
        upper = "" if str(most) == "MAXREPEAT" else int(most)
        return f"(?:{''.join(_sequence(list(inner), last=False))}){{{int(fewest)},{upper}}}"
    if operator == "SUBPATTERN":
        _, added, removed, inner = value
        if added or removed:
            raise _UntranslatableError
        return f"(?:{''.join(_sequence(list(inner), last))})"
    if operator == "BRANCH":
        return f"(?:{'|'.join(''.join(_sequence(list(each), last)) for each in value[1])})"
    if operator == "AT":
        return _position(str(value), last)
    simple: dict[str, Callable[[Any], str]] = {
        "LITERAL": lambda code: _characters([(code, code)]),
        "NOT_LITERAL": lambda code: _characters([(code, code)], negated=True),
        "ANY": lambda _: r"[^\n]",
        "IN": _set,
    }
    if operator not in simple:
        raise _UntranslatableError
    return simple[operator](value)


def _position(name: str, last: bool) -> str:
    if name in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
        return r"\A"
    if name == "AT_END_STRING":
        return r"\z"
    # What consumes a line feed in place of looking at it is the same only where nothing comes after.
    if name == "AT_END" and last:
        return r"(?:\n?\z)"
    raise _UntranslatableError


def _set(items: list[tuple[Any, Any]]) -> str:
    ranges: list[tuple[int, int]] = []
    negated = False
    for operator, value in ((str(operator), value) for operator, value in items):
        if operator == "NEGATE":
            negated = True
        elif operator == "LITERAL":
            ranges.append((value, value))
        elif operator == "RANGE":
            ranges.append(value)
        elif operator == "CATEGORY":
            ranges += _category(str(value))
        else:
            raise _UntranslatableError
    return _characters(ranges, negated)


def _characters(ranges: Iterable[tuple[int, int]], negated: bool = False) -> str:
    listed = list(ranges)
    if any(low in _SURROGATES or high in _SURROGATES for low, high in listed):
        raise _UntranslatableError
    inside = "".join(_code(low) if low == high else f"{_code(low)}-{_code(high)}" for low, high in listed)
    return f"[{'^' if negated else ''}{inside}]"


def _code(code: int) -> str:
    return chr(code) if chr(code).isascii() and chr(code).isalnum() else f"\\x{{{code:x}}}"


_KINDS: dict[str, Callable[[str], bool]] = {
    "DIGIT": str.isdecimal,
    "SPACE": str.isspace,
    "WORD": lambda character: character.isalnum() or character == "_",
}


@lru_cache
def _category(name: str) -> tuple[tuple[int, int], ...]:
    """The code points of `\\d`, `\\s`, `\\w` or their opposites, as this Python knows them."""
    kind = name.removeprefix("CATEGORY_")
    wanted = not kind.startswith("NOT_")
    belongs = _KINDS.get(kind.removeprefix("NOT_"))
    if belongs is None:
        raise _UntranslatableError
    codes = (code for code in range(sys.maxunicode + 1) if code not in _SURROGATES and belongs(chr(code)) is wanted)
    runs = (list(run) for _, run in groupby(enumerate(codes), key=lambda pair: pair[1] - pair[0]))
    return tuple((run[0][1], run[-1][1]) for run in runs)
