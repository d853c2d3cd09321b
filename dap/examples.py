"""Invented rows that pass: derived from a layout alone, plausible, and plainly made up."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from dap.errors import CouldNotRun
from dap.identifiers import find_in_text
from dap.plan import Collection, Condition, CrossRule, Element, Layout, Plan, Term
from dap.suites import pattern_widths
from dap.values import as_date, as_number

# Style: invented rows look invented. Without bounds or example dates fall here.
_FIRST_DAY = date(2001, 1, 1)
_ATTEMPTS = 2_000

Row = dict[str, str]


def example_text(plan: Plan, collection: Collection, layout: Layout, rows: int = 5, seed: int = 0) -> str:
    """A file of the layout with `rows` invented rows: title lines, header, rows; the same seed gives the same bytes.

    Raises CouldNotRun where no row can be found that satisfies the layout's own rules.
    """
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=layout.delimiter,
        quotechar=layout.quote,
        escapechar=layout.escape or None,
        doublequote=not layout.escape,
        lineterminator="\n",
    )
    for line in layout.title_lines:
        writer.writerow(line.cells)
    writer.writerow([element.name for element in layout.elements])
    maker = _Maker(plan, layout, random.Random(f"{collection.id}/{layout.name}/{seed}"))
    for _ in range(rows):
        row = maker.row()
        writer.writerow([row[element.name] for element in layout.elements])
    return out.getvalue()


class _Maker:
    """Makes one row after another, each unlike those before it where the layout asks for that."""

    def __init__(self, plan: Plan, layout: Layout, chance: random.Random) -> None:
        self.plan, self.layout, self.chance = plan, layout, chance
        self.made = 0
        self.seen: dict[tuple[str, ...], set[tuple[str, ...]]] = {key: set() for key in self._unique_sets()}

    def _unique_sets(self) -> list[tuple[str, ...]]:
        singles = [(each.name,) for each in self.layout.elements if each.constraints.get("unique")]
        sets = [*singles, self.layout.primary_key, *(each.unique for each in self.layout.rules)]
        return [each for each in dict.fromkeys(sets) if each]

    def row(self) -> Row:
        """One row that satisfies every rule of the layout."""
        self.made += 1
        for _ in range(_ATTEMPTS):
            row = self._draw()
            if self._holds(row):
                for key, seen in self.seen.items():
                    seen.add(tuple(row[name] for name in key))
                return row
        raise CouldNotRun(
            f'row {self.made} could not be invented for the layout "{self.layout.name}": its rules may contradict '
            "each other, or ask for more different values than there are."
        )

    def _draw(self) -> Row:
        row: Row = {}
        for element in self.layout.elements:
            row[element.name] = self._value(element)
        for element in self.layout.elements:
            if element.forbidden_when and holds(element.forbidden_when, row):
                row[element.name] = ""
        for element in self.layout.elements:
            if not row[element.name] and element.required_when and holds(element.required_when, row):
                row[element.name] = self._filled(element)
        return row

    def _value(self, element: Element) -> str:
        if not element.required and self.chance.random() < 0.25:
            return ""
        if element.marks and not element.constraints.get("required") and self.chance.random() < 0.2:
            return self.chance.choice(element.marks)
        return self._filled(element)

    def _filled(self, element: Element) -> str:
        values = _permitted(self.plan, self.layout, element)
        if values:
            return self.chance.choice(values)
        makers: dict[str, Callable[[Element], str]] = {
            "date": self._date,
            "integer": self._number,
            "number": self._number,
        }
        return makers.get(element.type, self._text)(element)

    def _number(self, element: Element) -> str:
        low, high = (as_number(str(element.constraints.get(key, ""))) for key in ("minimum", "maximum"))
        start = int(low) if low is not None else min(0, int(high or 0))
        stop = min(start + 100, int(high)) if high is not None else start + 99
        whole = self.chance.randint(start, max(start, stop))
        pattern = element.constraints.get("pattern")
        if pattern and not re.fullmatch(pattern, str(whole)):
            return self._from_pattern(pattern, element)
        if element.type == "number" and whole < stop:
            return f"{whole}.{self.chance.randint(0, 9)}"
        return str(whole)

    def _date(self, element: Element) -> str:
        form = "%Y-%m-%d" if element.format in ("default", "any") else element.format
        low, high = (
            as_date(str(element.constraints[key]), form) if key in element.constraints else None
            for key in ("minimum", "maximum")
        )
        example = as_date(element.example, element.format if element.format != "default" else form)
        start = (
            low
            or (min(example, high) if example and high else example)
            or (high - timedelta(days=364) if high else _FIRST_DAY)
        )
        span = ((high - start).days if high else 364) or 1
        made = (start + timedelta(days=self.chance.randint(0, max(0, span)))).strftime(form)
        if element.format == "any" and re.fullmatch("[0-9]{8}", element.example):
            return made.replace("-", "")
        return made

    def _text(self, element: Element) -> str:
        pattern, unique = element.constraints.get("pattern"), (element.name,) in self.seen
        if any(element.name in key for key in self.seen) and not unique:
            # A key of several elements is told apart by the others too, so most rows keep the example.
            unique = self.chance.random() < 0.3
        counted = self._counted(element)
        if counted and (unique or "identifier" in element.sensitivity):
            return counted
        if element.example and not unique:
            return element.example
        if pattern:
            return self._from_pattern(pattern, element)
        shortest, longest = element.constraints.get("minLength", 0), element.constraints.get("maxLength", 40)
        words = f"{element.example or 'Example'} {self.made}" if unique else element.example or "Example"
        return words[:longest].strip().ljust(shortest, "x") if not unique else f"{self.made}".zfill(shortest)[:longest]

    def _counted(self, element: Element) -> str | None:
        """The row's number in the element's fixed width, as in 0000000001; None where that is not its form."""
        pattern = element.constraints.get("pattern")
        if not pattern:
            return None
        fewest, most = pattern_widths(pattern)
        number = str(self.made).zfill(fewest)
        fits = fewest == most and fewest >= 8 and len(number) == fewest
        return number if fits and re.fullmatch(pattern, number) else None

    def _from_pattern(self, pattern: str, element: Element) -> str:
        longest = element.constraints.get("maxLength", 40)
        return _xeger(pattern, self.chance)[:longest]

    def _holds(self, row: Row) -> bool:
        """Whether the row breaks no rule: what chance made is checked, not trusted."""
        if any(tuple(row[name] for name in key) in seen for key, seen in self.seen.items()):
            return False
        if any(find_in_text(value) for value in row.values()):
            return False
        by_name = self.layout.by_name
        return (
            any(row.values())
            and all(compares(each, row, by_name) for each in self.layout.rules)
            and all(_element_holds(element, row) for element in self.layout.elements)
        )


def holds(condition: Condition, row: Row) -> bool:
    """Whether the condition holds in a row; an empty cell is neither in nor not in a set."""
    results = (_term_holds(term, row[term.field]) for term in condition.terms)
    return all(results) if condition.every else any(results)


def _term_holds(term: Term, value: str) -> bool:
    if term.empty is not None:
        return (value == "") == term.empty
    return value != "" and (value in term.values) != term.negated


def compares(rule: CrossRule, row: Row, by_name: Any) -> bool:
    """Whether a rule's comparison holds in a row, or is not asked there."""
    if rule.compare is None or (rule.when and not holds(rule.when, row)):
        return True
    left, comparison, right = rule.compare
    a, b = (_read(by_name[name], row[name]) for name in (left, right))
    if a is None or b is None:
        return True
    held: bool = {"<": a < b, "<=": a <= b, "=": a == b, ">=": a >= b, ">": a > b, "!=": a != b}[comparison]
    return held


