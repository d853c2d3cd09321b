"""The site as a map from path to content, each file made when it is asked for: a preview makes no more than that."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from dap import fonts
from dap.languages import LANGUAGES, OWN
from dap.plan import Plan
from dap.publish import blanks
from dap.publish.facts import (
    Entry,
    Facts,
    code_list_address,
    collection_address,
    mandate_address,
    rule_address,
    said_mandate,
    template_name,
    topic_address,
)
from dap.publish.pages import HOME, MISSING, NOTEBOOKS, Page, every_page, notebook_pages
from dap.publish.words import VOCABULARY, Words, words

if TYPE_CHECKING:
    import pandas as pd

    from dap.publish.cells import Part
    from dap.publish.notebooks import Notebook

HERE = Path(__file__).parent
PREVIEW = "http://127.0.0.1:8000/"
"""Where `dap publish --serve` shows a site; the address in feeds of a site that has no public one yet."""

Maker = Callable[[], bytes]


class Site:
    """A plan's site: `files` maps each path to what makes its content.

    `address` is where the site will stand, with a slash at the end; only feeds need it, for pages link relatively.
    `documents` are files that pages link to but others make, such as PDFs, by path. `notebooks` are executed ones.
    """

    def __init__(
        self,
        plan: Plan,
        address: str = "",
        documents: Mapping[str, Maker] | None = None,
        notebooks: Sequence[Notebook] = (),
    ) -> None:
        self.plan, self.facts = plan, Facts(plan)
        self.address = address or plan.homepage or PREVIEW
        self.documents: Mapping[str, Maker] = documents or {}
        self.words = {language: words(language, plan.translations) for language in LANGUAGES}
        self.notebooks = {each.address: each for each in notebooks}
        every = (*every_page(plan, self.facts), *notebook_pages(notebooks))
        self.pages = {page.address: page for page in every}
        self._environments = {language: _environment(self, each) for language, each in self.words.items()}

    @cached_property
    def files(self) -> Mapping[str, Maker]:
        """Every file of the site: its path, and what makes its bytes."""
        from dap.publish.downloads import downloads

        found: dict[str, Maker] = {}
        for language in LANGUAGES:
            for page in self.pages.values():
                found[in_language(language, page.address)] = self._maker(page, language)
        for asset in sorted((HERE / "assets").iterdir()):
            found[f"assets/{asset.name}"] = asset.read_bytes
        for font in fonts.WEB.values():
            found[f"assets/{font}"] = (fonts.FOLDER / font).read_bytes
        found["assets/PublicSans-OFL.txt"] = (fonts.FOLDER / fonts.LICENCE).read_bytes
        for path, maker in downloads(self).items():
            found[path] = maker
        found.update(self.documents)
        return found

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The plan's tables as they are published, by name."""
        from dap.publish.tables import plan_tables

        return plan_tables(self.plan)

    def _maker(self, page: Page, language: str) -> Maker:
        return lambda: self.render(page, language).encode()

    def render(self, page: Page, language: str) -> str:
        """The HTML of a page in a language."""
        template = self._environments[language].get_template(page.template)
        here = in_language(language, page.address)

        def to(path: str) -> str:
            # A server shows this page under whatever address was asked for, so that no relative way holds.
            return self._absolute(path) if page.address == MISSING else _relative(here, path)

        def href(address: str) -> str:
            """The way from this page to another of the same language; a `#place` may follow."""
            return to(in_language(language, address))

        def file(path: str) -> str:
            """The way from this page to a file that all languages share."""
            return to(path)

        other = {each: to(in_language(each, page.address)) for each in LANGUAGES if each != language}
        given = {**page.given, "shown": lambda notebook: _shown(self, notebook, href)}
        text = template.render(page=page, here=here, href=href, file=file, other_languages=other, **given)
        return _BLANK_LINES.sub("\n", text).strip() + "\n"

    def _absolute(self, target: str) -> str:
        path, hash_, place = target.partition("#")
        return urlsplit(self.address).path + quote(path) + hash_ + place

    def url(self, path: str) -> str:
        """The whole address of a path, once the site stands where it will."""
        return self.address + quote(path)


_BLANK_LINES = re.compile(r"\n\s*\n+")


def in_language(language: str, address: str) -> str:
    """The path of a page in a language: the plan's own language stands at the root."""
    return address if language == OWN else f"{language}/{address}"


def _relative(here: str, target: str) -> str:
    path, hash_, place = target.partition("#")
    return quote(posixpath.relpath(path, posixpath.dirname(here) or ".")) + hash_ + place


def _environment(site: Site, said: Words) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        said.catalog.gettext, said.catalog.ngettext, newstyle=True
    )
    environment.globals.update(_globals(site, said))
    return environment


def _globals(site: Site, said: Words) -> dict[str, Any]:
    plan, facts = site.plan, site.facts
    return {
        "plan": plan,
        "facts": facts,
        "site": site,
        "words": said,
        "language": said.language,
        "languages": LANGUAGES,
        "home": HOME,
        "vocabulary": VOCABULARY,
        "t": lambda text: of_plan(text, said),
        "plain": lambda text: said.translated(text) or text,
        "template_name": template_name,
        "term": lambda kind, value: term(kind, value, said),
        "title_of": lambda page: marked(translated_title(page, said), page.title),
        "plain_title": lambda page: translated_title(page, said) or page.title,
        "collection_address": collection_address,
        "mandate_address": mandate_address,
        "code_list_address": code_list_address,
        "rule_address": rule_address,
        "topic_address": topic_address,
        "markdown": lambda text: _markdown(text, said),
        "in_the_file": lambda entry: blanks.in_the_file(entry, said),
        "by_the_family": lambda entry: blanks.by_the_family(entry, said),
        "no_answer_labels": lambda entry: blanks.no_answer_labels(plan, entry),
        "form": lambda entry: form_words(plan, entry, said),
        "picture": lambda name: _picture(site, name, said),
        "structured": lambda page: _structured(site, page, said),
        # Grouped as both languages write it in the United States.
        "number": lambda count: f"{count:,}",
        "contact": contact(plan),
        "counts": counts(plan),
        "initials": lambda: initials(site, said),
    }


