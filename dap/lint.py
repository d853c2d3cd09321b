"""What a plan must satisfy beyond being readable: the L rules that are about facts, layouts, examples and suites."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from dap.catalog import CATALOG, PLAN_FILE, Problem, examine, in_file_order
from dap.errors import DapError, nearest
from dap.gate import check
from dap.identifiers import find_in_text, names_ssn
from dap.plan import Code, CodeList, Collection, District, Element, Layout, Obligation, OpenQuestion, Plan, Window
from dap.rules import rule
from dap.suites import EXPECTATIONS, stale_suites, suite_path
from dap.values import ANY_FORMAT, as_date, as_number

# What patterns may not hold, because engines differ on it: classes that take in other scripts' digits and letters on
# some of them, classes in classes, a count without a beginning, look-around, back-references, inline flags.
_NOT_PORTABLE = re.compile(r"\\[dDwWsSbBAzZ]|\\[0-9]|\(\?(?!:)|(?<!\\)\[[^\]\\]*\[|&&|\{,")
_ESCAPED_OR_CLASS = re.compile(r"\\.|\[(?:\\.|[^\]])*\]")
# A day whose year, month and day cannot be taken for each other.
_DAY = date(2001, 2, 13)

# A layout that breaks one of these has no suite that could be built or run.
_UNBUILDABLE = {"L120", "L152", "L153"}

Check = Callable[[Plan], Iterator[Problem]]
# The rule, the place within a layout, the message.
Fault = tuple[str, str, str]


def lint(root: Path, *, examples: bool = True) -> tuple[Problem, ...]:
    """Every problem of the plan in `root`, in file order; without `examples` their own suites are not run."""
    plan, problems = examine(root)
    found = list(problems)
    if plan is not None:
        checks: list[Check] = [_facts, _privacy, _layouts, _lists, _crosswalks, _respondents, _dates, _version]
        found += [problem for each in checks for problem in each(plan)]
        # While references are broken no suite can be built, and all of this would say the same again.
        if not problems:
            found += _suites(plan, {each.file for each in found if each.rule in _UNBUILDABLE}, examples)
    return in_file_order(root, found)


def _file(plan: Plan, collection: Collection) -> str:
    return (collection.folder / PLAN_FILE).relative_to(plan.root).as_posix()


def _places(plan: Plan) -> Iterator[tuple[str, str, Collection, Layout, Element]]:
    for collection, layout, element in plan.every_element():
        yield (
            _file(plan, collection),
            f'resource "{layout.name}", field "{element.name}"',
            collection,
            layout,
            element,
        )


def _is_open(about: str, *holders: Iterable[OpenQuestion]) -> bool:
    return any(question.about == about for holder in holders for question in holder)


def _facts(plan: Plan) -> Iterator[Problem]:
    """Every element has a frequency, a mandate and a source, or says why not; nothing is both stated and open."""
    for file, place, collection, layout, element in _places(plan):
        questions = (element.open, layout.open, collection.open)
        if not element.frequency and not _is_open("frequency", *questions):
            yield Problem("L130", file, place, rule("L130").message)
        if not element.mandates and not _is_open("mandate", *questions):
            yield Problem("L131", file, place, rule("L131").message)
        if not element.sources:
            yield Problem("L132", file, place, rule("L132").message)
        stated: dict[str, object] = {
            "frequency": element.frequency,
            "status": element.status,
            "purpose": element.purpose,
            "retention": element.retention,
            "sensitivity": element.sensitivity,
            "format": element.type == "date" and element.format != ANY_FORMAT,
            "requiredWhen": element.required_when,
            "forbiddenWhen": element.forbidden_when,
        }
        yield from (Problem("L133", file, place, message) for message in _stated_and_open(stated, element.open))
    for collection in plan.all_collections:
        file, place = _file(plan, collection), "acquisition"
        stated = {
            "frequency": collection.frequency,
            "status": collection.status,
            "purpose": collection.purpose,
            "retention": collection.retention,
            "respondents": collection.respondents,
            "steward": collection.steward,
            "certifiedBy": collection.certified_by,
            "submittedAs": collection.submitted_as,
        }
        yield from (Problem("L133", file, place, message) for message in _stated_and_open(stated, collection.open))
        if not collection.submitted_as and not _is_open("submittedAs", collection.open):
            yield Problem("L134", file, place, rule("L134").message)
    for code_list in plan.all_code_lists:
        if not code_list.sources:
            place = f'resource "{code_list.name}"'
            yield Problem("L132", f"{CATALOG}/{PLAN_FILE}", place, rule("L132").message)


def _stated_and_open(stated: dict[str, object], questions: Iterable[OpenQuestion]) -> Iterator[str]:
    """What is said twice over, among the facts that are either known or not: of dates and codes a part may be open."""
    for question in questions:
        if stated.get(question.about):
            yield f"{question.about} is stated, and an open question says that it is not known"


def _privacy(plan: Plan) -> Iterator[Problem]:
    """No element is, or is called, a Social Security number, and no allowance frees numbers written like one."""
    for file, place, _, _, element in _places(plan):
        if names_ssn(element.name) or names_ssn(element.title):
            yield Problem("L140", file, place, "the name is one for a Social Security number")
        elif element.description and _describes_ssn(element.description):
            yield Problem("L140", file, place, "the description says that it is a Social Security number")
        if element.example and find_in_text(element.example):
            yield Problem("L140", file, place, "the example is written like a Social Security number")
        if element.allows and _frees_ssn(element.allows.pattern):
            yield Problem("L141", file, place, rule("L141").message)


def _describes_ssn(description: str) -> bool:
    denied = re.search(r"\b(no|not|never|without|instead of|other than)\b", description.casefold())
    return names_ssn(description) and denied is None


def _frees_ssn(pattern: str) -> bool:
    digits = [f"{first}{second}{second}12{second}456" for first in "0123456789" for second in "0123456789"]
    written = [f"{each[:3]}{sign}{each[3:5]}{sign}{each[5:]}" for each in digits for sign in "- ./"]
    try:
        return any(re.fullmatch(pattern, text) for text in written)
    except re.error:
        return False


def _layouts(plan: Plan) -> Iterator[Problem]:
    """Patterns work everywhere, rules fit their types, and a layout's own properties agree with each other."""
    for collection in plan.all_collections:
        package = json.loads((collection.folder / PLAN_FILE).read_text("utf-8"))
        for layout, resource in zip(collection.layouts, package["resources"], strict=True):
            place = f'resource "{layout.name}"'
            for id, where, message in _layout_faults(plan, collection, layout, resource):
                yield Problem(id, _file(plan, collection), ", ".join(filter(None, (place, where))), message)


