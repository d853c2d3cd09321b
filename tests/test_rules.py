"""The table of rules is whole and safe to print, and docs/rules/ is what it gives."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from dap.rules import Rule, page, rules
from tools import write_rule_pages

PROSE = ("title", "message", "fix", "means", "why", "example")
EVERY_RULE = pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in rules().values()])

# Three, two and four digits with any separator a person might type, or with none.
SSN_SHAPED = re.compile(r"(?<!\d)(\d{3})[-\s./\\_|:~*]{0,4}(\d{2})[-\s./\\_|:~*]{0,4}\d{4}(?!\d)")


def _not_plainly_invented(text: str) -> Iterator[str]:
    for found in SSN_SHAPED.finditer(text):
        if found[1] != "000" and (found[1], found[2]) != ("900", "00"):
            yield found[0]


def test_the_pages_are_those_the_table_gives() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in write_rule_pages.FOLDER.iterdir()}
    assert written == write_rule_pages.rule_pages(), 'docs/rules/ is not what rules.toml gives. Run "make pages".'


def test_writing_the_pages_deletes_those_of_rules_that_no_longer_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_rule_pages, "FOLDER", tmp_path)
    (tmp_path / "S999.md").write_text("# S999: A rule of old\n", encoding="utf-8")
    assert write_rule_pages.main() == 0
    assert {path.name for path in tmp_path.iterdir()} == set(write_rule_pages.rule_pages())


def test_ids_are_a_letter_and_three_digits_and_ascend_within_their_letter() -> None:
    # That none stands twice needs no test: TOML refuses a table given twice.
    assert [id for id in rules() if not re.fullmatch("[SPVQL][0-9]{3}", id)] == []
    assert [pair for pair in pairwise(rules()) if pair[0][0] == pair[1][0] and pair[0] >= pair[1]] == []
    letters = [id[0] for id in rules()]
    assert letters == sorted(letters, key="SPVQL".index)


def test_names_say_element_and_trouble_and_none_is_used_twice() -> None:
    names = [rule.name for rule in rules().values()]
    assert [name for name in names if not re.fullmatch(r"(\{element\}|[a-z][a-z0-9_]*)\.[a-z][a-z0-9_]*", name)] == []
    assert len(set(names)) == len(names)


@EVERY_RULE
def test_a_rule_is_explained_in_full(rule: Rule) -> None:
    assert rule.severity in {"error", "warning", "info"}
    assert rule.question
    for key in PROSE:
        assert getattr(rule, key).strip(), key
        assert "TODO" not in getattr(rule, key), key
    assert re.search(r"^```\w*\n.+?\n```$", rule.example, re.MULTILINE | re.DOTALL)
    assert len(page(rule).splitlines()) < 25


@EVERY_RULE
def test_a_rule_is_explained_without_a_number_that_could_be_a_persons(rule: Rule) -> None:
    assert list(_not_plainly_invented(page(rule) + rule.message)) == []


@EVERY_RULE
def test_a_finding_has_room_for_the_element_and_what_is_expected_only(rule: Rule) -> None:
    for text in (rule.message, rule.fix):
        for _, placeholder, form, conversion in string.Formatter().parse(text):
            assert placeholder in {None, "label", "expected"}
            assert not form and not conversion
    for key in ("title", "means", "why"):
        assert "{" not in getattr(rule, key), key


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("000-12-3456", 0),
        ("900 00 1234", 0),
        ("0000000001", 0),
        ("2025-10-15", 0),
        ("900-12-3456", 1),
        ("900.70.1234", 1),
    ],
)
def test_the_screen_of_these_tests_knows_invented_numbers(text: str, found: int) -> None:
    assert len(list(_not_plainly_invented(text))) == found
