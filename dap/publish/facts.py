"""What the pages say about the plan, worked out once: what belongs to what, and where each thing has its page."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from dap import review
from dap.languages import OWN
from dap.plan import (
    NO_SSN,
    CodeCrosswalkEntry,
    CodeList,
    Collection,
    CrosswalkEntry,
    Element,
    Layout,
    OpenQuestion,
    Plan,
    Promise,
    Topic,
)
from dap.review.words import is_asked
from dap.rules import Rule, rules
from dap.suites import build_suite

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

FAMILY_DOMAINS = ("student", "program")


@dataclass(frozen=True)
class Entry:
    """An element with the collection and layout it belongs to, and the address of its page."""

    collection: Collection
    layout: Layout
    element: Element
    address: str

    @property
    def is_asked(self) -> bool:
        """Whether it is collected now, for all that is known."""
        return is_asked(self.collection, self.element)

    @property
    def about_each_child(self) -> bool:
        """Whether there is now one record for each child, and not only numbers of a school or district."""
        return self.is_asked and self.collection.domain in FAMILY_DOMAINS and self.collection.level == "individual"


@dataclass(frozen=True)
class Dated:
    """One date of a collection: which school year and window it belongs to, what happens, and when."""

    collection: Collection
    school_year: str
    window: str
    kind: str
    date: str

    @property
    def month(self) -> str:
        """The month, `01` to `12`."""
        return self.date[5:7]


@dataclass(frozen=True)
class Question:
    """An open question and the thing it is about; `address` is that thing's page."""

    about: str
    why: str
    address: str
    title: str
    collection: str = ""


