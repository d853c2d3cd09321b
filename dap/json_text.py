"""Changes a JSON text where its document changes, and nowhere else: line ends, indents and order stay as written."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class _Node:
    """A value and where its text stands; of an object or list also its members in order, each with where it begins."""

    value: Any
    start: int
    end: int
    members: tuple[tuple[int, _Node], ...] = ()


def new_text(value: Any, indent: int | str | None = 2, *, ascii_only: bool = False, colon: str = ": ") -> str:
    """A value as JSON text, without a line break at its end."""
    comma = ", " if indent is None else ","
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only, separators=(comma, colon))
    return "".join(map(_escaped, text))


def changed_text(text: str, value: Any) -> str:
    """The JSON text so changed that it holds `value`: what does not change keeps every character."""
    root = _node(text, _after_blank(text, 0))
    return text[: root.start] + _Writer(text, root).written(root, value, "") + text[root.end :]


def _escaped(character: str) -> str:
    """A mark that draws nothing by itself is written as its number, so that a reader of the descriptor sees it."""
    if character < "\x7f" or unicodedata.category(character) not in ("Mn", "Me", "Cf", "Zl", "Zp"):
        return character
    return json.dumps(character)[1:-1]


def _after_blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _node(text: str, start: int) -> _Node:
    if text[start] not in "{[":
        value, end = _DECODER.raw_decode(text, start)
        return _Node(value, start, end)
    is_object = text[start] == "{"
    members: list[tuple[int, _Node]] = []
    names: list[str] = []
    at = _after_blank(text, start + 1)
    while text[at] not in "}]":
        begins = at
        if is_object:
            name, at = _DECODER.raw_decode(text, at)
            names.append(name)
            at = _after_blank(text, _after_blank(text, at) + 1)
        member = _node(text, at)
        members.append((begins, member))
        at = _after_blank(text, member.end)
        if text[at] == ",":
            at = _after_blank(text, at + 1)
    values = [member.value for _, member in members]
    return _Node(dict(zip(names, values, strict=True)) if is_object else values, start, at + 1, tuple(members))


def _same(one: Any, other: Any) -> bool:
    # As text, because Python takes 1, 1.0 and true for equal, and an object's order for nothing.
    return json.dumps(one) == json.dumps(other)


class _Writer:
    """Writes values in the manner of one JSON text."""

    def __init__(self, text: str, root: _Node) -> None:
        self._text = text
        self._line = "\r\n" if "\r\n" in text else "\n"
        self._ascii_only = text.isascii() and re.search(r"\\u(?!00[01])", text) is not None
        opening = self._opening(root)
        self._indent = opening.rpartition("\n")[2] if "\n" in opening else None
        colon = re.search(r'"[ \t]*:[ \t]*', text)
        self._colon = colon[0][1:] if colon else ": "

    def written(self, node: _Node, value: Any, margin: str) -> str:
        """The text of a value that takes the place of another; `margin` is the blank its line begins with."""
        if _same(node.value, value):
            return self._text[node.start : node.end]
        if not value or not node.members or not isinstance(value, dict | list) or type(value) is not type(node.value):
            return self._new(value, margin, alone=self._indent is not None)
        opening, default = self._opening(node), self._separator(node)
        inner = opening.rpartition("\n")[2] if "\n" in opening else margin
        lines = "\n" in default
        pieces: list[str] = []
        for old, new in self._pairs(node, value):
            if old is None:
                name = "" if isinstance(value, list) else new_text(new[0], ascii_only=self._ascii_only) + self._colon
                pieces += [default if pieces else opening, name + self._new(new[1], inner, alone=lines)]
            else:
                begins, member = node.members[old]
                before = self._text[node.members[old - 1][1].end : begins] if old else default
                kept = self._text[begins : member.start] + self.written(member, new[1], inner)
                pieces += [before if pieces else opening, kept]
        closing = self._text[node.members[-1][1].end : node.end]
        return f"{self._text[node.start]}{''.join(pieces)}{closing}"

    def _new(self, value: Any, margin: str, *, alone: bool) -> str:
        indent = self._indent if alone else None
        text = new_text(value, indent, ascii_only=self._ascii_only, colon=self._colon)
        return text.replace("\n", self._line + margin)

    def _opening(self, node: _Node) -> str:
        return self._text[node.start + 1 : node.members[0][0]] if node.members else ""

    def _separator(self, node: _Node) -> str:
        """What stands between members: as between the first two, or as before the only one."""
        if len(node.members) > 1:
            return self._text[node.members[0][1].end : node.members[1][0]]
        opening = self._opening(node)
        return f",{opening}" if "\n" in opening else ", "

    def _pairs(self, node: _Node, value: Mapping[str, Any] | Sequence[Any]) -> list[tuple[int | None, tuple[str, Any]]]:
        """Each member to be written, with its name where it has one, and the number of the member it was."""
        if isinstance(value, Mapping):
            places = {name: place for place, name in enumerate(node.value)}
            return [(places.get(name), (name, each)) for name, each in value.items()]
        before, after = ([json.dumps(each) for each in items] for items in (node.value, value))
        pairs: list[tuple[int | None, tuple[str, Any]]] = []
        for _, first, last, begin, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            old: list[int | None] = [*range(first, last), *[None] * (end - begin)]
            pairs += [(place, ("", value[each])) for place, each in zip(old, range(begin, end), strict=False)]
        return pairs
