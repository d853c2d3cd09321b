"""Each rule of the detector is good for something, and each of its searches takes time in proportion to the text."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from stdnum.us import rtn, ssn

from benchmarks.conformance import bare, digits
from dap.identifiers import candidates, columns, explanations, normal, prefilter, texts, words
from dap.identifiers.validity import breaks_ssa_rules, is_issuable, is_placeholder, is_routing_number
from tests.identifier_witnesses import (
    ANSWERS,
    BY_ALTERNATIVE,
    MEANING,
    TABLES,
    WITNESSES,
    answering,
    without,
    written_as,
)
from tests.pattern_mutants import mutants


def test_every_rule_has_a_case_that_needs_it() -> None:
    assert set(WITNESSES) == {(table, entry) for table, rules in TABLES.items() for entry in rules}


@pytest.mark.parametrize("table", TABLES)
def test_without_any_one_rule_a_case_is_seen_otherwise(table: str) -> None:
    survivors = []
    for entry in list(TABLES[table]):
        witness = WITNESSES[table, entry]
        seen = witness()
        with without(table, entry):
            if witness() == seen:
                survivors.append(entry)
        assert witness() == seen
    assert survivors == []


def test_every_table_of_patterns_has_a_case_for_each_alternative() -> None:
    patterns = {table for table, rules in TABLES.items() if any("|" in str(each) for each in rules.values())}
    whole = {"specimens", "chain marks", "look-alikes", "look-alike letters", "separators", "last four orders"}
    assert patterns - whole <= set(BY_ALTERNATIVE)


@pytest.mark.parametrize("table", BY_ALTERNATIVE)
def test_without_any_one_alternative_of_a_pattern_a_case_is_seen_otherwise(table: str) -> None:
    survivors = []
    for entry, pattern in list(TABLES[table].items()):
        for left, text in mutants(pattern, MEANING) if isinstance(pattern, str) else ():
            witness = BY_ALTERNATIVE[table](text)
            seen = witness()
            with written_as(table, entry, left):
                if witness() == seen:
                    survivors.append((entry, text))
    assert survivors == []


@pytest.mark.parametrize(("name", "answer"), ANSWERS)
def test_with_any_one_question_answered_wrongly_a_case_is_seen_otherwise(name: str, answer: bool) -> None:
    witness = ANSWERS[name, answer]
    seen = witness()
    with answering(name, answer):
        assert witness() != seen
    assert witness() == seen


def _patterns() -> Iterator[re.Pattern[str]]:
    """Every pattern that runs over a text of any length."""
    for module in (candidates, columns, explanations, normal, texts, words):
        yield from (each for each in vars(module).values() if isinstance(each, re.Pattern))
    yield from (candidates._pattern(name) for name in candidates._BUILT)
    yield from (words.ssn_words(), words.other_labels(), words.last_four())
    yield from (texts._directly_before(), texts._directly_before(masked=True), texts._last_four())


def _unbounded(parsed: Any) -> bool:
    """Whether a parsed pattern holds a repeat without end."""
    parser: Any = import_module("re._parser")
    for operation, argument in parsed:
        name = str(operation)
        if name in ("MAX_REPEAT", "MIN_REPEAT") and argument[1] is parser.MAXREPEAT:
            return True
        parts = argument if isinstance(argument, tuple | list) else (argument,)
        nested = [each for part in parts for each in (part if isinstance(part, list) else (part,))]
        if any(_unbounded(each) for each in nested if isinstance(each, parser.SubPattern)):
            return True
    return False


def test_no_pattern_repeats_without_end_so_every_search_is_linear() -> None:
    parse: Any = import_module("re._parser").parse
    patterns = list(_patterns())
    assert len(patterns) > 15
    assert [each.pattern[:40] for each in patterns if _unbounded(parse(each.pattern))] == []


@pytest.mark.parametrize("pattern", ["a*", "(?:ab+)?", "(?=(a|b*))", "[0-9]+x"])
def test_the_guard_knows_an_endless_repeat(pattern: str) -> None:
    parse: Any = import_module("re._parser").parse
    assert _unbounded(parse(pattern))
    assert not _unbounded(parse(pattern.replace("*", "{0,9}").replace("+", "{1,9}")))


def test_the_prefilter_lets_no_hit_stop_early() -> None:
    chance = random.Random(5)
    for entry in WITNESSES.values():
        assert entry() == entry()
    cells = [f"{digits(chance, 3)}-{digits(chance, 2)}-{digits(chance, 4)}" for _ in range(50)]
    mixed = [each for cell in cells for each in (None, "Example", cell, "", "2001-01-01")]
    assert prefilter.worth_a_look(mixed) == [place for place, cell in enumerate(mixed) if cell in cells]
    # A cell that holds the joint itself is looked at like any other.
    assert [place for place, _ in columns.find_in_column(["a\0b", None, cells[0]], "note")] == [2]


def test_validity_is_what_python_stdnum_says() -> None:
    chance = random.Random(7)
    for _ in range(3_000):
        nine = bare(chance)
        if not is_placeholder(nine):
            assert is_issuable(nine) == ssn.is_valid(nine)
        assert breaks_ssa_rules(nine) <= (not ssn.is_valid(nine))
        assert is_routing_number(nine) == rtn.is_valid(nine)
