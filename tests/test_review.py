"""What the plan says about itself: on small invented plans beside tables made by hand, and on the repository's own."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dap import review
from dap.catalog import open_plan
from dap.errors import RequestError
from dap.plan import (
    Code,
    CodeList,
    Collection,
    CrosswalkEntry,
    Element,
    Layout,
    Mandate,
    MandateLink,
    OpenQuestion,
    Plan,
    Source,
    Window,
)
from dap.review import words
from tests.conftest import ROOT, ROSTER, NewPlan, edit, field

TABLES: dict[str, Callable[[Plan], pd.DataFrame]] = {
    "asked_more_than_once": review.asked_more_than_once,
    "could_be_asked_once": review.could_be_asked_once,
    "unsupported_elements": review.unsupported_elements,
    "calendar": review.calendar,
    "district_load": review.district_load,
    "confidence_coverage": review.confidence_coverage,
    "demands_by_law": review.demands_by_law,
    "demands_by_jurisdiction": review.demands_by_jurisdiction,
}


def a_plan(*collections: Collection, **more: Any) -> Plan:
    facts = {"all_mandates": (), "all_code_lists": (), **more}
    return Plan(Path(), "1.0.0", "Example plan", "Example Department", tuple(collections), **facts)


def a_collection(id: str, *elements: Element, **facts: Any) -> Collection:
    layouts = (Layout("rows", "Rows", id, elements),) if elements else ()
    stated = {"domain": "student", "level": "individual", "respondents": ("districts",), "frequency": "annual"}
    return Collection(id, id.capitalize(), layouts, **{**stated, "status": "active", **facts})


def an_element(name: str = "birth_date", **facts: Any) -> Element:
    stated = {"title": name.replace("_", " "), "type": "string", "position": 1, "frequency": "annual"}
    return Element(name, **{**stated, **facts})


def ceds(match: str, *elements: str, target: str = "000033") -> tuple[CrosswalkEntry, ...]:
    pairs = (each.split("/") for each in elements)
    return tuple(CrosswalkEntry(collection, element, "CEDS", target, match) for collection, element in pairs)


def records(table: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in table[list(columns)].itertuples(index=False)]


# Whatever the plan


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans of a few collections that are alike enough to ask for the same, in every state the words can take."""
    collections: list[Collection] = []
    crosswalk: tuple[CrosswalkEntry, ...] = ()
    for number in range(draw(st.integers(0, 5))):
        id, elements = f"c{number}", list[Element]()
        for name in draw(st.lists(st.sampled_from(["grade", "grade_code", "birth_date", "note"]), unique=True)):
            links = draw(st.lists(st.sampled_from(["law", "rule"]), unique=True))
            elements.append(
                an_element(
                    name,
                    codes=draw(st.sampled_from(["", "", "grades", "levels"])),
                    description=draw(st.sampled_from(["", "The grade.", "A note."])),
                    status=draw(st.sampled_from(["", "active", "ended"])),
                    frequency=draw(st.sampled_from(["", "annual", "monthly", "continuous"])),
                    purpose=draw(st.sampled_from(["", "Shows."])),
                    mandates=tuple(MandateLink(link, draw(st.sampled_from(["", "mandatory"]))) for link in links),
                    sources=(Source("Book", confidence=draw(st.sampled_from(["", "high", "low"]))),),
                )
            )
            if match := draw(st.sampled_from(["", "", "exact", "close", "broader", "none"])):
                target = "" if match == "none" else draw(st.sampled_from(["000100", "000033"]))
                crosswalk += ceds(match, f"{id}/{name}", target=target)
        texts = st.sampled_from(["", "2025-10", "2025-12-01", "2026-02"])
        years = draw(st.lists(st.sampled_from(["2024-25", "2025-26"]), unique=True))
        collections.append(
            a_collection(
                id,
                *elements,
                level=draw(st.sampled_from(["individual", "school", "district", "aggregate"])),
                respondents=draw(st.sampled_from([(), ("districts",), ("parents",), ("parents", "teachers")])),
                status=draw(st.sampled_from(["", "active", "ended", "planned"])),
                submitted_as=draw(st.sampled_from(["", "file", "local"])),
                frequency=draw(st.sampled_from(["", "annual", "continuous"])),
                windows=tuple(
                    Window(year, draw(texts), draw(texts), draw(texts), (("F", draw(texts)),)) for year in years
                ),
            )
        )
    mandates = (Mandate("law", "1", "Law", "federal"), Mandate("rule", "2", "Rule", "state"))
    return a_plan(*collections, all_mandates=mandates, all_crosswalk=crosswalk)


