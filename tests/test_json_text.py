"""A JSON text changes where its document changes, and nowhere else."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dap.json_text import changed_text

_texts = st.text('aé"\\\n', max_size=3)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=4),
    max_leaves=15,
)
_documents = st.dictionaries(st.text("abc", min_size=1, max_size=2), _values, min_size=1, max_size=5)


@settings(max_examples=150, deadline=None)
@given(_documents, _documents, st.sampled_from([1, 2, 4, "\t"]), st.sampled_from(["\n", "\r\n"]))
def test_a_text_of_one_manner_becomes_the_other_document_in_that_manner(
    before: dict[str, Any], after: dict[str, Any], indent: int | str, end: str
) -> None:
    one, other = (
        json.dumps(each, indent=indent, ensure_ascii=False).replace("\n", end) + end for each in (before, after)
    )
    assert changed_text(one, before) == one
    assert changed_text(one, after) == other


@settings(max_examples=100, deadline=None)
@given(_documents, _documents, st.sampled_from([(",", ":"), (", ", ": ")]))
def test_a_text_on_one_line_stays_on_one_and_holds_the_other_document(
    before: dict[str, Any], after: dict[str, Any], separators: tuple[str, str]
) -> None:
    changed = changed_text(json.dumps(before, separators=separators), after)
    assert json.loads(changed) == after
    assert list(json.loads(changed)) == list(after)
    assert "\n" not in changed


def test_what_is_written_by_hand_keeps_its_hand() -> None:
    text = """{ "a" : [ 1.50, 2 ],
  "windows": [
    {"year": "2024-25", "due": "x"},
    {"year": "2025-26"}
  ],   "e": "\\u00e9 1e2", "n": 1e2 }
"""
    document = json.loads(text)
    document["windows"][0]["due"] = "y"
    document["windows"].append({"year": "2026-27"})
    wanted = text.replace('"x"', '"y"').replace('"2025-26"}', '"2025-26"},\n    {"year" : "2026-27"}')
    assert changed_text(text, document) == wanted
