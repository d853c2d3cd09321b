"""Which elements ask for the same fact, and which collection could ask it for all of them.

**The same fact.** Two elements of different collections count as one fact when they are of the same type, nothing in
the plan contradicts it, and there is evidence:

- both are an `exact` match of the same CEDS element, and the collections are of one domain or the elements have the
  same name; or
- they have the same name, and besides it the same code list, the same description, or a match (of any kind) to the same
  CEDS element.

The plan contradicts it when the two have different code lists and are not both exact; when both are mapped and to no
CEDS element in common, or one exactly and the other only closely to it; when the crosswalk says that one has no
counterpart and the other has; or when one collection asks for both under different names, for it tells them apart. An
element that could be either of two which one collection tells apart counts as neither. A broader or narrower match
alone is never evidence: every student has a first name and so has every teacher. A name alone is none either.

**The same name**: the words of name or title are the same in any order, without brackets, articles and the words
`code` and `current`; a short form in brackets, as in State Assigned Student ID (SASID), is a name too.

What was ended, replaced, suspended or only planned does not ask, and does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from dap.plan import Collection, Element, Layout, Plan
from dap.review.words import days_into_year, how_often, is_asked, latest_windows, table, who_answers

if TYPE_CHECKING:
    import pandas as pd

# CEDS 13.0.0.0: Staff Member Identifier and Student Identifier. They join one file's rows to another's.
_IDENTIFIERS = {"001070", "001071"}
_LEVELS = ("individual", "school", "district", "aggregate")
_FILLERS = {"a", "an", "and", "code", "current", "of", "or", "s", "the"}
_HOME, _TAKE, _STAY = "home", "could take it", "asks itself"


@dataclass(frozen=True)
class _Occurrence:
    """One element where it stands, with what it is compared by; `order` is its place in the catalog."""

    order: int
    collection: Collection
    layout: Layout
    element: Element
    names: frozenset[frozenset[str]]
    matches: tuple[tuple[str, str], ...]
    unmatched: bool

    @property
    def targets(self) -> frozenset[str]:
        return frozenset(target for target, _ in self.matches)

    @property
    def exact(self) -> frozenset[str]:
        return frozenset(target for target, match in self.matches if match == "exact")

    @property
    def is_key(self) -> bool:
        """Whether it says whom a row is about or who sends it, so that every file needs it."""
        return (
            bool(self.targets & _IDENTIFIERS)
            or "persistent-unique-identifier" in self.element.classification
            or self.element.name in (self.layout.district_field, self.layout.period_field)
        )


@dataclass(frozen=True)
class _Link:
    """That two occurrences ask for the same fact: by what evidence, and how sure that is (0 is the surest)."""

    first: _Occurrence
    second: _Occurrence
    evidence: tuple[str, ...]
    doubt: int


@dataclass(frozen=True)
class _Group:
    """Occurrences of one fact, home first and then in catalog order."""

    id: str
    home: _Occurrence
    members: tuple[_Occurrence, ...]
    evidence: dict[int, tuple[str, ...]]
    certainty: str

    @property
    def is_key(self) -> bool:
        return any(each.is_key for each in self.members)


def asked_more_than_once(plan: Plan) -> pd.DataFrame:
    """Each element that asks for a fact which another collection asks for too; one row a fact and element.

    Columns: fact (an id of the group, from the name at its home), collection, layout, element, title, domain, level,
    respondents, frequency, ceds (ids with their match, joined by `; `), evidence (what shows that it is the fact of
    another of the group: `CEDS exact`, `CEDS`, `name`, `codes`, `description`), certainty (of the group: `high` where
    exact matches or name with codes or description hold it together, `medium` where anywhere only name and a CEDS
    element do), role (`key`: it joins records, so that every file needs it; otherwise `fact`), part (`home`, `could
    take it`, `asks itself`), reason (why that part).

    What counts as the same fact is told at the top of this module; the home, in `could_be_asked_once`. Groups are in
    the order of their first element in the catalog; in a group the home is first, and the others are in catalog order.
    """
    rows = []
    for group in _groups(plan):
        for each in group.members:
            part, reason = _part(group, each)
            rows.append(
                {
                    "fact": group.id,
                    "collection": each.collection.id,
                    "layout": each.layout.name,
                    "element": each.element.name,
                    "title": each.element.title,
                    "domain": each.collection.domain,
                    "level": each.collection.level,
                    "respondents": "; ".join(each.collection.respondents),
                    "frequency": each.element.frequency,
                    "ceds": "; ".join(f"{target} {match}" for target, match in each.matches),
                    "evidence": "; ".join(group.evidence[each.order]),
                    "certainty": group.certainty,
                    "role": "key" if group.is_key else "fact",
                    "part": part,
                    "reason": reason,
                }
            )
    return table(
        rows,
        """fact collection layout element title domain level respondents frequency ceds evidence certainty role part
        reason""",
    )


def could_be_asked_once(plan: Plan) -> pd.DataFrame:
    """Each fact that several collections ask for: which could be its home, and which could take it from there.

    Columns: fact, title (at the home), certainty, role, asked (by how many collections), home (a collection; empty
    where none of them reaches the publisher), take (ids of those that could take it from the home, joined by `; `),
    stay (ids of those that go on asking), saved (how many collections could stop asking).

    The home is, of the collections that reach the publisher: at the finest level (individual, school, district,
    aggregate); then asked most often; then earliest in its school year, by the last due date that is known; then the
    one that shares most facts with others, as a general register does; then the first in the catalog.

    Another takes the fact from the home when its level is as coarse or coarser, both are answered by districts (or by
    the very same respondents), both reach the publisher, and the home is asked always, or more often, or as often and
    due no later. Where dates are needed and not known, it goes on asking. A key is never taken: records are joined by
    it. Whether the home covers all the people or places that the other asks about, the plan does not say; a steward
    has to.
    """
    rows = []
    for group in _groups(plan):
        parts = {each.order: _part(group, each)[0] for each in group.members}
        take = dict.fromkeys(each.collection.id for each in group.members if parts[each.order] == _TAKE)
        home = [each.collection.id for each in group.members if parts[each.order] == _HOME]
        stay = dict.fromkeys(each.collection.id for each in group.members if parts[each.order] == _STAY)
        rows.append(
            {
                "fact": group.id,
                "title": group.home.element.title,
                "certainty": group.certainty,
                "role": "key" if group.is_key else "fact",
                "asked": len({each.collection.id for each in group.members}),
                "home": "".join(home[:1]),
                "take": "; ".join(take),
                "stay": "; ".join(stay),
                "saved": len(take),
            }
        )
    return table(rows, "fact title certainty role asked:int home take stay saved:int")


def _groups(plan: Plan) -> list[_Group]:
    occurrences = list(_occurrences(plan))
    links = _telling([link for pair in combinations(occurrences, 2) if (link := _link(*pair))])
    # The surest links first, so that a group is as sure as the weakest it cannot do without.
    links.sort(key=lambda link: (link.doubt, link.first.order, link.second.order))
    member_of = {each.order: frozenset({each.order}) for each in occurrences}
    by_order = {each.order: each for each in occurrences}
    doubts: dict[frozenset[int], int] = {}
    for link in links:
        one, other = member_of[link.first.order], member_of[link.second.order]
        if one == other or any(_contradict(by_order[a], by_order[b]) for a in one for b in other):
            continue
        merged = one | other
        doubts[merged] = max(link.doubt, doubts.get(one, 0), doubts.get(other, 0))
        member_of.update(dict.fromkeys(merged, merged))
    found = sorted({each for each in member_of.values() if len(each) > 1}, key=min)
    shared = [by_order[order].collection.id for each in found for order in each]
    groups: list[_Group] = []
    for orders in found:
        members = [by_order[order] for order in sorted(orders)]
        home = min(members, key=lambda each: (*_home_rank(each), -shared.count(each.collection.id), each.order))
        groups.append(
            _Group(
                id=_group_id(home, {group.id for group in groups}),
                home=home,
                members=(home, *(each for each in members if each is not home)),
                evidence={each.order: _evidence(each, orders, links) for each in members},
                certainty="medium" if doubts[orders] else "high",
            )
        )
    return groups


def _occurrences(plan: Plan) -> Iterator[_Occurrence]:
    mapped: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for entry in plan.all_crosswalk:
        if entry.standard == "CEDS":
            mapped.setdefault((entry.collection, entry.element), []).append((entry.target, entry.match))
    for order, (collection, layout, element) in enumerate(plan.every_element()):
        if is_asked(collection, element):
            entries = mapped.get((collection.id, element.name), [])
            matches = tuple(sorted(each for each in entries if each[0]))
            names = frozenset(_names(element))
            yield _Occurrence(order, collection, layout, element, names, matches, bool(entries) and not matches)


def _names(element: Element) -> Iterator[frozenset[str]]:
    """The sets of words an element is called by: its name, its title, and a short form in the title's brackets."""
    bracketed = re.findall(r"\(([A-Z]{2,})\)", element.title)
    for text in (element.slug, re.sub(r"\([^)]*\)", " ", element.title), *bracketed):
        words = set(re.findall(r"[a-z0-9]+", text.lower().replace("'s", " "))) - _FILLERS
        if words:
            yield frozenset(words)


