"""Reads the XML of workbooks through a parser that refuses document types and entities, one event at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from xml.parsers.expat import ExpatError

from dap.submission.archive import ReadError

_DEEPEST = 200
# What programs write into attributes by the thousand and no person does: short words, numbers, places, ids of parts.
_MACHINE = re.compile(
    r".{0,6}|[0-9.,E+-]{1,8}|-?[0-9]*\.[0-9]+(?:E[+-]?[0-9]+)?|[^0-9]*"
    r"|(?:\$?[A-Z]{1,3}\$?[0-9]{1,7}(?::\$?[A-Z]{1,3}\$?[0-9]{1,7})?(?: |$))+"
    r"|#[0-9A-Fa-f]{6}|-?[0-9.]+(?:cm|mm|in|pt|px|%)|\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?|[0-9A-F]{20}",
    re.DOTALL,
)

# Programs write ids and places between elements, as Excel does for bars drawn in cells.
_BETWEEN = re.compile(r"\s*(?:-?[0-9]{1,8}|\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?)?\s*")


class Handler:
    """What is done with the events of a document; `path` holds the local names of the elements that are open.

    `unread` holds what no program shows: the document's comments and instructions, and whatever a handler puts there.
    Pieces of such text go to `stray`, which becomes one text of `unread` at the next element's start or end. `noted`
    is whether somebody can have written what no program shows.
    """

    def __init__(self) -> None:
        self.path: list[str] = []
        self.unread: list[str] = []
        self.stray: list[str] = []
        self.noted = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins: its local name, its attributes by local name."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """A piece of text, which need not be all of it."""

    def pass_over(self, attributes: Mapping[str, str]) -> None:
        """Put what attributes say to `unread`, as far as a person can have written it."""
        self.unread += [value for value in attributes.values() if not _MACHINE.fullmatch(value)]


def parse(chunks: Iterable[bytes], handler: Handler) -> None:
    """Send a document's events to the handler. ReadError `workbook_damaged` where it is no sound XML of ours."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    # defusedxml has set the parser's own guards; only what is done with the events is ours.
    parser = DefusedXMLParser(forbid_dtd=True).parser
    path, start, end = handler.path, handler.start, handler.end
    stray = handler.stray
    names: dict[str, str] = {}

    def started(name: str, attributes: dict[str, str]) -> None:
        local = names.get(name) or names.setdefault(name, _local(name))
        if stray:
            _settle(handler)
        path.append(local)
        if len(path) > _DEEPEST:
            raise ReadError("workbook_damaged")
        for key in attributes:
            if "}" in key:
                attributes = {_local(key): value for key, value in attributes.items()}
                break
        start(local, attributes)

    def ended(name: str) -> None:
        end(names[name])
        if stray:
            _settle(handler)
        path.pop()

    parser.ordered_attributes = False
    parser.DefaultHandlerExpand = None
    parser.CommentHandler = handler.unread.append
    parser.ProcessingInstructionHandler = lambda target, text: handler.unread.extend((target, text))
    parser.StartElementHandler, parser.EndElementHandler = started, ended
    parser.CharacterDataHandler = handler.text
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (ExpatError, DefusedXmlException, ValueError):
        raise ReadError("workbook_damaged") from None


def _settle(handler: Handler) -> None:
    text = "".join(handler.stray)
    handler.stray.clear()
    if text.strip():
        handler.unread.append(text)
        handler.noted = handler.noted or _BETWEEN.fullmatch(text) is None


def _local(name: str) -> str:
    return name.rpartition("}")[2]


class Texts(Handler):
    """Collects every text of a document: what stands between its elements, and in the attributes named (None: all).

    Where a paragraph or a comment is of several runs, as a change of its font makes them, also its whole text.
    """

    def __init__(self, attributes: frozenset[str] | None = frozenset()) -> None:
        super().__init__()
        self.found: list[str] = []
        self._attributes = attributes
        self._open: list[str] = []
        self._runs: list[list[str]] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take the attributes that hold text."""
        self._flush()
        if name in _OF_RUNS:
            self._runs.append([])
        self.found += [
            value
            for key, value in attributes.items()
            if value.strip() and (self._attributes is None or key in self._attributes)
        ]

    def end(self, name: str) -> None:
        """End the text of the element."""
        self._flush()
        if name in _OF_RUNS and len(runs := self._runs.pop()) > 1:
            self.found.append("".join(runs))

    def text(self, text: str) -> None:
        """Take a piece of text."""
        self._open.append(text)

    def _flush(self) -> None:
        text = "".join(self._open)
        self._open.clear()
        # Line ends with nothing else are how the document is laid out, a blank is somebody's.
        if self._runs and (text.strip() or (text and "\n" not in text)):
            self._runs[-1].append(text)
        if text := text.strip():
            self.found.append(text)


# The elements that hold runs: a paragraph of a drawing or chart and of OpenDocument, a comment, a shared text.
_OF_RUNS = frozenset({"p", "text", "si", "is"})
