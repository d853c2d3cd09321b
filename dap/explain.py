"""What the plan knows of one thing, in words: a collection, an element, a mandate or a code list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dap.errors import RequestError, nearest
from dap.plan import (
    Code,
    CodeCrosswalkEntry,
    Collection,
    CrosswalkEntry,
    Element,
    Layout,
    MandateLink,
    OpenQuestion,
    Plan,
    Source,
)
from dap.suites import build_suite

_MOST_CODES = 30


def explain(plan: Plan, name: str) -> str:
    """Everything the plan holds about the thing of that name, as Markdown.

    The name is the id of a collection, a mandate or a code list, or an element's: its own name (then every element so
    called is explained) or `collection/element`. RequestError, with the nearest name, where nothing is called so.
    """
    parts = [
        *(_collection(plan, each) for each in plan.all_collections if each.id == name),
        *(_mandate(plan, name) for each in plan.all_mandates if each.id == name),
        *(_code_list(plan, name) for each in plan.all_code_lists if each.name == name),
        *(
            _element(plan, collection, layout, element)
            for collection, layout, element in plan.every_element()
            if name
            in (element.name, f"{collection.id}/{element.name}", f"{collection.id}/{layout.name}/{element.name}")
        ),
    ]
    if not parts:
        raise RequestError(f"Nothing in the plan is called so.{nearest(name, _names(plan))}")
    return "\n".join(parts)


def _names(plan: Plan) -> Iterator[str]:
    yield from (each.id for each in plan.all_collections)
    yield from (each.id for each in plan.all_mandates)
    yield from (each.name for each in plan.all_code_lists)
    for collection, _, element in plan.every_element():
        yield from (element.name, f"{collection.id}/{element.name}")


def _page(title: str, *sections: tuple[str, str | Iterable[str]]) -> str:
    """A title and the sections that have something to say; a section's lines become a list."""
    parts = [f"# {title}\n"]
    for heading, said in sections:
        text = said if isinstance(said, str) else "\n".join(f"- {line}" for line in said)
        if text:
            parts.append(f"## {heading}\n\n{text}\n" if heading else f"{text}\n")
    return "\n".join(parts)


def _collection(plan: Plan, collection: Collection) -> str:
    about = [
        *_given("Form", collection.form),
        *_given("Domain", collection.domain),
        *_given("One row is about", collection.level),
        *_given("Who must answer", ", ".join(collection.respondents)),
        *_given("How often", collection.frequency),
        *_given("Certified by", collection.certified_by),
        *_given("Status", collection.status),
        *_given("How it reaches the state", collection.submitted_as),
        *_given("It goes to", collection.recipient),
        *_given("It took the place of", ", ".join(f"`{each.id}`" for each in plan.predecessors(collection.id))),
        *_given("Its place was taken by", f"`{collection.successor}`" if collection.successor else ""),
        *_given("Kept", collection.retention),
    ]
    dates = [
        f"{' '.join(filter(None, (row['school_year'], row['window'])))}: {row['kind']} {row['date']}"
        for row in plan.windows.to_dict("records")
        if row["collection"] == collection.id
    ]
    return _page(
        f"{collection.title} (`{collection.id}`)",
        ("", collection.description),
        ("", about),
        ("Why", [*_given("Purpose", collection.purpose), *collection.uses]),
        ("Under which law", _laws(plan, collection.mandates)),
        ("Dates", [*dates, *_given("Note", collection.dates_note)]),
        *((f"Layout {layout.name}", _layout_lines(layout)) for layout in collection.layouts),
        ("Not known yet", _open(collection.open)),
        ("Where this was found", _sources(collection.sources)),
    )


def _layout_lines(layout: Layout) -> list[str]:
    return [
        f"`{element.name}` {element.title}" + (" (may be left out)" if element.name in layout.optional else "")
        for element in layout.elements
    ]


def _element(plan: Plan, collection: Collection, layout: Layout, element: Element) -> str:
    judged = build_suite(plan, collection, layout)["expectations"] if layout.is_file else ()
    rules = [
        f"{each['meta']['rule']} {each['meta']['message']}"
        for each in judged
        if each["meta"]["element"] == element.name
    ]
    about = [
        f"Collection: {collection.title} (`{collection.id}`), layout {layout.name}",
        *_given("How often", element.frequency),
        *_given("Who must answer", ", ".join(collection.respondents)),
        *_given("Sensitivity", element.sensitivity),
        *_given("Status", element.status),
        *_given("Kept", element.retention),
        *_given("Nine digits are legitimate here", element.allows.reason if element.allows else ""),
    ]
    standards = [
        _standard(each)
        for each in plan.all_crosswalk
        if (each.collection, each.element) == (collection.id, element.name)
    ]
    return _page(
        f"{element.title} (`{collection.id}/{element.name}`)",
        ("", element.description),
        ("", about),
        ("Why", [*_given("Purpose", element.purpose), *element.uses]),
        ("Under which law", _laws(plan, element.mandates)),
        ("Permitted values", _code_lines(plan, element.codes)),
        ("Rules", rules),
        ("National standards", standards),
        ("Not known yet", _open(element.open)),
        ("Where this was found", _sources(element.sources)),
    )


