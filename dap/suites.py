"""Plan → Great Expectations suites: one readable, deterministic file for each layout."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from dap.errors import CouldNotRun, RequestError
from dap.html_table import bundle, list_table
from dap.identifiers import names_person, names_thing
from dap.plan import NO_SSN, Collection, Condition, CrossRule, Element, Layout, Plan, Term
from dap.rules import rule
from dap.submission.limits import LIMITS
from dap.submission.reading import FIXED_FAULTS

EXPECTATIONS = "expectations"
DISTRICT = "district"
PERIOD = "period"

PROHIBITED = {
    "P101": "separated",
    "P102": "labelled",
    "P103": "header",
    "P104": "statistics",
    "P105": "split",
    "P106": "masked",
    "P107": "outside_table",
    "P108": "file_name",
    "P109": "metadata",
    "P110": "statistics_few",
    "P111": "too_few",
    "P112": "allowed",
}
"""The rules on prohibited identifiers, and the form in which each finds them."""

STATE_ID_FAULTS = {"Q102": "regular", "Q103": "date_like", "Q104": "derived", "Q105": "like_ssn"}
"""The rules on state student numbers, and the fault that each finds."""

_GX_SEVERITY = {"error": "critical", "warning": "warning", "info": "info"}

READING_RULES = (
    ("S101", "not_utf8"),
    ("S102", "empty"),
    ("S103", "not_text"),
    ("S104", "quote_not_closed"),
    ("S105", "text_after_quote"),
    ("S106", "bare_quote"),
    ("S107", "row_too_short"),
    ("S108", "no_rows"),
    ("S109", "title_lines"),
    ("S110", "stray_line_end"),
    ("S111", "empty_line"),
    ("S112", "empty_row"),
    ("S113", "header_elsewhere"),
    ("S114", "too_large"),
    ("S115", "too_wide"),
    ("S116", "cell_too_long"),
    ("S117", "other_kind"),
    ("S118", "unsafe"),
    ("S119", "header_repeated"),
    ("S124", "letters_lost"),
    ("S130", "archive_members"),
    ("S131", "archive_damaged"),
    ("S132", "encrypted"),
    ("S133", "unpacks_too_large"),
    ("S140", "sheet_unclear"),
    ("S141", "workbook_damaged"),
    ("S142", "number_format"),
    ("S143", "error_value"),
    ("S144", "merged_cells"),
    ("S145", "zeros_lost"),
    ("S146", "digits_lost"),
    ("S147", "date_from_code"),
    ("S148", "shown_rounded"),
    ("S150", "line_too_short"),
    ("P203", "extra_cells"),
    ("P204", "beyond_layout"),
    ("P210", "extra_sheet"),
    ("P211", "hidden_sheet"),
    ("P212", "hidden_cells"),
    ("P213", "comments"),
    ("P214", "defined_names"),
    ("P215", "properties"),
    ("P216", "formulas"),
    ("P217", "embedded"),
    ("P218", "links"),
    ("P219", "macros"),
    ("P220", "header_footer"),
)
"""Each fault of a reading and its rule."""

_FORMAT_WORDS_OF = {
    "csv": "CSV",
    "fixed": "text of fixed width",
    "xlsx": "Excel (.xlsx)",
    "xls": "Excel 97-2003 (.xls)",
    "ods": "OpenDocument (.ods)",
    "parquet": "Parquet",
    "zip": "one of these in a ZIP file",
    "gzip": "one of these in a gzip file",
}

Expectation = dict[str, Any]


@dataclass(frozen=True)
class Suite:
    """A layout's suite as people look at it; `content` is what `build_suite` gives."""

    content: dict[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """`collection/layout`."""
        return str(self.content["name"])

    @property
    def rules(self) -> tuple[tuple[str, str, str, str], ...]:
        """Rule, name, element (empty where it is about the file), and what is said when it is broken."""
        metas = [each["meta"] for each in self.content["expectations"]]
        return tuple((each["rule"], each["name"], each["element"] or "", each["message"]) for each in metas)

    def _repr_html_(self) -> str:
        caption = f"Suite {self.name}: {len(self.rules)} rules"
        return list_table(caption, ("Rule", "Name", "Element", "What is said when it is broken"), self.rules)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return bundle(self._repr_html_(), f"{self.name}: {len(self.rules)} rules")


def suite(plan: Plan, collection: str, layout: str = "") -> Suite:
    """The suite of a file layout (the first, where none is named), to be looked at; RequestError without one."""
    owner = plan.collection(collection)
    if not owner.file_layouts:
        raise RequestError("No file of that collection is submitted, so it has no suite.")
    chosen = owner.layout(layout) if layout else owner.file_layouts[0]
    if not chosen.is_file:
        raise RequestError("No file of that layout is submitted, so it has no suite.")
    return Suite(build_suite(plan, owner, chosen))


def suite_path(root: Path, collection: str, layout: str) -> Path:
    """Where the suite of a layout lies."""
    return root / EXPECTATIONS / collection / f"{layout}.json"


def build_suite(plan: Plan, collection: Collection, layout: Layout) -> dict[str, Any]:
    """The layout's suite as GX reads it: `name`, `expectations`, `meta`.

    `meta.rules` counts the expectations by type, so that whoever loads the file can tell whether GX dropped any.
    Each expectation's own `meta` holds rule, name, severity, element, mandate, message and fix.
    """
    builder = _Builder(plan, collection, layout)
    expectations = list(builder.expectations())
    _demand_distinct(expectations, layout)
    types = Counter(each["type"] for each in expectations)
    return {
        "name": f"{collection.id}/{layout.name}",
        "expectations": expectations,
        "meta": {"collection": collection.id, "resource": layout.name, "rules": dict(sorted(types.items()))},
    }


def suite_text(plan: Plan, collection: Collection, layout: Layout) -> str:
    """The suite's file: the same plan gives the same bytes."""
    return json.dumps(build_suite(plan, collection, layout), indent=2, ensure_ascii=False) + "\n"


def write_suites(plan: Plan) -> list[Path]:
    """Write every suite whose file differs, delete those of layouts that are gone; the paths that changed."""
    wanted = _wanted(plan)
    changed = []
    for path, text in wanted.items():
        if not path.is_file() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
            changed.append(path)
    for path in sorted((plan.root / EXPECTATIONS).glob("*/*.json")):
        if path not in wanted:
            path.unlink()
            changed.append(path)
    return changed


def stale_suites(plan: Plan) -> list[Path]:
    """The suites that are missing, differ from what the plan gives, or belong to no layout."""
    wanted = _wanted(plan)
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
    return stale + [path for path in sorted((plan.root / EXPECTATIONS).glob("*/*.json")) if path not in wanted]


def _wanted(plan: Plan) -> dict[Path, str]:
    """What each suite's file has to hold."""
    return {
        suite_path(plan.root, collection.id, layout.name): suite_text(plan, collection, layout)
        for collection in plan.all_collections
        for layout in collection.file_layouts
    }


def _demand_distinct(expectations: list[Expectation], layout: Layout) -> None:
    keys = Counter((each["meta"]["rule"], each["meta"]["name"]) for each in expectations)
    doubled = [f"{id} {name}" for (id, name), count in keys.items() if count > 1]
    if doubled:
        raise CouldNotRun(f'the layout "{layout.name}" gives two rules the same id and name: {", ".join(doubled)}.')


class _Builder:
    """Builds the expectations of one layout, in the order in which a reader of the suite wants them."""

    def __init__(self, plan: Plan, collection: Collection, layout: Layout) -> None:
        self.plan, self.collection, self.layout = plan, collection, layout

    def expectations(self) -> Iterator[Expectation]:
        """Reading, header, identifiers; then each element's rules; then those between elements."""
        yield from self._reading()
        yield from self._header()
        yield from self._identifiers()
        open_ended = [each for each in self.layout.elements if self._set_of(each)[0] is None and each.type != "date"]
        if open_ended:
            kwargs = {
                "columns": [each.name for each in open_ended],
                "multiline": [each.name for each in open_ended if not self._has_pattern(each)],
            }
            yield self._make("V105", "expect_columns_to_hold_no_control_characters", kwargs)
        for element in self.layout.elements:
            yield from self._element(element)
        yield from self._keys()
        for stated in self.layout.rules:
            yield self._cross(stated)
        yield from self._submission()

    def _make(
        self,
        id: str,
        type: str,
        kwargs: dict[str, Any],
        element: Element | None = None,
        expected: str = "",
        severity: str = "",
        **said: str,
    ) -> Expectation:
        stated = rule(id)
        label = element.title if element else "{label}"
        severity = severity or stated.severity
        mandates = element.mandates if element else ()
        meta = {
            "rule": id,
            "name": said.get("name") or stated.name.replace("{element}", element.slug if element else "row"),
            "severity": severity,
            "element": element.name if element else None,
            "mandate": mandates[0].id if mandates else self._promise(id),
            "message": said.get("message") or stated.message.replace("{label}", label).replace("{expected}", expected),
            "fix": said.get("fix") or stated.fix.replace("{label}", label).replace("{expected}", expected),
        }
        return {"type": type, "kwargs": kwargs, "meta": meta, "severity": _GX_SEVERITY[severity]}

    def _promise(self, id: str) -> str | None:
        if not id.startswith("P1"):
            return None
        return next((each.mandate for each in self.plan.promises if each.id == NO_SSN and each.mandate), None)

    def _reading(self) -> Iterator[Expectation]:
        for id, fault in READING_RULES:
            if fault == "title_lines" and not self.layout.title_lines:
                continue
            if fault in FIXED_FAULTS and not self.layout.positions:
                continue
            expected = self._expected_of(fault)
            yield self._make(id, "expect_submission_to_be_well_formed", {"fault": fault}, expected=expected)

    def _expected_of(self, fault: str) -> str:
        """What the plan or the program asks for, in the words of a message about this fault."""
        if fault == "other_kind":
            said = [_FORMAT_WORDS_OF[each] for each in self.layout.formats]
            return _said_values(said)
        if fault == "sheet_unclear":
            return f'named "{self.layout.sheet}"' if self.layout.sheet else "that holds a table"
        if fault == "too_large":
            limits = (LIMITS.said("file_bytes"), LIMITS.said("rows"), LIMITS.said("cells"))
            more = (LIMITS.said("streamed_bytes"), f"{LIMITS.streamed_rows:,} rows", f"{LIMITS.streamed_cells:,} cells")
            return f"up to {', '.join(limits)}; as plain CSV up to {', '.join(more)}"
        named = {"too_wide": "columns", "unpacks_too_large": "unpacked_bytes"}
        if fault in named:
            return LIMITS.said(named[fault])
        if fault == "cell_too_long":
            return f"{LIMITS.cell_characters:,} characters"
        if fault == "line_too_short":
            return f"{max(each.end for each in self.layout.positions)} characters"
        return f"row {len(self.layout.title_lines) + 1}"

    def _header(self) -> Iterator[Expectation]:
        every = [each.name for each in self.layout.elements]
        checks: list[tuple[str, str, list[str], str]] = [
            ("P201", "unauthorised", every, ""),
            ("P202", "look_alike", every, ""),
            ("S121", "duplicate", every, ""),
            ("S122", "blank", [], ""),
            ("S120", "missing", list(self.layout.required_columns), self.layout.header_fault),
        ]
        if self.layout.ordered:
            placed = [each.name for each in self.layout.elements if each.placed]
            checks.append(("S123", "order", placed, self.layout.header_fault))
        for id, check, fields, severity in checks:
            yield self._make(
                id, "expect_header_to_be_authorised", {"check": check, "fields": fields}, severity=severity
            )

    def _identifiers(self) -> Iterator[Expectation]:
        allows = {each.name: each.allows.pattern for each in self.layout.elements if each.allows}
        # "EIN" is an employer's number to whoever reads the header alone; the plan knows of an educator's.
        persons = [each.name for each in self.layout.elements if names_thing(each.name) and names_person(each.title)]
        known = {name: value for name, value in (("allows", allows), ("persons", persons)) if value}
        few = {"statistics_few": self.collection.few_nine_digits}
        for id, form in PROHIBITED.items():
            if form == "allowed" and not allows:
                continue
            kwargs = {"form": form, **known}
            yield self._make(id, "expect_no_prohibited_identifiers", kwargs, severity=few.get(form, ""))

    def _element(self, element: Element) -> Iterator[Expectation]:
        column = {"column": element.name}
        if element.required:
            yield self._make("V101", "expect_column_values_to_not_be_null", column, element)
        if element.required_when:
            when = {"row_condition": row_condition(element.required_when)}
            yield self._make(
                "V102", "expect_column_values_to_not_be_null", column | when, element, self._said(element.required_when)
            )
        if element.forbidden_when:
            when = {"row_condition": row_condition(element.forbidden_when)}
            yield self._make(
                "V103", "expect_column_values_to_be_null", column | when, element, self._said(element.forbidden_when)
            )
        yield from self._permitted(element)
        yield from self._bounds(element)
        if element.constraints.get("unique"):
            yield self._make("V140", "expect_column_values_to_be_unique", column, element)
        yield from self._state_id(element)

    def _state_id(self, element: Element) -> Iterator[Expectation]:
        """What makes a state student number a good one, where the element is such a number."""
        if not is_state_id(element):
            return
        births = {
            each.name: _date_format(each)
            for each in self.layout.elements
            if each.type == "date" and re.search(r"birth|dob", f"{each.slug} {each.title}".casefold())
        }
        names = [each.name for each in self.layout.elements if _is_name(each)]
        about = {**({"births": births} if births else {}), **({"names": names} if names else {})}
        for id, fault in STATE_ID_FAULTS.items():
            kwargs = {"column": element.name, "fault": fault, **about}
            yield self._make(id, "expect_state_ids_to_be_opaque", kwargs, element)

    def _permitted(self, element: Element) -> Iterator[Expectation]:
        """The rule that says which texts may stand in the column; a set leaves nothing for a pattern to say."""
        column = {"column": element.name}
        values, expected = self._set_of(element)
        if values is not None:
            id = "V111" if element.type == "boolean" and not element.codes else "V110"
            yield self._make(
                id,
                "expect_column_values_to_be_in_set",
                {**column, "value_set": [*values, *element.marks]},
                element,
                expected,
            )
            return
        marks = _said_marks(element)
        if element.type == "date":
            kwargs = {
                **column,
                "date_format": _date_format(element),
                **({"also": list(element.marks)} if element.marks else {}),
            }
            yield self._make(
                "V123", "expect_column_values_to_be_dates", kwargs, element, said_format(_date_format(element)) + marks
            )
        elif element.type in ("integer", "number"):
            id, form = _NUMBERS[element.type]
            kwargs = {**column, "regex": anchored(form, element.marks)}
            yield self._make(
                id, "expect_column_values_to_match_regex", kwargs, element, marks.replace(" or ", ", or ", 1)
            )
        if "pattern" in element.constraints:
            pattern = element.constraints["pattern"]
            kwargs = {**column, "regex": anchored(pattern, element.marks)}
            yield self._make(
                "V120", "expect_column_values_to_match_regex", kwargs, element, said_pattern(pattern) + marks
            )
        if element.type == "string" and admits_blanks(element.constraints.get("pattern", "")):
            yield self._make("V104", "expect_column_values_to_match_regex", {**column, "regex": VISIBLE}, element)

    def _set_of(self, element: Element) -> tuple[list[str] | None, str]:
        """The permitted values where they are a complete list, an enum or a boolean's two, and how to say so."""
        if "enum" in element.constraints:
            values = [_text(each) for each in element.constraints["enum"]]
            return values, _said_values(values)
        if element.codes:
            code_list = self.plan.code_list(element.codes)
            if code_list.complete:
                in_force = [each for each in code_list.codes if each.code and each.in_force(self.layout.valid_for)]
                values = list(dict.fromkeys(each.code for each in in_force))
                return values, _said_values(values) if len(values) <= 6 else f"code list {code_list.name}"
        if element.type == "boolean":
            values = list(dict.fromkeys((*element.true_values, *element.false_values)))
            return values, _said_values(values)
        return None, ""

    def _bounds(self, element: Element) -> Iterator[Expectation]:
        column, rules = {"column": element.name}, element.constraints
        shortest, longest = rules.get("minLength"), rules.get("maxLength")
        if (shortest is not None or longest is not None) and not self._settles_length(element, shortest, longest):
            kwargs = {**column, **_given(min_value=shortest, max_value=longest)}
            yield self._make(
                "V130", "expect_column_value_lengths_to_be_between", kwargs, element, _said_length(shortest, longest)
            )
        low, high = rules.get("minimum"), rules.get("maximum")
        if low is None and high is None:
            return
        bounds = _given(minimum=_text(low), maximum=_text(high))
        if element.type == "date":
            kwargs = {**column, "date_format": _date_format(element), **bounds}
            yield self._make(
                "V132",
                "expect_column_values_to_be_dates_between",
                kwargs,
                element,
                _said_bounds(low, high, "on or after", "on or before"),
            )
        else:
            yield self._make(
                "V131",
                "expect_column_values_to_be_numbers_between",
                {**column, **bounds},
                element,
                _said_bounds(low, high, "at least", "at most"),
            )

    def _settles_length(self, element: Element, shortest: int | None, longest: int | None) -> bool:
        """Whether another rule admits texts of a permitted length only: one on the length could never fail alone."""
        if self._set_of(element)[0] is not None:
            return True
        if element.type == "date" and (width := date_width(_date_format(element))):
            fewest = most = width
        elif "pattern" in element.constraints:
            fewest, most = pattern_widths(element.constraints["pattern"])
        else:
            return False
        return (shortest is None or fewest >= shortest) and (longest is None or most <= longest)

    def _has_pattern(self, element: Element) -> bool:
        return self._set_of(element)[0] is None and (
            element.type in ("integer", "number") or "pattern" in element.constraints
        )

    def _keys(self) -> Iterator[Expectation]:
        key = self.layout.primary_key
        if len(key) == 1:
            element = self.layout.by_name[key[0]]
            if not element.constraints.get("unique"):
                yield self._make("V140", "expect_column_values_to_be_unique", {"column": key[0]}, element)
        elif key:
            kwargs = {"column_list": list(key), "ignore_row_if": "any_value_is_missing"}
            yield self._make("V141", "expect_compound_columns_to_be_unique", kwargs, expected=self._titles(key))

    def _cross(self, stated: CrossRule) -> Expectation:
        said: dict[str, Any] = {"name": stated.name, "message": stated.message, "fix": stated.fix}
        when = {"row_condition": row_condition(stated.when)} if stated.when else {}
        if stated.unique:
            kwargs = {"column_list": list(stated.unique), "ignore_row_if": "any_value_is_missing", **when}
            return self._make(stated.rule, "expect_compound_columns_to_be_unique", kwargs, **said)
        assert stated.compare is not None  # the schema demands one of the two
        left, comparison, right = stated.compare
        first, second = self.layout.by_name[left], self.layout.by_name[right]
        kind = "date" if first.type == "date" else "number"
        formats = {"format_A": _date_format(first), "format_B": _date_format(second)} if kind == "date" else {}
        kwargs = {"column_A": left, "column_B": right, "comparison": comparison, "kind": kind, **formats, **when}
        return self._make(stated.rule, "expect_column_pair_values_to_compare", kwargs, first, **said)

    def _submission(self) -> Iterator[Expectation]:
        """Whose rows they are: asked only when the request says for whom the file was sent."""
        for id, name, parameter in (
            ("V160", self.layout.district_field, DISTRICT),
            ("V161", self.layout.period_field, PERIOD),
        ):
            if name:
                kwargs = {"column": name, "value_set": {"$PARAMETER": parameter}}
                yield self._make(id, "expect_column_values_to_be_in_set", kwargs, self.layout.by_name[name])

    def _titles(self, names: tuple[str, ...]) -> str:
        return " and ".join(self.layout.by_name[name].title for name in names)

    def _said(self, condition: Condition) -> str:
        joint = " and " if condition.every else " or "
        return "where " + joint.join(self._said_term(term) for term in condition.terms)

    def _said_term(self, term: Term) -> str:
        title = self.layout.by_name[term.field].title
        if term.empty is not None:
            return f"{title} is {'empty' if term.empty else 'filled'}"
        return f"{title} is {'not ' if term.negated else ''}{_said_values(list(term.values))}"


_NUMBERS = {
    "integer": ("V121", r"[+-]?[0-9]+"),
    "number": ("V122", r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"),
}


def is_state_id(element: Element) -> bool:
    """Whether the element is a state student number: an identifier of a person, of exactly ten digits.

    Ten digits alone are a telephone number as well; what the plan says of the element decides.
    """
    identifies = element.sensitivity == "direct-identifier" or "persistent-unique-identifier" in element.classification
    return element.type == "string" and identifies and element.constraints.get("pattern") == "[0-9]{10}"


def _is_name(element: Element) -> bool:
    return element.type == "string" and re.search(r"(first|last|family|given)_?name", element.slug) is not None


def row_condition(condition: Condition) -> dict[str, Any]:
    """The condition as GX serialises a `Column` condition; an empty cell is neither in nor not in a set."""
    parts = [part for term in condition.terms for part in _term_condition(term, joined=condition.every)]
    if len(parts) == 1:
        return parts[0]
    return {"type": "and" if condition.every else "or", "conditions": parts}


def _term_condition(term: Term, *, joined: bool) -> list[dict[str, Any]]:
    column = {"name": term.field}
    if term.empty is not None:
        return [{"type": "nullity", "column": column, "is_null": term.empty}]
    among = {
        "type": "comparison",
        "column": column,
        "operator": "NOT_IN" if term.negated else "IN",
        "parameter": list(term.values),
    }
    if not term.negated:
        return [among]
    filled = {"type": "nullity", "column": column, "is_null": False}
    return [filled, among] if joined else [{"type": "and", "conditions": [filled, among]}]


def anchored(pattern: str, marks: tuple[str, ...] = ()) -> str:
    """The pattern for the whole cell, or one of the marks that stand for a missing value."""
    alternatives = [pattern, *(_literal(mark) for mark in marks)]
    return f"^(?:{'|'.join(alternatives)})$"


# A character that draws something. Written out, because engines differ on what a blank is.
VISIBLE = (
    "[^\u0009-\u000d\u0020\u0085\u00a0\u00ad\u115f\u1160\u1680\u180e\u2000-\u200f"
    "\u2028-\u202f\u205f-\u2064\u2800\u3000\u3164\ufeff]"
)


def admits_blanks(pattern: str) -> bool:
    """Whether a text that draws nothing fits the pattern; every text fits none."""
    return not pattern or any(re.fullmatch(pattern, blank * many) for blank in " \u00a0\u200b" for many in (1, 2, 3))


def pattern_widths(pattern: str) -> tuple[int, int]:
    """The fewest and most characters a text of this pattern can have."""
    parse: Any = import_module("re._parser").parse
    fewest, most = parse(pattern).getwidth()
    return int(fewest), int(most)


def date_width(date_format: str) -> int | None:
    """How many characters a date in this format has, where it is always the same number."""
    widths = {"%Y": 4, "%m": 2, "%d": 2, "%y": 2}
    directives = re.findall("%[A-Za-z]", date_format)
    if date_format == "any" or not set(directives) <= set(widths):
        return None
    return len(re.sub("%[A-Za-z]", "", date_format)) + sum(widths[each] for each in directives)


def _literal(text: str) -> str:
    # re.escape also escapes blanks and letters' neighbours that RE2 and Rust refuse to see escaped.
    return re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", text)


def _date_format(element: Element) -> str:
    return "%Y-%m-%d" if element.format == "default" else element.format


_FORMAT_WORDS = {
    "%Y": "YYYY",
    "%m": "MM",
    "%d": "DD",
    "%y": "YY",
    "%B": "the month's name",
    "%b": "the month's short name",
    "%H": "HH",
    "%M": "MM",
}


def said_format(date_format: str) -> str:
    """A date format as a clerk reads it: `%m%d%Y` as `MMDDYYYY`."""
    if date_format == "any":
        return "in one of the usual ways, such as YYYY-MM-DD or MM/DD/YYYY"
    return re.sub(r"%[A-Za-z]", lambda found: _FORMAT_WORDS.get(found.group(), found.group()), date_format)


_PLAIN_PATTERNS = (
    (re.compile(r"\[0-9\]\{(\d+)\}"), "{} digits"),
    (re.compile(r"\[0-9\]\{1,(\d+)\}"), "1 to {} digits"),
    (re.compile(r"\[A-Z\]\{(\d+)\}"), "{} capital letters"),
    (re.compile(r"\[A-Za-z0-9\]\+"), "letters and digits only"),
)


def said_pattern(pattern: str) -> str:
    """A pattern as a clerk reads it, where it is one of the common ones; otherwise the pattern."""
    for form, words in _PLAIN_PATTERNS:
        if found := form.fullmatch(pattern):
            return words.format(*found.groups())
    return pattern


def _said_values(values: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(values[:-1]), values[-1]))) if values else "nothing"


def _said_marks(element: Element) -> str:
    named = [
        f"{mark.value} ({mark.label.lower()})" if mark.label else mark.value for mark in element.missing if mark.value
    ]
    return "".join(f" or {name}" for name in named)


def _said_length(shortest: int | None, longest: int | None) -> str:
    if shortest is None:
        return f"at most {longest} characters"
    if longest is None:
        return f"at least {shortest} characters"
    return f"{shortest} characters" if shortest == longest else f"{shortest} to {longest} characters"


def _said_bounds(low: Any, high: Any, at_least: str, at_most: str) -> str:
    said = [f"{word} {_text(bound)}" for word, bound in ((at_least, low), (at_most, high)) if bound is not None]
    return " and ".join(said)


def _given(**kwargs: Any) -> dict[str, Any]:
    return {key: value for key, value in kwargs.items() if value is not None}


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, str) else str(value)
