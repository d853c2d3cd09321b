"""The plan as records: collections, layouts, elements, mandates, code lists; and the same facts as pandas tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from unicodedata import normalize

from dap.errors import RequestError, nearest
from dap.html_table import bundle, facts_table

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


@dataclass(frozen=True)
class Source:
    """Where a fact was found."""

    title: str
    path: str = ""
    year: str = ""
    confidence: str = ""


@dataclass(frozen=True)
class OpenQuestion:
    """A fact that no source gives: what it is about, and why it is left out."""

    about: str
    why: str


@dataclass(frozen=True)
class Window:
    """The dates of one school year, each `YYYY-MM-DD` or `YYYY-MM`, empty where unknown; named where it has several."""

    school_year: str
    opens: str = ""
    due: str = ""
    accurate: str = ""
    freeze: tuple[tuple[str, str], ...] = ()
    name: str = ""


@dataclass(frozen=True)
class MandateLink:
    """One mandate an element or collection rests on; the obligation is empty where no source gives it."""

    id: str
    obligation: str = ""


@dataclass(frozen=True)
class Mandate:
    """The statute, regulation or other reason that authorises asking; empty is unknown, of citation and source too."""

    id: str
    citation: str
    title: str
    jurisdiction: str
    summary: str = ""
    since: str = ""
    until: str = ""
    source: str = ""
    year: str = ""
    confidence: str = ""

    @property
    def cited(self) -> str:
        """The citation, or the title where no source gives one."""
        return self.citation or self.title

    @property
    def open(self) -> tuple[OpenQuestion, ...]:
        """What its row leaves empty that a law has, and a reading that is of low confidence."""
        doubts = {
            "citation": "" if self.citation else "No source gives its citation.",
            "source": "" if self.source else "No source was read for it.",
            "confidence": "The reading is of low confidence." if self.confidence == "low" else "",
        }
        return tuple(OpenQuestion(about, why) for about, why in doubts.items() if why)

    def _repr_html_(self) -> str:
        return facts_table(
            f"Mandate {self.id}: {self.title or self.citation}",
            [
                ("Citation", self.citation),
                ("Whose law", self.jurisdiction),
                ("What it says", self.summary),
                ("In force since", self.since),
                ("Until", self.until),
                ("Source", self.source),
                ("Year of the source", self.year),
                ("How sure the reading is", self.confidence),
                *_asked_facts(self.open),
            ],
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return bundle(self._repr_html_(), f"{self.id}: {self.cited}")


@dataclass(frozen=True)
class Code:
    """One permitted value; `code` is empty where a source gives the label but not the value.

    `since` and `until` are school years such as `2018-19`, empty where unknown.
    """

    code: str
    label: str
    since: str = ""
    until: str = ""
    source: str = ""

    def in_force(self, school_years: tuple[str, ...]) -> bool:
        """Whether the code holds in any of the school years (in all times, where none is given)."""
        if not school_years:
            return True
        return any((self.since or year) <= year <= (self.until or year) for year in school_years)


@dataclass(frozen=True)
class CodeList:
    """The permitted values of an element; only a complete list becomes a rule."""

    name: str
    title: str
    complete: bool
    codes: tuple[Code, ...]
    description: str = ""
    sources: tuple[Source, ...] = ()
    open: tuple[OpenQuestion, ...] = ()


@dataclass(frozen=True)
class Term:
    """One condition on a field of the same row: its value is (not) among some, or it is (not) empty."""

    field: str
    values: tuple[str, ...] = ()
    negated: bool = False
    empty: bool | None = None


@dataclass(frozen=True)
class Condition:
    """Terms of which all, or any, must hold. An empty cell is neither in nor not in a set."""

    terms: tuple[Term, ...]
    every: bool = True


@dataclass(frozen=True)
class CrossRule:
    """A rule between elements of one row or of the whole layout, as the descriptor states it."""

    rule: str
    name: str
    message: str
    fix: str
    compare: tuple[str, str, str] | None = None
    unique: tuple[str, ...] = ()
    when: Condition | None = None


@dataclass(frozen=True)
class Allowance:
    """Why nine-digit values are legitimate in an element, and what they look like."""

    pattern: str
    reason: str


@dataclass(frozen=True)
class MissingMark:
    """A value that stands for a missing one, such as `*` for a suppressed count."""

    value: str
    label: str = ""


@dataclass(frozen=True)
class Element:
    """One fact of a collection: a field of its descriptor, with what it inherits already filled in.

    `inherited` names what it took from its collection so: `mandates`, `uses`, ...
    """

    name: str
    title: str
    type: str
    position: int
    description: str = ""
    format: str = "default"
    example: str = ""
    constraints: Mapping[str, Any] = field(default_factory=dict)
    true_values: tuple[str, ...] = ()
    false_values: tuple[str, ...] = ()
    missing: tuple[MissingMark, ...] = ()
    mandates: tuple[MandateLink, ...] = ()
    frequency: str = ""
    purpose: str = ""
    uses: tuple[str, ...] = ()
    sensitivity: str = ""
    classification: tuple[str, ...] = ()
    codes: str = ""
    required_when: Condition | None = None
    forbidden_when: Condition | None = None
    allows: Allowance | None = None
    since: str = ""
    status: str = ""
    retention: str = ""
    sources: tuple[Source, ...] = ()
    open: tuple[OpenQuestion, ...] = ()
    placed: bool = True
    inherited: frozenset[str] = frozenset()

    @property
    def marks(self) -> tuple[str, ...]:
        """The values that stand for a missing one, without the empty cell."""
        return tuple(mark.value for mark in self.missing if mark.value)

    @property
    def required(self) -> bool:
        """Whether every row must fill it: stated as such, or because an empty cell is no missing value here."""
        empty_is_missing = any(mark.value == "" for mark in self.missing)
        return bool(self.constraints.get("required")) or not empty_is_missing

    @property
    def slug(self) -> str:
        """The name as rule names spell it: lower case, words joined by underscores."""
        spaced = re.sub(
            r"(?<=[a-z0-9])(?=[A-Z])", " ", self.title if not re.search(r"[A-Za-z0-9]", self.name) else self.name
        )
        return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_") or f"column_{self.position}"

    def _repr_html_(self) -> str:
        return facts_table(
            f"Element {self.name}: {self.title}",
            [
                ("What it is", self.description),
                ("Type", self.type if self.format in ("", "default", "any") else f"{self.type}, {self.format}"),
                ("Must be filled in every row", "yes" if self.required else "no"),
                *((f"Constraint {name}", str(value)) for name, value in self.constraints.items() if name != "required"),
                ("Code list", self.codes),
                ("How often", self.frequency),
                ("Mandates", _joined_mandates(self.mandates)),
                ("Purpose", self.purpose),
                ("Uses", "; ".join(self.uses)),
                ("Sensitivity", self.sensitivity),
                ("Classification", "; ".join(self.classification)),
                ("Status", self.status),
                ("Kept", self.retention),
                ("Sources", "; ".join(each.title for each in self.sources)),
                *_asked_facts(self.open),
            ],
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return bundle(self._repr_html_(), f"{self.name}: {self.title}")


@dataclass(frozen=True)
class TitleLine:
    """One line that stands above the header: its example cells, and the pattern its text must match."""

    cells: tuple[str, ...]
    pattern: str = ""


@dataclass(frozen=True)
class Position:
    """Where a field stands in a line of fixed width: its first letter, counted from 1, how many, and to which side."""

    field: str
    start: int
    width: int
    align: str = "left"

    @property
    def end(self) -> int:
        """The place of its last letter."""
        return self.start + self.width - 1


SEPARATORS = (",", ";", "\t", "|")
"""What may stand between the cells of a text. Which of them does is told by whoever knows most: by the header where a
layout is known (`submission.delimited`), by the width of all first rows where only one may fit (`describe.table`), and
by the width of most where something has to be searched in any case (`scan`)."""

CSV, FIXED = "csv", "fixed"
TEXT_FORMATS = (CSV, FIXED)
FORMATS = (CSV, "xlsx", "xls", "ods", "zip", "gzip")
"""What a layout takes that says nothing: every kind of file that can be read exactly, packed singly or not."""


@dataclass(frozen=True)
class Layout:
    """One layout of a collection: a resource of its descriptor. Only a file layout has an example and a suite."""

    name: str
    title: str
    collection: str
    elements: tuple[Element, ...]
    description: str = ""
    path: str = ""
    delimiter: str = ","
    delimiters: tuple[str, ...] = SEPARATORS
    quote: str = '"'
    escape: str = ""
    encodings: tuple[str, ...] = ("utf-8", "utf-16")
    formats: tuple[str, ...] = FORMATS
    sheet: str = ""
    positions: tuple[Position, ...] = ()
    skip_blank_rows: bool = False
    ordered: bool = True
    optional: frozenset[str] = frozenset()
    title_lines: tuple[TitleLine, ...] = ()
    text_guards: bool = False
    header_fault: str = "error"
    valid_for: tuple[str, ...] = ()
    district_field: str = ""
    period_field: str = ""
    primary_key: tuple[str, ...] = ()
    rules: tuple[CrossRule, ...] = ()
    sources: tuple[Source, ...] = ()
    open: tuple[OpenQuestion, ...] = ()

    @property
    def is_file(self) -> bool:
        """Whether files of this layout are submitted; otherwise it lists the elements of a form or system."""
        return bool(self.path)

    @cached_property
    def by_name(self) -> Mapping[str, Element]:
        """The elements by their name in the header."""
        return {element.name: element for element in self.elements}

    @cached_property
    def header_names(self) -> frozenset[str]:
        """The elements' names in the form in which headers are compared (`submission.reading.same_name`)."""
        return frozenset(normalize("NFC", element.name) for element in self.elements)

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns that every file must have, in the layout's order."""
        return tuple(element.name for element in self.elements if element.name not in self.optional)


