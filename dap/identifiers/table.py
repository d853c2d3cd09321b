"""What a whole table holds: every column with its header, and numbers split over neighbouring columns."""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby

from dap.identifiers import candidates, words
from dap.identifiers.columns import FEWEST, BareNumbers, ColumnScreen, Found, Numbers
from dap.identifiers.normal import normalised
from dap.identifiers.results import HEADER, SPLIT, Hit, Place, Screen
from dap.identifiers.texts import find_in_text
from dap.identifiers.validity import label

Columns = Sequence[tuple[str, Sequence[str | None]]]

# The parts of a number in columns of their own, and whether their numbers alone can tell.
SPLITS: dict[str, tuple[tuple[int, ...], bool]] = {
    "three, two and four digits": ((3, 2, 4), True),
    "five and four digits": ((5, 4), False),
}
SAMPLE = 200
FIRST = 5 * SAMPLE


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
    screen = TableScreen([header for header, _ in listed], allows, persons)
    screen.see([values for _, values in listed])
    if wanted := screen.asks_again():
        screen.look_again({place: listed[place][1] for place in wanted})
    return screen.result(rows, header_row)


class TableScreen:
    """A table that is met piece by piece: `see` each, then `look_again` at the columns that are asked for.

    `headers` are the texts of the header, `allows` and `persons` are as for `screen_table`; `most` is how many rows a
    Place names, None for all. With `most` the row numbers have to ascend.
    """

    def __init__(
        self,
        headers: Sequence[str],
        allows: Mapping[int, str] | None = None,
        persons: Collection[int] = (),
        *,
        most: int | None = None,
    ) -> None:
        self._headers, self._most = list(headers), most
        self._columns = [
            ColumnScreen(header, (allows or {}).get(place), person=place in persons, beside=place > 1)
            for place, header in enumerate(self._headers, start=1)
        ]
        self._found: list[dict[str, _Gathered]] = [{} for _ in self._headers]
        self._first: list[list[str | None]] = [[] for _ in self._headers]
        self._splits: list[Split] = []
        self._seen = self._seen_again = 0

    def see(self, columns: Sequence[Sequence[str | None]]) -> None:
        """Take the next piece: its cells, column by column."""
        for values, screen, found, first in zip(columns, self._columns, self._found, self._first, strict=True):
            for place, hits in screen.see(values):
                _gather(found, ((self._seen + place, hit) for hit in dict.fromkeys(hits)), self._most)
            if len(first) < FIRST:
                first += values[: FIRST - len(first)]
        self._seen += len(columns[0]) if columns else 0

    def asks_again(self) -> list[int]:
        """The places, from 0, of the columns that another look has to be taken at, in all pieces."""
        self._splits = list(_possible_splits(list(zip(self._headers, self._first, strict=True))))
        bare = {place for place, screen in enumerate(self._columns) if screen.asks_again}
        beside = {place - 1 for place in bare if place}
        return sorted(bare.union(beside, *(split.columns for split in self._splits)))

    def look_again(self, columns: Mapping[int, Sequence[str | None]]) -> None:
        """Take the next piece again, from the first on: the cells of the columns that were asked for."""
        for place, values in columns.items():
            if self._columns[place].asks_again:
                beside = columns[place - 1] if place else ()
                again = self._columns[place].look_again(values, beside, self._seen_again)
                _gather(self._found[place], again, self._most)
        for split in self._splits:
            join_parts(split, [columns[place] for place in split.columns], self._seen_again)
        self._seen_again += len(next(iter(columns.values()), ()))

    def result(self, rows: Sequence[int], header_row: int) -> Screen:
        """What was found, after the last piece; `rows` are the numbers of all rows."""
        places: list[Place] = []
        doubts: list[Place] = []
        for position, (header, screen, found) in enumerate(
            zip(self._headers, self._columns, self._found, strict=True), start=1
        ):
            _gather(found, screen.statistics(), self._most)
            _gather(found, ((_HEADER, hit) for hit in find_in_text(header)), self._most)
            places += _places(position, found, rows, header_row, self._most)
            doubtful: dict[str, _Gathered] = {}
            _gather(doubtful, screen.doubts(), self._most)
            doubts += _places(position, doubtful, rows, header_row, self._most)
        for split in self._splits:
            if split.named or behave_like_ssns(split.numbers):
                parts: dict[str, _Gathered] = {}
                _gather(parts, split.hits(), self._most)
                places += _places(split.start + 1, parts, rows, header_row, self._most, len(split.sizes))
        return Screen(tuple(sorted(places, key=lambda place: place.column)), tuple(doubts))


_HEADER = -1
"""Where the header stands: before all rows."""


