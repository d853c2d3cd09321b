"""Only authorised fields: each cell of a header is its element's name, or one finding that never repeats the cell."""

from __future__ import annotations

import itertools
import time
import unicodedata
from collections.abc import Sequence
from typing import Any, get_args

import great_expectations as gx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dap import engine
from dap.expectations.header import Check, ExpectHeaderToBeAuthorised, check_header
from dap.expectations.places import Place
from dap.submission.reading import ATTRIBUTE, Reading

FIELDS = ("SASID", "last_name", "Grade", "año", "% absent")
KINDS: tuple[Check, ...] = ("unauthorised", "look_alike", "blank", "duplicate")
CANARY = "Canary-Example"
ROW = 5


def _found(
    header: Sequence[str], fields: Sequence[str] = FIELDS, required: Sequence[str] | None = None
) -> dict[str, Any]:
    """What each check finds, as (field, position); checks that find nothing left out."""
    asked = {"missing": fields if required is None else required}
    places = {check: check_header(check, header, ROW, asked.get(check, fields)) for check in get_args(Check)}
    assert all(place.rows == (ROW,) for each in places.values() for place in each)
    return {check: [(place.field, place.column) for place in each] for check, each in places.items() if each}


def test_exactly_the_authorised_names_give_no_finding() -> None:
    assert _found(FIELDS) == {}
    assert _found([unicodedata.normalize("NFD", field) for field in FIELDS]) == {}
    assert _found([*FIELDS, "an\u0303o"]) == {"duplicate": [("año", 6)]}
    assert _found([], fields=[]) == {}


# One cell: which of the four kinds it is. In each header it stands in the place of "Grade".
_CELLS: dict[str, tuple[str | None, str | None]] = {
    "Grade": (None, None),
    "SASID": ("duplicate", "SASID"),
    "": ("blank", None),
    "   ": ("blank", None),
    "\t\u00a0\u3000": ("blank", None),
    "shoe size": ("unauthorised", None),
    "Grades": ("unauthorised", None),
    "Gr4de": ("unauthorised", None),
    "1": ("unauthorised", None),
    "?": ("unauthorised", None),
    "\u200b": ("unauthorised", None),
    "#": ("unauthorised", None),
    CANARY: ("unauthorised", None),
    "grade": ("look_alike", "Grade"),
    "GRADE": ("look_alike", "Grade"),
    " Grade": ("look_alike", "Grade"),
    "Grade ": ("look_alike", "Grade"),
    "Grade\n": ("look_alike", "Grade"),
    "Grade\u00a0": ("look_alike", "Grade"),
    "Gra\u200bde": ("look_alike", "Grade"),
    "Gra\u00adde": ("look_alike", "Grade"),
    "\ufeffGrade": ("look_alike", "Grade"),
    "\u202eGrade": ("look_alike", "Grade"),
    "Grade\x07": ("look_alike", "Grade"),
    "\uff27\uff52\uff41\uff44\uff45": ("look_alike", "Grade"),
    "Gr\u0430de": ("look_alike", "Grade"),
    "Gr\u0430d\u0435": ("look_alike", "Grade"),
    "\U0001d406rade": ("look_alike", "Grade"),
    "Gr\u00e1de": ("look_alike", "Grade"),
    "Gra_de": ("look_alike", "Grade"),
    "Grade.": ("look_alike", "Grade"),
    "last name": ("look_alike", "last_name"),
    "LastName": ("look_alike", "last_name"),
    "last-name": ("look_alike", "last_name"),
    "last\u00a0name": ("look_alike", "last_name"),
    "ano": ("look_alike", "año"),
    "absent": ("unauthorised", None),
    "%absent": ("look_alike", "% absent"),
    "%  Absent": ("look_alike", "% absent"),
    "\uff05 absent": ("look_alike", "% absent"),
    "\u0405ASID": ("look_alike", "SASID"),
}


@pytest.mark.parametrize("cell", _CELLS, ids=ascii)
def test_a_cell_is_authorised_or_faulty_in_exactly_one_way(cell: str) -> None:
    kind, field = _CELLS[cell]
    header = [cell if each == "Grade" else each for each in FIELDS]
    found = _found(header)
    assert {check: places for check, places in found.items() if check in KINDS} == (
        {kind: [(field, 3)]} if kind else {}
    )
    lacks = kind is not None and field != "Grade"
    assert found.get("missing", []) == ([("Grade", None)] if lacks else []), "a look-alike is no second finding"
    assert "order" not in found


@settings(max_examples=300)
@given(st.lists(st.sampled_from([*_CELLS, *FIELDS]) | st.text(max_size=6), max_size=7))
def test_every_cell_of_any_header_is_authorised_or_faulty_in_exactly_one_way(header: list[str]) -> None:
    faulty = [place.column for check in KINDS for place in check_header(check, header, ROW, FIELDS)]
    assert len(faulty) == len(set(faulty))
    cells = [unicodedata.normalize("NFC", cell) for cell in header]
    sound = {place for place, cell in enumerate(cells, 1) if cell in FIELDS and cell not in cells[: place - 1]}
    assert set(faulty) == set(range(1, len(header) + 1)) - sound


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from([*_CELLS, *FIELDS]) | st.text(max_size=6), max_size=7)
    | st.permutations(FIELDS)
    | st.lists(st.sampled_from(FIELDS), unique=True)
)
def test_any_header_but_the_authorised_one_gives_a_finding(header: list[str]) -> None:
    authorised = [unicodedata.normalize("NFC", cell) for cell in header] == list(FIELDS)
    assert (_found(header) == {}) == authorised