def _layout_faults(plan: Plan, collection: Collection, layout: Layout, resource: dict[str, Any]) -> Iterator[Fault]:
    if collection.submitted_as == "file" and not layout.is_file:
        yield "L154", "data", "the collection is submitted as a file, so the layout needs the path of an example"
    match = resource["schema"].get("fieldsMatch")
    if match in ("subset", "partial"):
        yield "L150", "fieldsMatch", f'"{match}" lets columns in that the plan does not know'
    elif match == "exact" and (layout.optional or not layout.ordered):
        yield (
            "L154",
            "fieldsMatch",
            '"exact" asks for every column in its place, but some are optional or may stand anywhere',
        )
    elif match == "equal" and layout.optional:
        yield "L154", "fieldsMatch", '"equal" asks for every column, but some are optional: use "superset"'
    elif match == "superset" and not layout.optional:
        yield "L154", "fieldsMatch", '"superset" lets columns be absent, but none is optional: use "exact" or "equal"'
    for name in sorted(layout.optional.intersection(layout.primary_key)):
        yield "L154", "primaryKey", f'"{name}" is part of the key, so its column cannot be optional'
    yield from _dialect_faults(layout, resource)
    # A path out of the folder is told when the descriptor is read.
    if layout.is_file and layout.path == Path(layout.path).name and not (collection.folder / layout.path).is_file():
        yield "L170", "path", rule("L170").message
    for stated, element in zip(resource["schema"]["fields"], layout.elements, strict=True):
        where = f'field "{element.name}"'
        if "categories" in stated and "enum" not in element.constraints:
            yield "L151", where, rule("L151").message
        elif "categories" in stated and _category_values(stated) != set(_enum(element)):
            yield "L151", where, "`categories` and `constraints.enum` do not hold the same values"
        for pattern in (element.constraints.get("pattern", ""), element.allows.pattern if element.allows else ""):
            if fault := pattern_fault(pattern):
                yield "L152", where, fault
        of_a_file = _column_faults(element) if layout.is_file else ()
        yield from (("L153", where, message) for message in (*_type_faults(element), *of_a_file))
        yield from ((id, where, message) for id, message in _value_faults(plan, layout, element))
        if element.forbidden_when and element.forbidden_when == element.required_when:
            yield "L154", where, "requiredWhen and forbiddenWhen hold for the same rows"
        if element.forbidden_when and element.required:
            yield "L154", where, "required everywhere, but forbiddenWhen asks for an empty cell in some rows"
    yield from _name_faults(layout)
    yield from _condition_faults(plan, layout)
    for line in layout.title_lines:
        if line.pattern and (fault := pattern_fault(line.pattern)):
            yield "L152", "titleLines", fault
    for each in layout.rules:
        where = f'rule "{each.name}"'
        if (each.rule == "V141") != bool(each.unique):
            yield "L153", where, "V141 is the rule of `unique`, V150 and Q101 are those of `compare`"
        sides = [layout.by_name.get(name) for name in (each.compare or ())[::2]]
        kinds = {_kind(side) for side in sides if side is not None}
        if "text" in kinds:
            yield "L153", where, "only numbers can be compared with numbers, and dates with dates"
        elif len(kinds) == 2:
            yield "L153", where, "a date cannot be compared with a number"


