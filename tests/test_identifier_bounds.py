"""Where each measure of the detector begins and ends: one case on either side of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date

import pytest

from benchmarks.conformance import routing, ssns
from dap.identifiers import find_in_text, sasid
from dap.identifiers.columns import Column, find_in_column
from dap.identifiers.sheets import find_in_sheets
from dap.identifiers.table import find_in_table
from dap.identifiers.validity import breaks_ssa_rules, is_routing_number

CHANCE = random.Random(4)
NUMBERS = ssns(CHANCE, 400)


def _found(text: str, header: str = "Comment") -> bool:
    return bool(list(find_in_column([text], header)))


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        # A word reaches forty characters in either direction.
        ("SSN" + "." * 40 + "000123456", "SSN" + "." * 41 + "000123456"),
        ("000123456" + "." * 40 + "SSN", "000123456" + "." * 41 + "SSN"),
        # A separator has up to four characters.
        ("000----12-3456", "000-----12-3456"),
        ("000-12----3456", "000-12-----3456"),
        # A digit or a mark of another chain makes it part of something longer.
        ("x-000-12-3456-x", "1-000-12-3456"),
        ("-000-12-3456-", "000-12-3456-1"),
        # Two such numbers in a row vouch for each other, up to four characters apart.
        ("1-000-12-3456----000-12-3457-1", "1-000-12-3456-----000-12-3457-1"),
        # The digits of a code on one side or the other make nine digits a part of it, a suffix of two does not.
        ("SSN on file; AB000123456", "SSN on file; A1000123456"),
        ("SSN on file; 000123456A1", "SSN on file; 000123456AB1"),
        # Four digits in a row after a word, no more and no fewer.
        ("SSN ***3456", "SSN ***34567"),
    ],
)
def test_a_text_inside_a_bound_is_found_and_outside_passes(inside: str, outside: str) -> None:
    assert find_in_text(inside)
    assert not find_in_text(outside)


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        # Zeros are lost from nine digits down to seven.
        ("0123456", "012345"),
        # Of a number in scientific notation likewise.
        ("1E+06", "9.99999E+05"),
        ("9.99999999E+08", "1E+09"),
        ("1234567.00", "123456.00"),
        # Three symbols hide something, two do not.
        ("* * *3456", "* * 3456"),
        ("0--0--0--X--X--3--4--5-6", "0--0--0--X--X--3--4--5--6"),
        ("000XX3456", "000X23456A"),
        # Up to four letters are read as digits.
        ("OO0-lZ-3456", "OOO-lZ-3456"),
        # Sixteen hexadecimal digits are a hash.
        ("000123456abcdef", "000123456abcdef0"),
        ("000123456abcdefg", "f0000123456abcdef"),
    ],
)
def test_a_cell_inside_a_bound_under_such_a_header_is_found_and_outside_passes(inside: str, outside: str) -> None:
    assert _found(inside, "SSN")
    assert not _found(outside, "SSN")


def _forms(numbers: Sequence[str]) -> set[str]:
    column = Column(numbers, "Local id")
    return {hit.form for _, hit in (*column.hits(), *column.doubts())}


@pytest.mark.parametrize("header", ["Phone", "home_phone", "Fax", "cell", "Tel\u00e9fono"])
def test_a_telephones_header_excuses_no_nine_digits_for_it_never_has_nine(header: str) -> None:
    assert {hit.form for _, hit in Column(NUMBERS, header).hits()} == {"statistics"}
    # Its own numbers pass, also those that somebody wrote without the area.
    numbers = [f"860{number[2:]}" if place % 2 else number[2:] for place, number in enumerate(NUMBERS)]
    assert not list(Column(numbers, header).hits())
    assert not list(Column(NUMBERS, "Parcel").hits())


@pytest.mark.parametrize(
    ("numbers", "form"),
    [
        (60, "statistics"),
        (59, "statistics_few"),
        (20, "statistics_few"),
        (19, "too_few"),
        (5, "too_few"),
        (4, None),
    ],
)
def test_the_number_of_different_values_chooses_the_form(numbers: int, form: str | None) -> None:
    found = _forms(_with_a_nought(numbers))
    assert found == ({form} if form else set())
    # Values that repeat are counted once.
    assert _forms(_with_a_nought(numbers) * 3) == found


def _with_a_nought(count: int) -> list[str]:
    first = {each[0]: each for each in reversed(NUMBERS)}
    spread = [first[digit] for digit in sorted(first)]
    return [*spread, *(each for each in NUMBERS if each not in spread)][:count]


def _shared(good: Sequence[str], other: Sequence[str]) -> bool:
    return bool(list(find_in_column([*good, *other], "Local id")))


def test_a_column_of_longer_numbers_that_has_nine_digits_among_them_passes() -> None:
    longer = [str(10**9 + place) for place in range(200)]
    assert _shared(NUMBERS[:100], longer[:100])
    assert not _shared(NUMBERS[:100], longer[:101])


def test_short_numbers_count_where_a_tenth_has_nine_digits() -> None:
    nine = [each for each in NUMBERS if each[0] != "0"]
    short = [each.lstrip("0") for each in ssns(random.Random(5), 4_000) if each[0] == "0" and each[1] != "0"]
    assert _forms([*nine[:20], *short[:180]]) == {"statistics"}
    # Below it the nine digits are judged alone, and no number of them begins with a nought.
    assert _forms([*nine[:20], *short[:181]]) == set()


def _with_areas(areas: int) -> list[str]:
    first = dict.fromkeys(each[:3] for each in NUMBERS)
    chosen = _spread_areas(list(first), areas)
    return [f"{chosen[place % areas]}{each[3:]}" for place, each in enumerate(NUMBERS[:100])]


def _spread_areas(areas: list[str], count: int) -> list[str]:
    by_digit = sorted(areas, key=lambda area: (area[1:], area[0]))
    return by_digit[:count]


def test_three_areas_in_ten_numbers_are_as_many_as_persons_have() -> None:
    assert _forms(_with_areas(30)) == {"statistics"}
    assert _forms(_with_areas(29)) == set()


def test_from_four_hundred_numbers_on_a_hundred_and_twenty_areas_are_enough() -> None:
    numbers = ssns(random.Random(10), 2_000)
    first = _spread_areas(list(dict.fromkeys(each[:3] for each in numbers)), 120)
    enough = [f"{first[place % 120]}{each[3:]}" for place, each in enumerate(numbers)]
    assert _forms(enough) == {"statistics"}
    assert _forms([f"{first[place % 119]}{each[3:]}" for place, each in enumerate(numbers)]) == set()


def test_three_routing_numbers_in_five_make_a_column_of_banks() -> None:
    banks = [each for each in routing(random.Random(6), 400) if not breaks_ssa_rules(each)]
    people = [each for each in NUMBERS if not is_routing_number(each)]
    assert _forms([*people[:41], *banks[:59]]) == {"statistics"}
    assert _forms([*people[:40], *banks[:60]]) == set()


def _split(numbers: Sequence[str]) -> bool:
    rows = range(2, 2 + len(numbers))
    parts = [("n", [each[part] for each in numbers]) for part in (slice(3), slice(3, 5), slice(5, 9))]
    return any(place.form == "split" for place in find_in_table(parts, rows, 1))


def _replaced(group: Callable[[int], str], serial: Callable[[int], str]) -> list[str]:
    return [f"{each[:3]}{group(place)}{serial(place)}" for place, each in enumerate(NUMBERS[:200])]


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        # Groups with five first digits, and thirty different ones in a hundred.
        (
            (lambda place: f"{1 + place % 5}{1 + place % 9}", lambda place: NUMBERS[place][5:]),
            (lambda place: f"{1 + place % 4}{1 + place % 9}", lambda place: NUMBERS[place][5:]),
        ),
        (
            (lambda place: f"{10 + 3 * (place % 30):02}", lambda place: NUMBERS[place][5:]),
            (lambda place: f"{10 + 3 * (place % 29):02}", lambda place: NUMBERS[place][5:]),
        ),
        # Serials with five first digits, and half of them different.
        (
            (lambda place: NUMBERS[place][3:5], lambda place: f"{place % 5}{1 + place:03}"),
            (lambda place: NUMBERS[place][3:5], lambda place: f"{place % 4}{1 + place:03}"),
        ),
        (
            (lambda place: NUMBERS[place][3:5], lambda place: f"{place % 5}{1 + place % 100:03}"),
            (lambda place: NUMBERS[place][3:5], lambda place: f"{place % 5}{1 + place % 95:03}"),
        ),
    ],
)
def test_parts_in_columns_without_a_name_are_as_varied_as_numbers_are(
    inside: tuple[Callable[[int], str], Callable[[int], str]],
    outside: tuple[Callable[[int], str], Callable[[int], str]],
) -> None:
    assert _split(_replaced(*inside))
    assert not _split(_replaced(*outside))


def test_twenty_numbers_in_parts_are_enough() -> None:
    assert _split(_with_a_nought(20))
    assert not _split(_with_a_nought(19))


def _poor(numbers: Sequence[str]) -> set[str]:
    return set(sasid.poor_numbers(numbers))


@pytest.mark.parametrize(
    ("day", "like_a_day"),
    [
        ("19800101", True),
        ("20391231", True),
        ("12312039", True),
        ("20240229", True),
        ("19791231", False),
        ("20400101", False),
        ("20230229", False),
        ("20001301", False),
        ("20000001", False),
        ("20000100", False),
    ],
)
def test_a_state_number_with_a_day_in_it_is_like_one_from_1980_to_2039(day: str, like_a_day: bool) -> None:
    endings = random.Random(7).sample(range(100), 40)
    assert ("date_like" in _poor([f"{day}{each:02}" for each in endings])) is like_a_day


def test_a_step_between_more_than_half_of_the_state_numbers_makes_them_regular() -> None:
    others = [str(8_000_000_000 + place * place * 1_009) for place in range(1, 31)]
    assert "regular" not in _poor([*(str(7_000_000_000 + place * 7) for place in range(31)), *others])
    assert "regular" in _poor([*(str(7_000_000_000 + place * 7) for place in range(32)), *others])


def test_nine_state_numbers_in_ten_with_one_ending_are_regular() -> None:
    chance = random.Random(11)
    made = [
        f"{first}{ending}"
        for first, ending in zip(
            chance.sample(range(1_000_000, 9_999_999), 100),
            (["123"] * 90 + [f"{each:03}" for each in range(200, 210)]),
            strict=True,
        )
    ]
    assert "regular" in _poor(made)
    assert "regular" not in _poor([f"{made[0][:7]}199", *made[1:]])


def test_half_of_the_state_numbers_with_a_day_make_a_fault() -> None:
    chance = random.Random(8)
    days = [f"2001{chance.randint(1, 12):02}{chance.randint(1, 28):02}{place:02}" for place in range(20)]
    others = [str(chance.randint(4_100_000_000, 9_999_999_999)) for _ in range(21)]
    assert "date_like" in _poor([*days, *others[:20]])
    assert "date_like" not in _poor([*days, *others])


@pytest.mark.parametrize("form", ["7{}", "{}7"])
def test_a_number_with_one_digit_before_or_behind_it_is_like_the_number(form: str) -> None:
    assert "like_ssn" in _poor([form.format(each) for each in NUMBERS[:100]])
    other = "8{}" if form[0] == "7" else "{}8"
    assert "like_ssn" not in _poor([*(form.format(each) for each in NUMBERS[:100]), other.format(NUMBERS[100])])


def test_of_fewer_than_thirty_state_numbers_nothing_is_said() -> None:
    counted = [f"12345{place:05}" for place in range(30)]
    assert _poor(counted) == {"regular"}
    assert _poor(counted[:29]) == set()


def _random_ids(count: int) -> list[str]:
    # Without a 2 no telephone key spells the names below, and no date is among them.
    chance = random.Random(9)
    return ["9" + "".join(chance.choices("13579", k=9)) for _ in range(count)]


@pytest.mark.parametrize(
    ("numbers", "derived", "told"), [(100, 3, True), (100, 2, False), (200, 4, True), (200, 3, False)]
)
def test_state_numbers_with_the_birth_date_are_told_from_one_in_fifty_on(
    numbers: int, derived: int, told: bool
) -> None:
    ids = _random_ids(numbers)
    born: list[date | None] = [date(2008, 4, 26)] * numbers
    ids[:derived] = [f"{ending}080426{ending}77" for ending in range(1, derived + 1)]
    assert ("derived" in sasid.poor_numbers(ids, births=[born])) is told


@pytest.mark.parametrize("spelled", ["3926", "052401"])
@pytest.mark.parametrize(("derived", "told"), [(20, True), (19, False)])
def test_state_numbers_with_a_name_are_told_from_one_in_five_on(spelled: str, derived: int, told: bool) -> None:
    # "Exam" on a telephone's keys, and E, X, A in the alphabet.
    ids = _random_ids(100)
    ids[:derived] = [f"{place:02}{spelled}77777"[:10] for place in range(11, 11 + derived)]
    assert ("derived" in sasid.poor_numbers(ids, names=[["Example"] * 100])) is told


def _rows_found(*rows: tuple[str, ...]) -> list[int]:
    cells = [(None, row, column, text) for row, each in enumerate(rows, 1) for column, text in enumerate(each, 1)]
    return sorted({row for row, _ in find_in_sheets([cell for cell in cells if cell[-1]])})


def test_a_head_on_a_sheet_is_short_without_digits_and_among_the_first_rows() -> None:
    body = ("000123456", "x", "x")
    head = ("Name", "Note", "Day")
    said = "SSN " + "of a pupil" + " a" * 23
    assert len(said) == 60
    assert _rows_found((said,), head, body) == [3]
    assert _rows_found((f"{said}.",), head, body) == []
    assert _rows_found(("SSN 1",), head, body) == []
    above = [("Example",)] * 8
    assert _rows_found(head, *above, ("SSN",), body) == [11]
    assert _rows_found(head, *above, ("Example",), ("SSN",), body) == []


def test_a_mask_on_a_sheet_is_told_once_and_by_its_header() -> None:
    assert _rows_found(("SSN", "Note"), ("***3456", "x")) == [2]
    # What a cell shows by itself is found by whoever searches its text.
    assert _rows_found(("Name", "Note"), ("***-**-3456", "000-12-3456")) == []


def test_parts_of_a_number_on_a_sheet_are_neighbours() -> None:
    assert _rows_found(("SSN 1", "SSN 2", "SSN 3"), ("000", "12", "3456")) == [2]
    assert _rows_found(("SSN 1", "", "SSN 2", "SSN 3"), ("000", "", "12", "3456")) == []