class Facts:
    """Everything the pages need to know of a plan, each worked out once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every element, in catalog order."""
        return tuple(
            Entry(collection, layout, element, _element_address(collection, layout, element))
            for collection, layout, element in self.plan.every_element()
        )

    @cached_property
    def by_layout(self) -> Mapping[tuple[str, str], tuple[Entry, ...]]:
        """The elements of each layout, by the ids of collection and layout."""
        return _grouped(self.entries, lambda entry: (entry.collection.id, entry.layout.name))

    @cached_property
    def by_mandate(self) -> Mapping[str, tuple[Entry, ...]]:
        """The elements that rest on each mandate, by its id."""
        found: dict[str, list[Entry]] = {each.id: [] for each in self.plan.all_mandates}
        for entry in self.entries:
            for id in dict.fromkeys(link.id for link in entry.element.mandates):
                found[id].append(entry)
        return {id: tuple(entries) for id, entries in found.items()}

    @cached_property
    def collections_by_mandate(self) -> Mapping[str, tuple[Collection, ...]]:
        """The collections that rest on each mandate themselves or with one of their elements, by its id."""
        found: dict[str, dict[str, Collection]] = {each.id: {} for each in self.plan.all_mandates}
        for collection in self.plan.all_collections:
            of_elements = (link for layout in collection.layouts for each in layout.elements for link in each.mandates)
            for link in (*collection.mandates, *of_elements):
                found[link.id][collection.id] = collection
        return {id: tuple(collections.values()) for id, collections in found.items()}

    @cached_property
    def by_code_list(self) -> Mapping[str, tuple[Entry, ...]]:
        """The elements that use each code list, by its name."""
        return {
            each.name: tuple(entry for entry in self.entries if entry.element.codes == each.name)
            for each in self.plan.all_code_lists
        }

    @cached_property
    def by_topic(self) -> Mapping[str, tuple[Entry, ...]]:
        """The elements of each topic, by its id."""
        return {
            topic.id: tuple(entry for entry in self.entries if topic.holds(entry.collection, entry.element))
            for topic in self.plan.all_topics
        }

    @cached_property
    def collections_by_topic(self) -> Mapping[str, tuple[Collection, ...]]:
        """The collections of each topic that belong to it as a whole, by the topic's id."""
        return {
            topic.id: tuple(each for each in self.plan.all_collections if topic.holds(each))
            for topic in self.plan.all_topics
        }

    @cached_property
    def topics_of_entry(self) -> Mapping[str, tuple[Topic, ...]]:
        """The topics of each element, by the address of its page."""
        return {
            entry.address: tuple(t for t in self.plan.all_topics if t.holds(entry.collection, entry.element))
            for entry in self.entries
        }

    def topics_of_collection(self, collection: Collection) -> tuple[Topic, ...]:
        """The topics to which the collection or one of its elements belongs."""
        elements = [each for layout in collection.layouts for each in layout.elements]
        return tuple(
            topic
            for topic in self.plan.all_topics
            if topic.holds(collection) or any(topic.holds(collection, each) for each in elements)
        )

    @cached_property
    def family_topics(self) -> tuple[Topic, ...]:
        """The topics that are about pupils."""
        return tuple(each for each in self.plan.all_topics if each.group != "subject")

    def for_families(self, topic: Topic) -> tuple[Entry, ...]:
        """The elements of a topic that are collected about each child, one record a child."""
        return tuple(entry for entry in self.by_topic[topic.id] if entry.about_each_child)

    @cached_property
    def suites(self) -> Mapping[tuple[str, str], tuple[Mapping[str, Any], ...]]:
        """What each file layout's suite checks: the `meta` of each expectation, by the ids of collection and layout."""
        return {
            (collection.id, layout.name): tuple(
                each["meta"] for each in build_suite(self.plan, collection, layout)["expectations"]
            )
            for collection in self.plan.all_collections
            for layout in collection.file_layouts
        }

    def checks_of(self, entry: Entry) -> tuple[Mapping[str, Any], ...]:
        """The rules of a suite that are about one element."""
        suite = self.suites.get((entry.collection.id, entry.layout.name), ())
        return tuple(each for each in suite if each["element"] == entry.element.name)

    def whole_file_checks(self, collection: Collection, layout: Layout) -> tuple[Mapping[str, Any], ...]:
        """The rules of a suite that are about no single element."""
        return tuple(each for each in self.suites.get((collection.id, layout.name), ()) if each["element"] is None)

    @cached_property
    def layouts_by_rule(self) -> Mapping[str, tuple[tuple[Collection, Layout], ...]]:
        """The file layouts whose suite asks each rule, by the rule's id."""
        found: dict[str, list[tuple[Collection, Layout]]] = {}
        for collection in self.plan.all_collections:
            for layout in collection.file_layouts:
                for id in dict.fromkeys(each["rule"] for each in self.suites[(collection.id, layout.name)]):
                    found.setdefault(id, []).append((collection, layout))
        return {id: tuple(pairs) for id, pairs in found.items()}

    @cached_property
    def dates(self) -> tuple[Dated, ...]:
        """Every known date of `review.calendar`, the earliest first, once whoever must answer."""
        known = {each.id: each for each in self.plan.all_collections}
        rows = review.calendar(self.plan)
        # One row for each who must answer: the date is one.
        rows = rows[rows["date"] != ""].drop_duplicates(["collection", "school_year", "window", "event", "freeze"])
        return tuple(
            Dated(
                known[row["collection"]],
                row["school_year"],
                row["window"],
                f"{row['event']} {row['freeze']}".strip(),
                row["date"],
            )
            for row in rows.to_dict("records")
        )

    @cached_property
    def latest_dates(self) -> tuple[Dated, ...]:
        """The dates of the newest school year known for each collection, in the order of the school year."""
        newest: dict[str, str] = {}
        for each in self.dates:
            newest[each.collection.id] = max(each.school_year, newest.get(each.collection.id, ""))
        latest = (each for each in self.dates if each.school_year == newest[each.collection.id])
        return tuple(
            sorted(latest, key=lambda each: ((int(each.month) - 7) % 12, each.date[8:], each.collection.title))
        )

    def dates_of(self, collection: Collection) -> tuple[Dated, ...]:
        """The dates of one collection, the newest school year first."""
        own = (each for each in self.dates if each.collection is collection)
        return tuple(sorted(own, key=lambda each: (each.school_year, each.date), reverse=True))

    @cached_property
    def respondents(self) -> Mapping[str, tuple[Collection, ...]]:
        """The collections that each kind of respondent must answer, by its name, that of the most first."""
        found: dict[str, list[Collection]] = {}
        for collection in self.plan.all_collections:
            for each in dict.fromkeys(collection.respondents):
                found.setdefault(each, []).append(collection)
        ranked = sorted(found.items(), key=lambda each: (-len(each[1]), each[0].casefold()))
        return {name: tuple(collections) for name, collections in ranked}

    def crosswalk_of(self, entry: Entry) -> tuple[CrosswalkEntry, ...]:
        """The national standards an element corresponds to."""
        return self._crosswalk.get((entry.collection.id, entry.element.name), ())

    @cached_property
    def _crosswalk(self) -> Mapping[tuple[str, str], tuple[CrosswalkEntry, ...]]:
        return _grouped(self.plan.all_crosswalk, lambda each: (each.collection, each.element))

    def options_of(self, code_list: CodeList) -> Mapping[str, tuple[CodeCrosswalkEntry, ...]]:
        """The national options of each code of a list, by the code (or its label, where the list gives no code)."""
        rows = tuple(each for each in self.plan.all_code_crosswalk if each.code_list == code_list.name)
        return _grouped(rows, lambda each: each.code)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Every open question of `Plan.open_questions`, with the page of what it is about."""
        plan = self.plan
        titles = {each.id: each.title for each in plan.all_collections}
        entries = {(e.collection.id, e.layout.name, e.element.name): e for e in self.entries}
        lists = {each.name: each.title for each in plan.all_code_lists}
        found = []
        for row in plan.open_questions.to_dict("records"):
            entry = entries.get((row["collection"], row["layout"], row["element"]))
            if entry is not None:
                where = (entry.address, entry.element.title, entry.collection.id)
            elif row["collection"]:
                where = (collection_address(row["collection"]), titles[row["collection"]], row["collection"])
            elif row["code_list"]:
                where = (code_list_address(row["code_list"]), lists[row["code_list"]], "")
            else:
                where = (mandate_address(row["mandate"]), plan.mandate(row["mandate"]).cited, "")
            found.append(Question(row["about"], row["why"], *where))
        return tuple(found)

    @cached_property
    def enforced(self) -> tuple[tuple[Promise, tuple[Rule, ...]], ...]:
        """Each promise of the plan with the rules that keep it: those on prohibited identifiers keep that on SSNs."""
        kept_by = {NO_SSN: [each for id, each in rules().items() if id.startswith("P1")]}
        return tuple((promise, tuple(kept_by.get(promise.id, ()))) for promise in self.plan.promises)

    @cached_property
    def authorised_only(self) -> tuple[Rule, ...]:
        """The rules that let nothing in but what the plan names."""
        return tuple(each for id, each in rules().items() if id.startswith("P2"))

    def open_of(self, entry: Entry) -> tuple[OpenQuestion, ...]:
        """What an element leaves open, itself or because its layout or collection does."""
        own = entry.element.open
        stated = {
            "frequency": entry.element.frequency,
            "mandate": entry.element.mandates,
            "purpose": entry.element.purpose,
            "obligation": any(link.obligation for link in entry.element.mandates),
        }
        wider = (each for each in (*entry.layout.open, *entry.collection.open) if each.about in INHERITED_QUESTIONS)
        known = {each.about for each in own}
        return (*own, *(q for q in wider if q.about not in known and not stated.get(q.about)))


INHERITED_QUESTIONS = ("frequency", "mandate", "obligation", "purpose", "retention", "status")


def collection_address(id: str) -> str:
    """The address of a collection's page."""
    return f"collections/{id}.html"


