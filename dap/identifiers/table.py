"""What a whole table holds: every column with its header, and numbers split over neighbouring columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from dap.identifiers import candidates, words
from dap.identifiers.columns import FEWEST, Column, Found, Numbers
from dap.identifiers.normal import normalised
from dap.identifiers.results import SPLIT, Hit, Place, Screen
from dap.identifiers.texts import find_in_text
from dap.identifiers.validity import label

Columns = Sequence[tuple[str, Sequence[str | None]]]

# The parts of a number in columns of their own, and whether their numbers alone can tell.
SPLITS: dict[str, tuple[tuple[int, ...], bool]] = {
    "three, two and four digits": ((3, 2, 4), True),
    "five and four digits": ((5, 4), False),
}
_SAMPLE = 200


def find_in_table(
    columns: Iterable[tuple[str, Sequence[str | None]]],
    rows: Sequence[int],
    header_row: int,
    allows: Mapping[int, str] | None = None,
) -> tuple[Place, ...]:
    """What refuses a table, one Place a column and form.

    `columns` gives each column's header text and values, in file order; `rows` their row numbers; `allows` the pattern
    of legitimate nine-digit values by column position, from 1.
    """
    return screen_table(columns, rows, header_row, allows).places


def screen_table(
    columns: Iterable[tuple[str, Sequence[str | None]]],
    rows: Sequence[int],
    header_row: int,
    allows: Mapping[int, str] | None = None,
    persons: Collection[int] = (),
) -> Screen:
    """What refuses a table, and what is only worth a look; see `find_in_table`.

    `persons` are the positions of columns known to hold persons' numbers, whatever thing their headers seem to name.
    """
    listed = list(columns)
    places: list[Place] = []
    doubts: list[Place] = []
    for position, (header, values) in enumerate(listed, start=1):
        beside = listed[position - 2][1] if position > 1 else ()
        column = Column(values, header, (allows or {}).get(position), beside=beside, person=position in persons)
        in_header = [(header_row, hit) for hit in find_in_text(header)]
        in_cells = [(rows[place], hit) for place, hit in column.hits()]
        places += _places(position, [*in_header, *in_cells])
        doubts += _places(position, [(rows[place], hit) for place, hit in column.doubts()])
    places += [place for start, width, found in _split(listed) for place in _split_places(start, width, found, rows)]
    return Screen(tuple(sorted(places, key=lambda place: place.column)), tuple(doubts))


def _places(position: int, found: Iterable[tuple[int, Hit]], width: int = 1) -> list[Place]:
    """One place a form, in the order in which the forms are first met."""
    by_form: dict[str, list[tuple[int, Hit]]] = {}
    for row, hit in found:
        by_form.setdefault(hit.form, []).append((row, hit))
    return [
        Place(
            form,
            position,
            tuple(dict.fromkeys(row for row, _ in listed)),
            tuple(sorted({hit.label for _, hit in listed})),
            tuple(dict.fromkeys(hit.evidence for _, hit in listed)),
            width,
        )
        for form, listed in by_form.items()
    ]


def _split_places(start: int, width: int, found: list[Found], rows: Sequence[int]) -> list[Place]:
    return _places(start, [(rows[place], hit) for place, hit in found], width)


def _split(columns: Columns) -> Iterator[tuple[int, int, list[Found]]]:
    """Where neighbouring columns hold the parts of a number: the first one's position, how many, and the hits."""
    for sizes, by_numbers in SPLITS.values():
        for start in range(len(columns) - len(sizes) + 1):
            parts = columns[start : start + len(sizes)]
            headers = [header for header, _ in parts]
            named = any(map(words.heads_ssns, headers)) or words.names_parts(headers)
            if not named and not (by_numbers and not any(map(words.names_thing, headers)) and _fits(parts, sizes)):
                continue
            numbers = _joined(parts, sizes, zeros_lost=named)
            if named or _behave_like_ssns(numbers.values()):
                said = "a header that names the number" if named else "what they are like together"
                evidence = f"parts of nine digits in neighbouring columns, by {said}"
                found = [(place, Hit(label(digits), SPLIT, evidence)) for place, digits in numbers.items()]
                if found:
                    yield start + 1, len(sizes), found


def _fits(parts: Columns, sizes: Sequence[int]) -> bool:
    """Whether the first filled cells of each column are digits of its part's size: most tables end here."""
    for (_, values), size in zip(parts, sizes, strict=True):
        filled = [value for value in values[: 5 * _SAMPLE] if value][:_SAMPLE]
        if sum(len(value) == size and value.isdigit() for value in filled) * 2 <= len(filled):
            return False
    return True


def _joined(parts: Columns, sizes: Sequence[int], *, zeros_lost: bool) -> dict[int, str]:
    """The nine digits of each row in which every part is filled with digits of its size.

    Under a header that names the number a part may be shorter, its zeros lost, as long as two digits at most are.
    """
    numbers: dict[int, str] = {}
    for place, cells in enumerate(zip(*(values for _, values in parts), strict=True)):
        digits = [_part(cell, size) for cell, size in zip(cells, sizes, strict=True)]
        if None in digits:
            continue
        lost = sum(sizes) - sum(len(each or "") for each in digits)
        if lost == 0 or (zeros_lost and lost <= 2):
            numbers[place] = "".join((each or "").zfill(size) for each, size in zip(digits, sizes, strict=True))
    return numbers


_PART = re.compile(r"([0-9]{1,5})(?:\.0{1,2})?")


def _part(cell: str | None, size: int) -> str | None:
    if not cell or len(cell) > 16:
        return None
    if not cell.isdigit() or not cell.isascii():
        found = _PART.fullmatch(candidates.bare(normalised(cell)[0]))
        cell = found[1] if found else ""
    return cell if 0 < len(cell) <= size else None


def _behave_like_ssns(numbers: Iterable[str]) -> bool:
    """Whether joined parts are as many and as varied as numbers are; a grade and a year are not."""
    judged = Numbers(tuple(numbers))
    different = judged.different
    if len(different) < FEWEST or not judged.look_like_ssns():
        return False
    groups, serials = [each[3:5] for each in different], [each[5:] for each in different]
    return (
        len({each[0] for each in groups}) >= 5
        and len(set(groups)) >= 0.3 * min(len(groups), 100)
        and len({each[0] for each in serials}) >= 5
        and len(set(serials)) >= 0.5 * min(len(serials), 2_000)
    )
