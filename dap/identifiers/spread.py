"""The screen for a table whose rows lie on several machines: each part's findings, and what the parts show together.

Cells are judged where they lie. What a column's numbers show together needs the numbers of all parts, and of those only
where they can still decide anything: one number that the SSA never issues clears a column, and then none is sent.
`screen_parts` gives what `screen_table` gives for the whole table; a test compares them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from dap.identifiers import prefilter, words
from dap.identifiers.columns import NINE_SHARE, BareNumbers, ColumnScreen, holds_nine
from dap.identifiers.results import SPLIT, Hit, Place, Screen
from dap.identifiers.table import FIRST, SAMPLE, SPLITS, Split, behave_like_ssns, join_parts
from dap.identifiers.texts import find_in_text
from dap.identifiers.validity import breaks_ssa_rules, is_placeholder, label

Values = Sequence[str | None]
Neighbours = tuple[int, int]
"""The first column, from 0, and how many columns a number may be split over."""


@dataclass
class Sample:
    """What has to be known of a part before it is screened: which columns hold nine digits, and how it begins.

    `sizes` gives, for columns where any of the part's first cells are two to five digits, the size of each of these
    cells: 0 for other texts, None for an empty cell.
    """

    rows: int
    nine: frozenset[int]
    sizes: dict[int, list[int | None]]

    @classmethod
    def of(cls, columns: Sequence[Values]) -> Sample:
        """The sample of a part, column by column."""
        nine = frozenset(place for place, values in enumerate(columns) if holds_nine(values, prefilter.joined(values)))
        sizes = {place: _sizes(values) for place, values in enumerate(columns)}
        return cls(len(columns[0]) if columns else 0, nine, {at: each for at, each in sizes.items() if any(each)})


def _sizes(values: Values) -> list[int | None]:
    parts = {size for sizes, _ in SPLITS.values() for size in sizes}
    return [
        None if not value else len(value) if len(value) in parts and value.isdigit() else 0 for value in values[:FIRST]
    ]


@dataclass(frozen=True)
class Asked:
    """What to look for in each part: columns whose numbers count, and splits, with whether a header names each."""

    headers: tuple[str, ...]
    allows: Mapping[int, str]
    numbers: frozenset[int]
    splits: Mapping[Neighbours, bool]


def asked_of(
    headers: Sequence[str], samples: Sequence[Sample], allows: Mapping[int, str], persons: Collection[int] = ()
) -> Asked:
    """What the headers and all parts' samples leave open; `allows` and `persons` by position, as for `screen_table`."""
    nine = frozenset(chain.from_iterable(each.nine for each in samples))
    asked = frozenset(
        place
        for place in nine
        if not words.heads_ssns(headers[place]) and (place + 1 in persons or not words.names_thing(headers[place]))
    )
    splits: dict[Neighbours, bool] = {}
    for sizes, by_numbers in SPLITS.values():
        for start in range(len(headers) - len(sizes) + 1):
            said = headers[start : start + len(sizes)]
            named = any(map(words.heads_ssns, said)) or words.names_parts(said)
            if named or (by_numbers and not any(map(words.names_thing, said)) and _fits(samples, start, sizes)):
                splits[start, len(sizes)] = named
    return Asked(tuple(headers), dict(allows), asked, splits)


def _fits(samples: Sequence[Sample], start: int, sizes: Sequence[int]) -> bool:
    """Whether the table's first filled cells are digits of each part's size, as `table` asks it of whole columns."""
    for place, size in enumerate(sizes, start=start):
        first: list[int | None] = []
        for sample in samples:
            if len(first) >= FIRST:
                break
            # Of a column that no size is given of, every cell counts as filled with something else.
            first += sample.sizes.get(place, [0] * min(sample.rows, FIRST))
        filled = [each for each in first[:FIRST] if each is not None][:SAMPLE]
        if sum(each == size for each in filled) * 2 <= len(filled):
            return False
    return True


@dataclass
class Counted:
    """The bare numbers of one column in one part: how many there are, and themselves where they can still decide.

    `nine` and `short` are numbers of nine, and of seven or eight digits, each with its row; None where one of them
    breaks the SSA's rules.
    """

    nine_count: int = 0
    short_count: int = 0
    long_count: int = 0
    nine: list[tuple[int, str]] | None = field(default=None, repr=False)
    short: list[tuple[int, str]] | None = field(default=None, repr=False)


@dataclass
class Part:
    """What one part of a table shows: places found cell by cell, numbers that count together, split numbers."""

    places: list[Place]
    numbers: dict[tuple[int, bool], Counted]
    splits: dict[Neighbours, list[tuple[int, str]]]


