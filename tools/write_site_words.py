"""Write locale/*.po of the site and the intake's page from their sentences: new ones are added empty, old ones go."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from dap.intake.http.words import po_file as intake_po_file
from dap.languages import LANGUAGES, OWN
from dap.publish.words import po_file

PUBLISH = Path(__file__).resolve().parent.parent / "dap" / "publish"
INTAKE = PUBLISH.parent / "intake" / "http"
_KEYWORDS = {"_": None, "say": None, "gettext": None, "ngettext": (1, 2), "count": (1, 2)}
_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
_OPTIONS = {"templates/**.html": {"encoding": "utf-8", "trim_blocks": "true", "lstrip_blocks": "true"}}


def sentences(folder: Path = PUBLISH) -> list[str | tuple[str, ...]]:
    """Every sentence of the code and templates, once; a pair where it has a form for several."""
    found = extract_from_dir(folder, method_map=_METHODS, options_map=_OPTIONS, keywords=_KEYWORDS)
    return list(dict.fromkeys(message for _, _, message, _, _ in found))


def po_text(language: str, said: Iterable[str | tuple[str, ...]], file_of: Callable[[str], Path] = po_file) -> str:
    """The language's file with exactly these sentences, each with the translation it has."""
    with file_of(language).open("rb") as file:
        before = read_po(file, locale=language)
    after = Catalog(locale=language, fuzzy=False, charset="utf-8")
    # The library would write a third form for Spanish, for millions, which no number here has.
    after.mime_headers = [(name, value) for name, value in _headers(language) if name == "Plural-Forms"]
    for message in said:
        key = message[0] if isinstance(message, tuple) else message
        known = before.get(key)
        after.add(message, known.string if known is not None else "")
    out = io.BytesIO()
    write_po(out, after, width=0, omit_header=True, sort_output=True)
    head = f'# {_HEAD}\nmsgid ""\nmsgstr ""\n'
    head += "".join(f'"{name}: {value}\\n"\n' for name, value in _headers(language))
    return head + "\n" + out.getvalue().decode().strip() + "\n"


_HEAD = "The site's own sentences. tools/write_site_words.py keeps the list; the translations are written by people."


def _headers(language: str) -> list[tuple[str, str]]:
    return [
        ("Language", language),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "8bit"),
        ("Plural-Forms", "nplurals=2; plural=(n != 1);"),
    ]


def main() -> int:
    """Write each language's file, and say which sentences have no translation yet."""
    missing = 0
    for folder, file_of in ((PUBLISH, po_file), (INTAKE, intake_po_file)):
        said = sentences(folder)
        for language in LANGUAGES:
            if language == OWN:
                continue
            text = po_text(language, said, file_of)
            file_of(language).write_text(text, "utf-8", newline="\n")
            for message in untranslated(text, language):
                missing += 1
                print(f"{language}: no translation of {message!r}")
        print(f"{folder.name}: {len(said)} sentences.")
    return 1 if missing else 0


def untranslated(text: str, language: str) -> list[object]:
    """The sentences of a file that have no translation yet."""
    found: list[object] = []
    for message in read_po(io.StringIO(text), locale=language):
        parts = message.string if isinstance(message.string, tuple | list) else [message.string]
        if message.id and not all(parts):
            found.append(message.id)
    return found


if __name__ == "__main__":
    sys.exit(main())
