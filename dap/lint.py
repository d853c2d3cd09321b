"""What a plan must satisfy beyond being readable: the L rules that are about facts, layouts, examples and suites."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from dap.catalog import CATALOG, PLAN_FILE, Problem, examine
from dap.errors import DapError
from dap.expectations.values import as_date, as_number
from dap.gate import check
from dap.identifiers import find_in_text, names_ssn
from dap.plan import Collection, Element, Layout, OpenQuestion, Plan, Window
from dap.rules import rule
from dap.suites import stale_suites

# What patterns may not hold, because engines differ on it: classes that take in other scripts' digits and letters on
# some of them, anchors (the whole value is meant anyway), look-around, back-references, inline flags.
_NOT_PORTABLE = re.compile(r"\\[dDwWsSbBAzZ]|\\[0-9]|\(\?(?!:)|\[\[|&&|(?<!\\)\$$|^\^")

Check = Callable[[Plan], Iterator[Problem]]


def lint(root: Path, *, examples: bool = True) -> tuple[Problem, ...]:
    """Every problem of the plan in `root`, in file order; without `examples` their own suites are not run.

    Raises RequestError where there is no plan at all.
    """
    plan, problems = examine(root)
    found = list(problems)
    if plan is not None:
        checks: list[Check] = [_facts, _privacy, _layouts, _lists, _crosswalks, _dates, _version]
        # While references are broken no suite can be built, and all of this would say the same again.
        if not problems:
            checks += [_suites, *([_examples] if examples else [])]
        found += [problem for each in checks for problem in each(plan)]
    return tuple(sorted(dict.fromkeys(found), key=lambda problem: _file_order(problem.file)))


def _file_order(file: str) -> tuple[int, str]:
    return (0 if file.startswith(f"{CATALOG}/{PLAN_FILE}") else 1 if file.startswith(CATALOG) else 2, file)


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
        stated = {
            "frequency": element.frequency,
            "requiredWhen": element.required_when,
            "forbiddenWhen": element.forbidden_when,
        }
        for about, fact in stated.items():
            if fact and _is_open(about, element.open):
                yield Problem("L133", file, place, f"{about} is stated, and an open question says that it is not known")
    for code_list in plan.all_code_lists:
        if not code_list.sources and not all(code.source for code in code_list.codes):
            place = f'resource "{code_list.name}"'
            yield Problem("L132", f"{CATALOG}/{PLAN_FILE}", place, rule("L132").message)


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
    written = ("000-12-3456", "000 12 3456", "000.12.3456", "000/12/3456")
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
            for id, where, message in _layout_faults(collection, layout, resource):
                yield Problem(id, _file(plan, collection), ", ".join(filter(None, (place, where))), message)


def _layout_faults(collection: Collection, layout: Layout, resource: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    match = resource["schema"]["fieldsMatch"]
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
    yield from _dialect_faults(layout, resource)
    if layout.path and not (collection.folder / layout.path).is_file():
        yield "L170", "path", rule("L170").message
    for stated, element in zip(resource["schema"]["fields"], layout.elements, strict=True):
        where = f'field "{element.name}"'
        if "categories" in stated and "enum" not in element.constraints:
            yield "L151", where, rule("L151").message
        if fault := pattern_fault(element.constraints.get("pattern", "")):
            yield "L152", where, fault
        yield from (("L153", where, message) for message in _type_faults(element))
    for line in layout.title_lines:
        if line.pattern and (fault := pattern_fault(line.pattern)):
            yield "L152", "titleLines", fault
    for each in layout.rules:
        if (
            each.compare
            and len({_kind(layout.by_name.get(each.compare[side])) for side in (0, 2)} | {"number", "date"}) > 2
        ):
            yield "L153", f'rule "{each.name}"', "only numbers can be compared with numbers, and dates with dates"
        elif each.compare and _kind(layout.by_name.get(each.compare[0])) != _kind(layout.by_name.get(each.compare[2])):
            yield "L153", f'rule "{each.name}"', "a date cannot be compared with a number"


def _dialect_faults(layout: Layout, resource: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    dialect, above = resource.get("dialect", {}), len(layout.title_lines)
    if dialect.get("headerRows", [1]) != [above + 1]:
        yield "L154", "dialect", f"there are {above} title lines, so the header's row must be {above + 1}"
    if above and dialect.get("commentRows", []) != list(range(1, above + 1)):
        yield "L154", "dialect", f"commentRows must name the title lines, 1 to {above}"
    if layout.delimiter not in layout.delimiters:
        yield "L154", "delimiters", "the dialect's own delimiter is not among them"


def _kind(element: Element | None) -> str:
    if element is None:
        return "nothing"
    return {"date": "date", "integer": "number", "number": "number"}.get(element.type, "text")


def pattern_fault(pattern: str) -> str:
    """Why a pattern does not mean the same on every engine; empty where it does (or is empty)."""
    if not pattern:
        return ""
    if found := _NOT_PORTABLE.search(pattern):
        return f'"{found.group()}" does not mean the same on every engine'
    import re2

    for compile_pattern in (re.compile, re2.compile):
        try:
            compile_pattern(pattern)
        except (re.error, re2.error):
            return "the pattern does not compile"
    return ""


def _type_faults(element: Element) -> Iterator[str]:
    rules = element.constraints
    for key in ("minimum", "maximum"):
        if key not in rules:
            continue
        if element.type == "date":
            form = "%Y-%m-%d" if element.format == "default" else element.format
            if as_date(str(rules[key]), form) is None:
                yield f"{key} is no date in the element's own format"
        elif element.type not in ("integer", "number") or as_number(str(rules[key])) is None:
            yield f"{key} asks for a number or date, but the element is a {element.type}"
    if element.type == "date" and element.format not in ("default", "any") and "%" not in element.format:
        yield f'"{element.format}" is no date format'
    low, high = rules.get("minLength"), rules.get("maxLength")
    if low is not None and high is not None and low > high:
        yield "minLength is greater than maxLength"
    if rules.get("required") and element.required_when:
        yield "required and requiredWhen together: the element is required everywhere"


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


def _dates(plan: Plan) -> Iterator[Problem]:
    """Windows open before they are due, codes and mandates begin before they end."""
    for collection in plan.all_collections:
        for window in collection.windows:
            if fault := _window_fault(window):
                yield Problem("L160", _file(plan, collection), f'window "{window.school_year}"', fault)
    for mandate in plan.all_mandates:
        if mandate.since and mandate.until and mandate.since > mandate.until:
            yield Problem("L160", f"{CATALOG}/mandates.csv", f'mandate "{mandate.id}"', "since is after until")
    for code_list in plan.all_code_lists:
        for number, code in enumerate(code_list.codes, start=2):
            if code.since and code.until and code.since > code.until:
                file = f"{CATALOG}/code-lists/{code_list.name}.csv"
                yield Problem("L160", file, f"row {number}", "since is after until")


def _window_fault(window: Window) -> str:
    first, second = int(window.school_year[:4]), int(window.school_year[5:])
    if (first + 1) % 100 != second:
        return "a school year runs from one year to the next, such as 2025-26"
    freezes = [date for _, date in window.freeze]
    dated = [(name, getattr(window, name)) for name in ("opens", "due", "accurate") if getattr(window, name)]
    for (earlier, before), (later, after) in pairwise(dated):
        if before[: len(after)] > after[: len(before)]:
            return f"{earlier} is after {later}"
    if freezes != sorted(freezes):
        return "the freezes are not in order"
    if window.due and freezes and freezes[0] < window.due:
        return "a freeze is before the due date"
    return ""


def _suites(plan: Plan) -> Iterator[Problem]:
    for path in stale_suites(plan):
        yield Problem("L172", path.relative_to(plan.root).as_posix(), "", rule("L172").message)


def _examples(plan: Plan) -> Iterator[Problem]:
    """Each layout's example passes the layout's own suite."""
    stale = set(stale_suites(plan))
    from dap.suites import suite_path

    for collection in plan.all_collections:
        for layout in collection.layouts:
            path = collection.folder / layout.path
            if not path.is_file() or suite_path(plan.root, collection.id, layout.name) in stale:
                continue
            file = path.relative_to(plan.root).as_posix()
            try:
                report = check(path, collection.id, resource=layout.name, plan=plan)
            except DapError as error:
                yield Problem("L171", file, "", f"its suite could not be run: {error}")
                continue
            if not report.accepted:
                why = ", ".join(sorted({finding.rule for finding in report.findings if finding.severity == "error"}))
                yield Problem("L171", file, "", f"rejected by its own suite: {why or ', '.join(report.broken)}")


def _version(plan: Plan) -> Iterator[Problem]:
    """Where the plan lies in git and has tags, a catalog that changed since the last tag has another version."""
    tag = _git(plan.root, "describe", "--tags", "--abbrev=0")
    if not tag or not _git(plan.root, "diff", "--name-only", tag, "--", CATALOG):
        return
    then = _git(plan.root, "show", f"{tag}:./{CATALOG}/{PLAN_FILE}")
    if then and json.loads(then).get("version") == plan.version:
        message = f"the catalog changed since {tag}, but the version is still {plan.version}"
        yield Problem("L173", f"{CATALOG}/{PLAN_FILE}", "version", message)


def _git(root: Path, *words: str) -> str:
    """What git answers, or nothing where there is no git, no repository or no such thing."""
    try:
        finished = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return finished.stdout.strip() if finished.returncode == 0 else ""