def _link(one: _Occurrence, other: _Occurrence) -> _Link | None:
    if one.collection.id == other.collection.id or one.element.type != other.element.type or _contradict(one, other):
        return None
    named, exact = bool(one.names & other.names), bool(one.exact & other.exact)
    evidence = {
        "CEDS exact": exact,
        "name": named,
        "codes": _telling_codes(one) and one.element.codes == other.element.codes,
        "description": bool(_plain(one)) and _plain(one) == _plain(other),
        "CEDS": bool(one.targets & other.targets) and not exact,
    }
    told = tuple(what for what, holds in evidence.items() if holds)
    if exact and (named or one.collection.domain == other.collection.domain):
        return _Link(one, other, told, 0)
    if not named or told == ("name",):
        return None
    return _Link(one, other, told, 0 if evidence["codes"] or evidence["description"] else 1)


def _telling(links: list[_Link]) -> list[_Link]:
    """The links without those of an element to several, equally likely, that one collection tells apart."""
    rivals: dict[tuple[int, str, int], set[str]] = {}

    def sides(link: _Link) -> Iterator[tuple[tuple[int, str, int], str]]:
        for one, other in ((link.first, link.second), (link.second, link.first)):
            yield (one.order, other.collection.id, link.doubt), other.element.name

    for link in links:
        for side, name in sides(link):
            rivals.setdefault(side, set()).add(name)
    return [link for link in links if all(len(rivals[side]) == 1 for side, _ in sides(link))]