@dataclass(frozen=True)
class Collection:
    """One thing the state asks for: a Frictionless data package with its `acquisition` facts."""

    id: str
    title: str
    layouts: tuple[Layout, ...]
    description: str = ""
    form: str = ""
    domain: str = ""
    level: str = ""
    respondents: tuple[str, ...] = ()
    frequency: str = ""
    windows: tuple[Window, ...] = ()
    dates_note: str = ""
    certified_by: str = ""
    mandates: tuple[MandateLink, ...] = ()
    purpose: str = ""
    uses: tuple[str, ...] = ()
    few_nine_digits: str = "error"
    steward: str = ""
    retention: str = ""
    status: str = ""
    submitted_as: str = ""
    successor: str = ""
    recipient: str = ""
    completeness: str = ""
    sources: tuple[Source, ...] = ()
    open: tuple[OpenQuestion, ...] = ()
    folder: Path = Path()

    @property
    def file_layouts(self) -> tuple[Layout, ...]:
        """The layouts of files: those that have a suite."""
        return tuple(layout for layout in self.layouts if layout.is_file)

    def layout(self, name: str) -> Layout:
        """The layout of that name; RequestError, with the nearest name, where there is none."""
        return _find(name, {layout.name: layout for layout in self.layouts}, f'layout of "{self.id}"')

    def _repr_html_(self) -> str:
        dates = (
            f"{' '.join(filter(None, (window.school_year, window.name)))}: {kind} {date}"
            for window in self.windows
            for kind, date in _window_dates(window)
        )
        return facts_table(
            f"Collection {self.id}: {self.title}",
            [
                ("What it is", self.description),
                ("Form", self.form),
                ("Domain", self.domain),
                ("One row is about", self.level),
                ("Who must answer", "; ".join(self.respondents)),
                ("How often", self.frequency),
                ("Dates", "; ".join([*dates, *filter(None, [self.dates_note])])),
                ("Mandates", _joined_mandates(self.mandates)),
                ("Purpose", self.purpose),
                ("Uses", "; ".join(self.uses)),
                ("Status", self.status),
                *((f"Layout {each.name}", ", ".join(one.name for one in each.elements)) for each in self.layouts),
                ("Sources", "; ".join(each.title for each in self.sources)),
                *_asked_facts(self.open),
            ],
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return bundle(self._repr_html_(), f"{self.id}: {self.title}")


@dataclass(frozen=True)
class CrosswalkEntry:
    """How an element corresponds to a national standard, and how exactly."""

    collection: str
    element: str
    standard: str
    target: str
    match: str
    note: str = ""
    source: str = ""


@dataclass(frozen=True)
class CodeCrosswalkEntry:
    """How a code (or, where the list gives none, a label) corresponds to an option of a national standard's element."""

    code_list: str
    code: str
    standard: str
    target: str
    option: str
    match: str
    note: str = ""
    source: str = ""


NO_SSN = "no-ssn"
"""The id of the promise that no Social Security number is collected."""


@dataclass(frozen=True)
class Promise:
    """A promise the plan makes to the public, and where it is made."""

    id: str
    text: str
    mandate: str = ""
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Topic:
    """What families and others look for: a subject, a grade or a situation, and what belongs to it.

    `group` is everyone, grade, situation or subject; `terms` are words of an element's title that make it belong.
    """

    id: str
    title: str
    group: str
    statement: str = ""
    domains: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def holds(self, collection: Collection, element: Element | None = None) -> bool:
        """Whether the collection, or the element of it, belongs to the topic."""
        if collection.domain in self.domains or collection.id in self.collections:
            return True
        if element is None:
            return False
        return f"{collection.id}/{element.name}" in self.elements or any(
            re.search(_term_pattern(term), element.title, re.IGNORECASE) for term in self.terms
        )


def _term_pattern(term: str) -> str:
    ending = "" if term.endswith("*") else r"\b"
    return rf"\b{re.escape(term.removesuffix('*'))}{ending}"


@dataclass(frozen=True)
class District:
    """One organization that reports to the state; `since` and `until` are school years, empty where unknown."""

    code: str
    name: str
    kind: str
    since: str = ""
    until: str = ""
    source: str = ""

    def reports_in(self, school_year: str) -> bool:
        """Whether it reports for the school year, as far as its first and last year are known."""
        return (self.since or school_year) <= school_year <= (self.until or school_year)


@dataclass(frozen=True)
class Respondent:
    """Which districts a word of `acquisition.respondents` means.

    `owes` is all, some (which of them is said by obligations) or none; `kinds` are kinds of district.
    """

    respondent: str
    owes: str
    kinds: tuple[str, ...] = ()
    why: str = ""
    source: str = ""
    confidence: str = ""


@dataclass(frozen=True)
class Obligation:
    """That a single district owes a collection or does not, whatever holds for its kind; from and to school years."""

    collection: str
    district: str
    owes: str
    since: str = ""
    until: str = ""
    why: str = ""
    source: str = ""

    def holds_in(self, school_year: str) -> bool:
        """Whether it holds for the school year."""
        return (self.since or school_year) <= school_year <= (self.until or school_year)


@dataclass(frozen=True)
class Change:
    """What changed with a version of the plan."""

    version: str
    date: str
    text: str


@dataclass(frozen=True)
class Contributor:
    """Who publishes the plan or answers for it."""

    title: str
    roles: tuple[str, ...] = ()
    email: str = ""
    path: str = ""


@dataclass(frozen=True)
class License:
    """The licence of the catalog."""

    name: str = ""
    title: str = ""
    path: str = ""


@dataclass(frozen=True)
class Plan:
    """A state's Data Acquisition Plan.

    The records are in `all_collections`, `all_mandates`, `all_code_lists`; the same facts as tidy pandas tables
    in `collections`, `elements`, `mandates`, `codes`, `windows`, `element_mandates`, `open_questions`, `crosswalk`,
    `code_crosswalk`, `districts`, `respondents`, `obligations`.
    """

    root: Path
    version: str
    title: str
    publisher: str
    all_collections: tuple[Collection, ...]
    all_mandates: tuple[Mandate, ...]
    all_code_lists: tuple[CodeList, ...]
    all_crosswalk: tuple[CrosswalkEntry, ...] = ()
    all_code_crosswalk: tuple[CodeCrosswalkEntry, ...] = ()
    promises: tuple[Promise, ...] = ()
    description: str = ""
    name: str = ""
    created: str = ""
    homepage: str = ""
    contributors: tuple[Contributor, ...] = ()
    licenses: tuple[License, ...] = ()
    sources: tuple[Source, ...] = ()
    changes: tuple[Change, ...] = ()
    all_topics: tuple[Topic, ...] = ()
    translations: Mapping[tuple[str, str], str] = field(default_factory=dict)
    all_districts: tuple[District, ...] = ()
    all_respondents: tuple[Respondent, ...] = ()
    all_obligations: tuple[Obligation, ...] = ()

    def collection(self, wanted: str) -> Collection:
        """The collection of that id; RequestError, with the nearest id, where there is none."""
        return _find(wanted, {each.id: each for each in self.all_collections}, "collection")

    def mandate(self, wanted: str) -> Mandate:
        """The mandate of that id; RequestError, with the nearest id, where there is none."""
        return _find(wanted, {each.id: each for each in self.all_mandates}, "mandate")

    def code_list(self, wanted: str) -> CodeList:
        """The code list of that name; RequestError, with the nearest name, where there is none."""
        return _find(wanted, {each.name: each for each in self.all_code_lists}, "code list")

    def district(self, wanted: str) -> District:
        """The district of that code; RequestError, with the nearest code, where there is none."""
        return _find(wanted, {each.code: each for each in self.all_districts}, "district")

    def predecessors(self, id: str) -> tuple[Collection, ...]:
        """The collections whose place the collection of that id took."""
        return tuple(each for each in self.all_collections if each.successor == id)

    def every_element(self) -> Iterator[tuple[Collection, Layout, Element]]:
        """Each element with the collection and layout it belongs to, in catalog order."""
        for collection in self.all_collections:
            for layout in collection.layouts:
                for element in layout.elements:
                    yield collection, layout, element

    @cached_property
    def collections(self) -> pd.DataFrame:
        """One row a collection.

        Columns: collection, title, description, form, domain, level, respondents (joined by `; `), frequency,
        certified_by, dates_note, mandates (ids), purpose, uses, steward, retention, status, submitted_as,
        successor (the id of what took its place), recipient (where it goes, if not to the publisher), completeness,
        layouts and elements (how many), sources (addresses), year, confidence.
        """
        return _table("collections", [_collection_row(each) for each in self.all_collections])

    @cached_property
    def elements(self) -> pd.DataFrame:
        """One row an element of a layout, with what it inherits filled in.

        Columns: collection, layout, element, position (empty where unknown), title, description, domain, type, format,
        required, optional_column (a file may leave it out), pattern, max_length, codes (a list's name), frequency,
        mandates (ids, joined by `; `), purpose, uses, sensitivity, classification, since, status, retention, open
        (what is not known), sources (addresses), year, confidence.
        """
        return _table("elements", [_element_row(*each) for each in self.every_element()])

    @cached_property
    def element_mandates(self) -> pd.DataFrame:
        """One row an element and mandate: collection, layout, element, mandate, obligation, jurisdiction, citation."""
        known = {each.id: each for each in self.all_mandates}
        return _table(
            "element_mandates",
            [
                {
                    "collection": collection.id,
                    "layout": layout.name,
                    "element": element.name,
                    "mandate": link.id,
                    "obligation": link.obligation,
                    "jurisdiction": known[link.id].jurisdiction,
                    "citation": known[link.id].citation,
                }
                for collection, layout, element in self.every_element()
                for link in element.mandates
            ],
        )

    @cached_property
    def mandates(self) -> pd.DataFrame:
        """One row a mandate.

        Columns: id, citation, title, jurisdiction, summary, since, until, source, year, confidence, collections and
        elements (how many rest on it).
        """
        collections = {(c.id, link.id) for c in self.all_collections for link in c.mandates}
        collections |= {(c.id, link.id) for c, _, element in self.every_element() for link in element.mandates}
        elements = [link.id for _, _, element in self.every_element() for link in element.mandates]
        return _table(
            "mandates",
            [
                {
                    **vars(mandate),
                    "collections": sum(1 for _, used in collections if used == mandate.id),
                    "elements": elements.count(mandate.id),
                }
                for mandate in self.all_mandates
            ],
        )

    @cached_property
    def codes(self) -> pd.DataFrame:
        """One row a code: code_list, code, label, since, until, source, complete (of the list)."""
        return _table(
            "codes",
            [
                {"code_list": each.name, **vars(code), "complete": each.complete}
                for each in self.all_code_lists
                for code in each.codes
            ],
        )

    @cached_property
    def windows(self) -> pd.DataFrame:
        """One row a collection, window and kind of date: collection, school_year, window (its name), kind, date."""
        return _table(
            "windows",
            [
                {
                    "collection": c.id,
                    "school_year": window.school_year,
                    "window": window.name,
                    "kind": kind,
                    "date": date,
                }
                for c in self.all_collections
                for window in c.windows
                for kind, date in _window_dates(window)
            ],
        )

    @cached_property
    def open_questions(self) -> pd.DataFrame:
        """One row an open question, a reading of low confidence, or a mandate without citation or source.

        Columns: collection, layout, element, code_list, mandate (each empty where the question is about something
        else or wider), about, why.
        """
        return _table("open_questions", list(_open_rows(self)))

    @cached_property
    def crosswalk(self) -> pd.DataFrame:
        """One row a correspondence: collection, element, standard, target, match, note, source."""
        return _table("crosswalk", [dict(vars(each)) for each in self.all_crosswalk])

    @cached_property
    def code_crosswalk(self) -> pd.DataFrame:
        """One row a correspondence: code_list, code, standard, target, option, match, note, source."""
        return _table("code_crosswalk", [dict(vars(each)) for each in self.all_code_crosswalk])

    @cached_property
    def districts(self) -> pd.DataFrame:
        """One row a district: code, name, kind, since, until, source."""
        return _table("districts", [dict(vars(each)) for each in self.all_districts])

    @cached_property
    def respondents(self) -> pd.DataFrame:
        """One row a word for respondents: respondent, owes, kinds (joined by `; `), why, source, confidence."""
        return _table("respondents", [{**vars(each), "kinds": "; ".join(each.kinds)} for each in self.all_respondents])

    @cached_property
    def obligations(self) -> pd.DataFrame:
        """One row a single district's obligation: collection, district, owes, since, until, why, source."""
        return _table("obligations", [dict(vars(each)) for each in self.all_obligations])

    def _repr_html_(self) -> str:
        layouts = sum(len(each.layouts) for each in self.all_collections)
        counts = (
            ("Collections", len(self.all_collections)),
            ("Layouts", layouts),
            ("Elements", sum(1 for _ in self.every_element())),
            ("Mandates", len(self.all_mandates)),
            ("Code lists", len(self.all_code_lists)),
        )
        rows = "".join(f'<tr><th scope="row">{name}</th><td>{count}</td></tr>' for name, count in counts)
        return f"<table><caption>{_escape(self.title)}, version {_escape(self.version)}</caption>{rows}</table>"


def _find(wanted: str, known: Mapping[str, T], what: str) -> T:
    if wanted in known:
        return known[wanted]
    # What was asked for is not repeated: arguments get swapped, and a file's name may hold what must not be said.
    raise RequestError(f"There is no such {what}.{nearest(wanted, known)}")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_COLUMNS = {
    "collections": """
        collection title description form domain level respondents frequency certified_by dates_note mandates purpose
        uses steward retention status submitted_as successor recipient completeness layouts elements sources year
        confidence""",
    "elements": """
        collection layout element position title description domain type format required optional_column pattern
        max_length codes frequency mandates purpose uses sensitivity classification since status retention open sources
        year confidence""",
    "element_mandates": "collection layout element mandate obligation jurisdiction citation",
    "mandates": "id citation title jurisdiction summary since until source year confidence collections elements",
    "codes": "code_list code label since until source complete",
    "windows": "collection school_year window kind date",
    "open_questions": "collection layout element code_list mandate about why",
    "crosswalk": "collection element standard target match note source",
    "code_crosswalk": "code_list code standard target option match note source",
    "districts": "code name kind since until source",
    "respondents": "respondent owes kinds why source confidence",
    "obligations": "collection district owes since until why source",
}


def _table(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as a table that has its columns even where there is no row."""
    import pandas as pd

    table = pd.DataFrame(rows, columns=_COLUMNS[name].split())
    # Whole numbers stay whole where some are not known.
    numbers = [column for column in ("position", "max_length") if column in table]
    return table.astype(dict.fromkeys(numbers, "Int64"))


def _window_dates(window: Window) -> Iterator[tuple[str, str]]:
    for kind in ("opens", "due", "accurate"):
        if date := getattr(window, kind):
            yield kind, date
    for name, date in window.freeze:
        yield f"freeze {name}".strip(), date


def _asked_facts(questions: Iterable[OpenQuestion]) -> Iterator[tuple[str, str]]:
    """The open questions as the rows of a shown thing."""
    for each in questions:
        yield f"Not known: {each.about}", each.why


def _joined_mandates(links: tuple[MandateLink, ...]) -> str:
    return "; ".join(link.id for link in links)


def _collection_row(collection: Collection) -> dict[str, Any]:
    return {
        "collection": collection.id,
        "title": collection.title,
        "description": collection.description,
        "form": collection.form,
        "domain": collection.domain,
        "level": collection.level,
        "respondents": "; ".join(collection.respondents),
        "frequency": collection.frequency,
        "certified_by": collection.certified_by,
        "dates_note": collection.dates_note,
        "mandates": _joined_mandates(collection.mandates),
        "purpose": collection.purpose,
        "uses": "; ".join(collection.uses),
        "steward": collection.steward,
        "retention": collection.retention,
        "status": collection.status,
        "submitted_as": collection.submitted_as,
        "successor": collection.successor,
        "recipient": collection.recipient,
        "completeness": collection.completeness,
        "layouts": len(collection.layouts),
        "elements": sum(len(layout.elements) for layout in collection.layouts),
        **_source_columns(collection.sources),
    }


def _element_row(collection: Collection, layout: Layout, element: Element) -> dict[str, Any]:
    return {
        "collection": collection.id,
        "layout": layout.name,
        "element": element.name,
        "position": element.position if element.placed else None,
        "title": element.title,
        "description": element.description,
        "domain": collection.domain,
        "type": element.type,
        "format": element.format,
        "required": element.required,
        "optional_column": element.name in layout.optional,
        "pattern": element.constraints.get("pattern", ""),
        "max_length": element.constraints.get("maxLength"),
        "codes": element.codes,
        "frequency": element.frequency,
        "mandates": _joined_mandates(element.mandates),
        "purpose": element.purpose,
        "uses": "; ".join(element.uses),
        "sensitivity": element.sensitivity,
        "classification": "; ".join(element.classification),
        "since": element.since,
        "status": element.status,
        "retention": element.retention,
        "open": "; ".join(_left_open(collection, layout, element)),
        **_source_columns(element.sources),
    }


def _left_open(collection: Collection, layout: Layout, element: Element) -> Iterator[str]:
    """What the element leaves open, and what it would inherit if its layout or collection did not leave it open."""
    yield from (question.about for question in element.open)
    above = {question.about for question in (*layout.open, *collection.open)}
    for about, fact in (("frequency", element.frequency), ("mandate", element.mandates), ("status", element.status)):
        if not fact and about in above and all(question.about != about for question in element.open):
            yield about


def _source_columns(sources: tuple[Source, ...]) -> dict[str, str]:
    first = sources[0] if sources else Source("")
    return {
        "sources": "; ".join(source.path or source.title for source in sources),
        "year": first.year,
        "confidence": first.confidence,
    }


def _open_rows(plan: Plan) -> Iterator[dict[str, str]]:
    def rows(questions: Iterable[OpenQuestion], **where: str) -> Iterator[dict[str, str]]:
        nowhere = dict.fromkeys(("collection", "layout", "element", "code_list", "mandate"), "")
        yield from ({**nowhere, **where, "about": each.about, "why": each.why} for each in questions)

    for collection in plan.all_collections:
        of_collection = {"collection": collection.id}
        yield from rows((*collection.open, *_doubts(collection.sources)), **of_collection)
        for layout in collection.layouts:
            of_layout = {**of_collection, "layout": layout.name}
            yield from rows((*layout.open, *_doubts(layout.sources)), **of_layout)
            for element in layout.elements:
                yield from rows((*element.open, *_doubts(element.sources)), **of_layout, element=element.name)
    for code_list in plan.all_code_lists:
        yield from rows((*code_list.open, *_doubts(code_list.sources)), code_list=code_list.name)
    for mandate in plan.all_mandates:
        yield from rows(mandate.open, mandate=mandate.id)


def _doubts(sources: Iterable[Source]) -> Iterator[OpenQuestion]:
    """What is known, but with low confidence, is a question for the steward too."""
    for source in sources:
        if source.confidence == "low":
            yield OpenQuestion("confidence", f"What was read is of low confidence: {source.title}.")