def translated_title(page: Page, said: Words) -> str | None:
    """A page's title in a language; None where the plan has no translation of it."""
    if page.ours:
        return said.say(page.title)
    if page.kind != "law":
        return said.translated(page.title)
    # A law's title stands behind its citation, which is the same in every language.
    mandate = page.given["mandate"]
    title = said.translated(mandate.title)
    return said_mandate(mandate.citation, title or "") if title or not mandate.title else None


def of_plan(text: str, said: Words) -> Markup:
    """A text of the plan: translated where the plan has a translation, otherwise marked with its own language."""
    return marked(said.translated(text), text)


def marked(translated: str | None, text: str) -> Markup:
    """A text as a page shows it: its translation, or where there is none itself, marked with its own language."""
    if translated is not None or not text:
        return escape(translated or "")
    return Markup('<span lang="{}">{}</span>').format(OWN, text)


def term(kind: str, value: str, said: Words) -> Markup:
    """A word of the plan's vocabulary as a family reads it; a word that is not ours is a text of the plan."""
    known = said.term(kind, value)
    return of_plan(value, said) if known is None else escape(known)


def form_words(plan: Plan, entry: Entry, said: Words) -> list[str]:
    """What the value of an element looks like, in short sentences: its kind, pattern, length, bounds."""
    from dap.suites import said_format, said_pattern

    element, _ = entry.element, said.say
    rules = element.constraints
    found = [said.term("type", element.type) or element.type]
    if element.type == "date" and element.format != "any":
        found[0] += " " + said_format("%Y-%m-%d" if element.format == "default" else element.format)
    if "pattern" in rules:
        found.append(said_pattern(rules["pattern"]))
    for key, form in (
        ("minLength", _("at least %(bound)s characters")),
        ("maxLength", _("at most %(bound)s characters")),
        ("minimum", _("from %(bound)s")),
        ("maximum", _("up to %(bound)s")),
    ):
        if key in rules and not (key.endswith("Length") and "pattern" in rules):
            found.append(form % {"bound": rules[key]})
    if "enum" in rules:
        found.append(_("one of: %(values)s") % {"values": ", ".join(map(str, rules["enum"]))})
    if element.type == "boolean" and not element.codes:
        found.append(_("one of: %(values)s") % {"values": ", ".join((*element.true_values, *element.false_values))})
    return found


def contact(plan: Plan) -> Mapping[str, str]:
    """Who answers questions about the plan: the contributor named as contact, or else the publisher."""
    ranked = sorted(plan.contributors, key=lambda each: ("contact" not in each.roles, "publisher" not in each.roles))
    first = ranked[0] if ranked else None
    return {
        "title": first.title if first else plan.publisher,
        "email": first.email if first else "",
        "path": first.path if first else "",
    }


def counts(plan: Plan) -> Mapping[str, int]:
    """The plan in numbers: the one place every page, table and feed takes them from."""
    return {
        "collections": len(plan.all_collections),
        "elements": sum(1 for _ in plan.every_element()),
        "mandates": len(plan.all_mandates),
        "code_lists": len(plan.all_code_lists),
        "codes": sum(len(each.codes) for each in plan.all_code_lists),
        "open_questions": len(plan.open_questions),
        "topics": len(plan.all_topics),
    }


def initials(site: Site, said: Words) -> list[tuple[str, list[tuple[str, list[Page]]]]]:
    """Every thing of the plan by its first letter, then by its title: pages of one title stand under it together."""
    by_title: dict[str, list[Page]] = {}
    for page in site.pages.values():
        if page.kind not in ("page", "rule", "notebook"):
            by_title.setdefault(translated_title(page, said) or page.title, []).append(page)
    found: dict[str, list[tuple[str, list[Page]]]] = {}
    for title in sorted(by_title, key=_sorting):
        first = _sorting(title)[:1].upper()
        found.setdefault(first if first.isalpha() else "0-9", []).append((title, by_title[title]))
    return sorted(found.items())


def _sorting(title: str) -> str:
    from unicodedata import normalize

    plain = "".join(each for each in normalize("NFD", title.casefold()) if each.isalnum() or each == " ")
    return plain.strip()


def _markdown(text: str, said: Words) -> Markup:
    from markdown_it import MarkdownIt

    return Markup(MarkdownIt("commonmark", {"html": False}).render(text))


def _shown(site: Site, notebook: Notebook, href: Callable[[str], str]) -> Iterable[Part]:
    from dap.publish.cells import parts

    def way(target: str) -> str | None:
        """Where a link in a notebook leads: a page of the site, another notebook's, or a place elsewhere."""
        if urlsplit(target).scheme in ("http", "https", "mailto"):
            return target
        path, hash_, place = target.removeprefix("../build/site/").partition("#")
        address = f"{NOTEBOOKS.removesuffix('.html')}/{path.removesuffix('.ipynb')}.html"
        address = address if path.endswith(".ipynb") else path
        return href(f"{address}{hash_}{place}") if address in site.pages else None

    return parts(notebook, way)


def _picture(site: Site, name: str, said: Words) -> Any:
    from dap.publish.pictures import picture

    return picture(site.facts, name, said)


def _structured(site: Site, page: Page, said: Words) -> Markup:
    from dap.publish.feeds import structured_data

    return structured_data(site, page, said)
