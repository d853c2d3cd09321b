"""The page's and the problems' own words in each language, from gettext catalogs as the public plan has them."""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES: Mapping[str, str] = {"en": "English", "es": "Español"}
"""Each language by its code, in its own name; the first is the one our sentences are written in."""

OWN = next(iter(LANGUAGES))
LOCALE = Path(__file__).parent / "locale"


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is said."""
    return text


def po_file(language: str) -> Path:
    """Where the translations of our sentences lie."""
    return LOCALE / f"{language}.po"


def preferred(accepted: str) -> str:
    """The language of ours that an `Accept-Language` header asks for first; our own where it asks for none.

    A header that cannot be read asks for nothing (RFC 9110, 12.5.4): it is no reason to answer nothing.
    """
    asked: list[tuple[float, str]] = []
    for part in accepted.split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        try:
            asked.append((float(weight or 1), tag.partition("-")[0].casefold()))
        except ValueError:
            continue
    for wanted, language in sorted(asked, key=lambda each: -each[0]):
        if wanted > 0 and language in LANGUAGES:
            return language
    return OWN


@cache
def catalog(language: str) -> gettext.NullTranslations:
    """The translations of our sentences into a language of `LANGUAGES`."""
    if language == OWN:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with po_file(language).open("rb") as file:
        read = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def say(text: str, language: str) -> str:
    """A sentence of ours in the language."""
    return catalog(language).gettext(text)