def mandate_address(id: str) -> str:
    """The address of a law's page."""
    return f"laws/{id}.html"


def code_list_address(name: str) -> str:
    """The address of a code list's page."""
    return f"code-lists/{name}.html"


def rule_address(id: str) -> str:
    """The address of a rule's page."""
    return f"rules/{id.lower()}.html"


def topic_address(id: str) -> str:
    """The address of a topic's page."""
    return f"topics/{id}.html"


def template_name(layout: Layout, language: str) -> str:
    """The name of a layout's workbook to fill in, with its help in the language; the columns are the same in each."""
    return f"{layout.name}-template{'' if language == OWN else '.' + language}.xlsx"


def said_mandate(citation: str, title: str) -> str:
    """A law as a link names it, by either or both of its names."""
    return ", ".join(filter(None, (citation, title)))


def _element_address(collection: Collection, layout: Layout, element: Element) -> str:
    """Made from its name alone, so that it stays when others are added; names spelt alike are told apart by a hash."""
    alike = sum(1 for each in layout.elements if each.slug == element.slug) > 1
    own = f"-{hashlib.sha256(element.name.encode()).hexdigest()[:6]}" if alike else ""
    return f"elements/{collection.id}/{layout.name}/{element.slug.replace('_', '-')}{own}.html"


def _grouped(things: Iterable[T], key: Callable[[T], K]) -> dict[K, tuple[T, ...]]:
    found: dict[K, list[T]] = {}
    for thing in things:
        found.setdefault(key(thing), []).append(thing)
    return {name: tuple(each) for name, each in found.items()}
