"""The index that the search page reads: every page with the words by which people would look for it."""

from __future__ import annotations

import json
from typing import Any

from dap.languages import OWN
from dap.publish.pages import Page
from dap.publish.site import Site, translated_title
from dap.publish.words import Words

# What is found by a search: pages about a thing of the plan, and those of ours that hold text.
_LEFT_OUT = ("search.html", "404.html")


def index(site: Site, language: str) -> bytes:
    """A script that sets `DAP_INDEX`: one list a page of address, kind, title, line beneath, and words.

    A script rather than data to be fetched, so that the search also works where the site is opened from a disk.
    """
    said = site.words[language]
    rows = [_row(site, page, said) for page in site.pages.values() if page.address not in _LEFT_OUT]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    return f"window.DAP_INDEX={text};\n".encode()


def _row(site: Site, page: Page, said: Words) -> list[str]:
    title = translated_title(page, said) or page.title
    line, words = _ABOUT[page.kind](site, page, said)
    own = page.title if said.language != OWN and not page.ours and page.title != title else ""
    # Topics carry what a parent types; what belongs to a topic is found by its words too.
    return [page.address, page.kind, title, said.translated(line) or line, "; ".join(filter(None, [own, *words]))]


def _topic_words(topics: Any, said: Words) -> list[str]:
    found = []
    for topic in topics:
        joined = "; ".join(topic.words)
        found += [topic.title, joined, said.translated(topic.title) or "", said.translated(joined) or ""]
    return list(dict.fromkeys(filter(None, found)))


def _of_page(site: Site, page: Page, said: Words) -> tuple[str, list[str]]:
    return "", []


def _of_topic(site: Site, page: Page, said: Words) -> tuple[str, list[str]]:
    topic = page.given["topic"]
    return topic.statement, _topic_words([topic], said)


def _of_collection(site: Site, page: Page, said: Words) -> tuple[str, list[str]]:
    collection = page.given["collection"]
    topics = [each for each in site.plan.all_topics if each.holds(collection)]
    laws = [site.plan.mandate(each.id).citation for each in collection.mandates]
    return collection.description, [collection.form, collection.id, *laws, *_topic_words(topics, said)]


def _of_element(site: Site, page: Page, said: Words) -> tuple[str, list[str]]:
    entry = page.given["entry"]
    laws = [site.plan.mandate(each.id).citation for each in entry.element.mandates]
    own = [topic for topic in site.facts.topics_of_entry[page.address] if not topic.holds(entry.collection)]
    return entry.collection.title, [
        entry.element.name,
        entry.element.description,
        entry.collection.form,
        *laws,
        *_topic_words(own, said),
    ]


def _of_law(site: Site, page: Page, said: Words) -> tuple[str, list[str]]:
    mandate = page.given["mandate"]
    return mandate.summary, [mandate.citation, mandate.id]


def _of_code_list(site: Site, page: Page, said: Words) -> tuple[str, list[str]]:
    code_list = page.given["code_list"]
    labels = [each.label for each in code_list.codes[:60]]
    return code_list.description, [code_list.name, *labels]


def _of_rule(site: Site, page: Page, said: Words) -> tuple[str, list[str]]:
    rule = page.given["rule"]
    return "", [rule.id, rule.name.replace(".", " ").replace("_", " ")]


def _of_notebook(site: Site, page: Page, said: Words) -> tuple[str, list[str]]:
    return "", [page.given["notebook"].name.replace("-", " ")]


_ABOUT = {
    "page": _of_page,
    "notebook": _of_notebook,
    "topic": _of_topic,
    "collection": _of_collection,
    "element": _of_element,
    "law": _of_law,
    "code list": _of_code_list,
    "rule": _of_rule,
}