def _name_faults(layout: Layout) -> Iterator[Fault]:
    """Names that a report could not tell apart."""
    slugs: dict[str, str] = {}
    for element in layout.elements:
        other = slugs.setdefault(element.slug, element.name)
        if other != element.name:
            yield "L120", f'field "{element.name}"', f'the names of its rules would be those of "{other}"'
    named = [(each.rule, each.name) for each in layout.rules]
    for id, name in sorted({each for each in named if named.count(each) > 1}):
        yield "L120", f'rule "{name}"', f"the name stands more than once among the rules {id}"


def _condition_faults(plan: Plan, layout: Layout) -> Iterator[Fault]:
    """Conditions on values that the field cannot hold: the rule would never be asked, and nobody would see it."""
    conditions = [
        (f'field "{element.name}", {key}', condition)
        for element in layout.elements
        for key, condition in (("requiredWhen", element.required_when), ("forbiddenWhen", element.forbidden_when))
    ]
    conditions += [(f'rule "{each.name}", when', each.when) for each in layout.rules]
    for where, condition in conditions:
        for term in condition.terms if condition else ():
            element = layout.by_name.get(term.field)
            if element is None:
                continue
            permitted = _permitted(plan, element)
            for value in term.values:
                if value in element.marks:
                    continue
                if permitted is not None and value not in permitted:
                    yield "L153", where, f'"{term.field}" cannot hold "{value}".{nearest(value, permitted)}'
                elif permitted is None and (fault := _misfit(element, value)):
                    yield "L153", where, f'"{term.field}" cannot hold "{value}": {fault}'


