"""Every page of the site: its lasting address, its template, and what it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dap.languages import _
from dap.plan import Plan
from dap.publish.facts import (
    Facts,
    code_list_address,
    collection_address,
    mandate_address,
    rule_address,
    said_mandate,
    topic_address,
)
from dap.rules import rules

if TYPE_CHECKING:
    from dap.publish.notebooks import Notebook

HOME = "index.html"
MISSING = "404.html"
"""What a server shows for an address that is not there."""
NOTEBOOKS = "notebooks.html"
"""The list of notebooks, where the site has any."""


@dataclass(frozen=True)
class Page:
    """One page: its address below its language's folder, its template, its title, and what the template is given.

    `kind` is what it is about; the title of a `page` is a sentence of ours, any other's a text of the plan. `above` is
    the page that lists it.
    """

    address: str
    template: str
    title: str
    kind: str = "page"
    given: dict[str, Any] = field(default_factory=dict)
    above: str = HOME

    @property
    def ours(self) -> bool:
        """Whether the title is a sentence of ours, translated by gettext."""
        return self.kind == "page"


# Address, template and title of what there is one of.
SINGLE = (
    (HOME, "home", _("Home")),
    ("families.html", "families", _("What is collected about my child?")),
    ("districts.html", "districts", _("I work in a school or district")),
    ("data.html", "data", _("The plan as data")),
    ("topics.html", "topics", _("Topics")),
    ("collections.html", "collections", _("Collections")),
    ("laws.html", "laws", _("Laws and other reasons")),
    ("code-lists.html", "code_lists", _("Code lists")),
    ("rules.html", "rules", _("Rules")),
    ("calendar.html", "calendar", _("Calendar by month")),
    ("respondents.html", "respondents", _("Calendar by who must answer")),
    ("a-z.html", "a_z", _("A to Z")),
    ("open-questions.html", "open_questions", _("What is not known yet")),
    ("not-collected.html", "not_collected", _("What is never collected")),
    ("how-to-read.html", "how_to_read", _("How to read this plan")),
    ("changes.html", "changes", _("What changed")),
    ("sources.html", "sources", _("Sources and licence")),
    ("accessibility.html", "accessibility", _("Accessibility and privacy of this site")),
    ("search.html", "search", _("Search")),
    (MISSING, "missing", _("This page does not exist")),
)


def every_page(plan: Plan, facts: Facts) -> Iterator[Page]:
    """Every page, in one language's addresses; the single ones first."""
    for address, template, title in SINGLE:
        yield Page(address, f"{template}.html", title)
    for topic in plan.all_topics:
        yield Page(topic_address(topic.id), "topic.html", topic.title, "topic", {"topic": topic}, "topics.html")
    for collection in plan.all_collections:
        address = collection_address(collection.id)
        yield Page(
            address, "collection.html", collection.title, "collection", {"collection": collection}, "collections.html"
        )
    for entry in facts.entries:
        above = collection_address(entry.collection.id)
        yield Page(entry.address, "element.html", entry.element.title, "element", {"entry": entry}, above)
    for mandate in plan.all_mandates:
        yield Page(
            mandate_address(mandate.id),
            "law.html",
            said_mandate(mandate.citation, mandate.title),
            "law",
            {"mandate": mandate},
            "laws.html",
        )
    for code_list in plan.all_code_lists:
        address = code_list_address(code_list.name)
        yield Page(address, "code_list.html", code_list.title, "code list", {"code_list": code_list}, "code-lists.html")
    for rule in rules().values():
        yield Page(rule_address(rule.id), "rule.html", f"{rule.id}: {rule.title}", "rule", {"rule": rule}, "rules.html")


def notebook_pages(notebooks: Sequence[Notebook]) -> Iterator[Page]:
    """A page of each executed notebook and one that lists them; nothing where there are none."""
    if notebooks:
        yield Page(NOTEBOOKS, "notebooks.html", _("Notebooks"), given={"notebooks": notebooks})
    for each in notebooks:
        yield Page(each.address, "notebook.html", each.title, "notebook", {"notebook": each}, NOTEBOOKS)