@settings(max_examples=60, deadline=None)
@given(plans())
def test_every_table_has_the_same_columns_and_dtypes_whatever_the_plan_holds(plan: Plan) -> None:
    for name, make in TABLES.items():
        table, empty = make(plan), make(a_plan())
        assert list(table.columns) == list(empty.columns), name
        changed = {
            column for column in table if len(table) and len(empty) and table[column].dtype != empty[column].dtype
        }
        numbers = {column for column in empty if empty[column].dtype.kind in "ifbM"}
        assert not changed and all(table[column].dtype == empty[column].dtype for column in numbers), name
        pd.testing.assert_frame_equal(table, make(plan))
        assert list(table.index) == list(range(len(table)))


def test_an_empty_plan_gives_tables_that_say_so() -> None:
    rows = {name: len(make(a_plan())) for name, make in TABLES.items()}
    assert rows == {
        **dict.fromkeys(TABLES, 0),
        "district_load": 15,
        "confidence_coverage": 24,
        "demands_by_jurisdiction": 4,
    }
    assert review.confidence_coverage(a_plan()).share.isna().all()


# Asked more than once


def twice(one: Element, other: Element, crosswalk: tuple[CrosswalkEntry, ...] = (), **facts: Any) -> Plan:
    return a_plan(a_collection("a", one), a_collection("b", other, **facts), all_crosswalk=crosswalk)


def test_exact_matches_of_one_standard_element_ask_for_the_same() -> None:
    plan = twice(an_element("dob"), an_element("birth_date"), ceds("exact", "a/dob", "b/birth_date"))
    columns = ("fact", "collection", "element", "ceds", "evidence", "certainty", "role")
    assert records(review.asked_more_than_once(plan), *columns) == [
        ("dob", "a", "dob", "000033 exact", "CEDS exact", "high", "fact"),
        ("dob", "b", "birth_date", "000033 exact", "CEDS exact", "high", "fact"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "match", "certainty"),
    [
        ({"description": "The day of birth."}, {"description": "The day of birth"}, "", "high"),
        ({"codes": "days"}, {"codes": "days"}, "", "high"),
        ({}, {}, "close", "medium"),
        ({}, {}, "broader", "medium"),
        (
            {"title": "Birth Date"},
            {"name": "day", "title": "Current date of birth (from the register)"},
            "close",
            "medium",
        ),
        ({"title": "Day (BD)"}, {"name": "bd", "title": "Day of birth"}, "close", "medium"),
    ],
)
def test_a_name_with_one_more_piece_of_evidence_shows_the_same_fact(
    one: dict[str, Any], other: dict[str, Any], match: str, certainty: str
) -> None:
    first, second = an_element(**one), an_element(**other)
    plan = twice(first, second, ceds(match, f"a/{first.name}", f"b/{second.name}") if match else ())
    assert records(review.could_be_asked_once(plan), "asked", "certainty") == [(2, certainty)]


@pytest.mark.parametrize(
    ("one", "other", "matches", "why"),
    [
        ({}, {}, ("", ""), "a name alone"),
        ({"name": "first"}, {"name": "second"}, ("broader", "broader"), "a broader match alone"),
        ({"name": "first"}, {"name": "second"}, ("narrower", "narrower"), "a narrower match alone"),
        ({"name": "first"}, {"name": "second"}, ("close", "close"), "a close match alone"),
        ({}, {}, ("exact", "close"), "the crosswalk tells them apart"),
        ({"description": "Same."}, {"description": "Same."}, ("close", "none"), "only one has a counterpart"),
        ({}, {"type": "date"}, ("close", "close"), "another type"),
        ({"codes": "days"}, {"codes": "dates"}, ("close", "close"), "another code list"),
        ({"type": "boolean", "codes": "yes-no"}, {"type": "boolean", "codes": "yes-no"}, ("", ""), "yes and no"),
        ({"name": "first", "codes": "days"}, {"name": "second", "codes": "days"}, ("", ""), "a code list alone"),
        ({"name": "code"}, {"name": "current_code"}, ("close", "close"), "no word is left of the name"),
    ],
)
def test_what_does_not_show_the_same_fact_groups_nothing(
    one: dict[str, Any], other: dict[str, Any], matches: tuple[str, str], why: str
) -> None:
    first, second = an_element(**one), an_element(**other)
    entries = [
        entry
        for match, place in zip(matches, (f"a/{first.name}", f"b/{second.name}"), strict=True)
        if match
        for entry in ceds(match, place, target="" if match == "none" else "000033")
    ]
    assert review.asked_more_than_once(twice(first, second, tuple(entries))).empty, why


def test_exact_matches_of_different_domains_need_the_same_name() -> None:
    named = twice(an_element(), an_element(), ceds("exact", "a/birth_date", "b/birth_date"), domain="staff")
    other = twice(an_element("dob"), an_element(), ceds("exact", "a/dob", "b/birth_date"), domain="staff")
    assert (len(review.asked_more_than_once(named)), len(review.asked_more_than_once(other))) == (2, 0)


