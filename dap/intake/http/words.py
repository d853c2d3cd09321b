"""The page's and the problems' own words in each language, from gettext catalogs as the public plan has them."""

from __future__ import annotations

from pathlib import Path

from dap.languages import LANGUAGES, OWN, catalog

LOCALE = Path(__file__).parent / "locale"


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


def say(text: str, language: str) -> str:
    """A sentence of ours in the language."""
    return catalog(LOCALE, language).gettext(text)
