"""How wide Public Sans sets a text, so that a picture can say it to a machine that has no such font."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from html import unescape

from dap.fonts import advances

# For a letter that the font lacks: another font draws it, about as wide as a figure.
_OTHER = ord("0")
# An empty text is written without an end of its own.
_TEXT = re.compile(r"<text ([^>]*[^/>])>(.*?)</text>", re.S)
_LINE = re.compile(r"<tspan([^>]*)>([^<]+)</tspan>")


def width(text: str, size: float, bold: bool = False) -> float:
    """The width of a text in pixels, in Public Sans of that size."""
    widths = advances(bold)
    return sum(_advance(each, widths) for each in unicodedata.normalize("NFC", text)) * size


def _advance(letter: str, widths: Mapping[int, float]) -> float:
    # An accent that the font has not with this letter adds nothing to its width.
    base = letter if ord(letter) in widths else unicodedata.normalize("NFD", letter)[0]
    return 0.0 if unicodedata.combining(base) else widths.get(ord(base), widths[_OTHER])


def held(picture: str) -> str:
    """The SVG picture with the width of each text in it: another font is set as wide, and reaches over nothing."""
    return _TEXT.sub(lambda found: _held(*found.groups()), picture)


def _held(given: str, content: str) -> str:
    size = re.search(r'font-size="([0-9.]+)px"', given)
    if size is None:
        return f"<text {given}>{content}</text>"
    bold = 'font-weight="bold"' in given

    def long(text: str) -> str:
        return f'textLength="{width(unescape(text), float(size[1]), bold):.1f}" lengthAdjust="spacingAndGlyphs"'

    if "<" in content:
        lines = _LINE.sub(lambda each: f"<tspan{each[1]} {long(each[2])}>{each[2]}</tspan>", content)
        return f"<text {given}>{lines}</text>"
    return f"<text {given} {long(content)}>{content}</text>"
