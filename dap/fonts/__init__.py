"""Public Sans, the letters of the charts, the site and its documents: where its files are, and how wide each letter is.

The files hold the letters of English and Spanish and what stands between them; dap/fonts/README.md says where they
come from. The `.ttf` are what charts are measured by; the `.woff2` are what a browser fetches.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

FAMILY = "Public Sans"
FOLDER = Path(__file__).parent
WEB: Mapping[int, str] = {400: "PublicSans-Regular.woff2", 700: "PublicSans-Bold.woff2"}
"""The files for a browser, by weight."""
LICENCE = "OFL.txt"


@cache
def advances(bold: bool) -> Mapping[int, float]:
    """How wide each letter is, by its code point, in sizes of the font; of the regular or the bold face."""
    from fontTools.ttLib import TTFont

    with TTFont(FOLDER / f"PublicSans-{'Bold' if bold else 'Regular'}.ttf") as font:
        unit, widths = font["head"].unitsPerEm, font["hmtx"]
        return {code: widths[glyph][0] / unit for code, glyph in font.getBestCmap().items()}