def _standard(entry: CrosswalkEntry) -> str:
    if entry.match == "none":
        return f"{entry.standard}: no counterpart. {entry.note}"
    if entry.standard == "EDFacts":
        return f"EDFacts {entry.target} (fed by this element) {entry.note}".strip()
    return f"{entry.standard} {entry.target} ({entry.match} match) {entry.note}".strip()


def _option(entry: CodeCrosswalkEntry) -> str:
    return f"`{entry.option}` ({entry.match} match)" if entry.option else "(no counterpart)"


def _mandate(plan: Plan, id: str) -> str:
    mandate = plan.mandate(id)
    of_collections = [f"{each.title} (`{each.id}`)" for each in plan.all_collections if _rests_on(each.mandates, id)]
    of_elements = [
        f"{element.title} (`{collection.id}/{element.name}`)"
        for collection, _, element in plan.every_element()
        if _rests_on(element.mandates, id) and not _rests_on(collection.mandates, id)
    ]
    holds = " to ".join(filter(None, (mandate.since, mandate.until)))
    return _page(
        f"{': '.join(filter(None, (mandate.citation, mandate.title)))} (`{mandate.id}`)",
        ("", mandate.summary),
        ("", [*_given("Whose law", mandate.jurisdiction), *_given("Holds since", holds)]),
        ("Collections that rest on it", of_collections),
        ("Elements of other collections that rest on it", of_elements),
        ("Not known yet", _open(mandate.open)),
        ("Where this was found", _sources((Source(mandate.source, "", mandate.year, mandate.confidence),))),
    )


def _rests_on(links: Iterable[MandateLink], id: str) -> bool:
    return any(link.id == id for link in links)


def _code_list(plan: Plan, name: str) -> str:
    code_list = plan.code_list(name)
    used = [
        f"{element.title} (`{collection.id}/{element.name}`)"
        for collection, _, element in plan.every_element()
        if element.codes == name
    ]
    standards = [
        f"`{each.code}`: {each.standard} {each.target} {_option(each)} {each.note}".strip()
        for each in plan.all_code_crosswalk
        if each.code_list == name
    ]
    return _page(
        f"{code_list.title} (`{name}`)",
        ("", code_list.description),
        ("Codes", [_said_code(code) for code in code_list.codes]),
        ("", "" if code_list.complete else "The list is not known to be complete, so it is no rule."),
        ("Used by", used),
        ("National standards", standards),
        ("Not known yet", _open(code_list.open)),
        ("Where this was found", _sources(code_list.sources)),
    )


def _code_lines(plan: Plan, name: str) -> list[str]:
    if not name:
        return []
    code_list = plan.code_list(name)
    shown = [_said_code(code) for code in code_list.codes[:_MOST_CODES]]
    if len(code_list.codes) > _MOST_CODES:
        shown.append(f"and {len(code_list.codes) - _MOST_CODES} more: `dap explain {name}`")
    standing = "complete" if code_list.complete else "not known to be complete, so it is no rule"
    return [f"Code list `{name}`, {standing}", *shown]


def _said_code(code: Code) -> str:
    held = f" ({code.since or '?'} to {code.until or 'now'})" if code.since or code.until else ""
    return f"`{code.code}` {code.label}{held}" if code.code else f"{code.label} (code not known){held}"


def _laws(plan: Plan, links: Sequence[MandateLink]) -> list[str]:
    said = []
    for link in links:
        mandate = plan.mandate(link.id)
        obligation = f" ({link.obligation})" if link.obligation else ""
        named = ", ".join(filter(None, (mandate.citation, mandate.title)))
        said.append(f"{named}{obligation}: {mandate.summary}")
    return said


def _given(name: str, value: str) -> list[str]:
    return [f"{name}: {value}"] if value else []


def _open(questions: Iterable[OpenQuestion]) -> list[str]:
    return [f"{question.about}: {question.why}" for question in questions]


def _sources(sources: Iterable[Source]) -> list[str]:
    return [_source(each) for each in sources]


def _source(source: Source) -> str:
    confidence = f"confidence {source.confidence}" if source.confidence else ""
    details = ", ".join(filter(None, (source.path, source.year, confidence)))
    return ": ".join(filter(None, (source.title, details)))