def test_what_one_collection_tells_apart_is_never_one_fact() -> None:
    facility_1, facility_2 = an_element("site_1", title="Site"), an_element("site_2", title="Site")
    crosswalk = ceds("close", "a/site_1", "a/site_2", "b/site")
    plan = a_plan(
        a_collection("a", facility_1, facility_2), a_collection("b", an_element("site")), all_crosswalk=crosswalk
    )
    assert review.asked_more_than_once(plan).empty
    one, other = a_collection("a", facility_1, facility_2), a_collection("b", facility_1, facility_2)
    every = ceds("exact", "a/site_1", "a/site_2", "b/site_1", "b/site_2")
    assert review.asked_more_than_once(a_plan(one, other, all_crosswalk=every)).empty


def test_two_that_contradict_each_other_are_not_joined_by_a_third() -> None:
    one, other = an_element(codes="days"), an_element(codes="dates")
    crosswalk = ceds("close", "a/birth_date", "b/birth_date", "c/birth_date")
    plan = a_plan(
        a_collection("a", one), a_collection("b", an_element()), a_collection("c", other), all_crosswalk=crosswalk
    )
    assert list(review.asked_more_than_once(plan).collection) == ["a", "b"]


@pytest.mark.parametrize("status", ["ended", "replaced", "suspended", "planned"])
def test_what_is_not_in_force_does_not_ask(status: str) -> None:
    crosswalk = ceds("exact", "a/birth_date", "b/birth_date")
    for plan in (
        twice(an_element(), an_element(), crosswalk, status=status),
        twice(an_element(), an_element(status=status), crosswalk),
        twice(an_element(), an_element(), crosswalk, status="", successor="a"),
    ):
        assert review.asked_more_than_once(plan).empty
    assert not review.asked_more_than_once(twice(an_element(), an_element(), crosswalk, status="")).empty


OPEN = {"frequency": "continuous"}
OCTOBER, MAY = (Window("2025-26", due="2025-10-30"),), (Window("2024-25", due="2025-05-01"),)


@pytest.mark.parametrize(
    ("one", "other", "home", "take"),
    [
        ({"level": "school"}, {"level": "individual", **OPEN}, "b", "a"),
        ({"level": "individual"}, {"level": "school", **OPEN}, "a", ""),
        ({}, OPEN, "b", "a"),
        ({}, {"frequency": "monthly"}, "b", "a"),
        ({"windows": MAY}, {"windows": OCTOBER}, "b", "a"),
        ({"windows": MAY}, {}, "a", ""),
        ({"windows": MAY}, {"windows": OCTOBER, "level": "district"}, "a", ""),
        ({"windows": OCTOBER}, {"windows": MAY, "level": "district"}, "a", "b"),
        ({"windows": MAY}, {"windows": MAY}, "a", "b"),
        ({}, {}, "a", ""),
        (OPEN, {"frequency": "as needed"}, "a", "b"),
        ({}, {"frequency": "per incident"}, "a", ""),
        (OPEN, {"frequency": "per incident"}, "a", "b"),
        ({"frequency": "per incident"}, {"frequency": "per incident"}, "a", ""),
        ({}, {"frequency": "as needed"}, "a", ""),
        (OPEN, {"submitted_as": "local"}, "a", ""),
        ({"submitted_as": "local", **OPEN}, {}, "b", ""),
        ({"recipient": "Another department", **OPEN}, {}, "b", ""),
        ({"submitted_as": "local"}, {"submitted_as": "local"}, "", ""),
        (OPEN, {"respondents": ("parents",)}, "a", ""),
        (OPEN, {"respondents": ()}, "a", ""),
        (OPEN, {"respondents": ("boards of education",)}, "a", "b"),
        ({"respondents": ("parents",), **OPEN}, {"respondents": ("parents",)}, "a", "b"),
    ],
)
def test_a_fact_is_taken_from_its_home_only_where_level_respondents_and_time_allow(
    one: dict[str, Any], other: dict[str, Any], home: str, take: str
) -> None:
    def each(id: str, facts: dict[str, Any]) -> Collection:
        return a_collection(id, an_element(frequency=facts.get("frequency", "annual")), **facts)

    crosswalk = ceds("exact", "a/birth_date", "b/birth_date")
    plan = a_plan(each("a", one), each("b", other), all_crosswalk=crosswalk)
    row = review.could_be_asked_once(plan).iloc[0]
    assert (row.home, row["take"], row.saved) == (home, take, len(take))
    parts = dict(records(review.asked_more_than_once(plan), "collection", "part"))
    assert parts == {id: "home" if id == home else "could take it" if id in take else "asks itself" for id in "ab"}