def _dialect_faults(layout: Layout, resource: dict[str, Any]) -> Iterator[Fault]:
    dialect, above = resource.get("dialect", {}), len(layout.title_lines)
    if dialect.get("headerRows", [1]) != [above + 1]:
        yield "L154", "dialect", f"there are {above} title lines, so the header's row must be {above + 1}"
    if dialect.get("commentRows", []) != list(range(1, above + 1)):
        lines = f"1 to {above}" if above else "and there are none"
        yield "L154", "dialect", f"commentRows must name the title lines, {lines}"
    if layout.delimiter not in layout.delimiters:
        yield "L154", "delimiters", "the dialect's own delimiter is not among them"
    yield from _position_faults(layout)


def _position_faults(layout: Layout) -> Iterator[Fault]:
    """Positions that name no field, or one twice, that overlap, or that leave a field without a place."""
    if ("fixed" in layout.formats) != bool(layout.positions):
        yield "L154", "positions", "the format fixed and positions belong together"
    placed = [each.field for each in layout.positions]
    for name in sorted({name for name in placed if placed.count(name) > 1}):
        yield "L154", "positions", f'"{name}" has more than one place'
    for name in layout.required_columns if placed else ():
        if name not in placed:
            yield "L154", "positions", f'"{name}" has no place, and no file may lack it'
    in_order = sorted(layout.positions, key=lambda each: each.start)
    for before, after in pairwise(in_order):
        if after.start <= before.end:
            yield "L154", "positions", f'"{after.field}" begins before "{before.field}" ends'
    for each in layout.positions:
        element = layout.by_name.get(each.field)
        longest = element.constraints.get("maxLength") if element else None
        if longest and longest > each.width:
            yield "L154", "positions", f'"{each.field}" may have {longest} letters, but its place has {each.width}'


def _kind(element: Element) -> str:
    return {"date": "date", "integer": "number", "number": "number"}.get(element.type, "text")


def pattern_fault(pattern: str) -> str:
    """Why a pattern does not mean the same on every engine; empty where it does (or is empty)."""
    if not pattern:
        return ""
    if found := _NOT_PORTABLE.search(pattern):
        return f'"{found.group()}" does not mean the same on every engine'
    if found := re.search(r"[\^$]", _ESCAPED_OR_CLASS.sub("", pattern)):
        return f'"{found.group()}" is an anchor: the pattern covers the whole value anyway'
    import re2

    silent = re2.Options()
    silent.log_errors = False
    try:
        re.compile(pattern)
        re2.compile(pattern, silent)
    except (re.error, re2.error):
        return "the pattern does not compile"
    return ""


def _type_faults(element: Element) -> Iterator[str]:
    rules = element.constraints
    form = "%Y-%m-%d" if element.format == "default" else element.format
    read = {"date": lambda text: as_date(text, form), "number": as_number}.get(_kind(element))
    bounds: list[Any] = []
    for key in ("minimum", "maximum"):
        if key not in rules:
            continue
        bounds.append(read(str(rules[key])) if read else None)
        if read is None:
            yield f"{key} asks for a number or date, but the type is {element.type}"
        elif bounds[-1] is None:
            yield f"{key} is no {_kind(element)} in the element's own format"
    if len(bounds) == 2 and None not in bounds and bounds[0] > bounds[1]:
        yield "minimum is greater than maximum"
    # The standard knows these for text only, and generic tools refuse the descriptor.
    for key in ("pattern", "minLength", "maxLength"):
        if key in rules and element.type != "string":
            yield f"{key} is for text, but the type is {element.type}"
    if element.type == "date" and form != ANY_FORMAT and as_date(_DAY.strftime(form), form) != _DAY:
        yield f'"{form}" does not write a whole date: it needs year, month and day, as in %Y-%m-%d'
    if set(element.true_values) & set(element.false_values):
        yield "the same value stands for yes and for no"
    low, high = rules.get("minLength"), rules.get("maxLength")
    if low is not None and high is not None and low > high:
        yield "minLength is greater than maxLength"
    if rules.get("required") and element.required_when:
        yield "required and requiredWhen together: the element is required everywhere"
    if element.codes and "enum" in rules:
        yield "codes and enum together: only one of them can say which values are permitted"