@given(st.lists(st.sampled_from(list(_CELLS)) | st.text(max_size=12), max_size=7))
def test_no_place_holds_anything_but_an_elements_name_and_numbers(header: list[str]) -> None:
    for check in get_args(Check):
        for place in check_header(check, [*header, CANARY], ROW, FIELDS):
            assert place.field is None or place.field in FIELDS
            assert CANARY not in repr(place)


# Absent columns.


def test_an_absent_column_is_missing_unless_the_layout_lets_it_be() -> None:
    header = ["SASID", "Grade", "año"]
    assert _found(header) == {"missing": [("last_name", None), ("% absent", None)]}
    assert _found(header, required=["SASID", "last_name"]) == {"missing": [("last_name", None)]}
    assert _found(header, required=["SASID"]) == {}
    assert _found([]) == {"missing": [(field, None) for field in FIELDS]}


def test_a_look_alike_of_an_optional_column_is_found_too() -> None:
    assert _found(["SASID", "grade"], required=["SASID"]) == {"look_alike": [("Grade", 2)]}


def test_two_look_alikes_of_one_element_are_two_findings_and_it_is_not_missing() -> None:
    found = _found(["SASID", "grade", "GRADE"], required=["SASID", "Grade"])
    assert found == {"look_alike": [("Grade", 2), ("Grade", 3)]}


def test_a_cell_that_looks_like_two_elements_is_named_after_the_first() -> None:
    assert _found(["GRADE"], fields=["Grade", "grade."], required=[]) == {"look_alike": [("Grade", 1)]}


def test_a_name_and_its_look_alike_are_one_finding() -> None:
    assert _found(["Grade", "grade"], required=["Grade"]) == {"look_alike": [("Grade", 2)]}


def test_a_name_given_three_times_is_a_duplicate_twice() -> None:
    assert _found(["Grade", "Grade", "Grade"], required=["Grade"]) == {"duplicate": [("Grade", 2), ("Grade", 3)]}


# Order.


@pytest.mark.parametrize(
    ("header", "moved"),
    [
        ("abcde", []),
        ("bacde", [1]),
        ("bcdea", [5]),
        ("eabcd", [1]),
        ("adcbe", [2, 3]),
        ("edcba", [1, 2, 3, 4]),
        ("cd", []),
        ("dc", [1]),
        ("xaybz", []),
        ("xbya", [2]),
        ("aba", []),
        ("", []),
    ],
)
def test_out_of_order_are_the_fewest_columns_that_have_to_move(header: str, moved: list[int]) -> None:
    assert [place.column for place in check_header("order", header, ROW, "abcde")] == moved
    assert [place.field for place in check_header("order", header, ROW, "abcde")] == [header[at - 1] for at in moved]


@pytest.mark.parametrize("header", ["".join(each) for each in itertools.permutations("abcde")])
def test_what_stays_when_those_columns_are_taken_out_is_in_order(header: str) -> None:
    moved = {place.column for place in check_header("order", header, ROW, "abcde")}
    kept = [cell for position, cell in enumerate(header, start=1) if position not in moved]
    assert kept == sorted(kept)
    longest = max(
        len(run) for size in range(6) for run in itertools.combinations(header, size) if list(run) == sorted(run)
    )
    assert len(kept) == longest


def test_an_element_without_a_known_place_may_stand_anywhere() -> None:
    for header in itertools.permutations(["a", "b", "free"]):
        in_order = header.index("a") < header.index("b")
        assert (check_header("order", header, ROW, ["a", "b"]) == []) == in_order


# As a Great Expectations rule.


def _judge(frame: pd.DataFrame, check: Check, fields: Sequence[str]) -> tuple[bool, bool, list[engine.Spot]]:
    rule = ExpectHeaderToBeAuthorised(check=check, fields=list(fields), meta={"rule": "P201", "name": "example"})
    suite = gx.ExpectationSuite(name="example", expectations=[rule])
    (outcome,) = engine.judge(suite, frame, {})
    return outcome.held, outcome.broke, list(outcome.spots)


def test_the_rule_judges_the_header_as_the_file_has_it() -> None:
    frame = pd.DataFrame({"SASID": ["1"], "#2": ["2"]}, index=[6])
    frame.attrs[ATTRIBUTE] = Reading("", 1, "", header=("SASID", CANARY), header_row=ROW, columns=("SASID", "#2"))
    assert _judge(frame, "unauthorised", FIELDS) == (False, False, [engine.Spot(None, 2, (ROW,), 1)])
    assert _judge(frame, "look_alike", FIELDS) == (True, False, [])


def test_a_frame_that_no_reader_made_is_judged_by_its_columns() -> None:
    frame = pd.DataFrame([["1", "2"]], columns=["SASID", "grade"])
    assert _judge(frame, "look_alike", FIELDS) == (False, False, [engine.Spot("Grade", 2, (1,), 1)])


def test_a_header_of_a_hundred_thousand_cells_is_judged_in_seconds() -> None:
    header = ["x"] * 50_000 + ["Grade"] * 50_000
    started = time.monotonic()
    places = {check: check_header(check, header, ROW, FIELDS) for check in get_args(Check)}
    assert time.monotonic() - started < 30
    # So many are one place with a count: the clerk sent the wrong file, and is told once.
    assert places["duplicate"] == [Place(None, 50_002, (ROW,), 49_999)]
    assert places["unauthorised"] == [Place(None, 1, (ROW,), 50_000)]