def test_of_equals_the_home_is_the_collection_that_shares_most_facts() -> None:
    grade, born = an_element("grade", **OPEN), an_element(**OPEN)
    crosswalk = ceds("exact", "a/grade", "b/grade", target="000100")
    crosswalk += ceds("exact", "b/birth_date", "c/birth_date")
    plan = a_plan(
        a_collection("a", grade), a_collection("b", grade, born), a_collection("c", born), all_crosswalk=crosswalk
    )
    assert records(review.could_be_asked_once(plan), "fact", "home", "take") == [
        ("grade", "b", "a"),
        ("birth-date", "b", "c"),
    ]


def test_a_key_is_asked_again_and_never_taken() -> None:
    crosswalk = ceds("broader", "a/number", "b/number", target="001071")
    by_standard = a_plan(
        a_collection("a", an_element("number", **OPEN)),
        a_collection("b", an_element("number")),
        all_crosswalk=crosswalk,
    )
    named = an_element("number", description="Who sends it.", **OPEN)
    by_layout = a_plan(
        a_collection("a", named),
        Collection(
            "b", "B", (Layout("r", "R", "b", (named,), path="b.csv", district_field="number"),), level="individual"
        ),
    )
    for plan in (by_standard, by_layout):
        assert records(review.could_be_asked_once(plan), "role", "take", "stay") == [("key", "", "b")]


@settings(max_examples=60, deadline=None)
@given(plans())
def test_a_group_is_of_several_collections_that_ask_and_nothing_is_taken_from_a_coarser_level(plan: Plan) -> None:
    table, facts = review.asked_more_than_once(plan), review.could_be_asked_once(plan)
    assert list(dict.fromkeys(table.fact)) == list(facts.fact)
    assert not facts.fact.duplicated().any() and not table.duplicated(["collection", "layout", "element"]).any()
    levels = ("individual", "school", "district", "aggregate")
    for row in facts.to_dict("records"):
        group = table[table.fact == row["fact"]]
        assert group.collection.nunique() == len(group) == row["asked"] >= 2
        for id, name in records(group, "collection", "element"):
            assert words.is_asked(plan.collection(id), plan.collection(id).layouts[0].by_name[name])
        taking = list(group.collection[group.part == "could take it"])
        assert row["home"] or not taking
        for id in taking:
            home, other = plan.collection(row["home"]), plan.collection(id)
            assert levels.index(home.level) <= levels.index(other.level)
            assert "local" not in (home.submitted_as, other.submitted_as)
            assert home.respondents and other.respondents


def test_everyone_who_is_asked_for_a_birthdate_is_in_one_group(connecticut: Plan) -> None:
    table = review.asked_more_than_once(connecticut)
    wanted = {
        (row["collection"], row["element"])
        for row in _crosswalk_rows()
        if row["target"] == "000033" and row["match"] == "exact" and _in_force(row["collection"])
    }
    assert set(records(table[table.fact == "date-of-birth"], "collection", "element")) == wanted
    assert len(wanted) > 1


def test_nothing_in_the_repositorys_groups_contradicts_the_crosswalk(connecticut: Plan) -> None:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in _crosswalk_rows():
        if row["standard"] == "CEDS":
            found.setdefault((row["collection"], row["element"]), {})[row["target"]] = row["match"]
    for _, group in review.asked_more_than_once(connecticut).groupby("fact"):
        mapped = [found[place] for place in records(group, "collection", "element") if place in found]
        common = set.intersection(*(set(each) for each in mapped)) if mapped else {""}
        assert common, "mapped, and to nothing in common"
        assert all(len({each[target] == "exact" for each in mapped}) == 1 for target in common if mapped)
        assert all(_in_force(id) for id in group.collection) and group.collection.nunique() > 1


def test_every_group_found_in_the_repositorys_plan_was_judged_by_eye(connecticut: Plan) -> None:
    lines = (ROOT / "docs/review.md").read_text("utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    judged = {
        (fact, int(count))
        for facts, counts, *_ in (row for row in rows if len(row) == 3 and row[1].replace(", ", "").isdigit())
        for fact, count in zip(facts.split(", "), counts.split(", "), strict=True)
    }
    found = set(records(review.could_be_asked_once(connecticut), "fact", "asked"))
    assert found <= judged, "compare the new groups by eye, and write the judgement into docs/review.md"


# What elements rest on


