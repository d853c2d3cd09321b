"""Each alternative of a pattern taken out in turn, with a text that goes by it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

_MARK = "\ue000"


def mutants(pattern: str, meaning: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The pattern without one of its alternatives, at any depth, and a short text that this alternative matches.

    `meaning` says what a placeholder such as "{number}" stands for in such a text.
    """
    for group in _groups(pattern):
        for start, end in group if len(group) > 1 else ():
            marked = pattern[:end] + _MARK + pattern[end:]
            # One of the bars beside it goes too.
            first = start == group[0][0]
            without = pattern[: start if first else start - 1] + pattern[end + first :]
            for name, stands in meaning.items():
                marked = marked.replace(f"{{{name}}}", stands)
            yield without, _text(marked)


def _groups(pattern: str) -> Iterator[list[tuple[int, int]]]:
    """Where each group's alternatives begin and end, the whole pattern's first."""
    groups: list[list[tuple[int, int]]] = []
    open_: list[list[int]] = [[0]]
    place = 0
    while place < len(pattern):
        each = pattern[place]
        if each == "\\":
            place += 1
        elif each == "[":
            place = pattern.index("]", place + 2)
        elif each == "(":
            head = next(
                (len(kind) for kind in ("(?:", "(?=", "(?!", "(?<!", "(?<=") if pattern.startswith(kind, place)), 1
            )
            open_.append([place + head])
            place += head - 1
        elif each == "|":
            open_[-1].append(place + 1)
        elif each == ")":
            groups.append(_spans(open_.pop(), place))
        place += 1
    return iter([_spans(open_.pop(), len(pattern)), *groups])


def _spans(starts: list[int], end: int) -> list[tuple[int, int]]:
    return list(zip(starts, [*(start - 1 for start in starts[1:]), end], strict=True))


def _text(pattern: str) -> str:
    """A short text that a pattern matches by way of the mark in it."""
    parsed: Any = import_module("re._parser").parse(pattern)
    return "".join(each for each in _of(parsed) if each != _MARK)


def _of(parsed: Any) -> str:
    return "".join(_part(str(operation), argument) for operation, argument in parsed)


def _part(operation: str, argument: Any) -> str:
    text = ""
    if operation == "LITERAL":
        text = chr(argument)
    elif operation == "IN":
        # Alternatives of one character each become a set.
        kind, first = next((each for each in argument if each[1] == ord(_MARK)), argument[0])
        text = "~" if str(kind) == "NEGATE" else chr(first[0] if isinstance(first, tuple) else first)
    elif operation == "BRANCH":
        texts = [_of(each) for each in argument[1]]
        text = next((each for each in texts if _MARK in each), texts[0])
    elif operation == "SUBPATTERN":
        text = _of(argument[-1])
    elif operation in ("MAX_REPEAT", "MIN_REPEAT"):
        least, _, repeated = argument
        text = _of(repeated)
        text *= max(least, 1) if _MARK in text else least
    else:
        assert operation in ("AT", "ASSERT", "ASSERT_NOT", "NOT_LITERAL"), operation
    return text