def _column_faults(element: Element) -> Iterator[str]:
    """What a form or system may ask, but no suite can ask of the column of a file."""
    if element.type in ("object", "time"):
        yield f"the column of a file cannot be of the type {element.type}"
    if element.type != "date" and element.format != "default":
        yield f"format is for dates, but the type is {element.type}"
    if element.codes and element.type not in ("string", "boolean"):
        yield f"codes are text, but the type is {element.type}: leading zeros would be lost"


def _value_faults(plan: Plan, layout: Layout, element: Element) -> Iterator[tuple[str, str]]:
    """Permitted values and examples that the element's other rules refuse; the rule and the message."""
    code_list = _complete_list(plan, element)
    for value in _enum(element):
        if fault := _misfit(element, value):
            yield "L153", f'enum permits "{value}", but it {fault}'
    for code in code_list.codes if code_list else ():
        if code.code and code.in_force(layout.valid_for) and (fault := _misfit(element, code.code)):
            yield "L155", f'"{code_list.name if code_list else ""}" permits "{code.code}", but it {fault}'
    permitted = _permitted(plan, element)
    if not element.example or element.example in element.marks or find_in_text(element.example):
        return
    if permitted is not None and element.example not in permitted:
        yield "L153", f"the example is no permitted value.{nearest(element.example, permitted)}"
    elif fault := _misfit(element, element.example):
        yield "L153", f"the example {fault}"


def _misfit(element: Element, text: str) -> str:
    """Why the element's type, pattern or length refuses a text; empty where they do not."""
    rules = element.constraints
    pattern = rules.get("pattern", "")
    if pattern and not pattern_fault(pattern) and not re.fullmatch(pattern, text):
        return "does not have the form of the pattern"
    if not rules.get("minLength", 0) <= len(text) <= rules.get("maxLength", len(text)):
        return "does not have the permitted length"
    form = "%Y-%m-%d" if element.format == "default" else element.format
    fits = {
        "date": lambda: as_date(text, form) is not None,
        "number": lambda: as_number(text) is not None,
        "integer": lambda: as_number(text) is not None and "." not in text,
        "boolean": lambda: text in (*element.true_values, *element.false_values),
    }.get(element.type)
    return f"is no {element.type}" if fits and not fits() else ""


def _enum(element: Element) -> list[str]:
    stated = element.constraints.get("enum", ())
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in stated]


def _category_values(stated: dict[str, Any]) -> set[str]:
    return {each if isinstance(each, str) else each["value"] for each in stated["categories"]}


def _complete_list(plan: Plan, element: Element) -> CodeList | None:
    return next((each for each in plan.all_code_lists if each.name == element.codes and each.complete), None)


def _permitted(plan: Plan, element: Element) -> list[str] | None:
    """The only values the element can hold in any school year; None where nothing limits them."""
    if "enum" in element.constraints:
        return _enum(element)
    if code_list := _complete_list(plan, element):
        return [code.code for code in code_list.codes if code.code]
    return [*element.true_values, *element.false_values] if element.type == "boolean" else None


def _lists(plan: Plan) -> Iterator[Problem]:
    """A complete code list holds a value for each label, and each value once."""
    file = f"{CATALOG}/{PLAN_FILE}"
    for code_list in plan.all_code_lists:
        place = f'resource "{code_list.name}"'
        codes = [code.code for code in code_list.codes]
        if code_list.complete and not all(codes):
            yield Problem("L155", file, place, f"called complete, but {codes.count('')} codes have no value")
        if code_list.complete and not codes:
            yield Problem("L155", file, place, "called complete, but holds no code")
        for code in sorted({code for code in codes if code and codes.count(code) > 1}):
            yield Problem(
                "L120", f"{CATALOG}/code-lists/{code_list.name}.csv", "", f'the code "{code}" stands more than once'
            )
    citations = [mandate.citation.casefold() for mandate in plan.all_mandates]
    for number, mandate in enumerate(plan.all_mandates, start=2):
        if mandate.citation and mandate.citation.casefold() in citations[: number - 2]:
            first = plan.all_mandates[citations.index(mandate.citation.casefold())].id
            yield Problem(
                "L120",
                f"{CATALOG}/mandates.csv",
                f"row {number}, citation",
                f'"{mandate.citation}" is the citation of "{first}" too',
            )
    for file, place, _, layout, element in _places(plan):
        if not element.codes or all(each.name != element.codes for each in plan.all_code_lists):
            continue
        code_list = plan.code_list(element.codes)
        if code_list.complete and not any(code.in_force(layout.valid_for) for code in code_list.codes):
            yield Problem(
                "L155", file, place, f'no code of "{code_list.name}" is in force in the layout\'s school years'
            )