class _Gathered:
    """Where one form is found in a column: the places, or the first of them and how many there are."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._looks: list[array[int]] = [array("q")]
        self._count = 0
        self._last = _HEADER
        self.in_header = False
        self.labels: set[str] = set()
        self._evidence: dict[str, int] = {}

    def add(self, place: int, hit: Hit) -> None:
        """Take a hit; those of one look at the cells come in ascending order."""
        self.labels.add(hit.label)
        self._evidence[hit.evidence] = min(place, self._evidence.get(hit.evidence, place))
        if place == _HEADER:
            self.in_header = True
            return
        if place < self._last:
            self._looks.append(array("q"))
        if place != self._last:
            self._last = place
            self._count += 1
            # What is found under and beside a header has two looks, which may meet in a row.
            if self._most is None or hit.form == HEADER or self._count <= self._most:
                self._looks[-1].append(place)

    @property
    def first(self) -> int:
        """Where the form is met first."""
        return min(self._evidence.values())

    @property
    def evidence(self) -> tuple[str, ...]:
        """What told, in the order in which it is met."""
        return tuple(sorted(self._evidence, key=lambda said: self._evidence[said]))

    def places(self) -> tuple[Sequence[int], int]:
        """The places of the rows, ascending, and how many there are."""
        if len(self._looks) == 1:
            return self._looks[0], self._count
        both = array("q", (place for place, _ in groupby(merge(*self._looks))))
        return both, len(both)


def _gather(found: dict[str, _Gathered], hits: Iterable[Found], most: int | None) -> None:
    for place, hit in hits:
        if hit.form not in found:
            found[hit.form] = _Gathered(most)
        found[hit.form].add(place, hit)


def _places(
    position: int,
    found: Mapping[str, _Gathered],
    rows: Sequence[int],
    header_row: int,
    most: int | None,
    width: int = 1,
) -> list[Place]:
    """One place a form, in the order in which the forms are first met."""
    made = []
    for form, each in sorted(found.items(), key=lambda item: item[1].first):
        listed, count = each.places()
        named = [*([header_row] if each.in_header else []), *(rows[place] for place in listed[:most])]
        numbers = tuple(dict.fromkeys(named))[:most]
        total = count + each.in_header
        count = total if most is not None and total > len(numbers) else 0
        made.append(Place(form, position, numbers, tuple(sorted(each.labels)), each.evidence, width, count))
    return made


@dataclass
class Split:
    """Neighbouring columns that may hold the parts of numbers: the first one's place, and what was joined."""

    start: int
    sizes: tuple[int, ...]
    named: bool
    numbers: BareNumbers = field(default_factory=BareNumbers)

    @property
    def columns(self) -> range:
        """The places of the columns."""
        return range(self.start, self.start + len(self.sizes))

    def hits(self) -> Iterator[Found]:
        """Each number, at its first column."""
        said = "a header that names the number" if self.named else "what they are like together"
        evidence = f"parts of nine digits in neighbouring columns, by {said}"
        yield from ((place, Hit(label(digits), SPLIT, evidence)) for place, digits in self.numbers.items())


def _possible_splits(columns: Columns) -> Iterator[Split]:
    """Where neighbouring columns may hold the parts of a number, by their headers and first values."""
    for sizes, by_numbers in SPLITS.values():
        for start in range(len(columns) - len(sizes) + 1):
            parts = columns[start : start + len(sizes)]
            headers = [header for header, _ in parts]
            named = any(map(words.heads_ssns, headers)) or words.names_parts(headers)
            if named or (by_numbers and not any(map(words.names_thing, headers)) and _fits(parts, sizes)):
                yield Split(start, sizes, named)


def _fits(parts: Columns, sizes: Sequence[int]) -> bool:
    """Whether the first filled cells of each column are digits of its part's size: most tables end here."""
    for (_, values), size in zip(parts, sizes, strict=True):
        filled = [value for value in values[:FIRST] if value][:SAMPLE]
        if sum(len(value) == size and value.isdigit() for value in filled) * 2 <= len(filled):
            return False
    return True


def join_parts(split: Split, parts: Sequence[Sequence[str | None]], before: int) -> None:
    """Join the nine digits of each row in which every part is filled with digits of its size.

    Under a header that names the number a part may be shorter, its zeros lost, as long as two digits at most are.
    """
    for place, cells in enumerate(zip(*parts, strict=True), start=before):
        digits = [_part(cell, size) for cell, size in zip(cells, split.sizes, strict=True)]
        if None in digits:
            continue
        lost = sum(split.sizes) - sum(len(each or "") for each in digits)
        if lost == 0 or (split.named and lost <= 2):
            filled = ((each or "").zfill(size) for each, size in zip(digits, split.sizes, strict=True))
            split.numbers.add(place, "".join(filled))


_PART = re.compile(r"([0-9]{1,5})(?:\.0{1,2})?")


def _part(cell: str | None, size: int) -> str | None:
    if not cell or len(cell) > 16:
        return None
    if not cell.isdigit() or not cell.isascii():
        found = _PART.fullmatch(candidates.bare(normalised(cell)[0]))
        cell = found[1] if found else ""
    return cell if 0 < len(cell) <= size else None


def behave_like_ssns(numbers: Sequence[str]) -> bool:
    """Whether joined parts are as many and as varied as numbers are; a grade and a year are not."""
    judged = Numbers(numbers)
    if len(numbers) < FEWEST or not judged.look_like_ssns() or judged.count < FEWEST:
        return False
    different = judged.different
    groups, serials = [each[3:5] for each in different], [each[5:] for each in different]
    return (
        len({each[0] for each in groups}) >= 5
        and len(set(groups)) >= 0.3 * min(len(groups), 100)
        and len({each[0] for each in serials}) >= 5
        and len(set(serials)) >= 0.5 * min(len(serials), 2_000)
    )
