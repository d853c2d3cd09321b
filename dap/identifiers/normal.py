"""The text as it is scanned: a copy in which encoded, foreign and invisible characters are what a reader sees."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

SOFT_HYPHEN = "\u00ad"

# What draws like a separator, beside the dashes (category Pd) and blanks (Z*) of Unicode.
LOOK_ALIKES: dict[str, tuple[str, str]] = {
    "minus": ("\u2212\u2043\u02d7\u30fc\u2796\u207b\u2500\u2501", "-"),
    "dots": ("\u2024\u3002", "."),
    # Bullets hide digits in a mask as often as they separate them, and an asterisk does both.
    "bullets": (
        "\u00b7\u2022\u2027\u2219\u22c5\u30fb\u25cf\u25cb\u25a0\u25a1\u25aa\u25fc\u2588\u2591\u2592\u2593\u2b1b\u2610\u26ab",
        "*",
    ),
    "asterisks": ("\u2217\u204e\u2731\u066d\u22c6\u2605", "*"),
    # The sign of multiplication, and Cyrillic and Greek letters: an X to whoever masks with one.
    "crosses": ("\u00d7\u2715\u2716\u0445\u0425\u03c7\u03a7", "x"),
    "slashes": ("\u2044\u2215\u2571\u29f8", "/"),
    "backslashes": ("\u2216\u29f5", "\\"),
    "bars": ("\u2223\u2502\u00a6\u01c0\u2758", "|"),
    "colons": ("\u02d0\u2236\ua789\u05c3", ":"),
    "tildes": ("\u223c\u02dc\u3030", "~"),
    "blanks": ("\u2800\u3164\u115f\u1160", " "),
    "quotes": ("\u2018\u2019\u02bc\u00b4`", "'"),
    "double quotes": ("\u201c\u201d", '"'),
}
# Categories of Unicode that draw nothing, or over a digit, and change none.
INVISIBLE: dict[str, str] = {
    "controls": "Cc",
    "formats": "Cf",
    # Also the grapheme joiner and the variation selectors. A mark that belongs to a letter is part of it after NFKC.
    "marks": "Mn",
    "frames, as of a keycap": "Me",
}
BLANK_CONTROLS = "\t\n\r\v\f\x1c\x1d\x1e\x1f\x85"

_ROUNDS = 3
_LONG = 2_000
_INLINE = r"/?(?:a|b|abbr|bdi|bdo|big|code|em|font|i|ins|mark|small|span|strong|sub|sup|tt|u|wbr|s|o:p)"
_TAG = re.compile(r"<(?:!--[^<>]{0,400}--|[/!]?[A-Za-z][^<>]{0,400})>")
_INLINE_TAG = re.compile(rf"<(?:{_INLINE}(?:[ /][^<>]{{0,400}})?|!--[^<>]{{0,400}}--)>", re.IGNORECASE)
_ESCAPE = re.compile(r"[\\%]u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})")
_CODES = re.compile(rb"(?:%[0-9A-Fa-f]{2}){1,4000}")
_PLUS = re.compile(r"(?<=[0-9])\+{1,4}(?=[0-9])")


def _entities(text: str) -> str:
    return html.unescape(text) if "&" in text else text


def _percent_codes(text: str) -> str:
    if "%" not in text:
        return text
    # In bytes, for one character may be several codes. `urllib.parse.unquote` makes an object of each code: of a
    # megabyte of them more than the processor's caches hold, so that twice as many took it longer than twice the time.
    decoded = _CODES.sub(lambda found: bytes.fromhex(found[0].translate(None, b"%").decode()), _utf8(text))
    return decoded.decode("utf-8", "replace")


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _escapes(text: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text) if "\\" in text or "%u" in text else text


def _tag_letters(text: str) -> str:
    # The invisible copies of ASCII that Unicode has for tags: a text written in them is in the file, and on no screen.
    return text if text.isascii() else text.translate(_TAG_LETTERS)


_TAG_LETTERS = {0xE0000 + code: code for code in range(0x20, 0x7F)}

# What is decoded, in this order, until nothing changes.
DECODERS: dict[str, Callable[[str], str]] = {
    "entities": _entities,
    "percent codes": _percent_codes,
    "escapes": _escapes,
    "tag letters": _tag_letters,
}


def _decoded(text: str) -> str:
    for _ in range(_ROUNDS):
        before = text
        for decode in DECODERS.values():
            text = decode(text)
        if text == before:
            break
    return text


def _without_raised(text: str) -> str:
    # A raised digit is a digit to NFKC; as a footnote mark behind a number it is none.
    return text if text.isascii() else text.translate(_RAISED)


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    return _TAG.sub(" ", _INLINE_TAG.sub("", text))


def _without_pluses(text: str) -> str:
    # In the query of a URL a blank is a plus sign.
    return _PLUS.sub(" ", text) if "=" in text else text


def _hyphened(text: str) -> str:
    return text.replace(SOFT_HYPHEN, "-")


# Readings of one text that differ: each is scanned as well as the text as it stands.
VARIANTS: dict[str, Callable[[str], str]] = {
    "decoded": _decoded,
    "without tags": _without_tags,
    "pluses are blanks": _without_pluses,
    "soft hyphen is a hyphen": _hyphened,
    "without raised digits": _without_raised,
}

_TO_DECODE = re.compile(r"&[#A-Za-z]|%u?[0-9A-Fa-f]{2}|\\[ux][0-9A-Fa-f]{2}|<[/!A-Za-z]|[0-9]\+[0-9]")


def normalised(text: str) -> tuple[str, ...]:
    """The text in the ways in which it is scanned, at least one; plain ASCII without codes in exactly one."""
    if text.isascii() and not _TO_DECODE.search(text):
        return (text.translate(_FOLD),)
    readings = [text]
    for vary in VARIANTS.values():
        # Of a text as long as a book the last reading alone is varied: each variety doubles the work.
        varied = [vary(each) for each in (readings if len(text) <= _LONG else readings[-1:])]
        readings += [each for each in varied if each not in readings]
    return tuple(dict.fromkeys(map(folded, readings)))


def folded(text: str) -> str:
    """The text with digits, dashes, blanks and their look-alikes in ASCII, and without what draws nothing."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return text.translate(_FOLD)


class _Raised(dict[int, str | None]):
    """Raised and lowered characters are nothing; the rest stays."""

    def __missing__(self, code: int) -> str | None:
        raised = unicodedata.decomposition(chr(code)).startswith(("<super>", "<sub>"))
        self[code] = found = None if raised else chr(code)
        return found


class _Fold(dict[int, str | None]):
    """What becomes of each character, worked out when it is first met: a table that `str.translate` reads."""

    def __missing__(self, code: int) -> str | None:
        self[code] = found = self._of(chr(code))
        return found

    @staticmethod
    def _of(character: str) -> str | None:
        for characters, instead in LOOK_ALIKES.values():
            if character in characters:
                return instead
        category = unicodedata.category(character)
        if category == "Pd":
            return "-"
        if category == "Pc":
            return "_"
        if category in ("Nd", "No") and (digit := unicodedata.digit(character, None)) is not None:
            return str(digit)
        if category in ("Zs", "Zl", "Zp") or character in BLANK_CONTROLS:
            return " "
        return None if category in INVISIBLE.values() else character


_FOLD, _RAISED = _Fold(), _Raised()


def forget() -> None:
    """Work out anew what becomes of each character: for whoever changed a table of this module."""
    _FOLD.clear()