def test_an_element_without_law_or_use_is_listed_with_what_it_lacks_and_whether_that_is_an_open_question() -> None:
    law = (MandateLink("law"),)
    whole = a_collection(
        "a",
        an_element("sound", mandates=law, uses=("Counts.",)),
        an_element("purposeful", mandates=law, purpose="Counts."),
        an_element("useless", mandates=law),
        an_element("lawless", uses=("Counts.",), open=(OpenQuestion("mandate", "Not said."),)),
        an_element("idle", status="ended", open=(OpenQuestion("codes", "Not seen."),)),
        open=(OpenQuestion("uses", "Not said."),),
    )
    assert records(review.unsupported_elements(a_plan(whole)), "element", "lacks", "in_force", "open") == [
        ("useless", "use", True, "uses"),
        ("lawless", "mandate", True, "mandate"),
        ("idle", "mandate and use", False, "uses"),
    ]


def test_every_element_without_law_or_use_is_listed_and_no_other(connecticut: Plan) -> None:
    table = review.unsupported_elements(connecticut)
    for what, facts in (("mandate", ("mandates",)), ("use", ("purpose", "uses"))):
        listed = table[table.lacks.str.contains(what)]
        assert set(records(listed, "collection", "layout", "element")) == {
            place
            for place, field, acquisition in _stated()
            if not any(_given(field, acquisition, each) for each in facts)
        }
    assert not table.duplicated(["collection", "layout", "element"]).any()


def test_a_mandate_is_stated_by_the_element_or_inherited_from_its_collection(new_plan: NewPlan) -> None:
    root = new_plan()
    unknown = {"open": [{"about": "mandate", "why": "Nobody says."}]}
    edit(root, ROSTER, lambda d: field(d, "seat").update(acquisition=unknown))
    plan = open_plan(root)
    elements = sum(1 for _ in plan.every_element())
    columns = ("mandate", "collections", "elements", "mandatory", "unstated", "alone", "stated", "inherited")
    assert records(review.demands_by_law(plan), *columns) == [
        ("example-act", 1, elements - 2, elements - 2, 0, elements - 2, 0, elements - 2),
        ("example-rule", 1, 1, 1, 0, 1, 1, 0),
    ]
    assert plan.collection("example-roster").layouts[0].by_name["seat"].inherited >= {"frequency", "uses", "purpose"}


