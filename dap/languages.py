"""The languages of our own sentences, and their translations from gettext catalogs."""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES: Mapping[str, str] = {"en": "English", "es": "Español"}
"""Each language by its code, in its own name; the first is the one our sentences are written in."""

OWN = next(iter(LANGUAGES))


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is said."""
    return text


@cache
def catalog(locale: Path, language: str) -> gettext.NullTranslations:
    """The translations into a language of `LANGUAGES` that lie in the folder `locale`, one `<language>.po` each.

    Babel reads the file, so no compiled one has to be kept beside it.
    """
    if language == OWN:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (locale / f"{language}.po").open("rb") as file:
        read = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
