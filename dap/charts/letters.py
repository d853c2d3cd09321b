"""How wide Arial sets a text, so that a picture can say it to a machine that has no such font."""

from __future__ import annotations

import re
import unicodedata
from html import unescape

# In thousandths of the size of the font, from the font's metrics (Helvetica's and Liberation Sans's are the same), for
# the letters from space to tilde.
_PLAIN = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 "
    "584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 "
    "667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 "
    "278 556 500 722 500 500 500 334 260 334 584"
)
_BOLD = (
    "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333 "
    "584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 "
    "667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 "
    "333 611 556 778 556 556 500 389 280 389 584"
)
_WIDTHS = {bold: dict(enumerate(map(int, table.split()), ord(" "))) for bold, table in ((False, _PLAIN), (True, _BOLD))}
_OTHER = 556
# An empty text is written without an end of its own.
_TEXT = re.compile(r"<text ([^>]*[^/>])>(.*?)</text>", re.S)
_LINE = re.compile(r"<tspan([^>]*)>([^<]+)</tspan>")


def width(text: str, size: float, bold: bool = False) -> float:
    """The width of a text in pixels, in Arial of that size; a letter with an accent is as wide as without."""
    bare = (each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))
    return sum(_WIDTHS[bold].get(ord(each), _OTHER) for each in bare) * size / 1000


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