def screen_part(columns: Sequence[Values], rows: Sequence[int], asked: Asked) -> Part:
    """Screen one part, given column by column, with the numbers of its rows."""
    places: list[Place] = []
    numbers: dict[tuple[int, bool], Counted] = {}
    for place, values in enumerate(columns):
        allows = asked.allows.get(place + 1)
        counts = place in asked.numbers
        screen = ColumnScreen(asked.headers[place], allows, person=counts, beside=place > 0)
        found = [(rows[at], hit) for at, hits in screen.see(values) for hit in dict.fromkeys(hits)]
        if counts or screen.asks_again:
            beside = screen.look_again(values, columns[place - 1] if place else ())
            found += [(rows[at], hit) for at, hit in beside]
        places += _places(place + 1, found)
        if counts:
            numbers[place, False] = _counted(screen.bare, rows, screen.long)
            if allows:
                numbers[place, True] = _counted(screen.allowed_bare, rows, 0)
    splits: dict[Neighbours, list[tuple[int, str]]] = {}
    for (start, width), named in asked.splits.items():
        split = Split(start, next(sizes for sizes, _ in SPLITS.values() if len(sizes) == width), named)
        join_parts(split, [columns[at] for at in split.columns], 0)
        splits[start, width] = [(rows[at], digits) for at, digits in split.numbers.items()]
    return Part(places, numbers, splits)


def _counted(numbers: BareNumbers, rows: Sequence[int], long: int) -> Counted:
    nine, short = ([(rows[place], digits) for place, digits in each] for each in numbers.by_length())
    return Counted(len(nine), len(short), long, None if _breaks(nine) else nine, None if _breaks(short) else short)


def _breaks(numbers: Sequence[tuple[int, str]]) -> bool:
    return any(breaks_ssa_rules(digits) and not is_placeholder(digits) for _, digits in numbers)


def screen_parts(parts: Sequence[Part], asked: Asked, header_row: int) -> Screen:
    """What all parts, in the order of the rows, show together."""
    found: list[Place] = []
    doubts: list[Place] = []
    by_form: dict[tuple[int, str], list[Place]] = {}
    for position, header in enumerate(asked.headers, start=1):
        for place in _places(position, [(header_row, hit) for hit in find_in_text(header)]):
            by_form[position, place.form] = [place]
    for place in chain.from_iterable(part.places for part in parts):
        by_form.setdefault((place.column, place.form), []).append(place)
    for place_ in sorted(asked.numbers):
        together = _together(parts, place_)
        found += _places(place_ + 1, together.statistics())
        doubts += _places(place_ + 1, together.doubts())
    found += [_merged(listed) for listed in by_form.values()]
    for (start, width), named in asked.splits.items():
        numbers = list(chain.from_iterable(part.splits[start, width] for part in parts))
        if numbers and (named or behave_like_ssns([digits for _, digits in numbers])):
            found += _places(start + 1, [(row, Hit(label(digits), SPLIT, "")) for row, digits in numbers], width)
    return Screen(tuple(sorted(found, key=lambda each: each.column)), tuple(doubts))


def _places(position: int, found: Iterable[tuple[int, Hit]], width: int = 1) -> list[Place]:
    """One place a form, with all its rows."""
    by_form: dict[str, list[tuple[int, Hit]]] = {}
    for row, hit in found:
        by_form.setdefault(hit.form, []).append((row, hit))
    return [
        Place(
            form,
            position,
            tuple(sorted({row for row, _ in listed})),
            tuple(sorted({hit.label for _, hit in listed})),
            width=width,
        )
        for form, listed in by_form.items()
    ]


def _merged(places: Sequence[Place]) -> Place:
    rows = sorted(set(chain.from_iterable(each.rows for each in places)))
    labels = sorted(set(chain.from_iterable(each.labels for each in places)))
    return Place(places[0].form, places[0].column, tuple(rows), tuple(labels), width=places[0].width)


def _together(parts: Sequence[Part], place: int) -> ColumnScreen:
    """The numbers of one column of all parts, each by the number of its row, for the statistics on them."""
    screen = ColumnScreen("")
    kinds = ((screen.bare, False), (screen.allowed_bare, True))
    for into, allowed in kinds:
        for row, digits in _numbers(
            [part.numbers[place, allowed] for part in parts if (place, allowed) in part.numbers]
        ):
            into.add(row, digits)
    return screen


def _numbers(counted: Sequence[Counted]) -> list[tuple[int, str]]:
    """The numbers that count, with their rows; none where they cannot be what is looked for."""
    nine = sum(each.nine_count for each in counted)
    all_of_them = nine + sum(each.short_count for each in counted)
    with_short = nine >= NINE_SHARE * all_of_them
    kept = all_of_them if with_short else nine
    if sum(each.long_count for each in counted) > 2 * kept:
        return []
    if any(each.nine is None or (with_short and each.short is None) for each in counted):
        return []
    return sorted(
        chain.from_iterable((*(each.nine or ()), *((each.short or ()) if with_short else ())) for each in counted)
    )