_TARGETS = {"CEDS": "[0-9]{6}", "EDFacts": "FS[0-9]{3}"}


def _crosswalks(plan: Plan) -> Iterator[Problem]:
    """Both crosswalks: no match twice, an id of its standard's form, and no counterpart said in one way."""
    file = f"{CATALOG}/crosswalk.csv"
    matched = {(each.collection, each.element, each.standard) for each in plan.all_crosswalk if each.match != "none"}
    elements = Counter((each.collection, each.element, each.standard, each.target) for each in plan.all_crosswalk)
    for number, each in enumerate(plan.all_crosswalk, start=2):
        place, key = f"row {number}", (each.collection, each.element, each.standard)
        if elements[(*key, each.target)] > 1:
            yield Problem("L120", file, place, "the same element and target stand more than once")
        for fault in _match_faults(each.standard, each.match, each.target, each.note):
            yield Problem("L115", file, place, fault)
        if each.target and (fault := _target_fault(each.standard, each.target)):
            yield Problem("L115", file, place, fault)
        if each.match == "none" and key in matched:
            yield Problem(
                "L115", file, place, f"the element has no counterpart in {each.standard}, and one in another row"
            )
    file = f"{CATALOG}/code-crosswalk.csv"
    options = Counter((each.code_list, each.code, each.target, each.option) for each in plan.all_code_crosswalk)
    for number, code in enumerate(plan.all_code_crosswalk, start=2):
        place = f"row {number}"
        if options[(code.code_list, code.code, code.target, code.option)] > 1:
            yield Problem("L120", file, place, "the same code and option stand more than once")
        for fault in _match_faults(code.standard, code.match, code.option, code.note):
            yield Problem("L115", file, place, fault)
        if fault := _target_fault(code.standard, code.target):
            yield Problem("L115", file, place, fault)


def _match_faults(standard: str, match: str, counterpart: str, note: str) -> Iterator[str]:
    if match == "none" and counterpart:
        yield f'the match is none, but "{counterpart}" is given'
    if match == "none" and not note:
        yield "the match is none, but no note says what was looked for"
    if match != "none" and not counterpart:
        yield f"the match is {match}, but nothing is given that it matches"
    if standard == "EDFacts" and match not in ("close", "none"):
        yield f"a file is fed (close) or it is not (none); {match} says nothing about a file"


def _target_fault(standard: str, target: str) -> str:
    form = _TARGETS.get(standard, ".*")
    return "" if re.fullmatch(form, target) else f'"{target}" does not have the form of {standard}, {form}'


def _respondents(plan: Plan) -> Iterator[Problem]:
    """Who owes what follows: words for respondents, kinds, districts and single obligations fit each other."""
    if not plan.all_respondents and not plan.all_districts:
        return
    file = f"{CATALOG}/respondents.csv"
    words = [each.respondent for each in plan.all_respondents]
    used = {word for collection in plan.all_collections for word in collection.respondents}
    kinds = {each.kind for each in plan.all_districts}
    for collection in plan.all_collections:
        for word in collection.respondents:
            if word not in words:
                message = f'no row of respondents.csv says who "{word}" are.{nearest(word, words)}'
                yield Problem("L116", _file(plan, collection), "acquisition, respondents", message)
    for number, each in enumerate(plan.all_respondents, start=2):
        place = f"row {number}"
        if each.respondent not in used:
            yield Problem("L116", file, place, f"no collection has such respondents.{nearest(each.respondent, used)}")
        for kind in each.kinds:
            if kind not in kinds:
                yield Problem("L116", file, place, f'no district is a "{kind}".{nearest(kind, kinds)}')
        if (each.owes == "none") == bool(each.kinds):
            message = "kinds are given, but none owes it" if each.kinds else f"owes {each.owes}, but no kind is given"
            yield Problem("L116", file, place, message)
    yield from _single_obligations(plan)
    yield from _districts_without_code(plan)