def _contradict(one: _Occurrence, other: _Occurrence) -> bool:
    if one.collection.id == other.collection.id:
        return one.element.name != other.element.name
    if one.exact & other.exact:
        return False
    codes = {one.element.codes, other.element.codes}
    return (
        ("" not in codes and len(codes) > 1)
        or bool(one.targets and other.targets and not one.targets & other.targets)
        or bool(one.exact & other.targets or other.exact & one.targets)
        or bool(one.unmatched and other.targets)
        or bool(other.unmatched and one.targets)
    )


def _telling_codes(each: _Occurrence) -> bool:
    # Yes and no answer any question, so that list says nothing about which.
    return bool(each.element.codes) and each.element.type != "boolean"


def _plain(each: _Occurrence) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", each.element.description.lower()))


def _evidence(each: _Occurrence, orders: Iterable[int], links: Iterable[_Link]) -> tuple[str, ...]:
    inside = set(orders)
    told = [
        what
        for link in links
        if each in (link.first, link.second) and {link.first.order, link.second.order} <= inside
        for what in link.evidence
    ]
    return tuple(what for what in ("CEDS exact", "CEDS", "name", "codes", "description") if what in told)


def _group_id(home: _Occurrence, taken: set[str]) -> str:
    wanted = home.element.slug.replace("_", "-")
    number = 1
    while (id := wanted if number == 1 else f"{wanted}-{number}") in taken:
        number += 1
    return id


def _reaches(collection: Collection) -> bool:
    """Whether what is answered reaches the publisher: it neither stays local nor goes to another department."""
    return collection.submitted_as != "local" and not collection.recipient


def _home_rank(each: _Occurrence) -> tuple[bool, int, int, bool, int]:
    often, due = how_often(each.element.frequency), _due(each.collection)
    return (
        not _reaches(each.collection),
        _LEVELS.index(each.collection.level),
        99 if often is None else often,
        due is None,
        due or 0,
    )


def _due(collection: Collection) -> int | None:
    """How many days after July 1 of its school year the first due date is, of the latest year with dates."""
    dues = (days_into_year(each, each.due or each.accurate) for each in latest_windows(collection))
    return min((due for due in dues if due is not None), default=None)


def _part(group: _Group, each: _Occurrence) -> tuple[str, str]:
    """What the occurrence could be to the fact, and why."""
    home = group.home
    if not _reaches(home.collection):
        return _STAY, "None of them reaches the publisher."
    if each is home:
        return _HOME, _why_home(home)
    if each.collection.id == home.collection.id:
        return _HOME, "Another layout of the home."
    if group.is_key:
        return _STAY, "A key: records are joined by it."
    if doubt := _why_not(home, each):
        return _STAY, doubt
    return (
        _TAKE,
        "Finer or equal level, same respondents, in time. Check that the home covers the same people or places.",
    )


def _why_home(home: _Occurrence) -> str:
    often = home.element.frequency or "frequency unknown"
    return f"Finest level ({home.collection.level}), asked most often ({often}) of those that reach the publisher."


def _why_not(home: _Occurrence, each: _Occurrence) -> str:
    if each.collection.submitted_as == "local":
        return "It stays local: the district does not send it."
    if each.collection.recipient:
        return "It goes to another department."
    if _LEVELS.index(home.collection.level) > _LEVELS.index(each.collection.level):
        return "Its level is finer than the home's."
    who = who_answers(home.collection.respondents)
    same = set(home.collection.respondents) & set(each.collection.respondents)
    if not same and not who == who_answers(each.collection.respondents) == "district":
        return "Others answer it than the home, or no source says who does."
    return _why_too_late(home, each)


def _why_too_late(home: _Occurrence, each: _Occurrence) -> str:
    often, wanted = how_often(home.element.frequency), how_often(each.element.frequency)
    if often == 0:
        return ""
    if often is None or wanted is None:
        return "How often one of the two is asked is not known well enough."
    if often > wanted:
        return "It is asked more often than the home."
    if often < wanted:
        return ""
    due, needed = _due(home.collection), _due(each.collection)
    if due is None or needed is None:
        return "Both are asked as often, and no source tells which is due first."
    return "" if due <= needed else "It is due before the home."