def test_a_law_demands_collections_and_elements_by_obligation() -> None:
    both = (MandateLink("law", "voluntary"), MandateLink("rule", "mandatory"))
    plan = a_plan(
        a_collection(
            "a",
            an_element("one", mandates=both),
            an_element("two", mandates=(MandateLink("law", "for-benefit"), MandateLink("act"))),
            an_element("three"),
        ),
        a_collection("b", mandates=(MandateLink("law"),)),
        a_collection("c", an_element("four", mandates=(MandateLink("law"),)), status="ended"),
        a_collection("d"),
        all_mandates=(
            Mandate("act", "3", "Act", "federal"),
            Mandate("idle", "4", "Idle", "state"),
            Mandate("law", "1", "Law", "federal"),
            Mandate("rule", "2", "Rule", "state"),
        ),
    )
    counts = (
        "collections", "collections_undocumented", "elements", "in_force",
        "mandatory", "for_benefit", "voluntary", "unstated", "alone",
    )  # fmt: skip
    assert records(review.demands_by_law(plan), "mandate", *counts) == [
        ("law", 3, 1, 3, 2, 0, 1, 1, 1, 1),
        ("act", 1, 0, 1, 1, 0, 0, 0, 1, 0),
        ("rule", 1, 0, 1, 1, 1, 0, 0, 0, 0),
        ("idle", 0, 0, 0, 0, 0, 0, 0, 0, 0),
    ]
    assert records(review.demands_by_jurisdiction(plan), "jurisdiction", "mandates", "unused", *counts) == [
        ("federal", 2, 0, 3, 1, 3, 2, 0, 1, 1, 1, 2),
        ("state", 2, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0),
        ("other", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        ("none known", 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0),
    ]


def test_the_counts_by_law_are_those_of_the_plans_tables(connecticut: Plan) -> None:
    laws = review.demands_by_law(connecticut).set_index("mandate")
    plain = connecticut.mandates.set_index("id").loc[laws.index]
    assert (laws.collections == plain.collections).all() and (laws.elements == plain.elements).all()
    assert (laws.elements == laws[["mandatory", "for_benefit", "voluntary", "unstated"]].sum(axis=1)).all()
    stated = Counter(
        link["id"] for _, field, _ in _stated() for link in field.get("acquisition", {}).get("mandates", ())
    )
    assert stated == Counter({law: int(count) for law, count in laws.stated.items() if count})
    assert (laws.stated + laws.inherited == laws.elements).all()
    whole = review.demands_by_jurisdiction(connecticut).set_index("jurisdiction")
    assert whole.mandates.sum() == len(connecticut.all_mandates)
    unlawful = sum(1 for _, field, acquisition in _stated() if not _given(field, acquisition, "mandates"))
    assert whole.elements["none known"] == unlawful
    assert whole.unused.sum() == (laws.collections == 0).sum()


# Confidence


def test_confidence_is_counted_by_kind_of_fact() -> None:
    def said(confidence: str) -> tuple[Source, ...]:
        return (Source("Book", confidence=confidence), Source("Other", confidence="low"))

    plan = a_plan(
        a_collection("a", an_element("one", sources=said("high")), an_element("two"), sources=said("medium")),
        all_mandates=(Mandate("law", "1", "Law", "federal", confidence="low"),),
        all_code_lists=(CodeList("l", "L", True, (Code("1", "One"), Code("2", "Two")), sources=said("high")),),
    )
    table = review.confidence_coverage(plan)
    assert records(table[table.facts > 0], "kind", "confidence", "facts", "share") == [
        ("collection", "medium", 1, 1.0),
        ("layout", "unstated", 1, 1.0),
        ("element", "high", 1, 0.5),
        ("element", "unstated", 1, 0.5),
        ("mandate", "low", 1, 1.0),
        ("code list", "high", 1, 1.0),
        ("code", "high", 2, 1.0),
    ]


def test_confidence_covers_every_fact_of_the_plan(connecticut: Plan) -> None:
    table = review.confidence_coverage(connecticut)
    facts = table.groupby("kind").facts.sum()
    own = {"collection": connecticut.collections, "element": connecticut.elements, "mandate": connecticut.mandates}
    assert facts["code"] == len(connecticut.codes) and facts["code list"] == len(connecticut.all_code_lists)
    for kind, rows in own.items():
        counted = table[(table.kind == kind) & (table.facts > 0)].set_index("confidence").facts.to_dict()
        assert counted == rows.confidence.replace("", "unstated").value_counts().to_dict()
    assert table.groupby("kind").share.sum().round(9).eq(1).all()


# Dates


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_a_day_is_itself_and_a_month_lasts_from_its_first_to_its_last_day(day: date) -> None:
    assert words.days(day.isoformat()) == (day, day, "day")
    first, last, precision = words.days(f"{day:%Y-%m}") or pytest.fail("no days")
    assert precision == "month" and first <= day <= last and first.day == 1
    assert (pd.Timestamp(first) + pd.offsets.MonthEnd(0)).date() == last


def dated() -> Plan:
    register = Window(
        "2025-26", "2025-10-01", "2025-12-15", "2026-01", (("F1", "2026-02-01"), ("", "2026-03")), "first round"
    )
    return a_plan(
        a_collection(
            "register", an_element(), an_element("grade"), windows=(Window("2024-25", due="2024-12"), register)
        ),
        a_collection("summer", windows=(Window("2025-26", accurate="2026-08-01"),), respondents=("parents", "schools")),
        a_collection("visits", frequency="continuous", dates_note="Always open."),
        a_collection("survey", respondents=(), status=""),
        a_collection("census", windows=(Window("2025-26"),), level="district"),
        a_collection("old", windows=(Window("2024-25", due="2024-12-01"),), status="replaced", successor="register"),
        a_collection("older", status="ended"),
        a_collection("letters", respondents=("parents",), windows=(Window("2025-26", due="2025-12-01"),)),
    )


def test_the_calendar_has_a_row_for_each_window_event_and_respondent_and_for_what_has_no_date() -> None:
    table = review.calendar(dated())
    columns = ("collection", "respondent", "school_year", "window", "event", "freeze", "date", "precision")
    assert records(table, *columns) == [
        ("register", "districts", "2024-25", "", "due", "", "2024-12", "month"),
        ("old", "districts", "2024-25", "", "due", "", "2024-12-01", "day"),
        ("register", "districts", "2025-26", "first round", "opens", "", "2025-10-01", "day"),
        ("letters", "parents", "2025-26", "", "due", "", "2025-12-01", "day"),
        ("register", "districts", "2025-26", "first round", "due", "", "2025-12-15", "day"),
        ("register", "districts", "2025-26", "first round", "accurate", "", "2026-01", "month"),
        ("register", "districts", "2025-26", "first round", "freeze", "F1", "2026-02-01", "day"),
        ("register", "districts", "2025-26", "first round", "freeze", "", "2026-03", "month"),
        ("summer", "parents", "2025-26", "", "accurate", "", "2026-08-01", "day"),
        ("summer", "schools", "2025-26", "", "accurate", "", "2026-08-01", "day"),
        ("visits", "districts", "", "", "no date stated", "", "", ""),
        ("survey", "", "", "", "no date stated", "", "", ""),
        ("census", "districts", "", "", "no date stated", "", "", ""),
    ]
    row = table[table.date == "2026-03"].iloc[0]
    assert (row.first_day, row.last_day) == (pd.Timestamp("2026-03-01"), pd.Timestamp("2026-03-31"))
    assert table.first_day[table.event == "no date stated"].isna().all()
    assert table.note[table.collection == "visits"].item() == "Always open."


def test_of_one_school_year_what_is_not_dated_in_it_is_listed_as_such() -> None:
    table = review.calendar(dated(), "2024-25")
    assert records(table, "collection", "school_year", "event") == [
        ("register", "2024-25", "due"),
        ("old", "2024-25", "due"),
        ("summer", "2024-25", "no date stated"),
        ("summer", "2024-25", "no date stated"),
        ("visits", "2024-25", "no date stated"),
        ("survey", "2024-25", "no date stated"),
        ("census", "2024-25", "no date stated"),
        ("letters", "2024-25", "no date stated"),
    ]


@pytest.mark.parametrize("year", ["2025", "2025-27", "25-26", "2025-2026", "", "²025-26", "2025-26 "])
def test_what_is_no_school_year_is_refused(year: str) -> None:
    for make in (review.calendar, review.district_load):
        with pytest.raises(RequestError, match="2025-26"):
            make(dated(), year)


def test_every_date_of_the_descriptors_is_in_the_calendar_and_every_running_collection(connecticut: Plan) -> None:
    table = review.calendar(connecticut)
    wanted = set()
    for id, acquisition in _packages():
        for respondent in acquisition.get("respondents", [""]):
            for window in acquisition.get("windows", ()):
                for event in ("opens", "due", "accurate"):
                    if event in window:
                        wanted.add((id, respondent, window["schoolYear"], event, "", window[event]))
                for freeze in window.get("freeze", ()):
                    name = freeze.get("name", "")
                    wanted.add((id, respondent, window["schoolYear"], "freeze", name, freeze["date"]))
    found = table[table.event != "no date stated"]
    assert set(records(found, "collection", "respondent", "school_year", "event", "freeze", "date")) == wanted
    assert len(found) == len(found.drop_duplicates())
    assert set(table.collection) >= {id for id, _ in _packages() if _in_force(id)}


@settings(max_examples=60, deadline=None)
@given(plans(), st.sampled_from([None, "2024-25", "2025-26", "2030-31"]))
def test_no_collection_in_force_disappears_from_calendar_or_load(plan: Plan, year: str | None) -> None:
    running = {each.id for each in plan.all_collections if words.in_force(each)}
    listed = review.calendar(plan, year)
    assert set(listed.collection) >= running
    days = listed.first_day.dropna()
    assert days.is_monotonic_increasing and listed.first_day.iloc[len(days) :].isna().all()
    load = review.district_load(plan, year).set_index("month")
    told = {id for ids in load.collections for id in ids.split("; ") if id}
    opened = {
        each.id for each in plan.all_collections
        if any(window.opens and year in (None, window.school_year) for window in each.windows)
    }  # fmt: skip
    answering = {each.id for each in plan.all_collections if words.who_answers(each.respondents) != "other"}
    assert told | opened >= running & answering and told <= answering
    for by in ("domain", "level"):
        parts = review.district_load(plan, year, by)
        for count in ("open", "due", "elements_due", "undocumented_due", "accurate"):
            summed = parts.groupby("month")[count].sum() if len(parts) else load[count] * 0
            assert (summed.reindex(load.index) == load[count]).all()


def test_the_load_counts_month_by_month_what_a_district_has_open_and_due() -> None:
    table = review.district_load(dated())
    counts = ("month", "open", "due", "elements_due", "undocumented_due", "accurate", "years", "collections")
    told = [row for row in records(table, *counts) if any(row[1:])]
    assert told == [
        ("August", 1, 1, 0, 1, 1, "2025-26", "summer"),
        ("October", 1, 0, 0, 0, 0, "", ""),
        ("November", 1, 0, 0, 0, 0, "", ""),
        ("December", 1, 1, 2, 0, 0, "2025-26", "register"),
        ("January", 0, 0, 0, 0, 1, "", ""),
        ("all year", 1, 0, 0, 0, 0, "", "visits"),
        ("no date stated", 1, 0, 0, 0, 0, "", "census"),
        ("respondents unknown", 1, 0, 0, 0, 0, "", "survey"),
    ]
    assert list(table.month[:12]) == [f"{day:%B}" for day in pd.date_range("2025-07-01", periods=12, freq="MS")]


def test_a_collection_is_open_in_every_month_its_window_touches() -> None:
    windows = (Window("2025-26", "2026-01-31", "2026-03-01"), Window("2025-26", opens="2026-05", name="second"))
    table = review.district_load(a_plan(a_collection("a", windows=windows)))
    assert list(table.month[table.open > 0]) == ["January", "February", "March", "May"]
    long = (Window("2025-26", "2025-07-01", "2027-08-01"),)
    assert list(review.district_load(a_plan(a_collection("a", windows=long))).open) == [1] * 12 + [0] * 3


def test_the_load_of_a_school_year_holds_that_years_dates_alone() -> None:
    table = review.district_load(dated(), "2024-25").set_index("month")
    assert (table.due["December"], table.collections["December"]) == (2, "register; old")
    assert table.due.sum() == 2
    assert table.collections["no date stated"] == "summer; census"


def test_the_load_is_counted_by_domain_or_level_and_by_nothing_else() -> None:
    table = review.district_load(dated(), by="level")
    assert list(dict.fromkeys(table.by)) == ["district", "individual"]
    assert table[(table.by == "district") & (table.open > 0)].collections.tolist() == ["census"]
    with pytest.raises(RequestError, match="domain"):
        review.district_load(dated(), by="form")


@pytest.mark.parametrize(
    ("respondents", "who"),
    [
        (("district PSIS coordinators",), "district"),
        (("local boards of education",), "district"),
        (("LEA security managers",), "district"),
        (("planning and placement teams of boards of education",), "district"),
        (("parents", "schools"), "district"),
        (("teachers who give alternate assessments",), "district"),
        (("private schools",), "other"),
        (("parents", "health care providers"), "other"),
        (("former students",), "other"),
        ((), ""),
    ],
)
def test_who_answers_is_a_district_with_its_schools_and_staff_or_others_or_not_known(
    respondents: tuple[str, ...], who: str
) -> None:
    assert words.who_answers(respondents) == who


def test_every_frequency_the_plan_ranks_keeps_its_order() -> None:
    ordered = ["continuous", "weekly", "monthly", "quarterly", "three a year", "semiannual", "annual", "biennial",
               "every five years", "once"]  # fmt: skip
    ranks = [words.how_often(each) for each in ordered]
    assert None not in ranks and ranks == sorted(ranks, key=lambda rank: rank or 0) and len(set(ranks)) == len(ranks)
    assert words.how_often("as needed") is words.how_often("") is None


# The descriptors, read without the package


def _packages() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(ROOT.glob("catalog/collections/*/datapackage.json")):
        package = json.loads(path.read_text("utf-8"))
        yield package["name"], package["acquisition"]


def _stated() -> Iterator[tuple[tuple[str, str, str], dict[str, Any], dict[str, Any]]]:
    for path in sorted(ROOT.glob("catalog/collections/*/datapackage.json")):
        package = json.loads(path.read_text("utf-8"))
        for resource in package["resources"]:
            for each in resource["schema"]["fields"]:
                yield (package["name"], resource["name"], each["name"]), each, package["acquisition"]


def _given(field: dict[str, Any], acquisition: dict[str, Any], fact: str) -> bool:
    """Whether a field has a fact: its own, or its package's unless it declares the fact open."""
    own = field.get("acquisition", {})
    declared = {"mandates" if each["about"] == "mandate" else each["about"] for each in own.get("open", ())}
    return bool(own.get(fact) or (fact not in own and fact not in declared and acquisition.get(fact)))


def _in_force(id: str) -> bool:
    stated = dict(_packages())[id]
    return stated.get("status", "") in ("", "active") and "successor" not in stated


def _crosswalk_rows() -> list[dict[str, str]]:
    with (ROOT / "catalog/crosswalk.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("jurisdiction", ["federal", "state"])
def test_the_elements_about_a_topic_are_those_that_rest_on_laws_of_the_jurisdiction(
    connecticut: Plan, jurisdiction: str
) -> None:
    topic = next(each for each in connecticut.all_topics if each.id == "discipline")
    found = review.elements_about(connecticut, topic.id, jurisdiction)
    cited = {each.id: each.cited for each in connecticut.all_mandates if each.jurisdiction == jurisdiction}
    assert len(found) > 0 and (found["due"] != "").all()
    for row in found.to_dict("records"):
        collection = connecticut.collection(row["collection"])
        element = collection.layout(row["layout"]).by_name[row["element"]]
        assert topic.holds(collection, element)
        assert row["laws"] == "; ".join(cited[link.id] for link in element.mandates if link.id in cited) != ""


def test_an_unknown_topic_or_jurisdiction_is_refused_and_not_repeated(connecticut: Plan) -> None:
    for topic, jurisdiction in (("no-such-topic", "federal"), ("discipline", "no-such-law")):
        with pytest.raises(RequestError) as refused:
            review.elements_about(connecticut, topic, jurisdiction)
        assert "no-such" not in str(refused.value)