def _read(element: Element, text: str) -> Any:
    if element.type == "date":
        return as_date(text, "%Y-%m-%d" if element.format == "default" else element.format)
    return as_number(text)


def _element_holds(element: Element, row: Row) -> bool:
    value = row[element.name]
    if not value:
        return not element.required and not (element.required_when and holds(element.required_when, row))
    if value in element.marks:
        return True
    pattern, longest, shortest = (element.constraints.get(key) for key in ("pattern", "maxLength", "minLength"))
    if pattern and not re.fullmatch(pattern, value):
        return False
    return (longest is None or len(value) <= longest) and (shortest is None or len(value) >= shortest)


def _permitted(plan: Plan, layout: Layout, element: Element) -> list[str]:
    """The values an example may draw from: an enum, a complete list in force, a boolean's two; none otherwise."""
    if "enum" in element.constraints:
        return [str(each) for each in element.constraints["enum"]]
    if element.codes and plan.code_list(element.codes).complete:
        return [
            each.code for each in plan.code_list(element.codes).codes if each.code and each.in_force(layout.valid_for)
        ]
    if element.type == "boolean":
        return [element.true_values[0], element.false_values[0]]
    return []


def _xeger(pattern: str, chance: random.Random) -> str:
    from rstr import Rstr

    return str(Rstr(chance).xeger(pattern))