def _single_obligations(plan: Plan) -> Iterator[Problem]:
    """A district's obligation for a collection stands once for each school year."""
    for number, each in enumerate(plan.all_obligations, start=2):
        for other in plan.all_obligations[: number - 2]:
            same = (other.collection, other.district) == (each.collection, each.district)
            if same and (each.since or "") <= (other.until or "9") and (other.since or "") <= (each.until or "9"):
                message = "another row says what this district owes in the same school year"
                yield Problem("L120", f"{CATALOG}/obligations.csv", f"row {number}", message)
                break


def _districts_without_code(plan: Plan) -> Iterator[Problem]:
    for collection in plan.all_collections:
        for layout in collection.file_layouts:
            element = layout.by_name.get(layout.district_field)
            code_list = _complete_list(plan, element) if element else None
            if code_list is None:
                continue
            codes = {code.code for code in code_list.codes if code.in_force(layout.valid_for)}
            lost = [each.code for each in plan.all_districts if each.code not in codes and _reports(each, layout)]
            if lost:
                message = f'"{code_list.name}" lacks districts of the plan: {", ".join(lost[:5])}'
                more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
                place = f'resource "{layout.name}", field "{layout.district_field}"'
                yield Problem("L117", _file(plan, collection), place, message + more)


def _reports(district: District, layout: Layout) -> bool:
    return not layout.valid_for or any(district.reports_in(year) for year in layout.valid_for)


def _dates(plan: Plan) -> Iterator[Problem]:
    """Days and school years exist, windows open before they are due, codes and mandates begin before they end."""
    for collection in plan.all_collections:
        windows = [(window.school_year, window.name) for window in collection.windows]
        for window in collection.windows:
            place = f'window "{window.school_year}"' + (f', name "{window.name}"' if window.name else "")
            if fault := _window_fault(window):
                yield Problem("L160", _file(plan, collection), place, fault)
            if windows.count((window.school_year, window.name)) > 1:
                message = "the school year stands more than once, without names that differ"
                yield Problem("L120", _file(plan, collection), place, message)
        for layout in collection.layouts:
            for year in layout.valid_for:
                if fault := _year_fault(year):
                    yield Problem("L160", _file(plan, collection), f'resource "{layout.name}", validFor', fault)
    for number, mandate in enumerate(plan.all_mandates, start=2):
        if mandate.since and mandate.until and mandate.since > mandate.until:
            yield Problem("L160", f"{CATALOG}/mandates.csv", f"row {number}", "since is after until")
    dated: list[tuple[str, Sequence[Code | District | Obligation]]] = [
        *((f"code-lists/{each.name}.csv", each.codes) for each in plan.all_code_lists),
        ("districts.csv", plan.all_districts),
        ("obligations.csv", plan.all_obligations),
    ]
    for name, rows in dated:
        for number, row in enumerate(rows, start=2):
            for fault in {_year_fault(year) for year in (row.since, row.until) if year}:
                if fault:
                    yield Problem("L160", f"{CATALOG}/{name}", f"row {number}", fault)
            if row.since and row.until and row.since > row.until:
                yield Problem("L160", f"{CATALOG}/{name}", f"row {number}", "since is after until")


def _year_fault(school_year: str) -> str:
    form = re.fullmatch(r"([0-9]{4})-([0-9]{2})", school_year)
    # What has not even the form is told when the file is read.
    if form is None or (int(form.group(1)) + 1) % 100 == int(form.group(2)):
        return ""
    return f'"{school_year}" is no school year: one runs from one year to the next, such as 2025-26'


