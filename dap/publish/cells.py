"""The cells of an executed notebook as parts of a page: text, code, tables, pictures; nothing that runs or styles."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from markupsafe import Markup, escape

from dap.publish.notebooks import Notebook

Way = Callable[[str], str | None]
"""Where a link of a notebook leads from the page; None where the site has no such place."""

_FOLDED = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", re.S)
_CHART = "vegalite"
# What an output may hold, with the attributes that say what a cell is the head of.
_KEPT = {
    **dict.fromkeys(("table", "caption", "thead", "tbody", "tfoot", "tr", "p", "ul", "ol", "li", "dl", "dt", "dd"), ()),
    **dict.fromkeys(("strong", "em", "b", "i", "code", "pre", "br", "blockquote"), ()),
    "th": ("scope", "colspan", "rowspan"),
    "td": ("colspan", "rowspan"),
}
_SILENT = ("style", "script", "head", "template", "svg", "math")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass(frozen=True)
class Part:
    """A part of the page: `kind` is text, folded, code, hidden code, table, picture or plain; `named` is its name."""

    kind: str
    shown: Markup
    named: str = ""


def parts(notebook: Notebook, way: Way) -> Iterator[Part]:
    """What the page shows of a notebook, in its order; the notebook's title is the page's, and not among them."""
    pictures = 0
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            text = re.sub(r"\A# .*\n?", "", cell.source) if place == 0 else cell.source
            yield from _text(text, way)
        if cell.cell_type != "code":
            continue
        if cell.source.strip():
            hidden = cell.metadata.get("jupyter", {}).get("source_hidden", False)
            yield Part("hidden code" if hidden else "code", escape(cell.source))
        for output in cell.outputs:
            part = _output(output, way, f"picture-{pictures + 1}")
            pictures += part.kind == "picture"
            if part.shown:
                yield part


def _text(text: str, way: Way) -> Iterator[Part]:
    end = 0
    for found in _FOLDED.finditer(text):
        yield from _plain_text(text[end : found.start()], way)
        yield Part("folded", markdown(found[2], way), html.unescape(found[1]).strip())
        end = found.end()
    yield from _plain_text(text[end:], way)


def _plain_text(text: str, way: Way) -> Iterator[Part]:
    if text.strip():
        yield Part("text", markdown(text, way))


def markdown(text: str, way: Way) -> Markup:
    """Markdown as HTML: what it holds of HTML is shown as text, and a link without a way is no link."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).disable("image")
    tokens = reader.parse(text)
    for token in tokens:
        if token.tag == "h1":
            token.tag = "h2"
        if token.children:
            token.children = _linked(token.children, way)
    return Markup(reader.renderer.render(tokens, reader.options, {}))


def _linked(children: list[Any], way: Way) -> list[Any]:
    kept, opened = [], []
    for token in children:
        if token.type == "link_open":
            leads = way(str(token.attrGet("href") or ""))
            opened.append(leads is not None)
            if leads is None:
                continue
            token.attrs = {"href": leads}
        elif token.type == "link_close" and not opened.pop():
            continue
        kept.append(token)
    return kept


def _output(output: Any, way: Way, id: str) -> Part:
    data = output.get("data", {})
    if output.output_type == "stream":
        return Part("plain", escape(_joined(output.text).strip()))
    if "image/svg+xml" in data:
        return _picture(data, id)
    if "text/html" in data:
        return _html(_joined(data["text/html"]))
    if "text/markdown" in data:
        return Part("text", markdown(_joined(data["text/markdown"]), way))
    return Part("plain", escape(_joined(data.get("text/plain", "")).strip()))


def _picture(data: Any, id: str) -> Part:
    from dap.publish.pictures import inline

    said = _joined(data.get("text/plain", ""))
    spec: Any = next((each for kind, each in data.items() if _CHART in kind), {})
    title = spec.get("title", "") if isinstance(spec, dict) else ""
    title = title.get("text", "") if isinstance(title, dict) else title
    finding = " ".join(title) if isinstance(title, list) else str(title)
    description = str(spec.get("description", "")) or said
    return Part("picture", Markup(inline(_joined(data["image/svg+xml"]), id, finding or said, description)), finding)


def _html(text: str) -> Part:
    cleaned = _Cleaned(text)
    shown = Markup("".join(cleaned.pieces).strip())
    if "<table" not in shown:
        return Part("text", shown)
    return Part("table", shown, " ".join(cleaned.caption.split()))


class _Cleaned(HTMLParser):
    """An output's HTML with what a page may hold alone; heads are scoped, and a head without words is a plain cell."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.caption = ""
        self._open: list[str] = []
        self._silent: list[str] = []
        self._head = -1
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT or self._silent:
            self._silent += [tag] if tag in _SILENT else []
            return
        tag = "strong" if tag in _HEADINGS else tag
        if tag not in _KEPT:
            return
        given = {name: value or "" for name, value in attrs if name in _KEPT[tag]}
        if tag == "th":
            self._head = len(self.pieces)
            if given.get("scope") not in ("col", "row", "colgroup", "rowgroup"):
                given["scope"] = "col" if "thead" in self._open else "row"
        said = "".join(f' {name}="{html.escape(value)}"' for name, value in given.items())
        self.pieces.append(f"<{tag}{said}>")
        if tag != "br":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
            return
        tag = "strong" if tag in _HEADINGS else tag
        if tag not in self._open:
            return
        while (last := self._open.pop()) != tag:
            self.pieces.append(f"</{last}>")
        if tag == "th" and not "".join(self.pieces[self._head + 1 :]).strip():
            self.pieces[self._head :] = ["<td>", "</td>"]
        else:
            self.pieces.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.pieces.append(html.escape(data))
        if "caption" in self._open:
            self.caption += data

    def close(self) -> None:
        super().close()
        self.pieces += [f"</{tag}>" for tag in reversed(self._open)]
        self._open = []


def _joined(text: Any) -> str:
    return "".join(text) if isinstance(text, list) else str(text)