def _window_fault(window: Window) -> str:
    if fault := _year_fault(window.school_year):
        return fault
    dated = [(name, getattr(window, name)) for name in ("opens", "due", "accurate") if getattr(window, name)]
    freezes = [(f"freeze {name}".strip(), day) for name, day in window.freeze]
    for name, day in (*dated, *freezes):
        # A month alone is a date too: where no source gives the day.
        if as_date(day if len(day) > 7 else f"{day}-01", "%Y-%m-%d") is None:
            return f"{name} is no date that exists"
    in_order = [dated, freezes, [(name, day) for name, day in dated if name == "due"] + freezes[:1]]
    for (earlier, before), (later, after) in (pair for dates in in_order for pair in pairwise(dates)):
        if before[: len(after)] > after[: len(before)]:
            return f"{earlier} is after {later}"
    return ""


def _suites(plan: Plan, unbuildable: set[str], examples: bool) -> Iterator[Problem]:
    """The suites are those the catalog gives, and where they are, each layout's example passes its own."""
    sound = replace(
        plan, all_collections=tuple(each for each in plan.all_collections if _file(plan, each) not in unbuildable)
    )
    left_out = {each.id for each in plan.all_collections} - {each.id for each in sound.all_collections}
    try:
        stale = [path for path in stale_suites(sound) if path.parent.name not in left_out]
    except DapError as error:
        yield Problem("L172", EXPECTATIONS, "", f"the suites cannot be built: {error}")
        return
    for path in stale:
        yield Problem("L172", path.relative_to(plan.root).as_posix(), "", rule("L172").message)
    for collection in sound.all_collections if examples else ():
        for layout in collection.file_layouts:
            if suite_path(plan.root, collection.id, layout.name) not in stale:
                yield from _example(sound, collection, layout)


def _example(plan: Plan, collection: Collection, layout: Layout) -> Iterator[Problem]:
    path = collection.folder / layout.path
    if not path.is_file():
        return
    file = path.relative_to(plan.root).as_posix()
    try:
        report = check(path, collection.id, resource=layout.name, plan=plan)
    except DapError as error:
        yield Problem("L171", file, "", f"its suite could not be run: {error}")
        return
    if report.broken:
        yield Problem("L171", file, "", f"rules of its suite could not be run: {', '.join(report.broken)}")
    for finding in report.findings:
        if finding.severity == "error":
            place = f"row {finding.rows[0]}" if finding.rows else ""
            yield Problem("L171", file, place, f"rejected by its own suite, {finding.rule}: {finding.message}")


def _version(plan: Plan) -> Iterator[Problem]:
    """Where the plan lies in git and has tags, a catalog that changed since the last tag has another version."""
    tag = _git(plan.root, "describe", "--tags", "--abbrev=0")
    if not tag:
        return
    changed = _git(plan.root, "diff", "--name-only", tag, "--", CATALOG)
    added = _git(plan.root, "ls-files", "--others", "--exclude-standard", "--", CATALOG)
    then = _git(plan.root, "show", f"{tag}:./{CATALOG}/{PLAN_FILE}")
    stated = re.search(r'"version"\s*:\s*"([^"]*)"', then)
    if (changed or added) and stated and stated.group(1) == plan.version:
        message = f"the catalog changed since {tag}, but the version is still {plan.version}"
        yield Problem("L173", f"{CATALOG}/{PLAN_FILE}", "version", message)


def _git(root: Path, *words: str) -> str:
    """What git answers, or nothing where there is no git, no repository or no such thing."""
    try:
        finished = subprocess.run(
            ["git", *words], cwd=root, capture_output=True, encoding="utf-8", check=False, timeout=30
        )
    except (OSError, UnicodeDecodeError, subprocess.TimeoutExpired):
        return ""
    return finished.stdout.strip() if finished.returncode == 0 else ""
