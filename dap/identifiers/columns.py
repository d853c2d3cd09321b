"""What a column holds: its cells one by one, what its header says, and what its bare numbers show together."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, overload

from dap.identifiers import candidates, prefilter, words
from dap.identifiers.explanations import in_hash
from dap.identifiers.normal import normalised
from dap.identifiers.results import ALLOWED, HEADER, MASKED, PARTIAL, STATISTICS, STATISTICS_FEW, TOO_FEW, Hit
from dap.identifiers.texts import Alike
from dap.identifiers.validity import breaks_ssa_rules, is_placeholder, is_routing_number, label

FEWEST, MANY = 20, 60
"""From 20 different values on a column is judged by its numbers, from 60 on without any doubt."""
FEWEST_DOUBTED = 5
_AREAS_ASKED = 400
_ROUTING_ASKED = 2_000

Found = tuple[int, Hit]


def find_in_column(values: Sequence[str | None], header: str, allows: str | None = None) -> Iterator[Found]:
    """Where in a column something is found: the place in `values`, from 0, and what; ascending, cell by cell.

    `allows` is the pattern of values that are legitimate in this column: it frees them from what the header says and
    from statistics, and from nothing else.
    """
    yield from Column(values, header, allows).hits()


class Column:
    """A column in memory with its header: the hits that refuse it, and the doubts that are worth a look."""

    def __init__(self, values: Sequence[str | None], header: str, allows: str | None = None) -> None:
        self._screen = ColumnScreen(header, allows)
        self._cells = dict(self._screen.see(values))
        if self._screen.asks_again:
            list(self._screen.look_again(values))

    def hits(self) -> Iterator[Found]:
        """What refuses the column, by place; each kind of hit of a cell once."""
        by_place = {place: list(hits) for place, hits in self._cells.items()}
        for place, hit in self._screen.statistics():
            by_place.setdefault(place, []).append(hit)
        for place in sorted(by_place):
            yield from ((place, hit) for hit in dict.fromkeys(by_place[place]))

    def doubts(self) -> Iterator[Found]:
        """What is worth a look: bare values too few to tell, or allowed ones that look like SSNs together."""
        yield from self._screen.doubts()


class ColumnScreen:
    """A column that is met piece by piece: `see` for each, then, where it `asks_again`, `look_again` for each.

    `person` says that the column is known to hold persons' numbers, whatever thing its header seems to name; `beside`
    that there is a column to the left, which may name the number as a header does.
    """

    def __init__(self, header: str, allows: str | None = None, *, person: bool = False, beside: bool = False) -> None:
        self._is_allowed = Allowed(allows)
        self._heads = words.heads_ssns(header)
        self._four, self._dated = words.heads_last_four(header), words.names_date(header)
        self._settled = self._heads or (not person and words.names_thing(header))
        self._beside = beside
        self._alike = Alike()
        self._holds_nine = False
        self._bare, self._allowed_bare = BareNumbers(), BareNumbers()
        self._long = 0

    def see(self, values: Sequence[str | None]) -> list[tuple[int, tuple[Hit, ...]]]:
        """Where in a piece a cell is a hit by itself or by its header: its place there, ascending, and the hits."""
        if not self._heads and getattr(values, "quiet", False):
            return []
        joined = prefilter.joined(values)
        if not self._heads and prefilter.stops_here(values, joined):
            return []
        found: dict[int, tuple[Hit, ...]] = {}
        for place in prefilter.worth_a_look(values, joined):
            if hits := self._alike.find(values[place] or ""):
                found[place] = tuple(hits)
        if self._heads:
            self._under_header(values, found)
        if not self._holds_nine and (self._beside or not self._settled):
            self._holds_nine = holds_nine(values, joined)
        return sorted(found.items())

    def _under_header(self, values: Sequence[str | None], found: dict[int, tuple[Hit, ...]]) -> None:
        for place, value in enumerate(values):
            if value is None or place in found or len(value) < 3:
                continue
            hit = _under_header(value, self._four, self._dated)
            if hit and not (hit.form == HEADER and self._is_allowed(value)):
                found[place] = (hit,)

    @property
    def asks_again(self) -> bool:
        """Whether bare numbers can tell: there are some, and either a column beside them, or a header that is silent.

        A header is silent that says neither that they are such numbers nor that they are not.
        """
        return self._holds_nine

    def look_again(
        self, values: Sequence[str | None], beside: Sequence[str | None] = (), before: int = 0
    ) -> Iterator[Found]:
        """What a piece holds beside a cell that names the number; its bare numbers are taken down.

        `before` is how many values of the column stand before the piece.
        """
        if not self._settled:
            self._take_down(values, before)
        # As in a table of kinds of numbers and numbers.
        for place, (name, value) in enumerate(zip(beside, values, strict=True) if beside else ()):
            if name and value and words.calls_ssn(name) and len(digits := bare_digits(value) or "") == 9:
                hit = Hit(label(digits), HEADER, "nine digits beside a cell that names the number")
                yield before + place, hit

    @property
    def bare(self) -> BareNumbers:
        """The bare numbers that are not allowed, of the pieces that were looked at again."""
        return self._bare

    @property
    def allowed_bare(self) -> BareNumbers:
        """The bare numbers that are allowed."""
        return self._allowed_bare

    @property
    def long(self) -> int:
        """How many cells are digits and nothing else, of those that are not allowed."""
        return self._long

    def _take_down(self, values: Sequence[str | None], before: int) -> None:
        for place, value in enumerate(values):
            if value is None:
                continue
            self._long += _is_long_number(value) and not self._is_allowed(value)
            if 7 <= len(value) <= 24 and (digits := bare_digits(value)):
                (self._allowed_bare if self._is_allowed(value) else self._bare).add(before + place, digits)

    def statistics(self) -> Iterator[Found]:
        """The bare numbers that are not allowed and together are like SSNs, by place."""
        numbers = self._unallowed()
        judged = Numbers(numbers)
        # In this order: the rules are asked before so much as a list is made of millions of numbers.
        if len(numbers) < FEWEST or not judged.look_like_ssns() or judged.count < FEWEST:
            return
        form, said = (STATISTICS, _MANY) if judged.count >= MANY else (STATISTICS_FEW, _FEW)
        yield from ((place, Hit(label(digits), form, said)) for place, digits in numbers.items())

    def doubts(self) -> Iterator[Found]:
        """The bare numbers that are too few to tell, and the allowed ones that together are like SSNs, by place."""
        for form, numbers in ((TOO_FEW, self._unallowed()), (ALLOWED, self._allowed_bare.judged())):
            judged = Numbers(numbers)
            if len(numbers) < FEWEST_DOUBTED or not judged.look_like_ssns(few=form == TOO_FEW):
                continue
            if FEWEST_DOUBTED <= judged.count < FEWEST if form == TOO_FEW else judged.count >= FEWEST:
                said = _DOUBTS[form]
                yield from ((place, Hit(label(digits), form, said)) for place, digits in numbers.items())

    def _unallowed(self) -> BareNumbers:
        return BareNumbers() if self._long > 2 * len(self._bare.judged()) else self._bare.judged()


class Allowed:
    """Whether the whole of a value has the pattern of what is legitimate in a column; without one, nothing has."""

    def __init__(self, pattern: str | None) -> None:
        self._fullmatch = re.compile(pattern).fullmatch if pattern else None

    def __call__(self, value: str) -> bool:
        return self._fullmatch is not None and self._fullmatch(value) is not None


class BareNumbers(Sequence[str]):
    """Numbers of nine digits with their places, each in a few bytes: a column can have millions."""

    def __init__(self) -> None:
        self._places, self._numbers = array("q"), array("q")
        self._nine = bytearray()
        self._judged: BareNumbers | None = None

    def add(self, place: int, digits: str) -> None:
        """Take a number of 7 to 9 digits; noughts before it make it nine."""
        self._places.append(place)
        self._numbers.append(int(digits))
        self._nine.append(len(digits) == 9)
        self._judged = None

    def judged(self) -> BareNumbers:
        """Those that are judged: all, or only those that were nine digits where next to none were.

        Zeros are lost in one number of ten, and in most of those of a state whose areas begin with one, such as
        Connecticut's 040 to 049; where next to none has nine digits, they are short numbers.
        """
        if self._judged is None:
            self._judged = self
            if sum(self._nine) < NINE_SHARE * len(self):
                self._judged = BareNumbers()
                for place, number, nine in zip(self._places, self._numbers, self._nine, strict=True):
                    if nine:
                        self._judged.add(place, f"{number:09}")
                self._judged._judged = self._judged
        return self._judged

    def by_length(self) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
        """Those that were nine digits, and those that are by the noughts before them, each with its place."""
        flagged = list(zip(self.items(), self._nine, strict=True))
        return [each for each, nine in flagged if nine], [each for each, nine in flagged if not nine]

    def items(self) -> Iterator[tuple[int, str]]:
        """Each place with its number."""
        return zip(self._places, self, strict=True)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        found = self._numbers[place]
        return f"{found:09}" if isinstance(found, int) else [f"{number:09}" for number in found]

    def __iter__(self) -> Iterator[str]:
        return (f"{number:09}" for number in self._numbers)


NINE_SHARE = 0.1


def holds_nine(values: Sequence[str | None], joined: bytes) -> bool:
    """Whether any of the cells, also given joined, may be nine digits."""
    # Digits of other scripts, or with an invisible character among them, are beyond ASCII.
    return prefilter.holds_nine(joined) or (not joined.isascii() and any(map(_has_nine_foreign, values)))


def _has_nine_foreign(value: str | None) -> bool:
    return value is not None and not value.isascii() and sum(map(str.isnumeric, value)) == 9


def _is_long_number(value: str | None) -> bool:
    """Whether a cell is digits and nothing else: where nine of them are few among other lengths, ids just vary."""
    return value is not None and len(value) >= 4 and value.isdigit()


_MANY = "60 or more bare nine-digit values that together behave like Social Security numbers"
_FEW = "20 to 59 bare nine-digit values that together behave like Social Security numbers"
_DOUBTS = {
    TOO_FEW: "fewer than 20 bare nine-digit values, each of which could be a Social Security number",
    ALLOWED: "allowed nine-digit values that together behave like Social Security numbers",
}
_BARE = re.compile(r"([0-9]{7,9})(?:[.,]0{1,9})?")


def bare_digits(value: str) -> str | None:
    """A cell's 7 to 9 bare digits, whatever a spreadsheet put around them; None where it holds anything else."""
    if value.isascii() and value.isdigit():
        return value if len(value) <= 9 else None
    for variant in normalised(value):
        if found := _BARE.fullmatch(candidates.bare(variant)):
            return found[1]
    return None


@dataclass(frozen=True)
class Numbers:
    """Nine-digit numbers of a column, and what they are like together."""

    values: Sequence[str]

    @cached_property
    def different(self) -> list[str]:
        """Each number once, in the order of the column, without those that people type to fill a field."""
        return [each for each in dict.fromkeys(self.values) if not is_placeholder(each)]

    @cached_property
    def _fails_first(self) -> bool:
        """Whether the first condition does not hold: asked before a list is made of millions of numbers."""
        first = CONDITIONS.get(_BREAKS_NO_RULE)
        return first is not None and not first(each for each in self.values if not is_placeholder(each))

    @property
    def count(self) -> int:
        """How many different numbers there are."""
        return len(self.different)

    def look_like_ssns(self, *, few: bool = False) -> bool:
        """Whether every condition holds; of few numbers, those that a few can answer."""
        if self._fails_first:
            return False
        different = self.different
        asked = {name: holds for name, holds in CONDITIONS.items() if not few or name not in _NEEDS_MANY}
        return all(holds(different) for holds in asked.values())


def _first_digits(numbers: list[str]) -> bool:
    return len({number[0] for number in numbers}) >= min(4, len(numbers) // 2 + 1)


def _areas(numbers: list[str]) -> bool:
    # There are 898 areas: of more than some hundred numbers no share can be asked any more.
    return len({number[:3] for number in numbers}) >= 0.3 * min(len(numbers), _AREAS_ASKED)


def _not_sequential(numbers: list[str]) -> bool:
    """Neither in the order of the column nor sorted do most numbers lie the same step apart."""
    whole = [int(number) for number in numbers]
    for ordered in (whole, sorted(whole)):
        steps = [after - before for before, after in pairwise(ordered)]
        if steps and max(map(steps.count, set(steps[:50]))) > len(steps) / 2:
            return False
    return True


def _not_routing(numbers: list[str]) -> bool:
    asked = numbers[:_ROUTING_ASKED]
    return sum(map(is_routing_number, asked)) < 0.6 * len(asked)


# All must hold. Measured rejection rates: docs/identifiers.md.
_BREAKS_NO_RULE = "no value breaks the SSA's rules"
CONDITIONS: dict[str, Callable[[Any], bool]] = {
    _BREAKS_NO_RULE: lambda numbers: not any(map(breaks_ssa_rules, numbers)),
    "at least four first digits": _first_digits,
    "different areas": _areas,
    "some leading zeros": lambda numbers: any(number[0] == "0" for number in numbers),
    "not sequential": _not_sequential,
    "no routing numbers": _not_routing,
}
_NEEDS_MANY = ("some leading zeros",)


def _under_header(value: str, four: bool, dated: bool) -> Hit | None:
    """What a cell is under a header that names the number."""
    for variant in normalised(value):
        text = candidates.bare(variant)
        if four and (hit := _last_four(text)):
            return hit
        short = len(text) <= _LONGEST_CELL
        if short and any(hides(text) for hides in candidates.MASKED_UNDER_HEADER.values()):
            return Hit(PARTIAL, MASKED, "a mask with digits visible under a header that names the number")
        trimmed = text.strip("#()[].,;+`$ ")
        for name, read in candidates.UNDER_HEADER.items() if short else ():
            digits = read(text) or read(trimmed)
            if digits and not (dated and is_date(trimmed)):
                return Hit(label(digits), HEADER, f"{name}, under a header that names the number")
        if hit := _inside(variant):
            return hit
    return None


_LONGEST_CELL = 64
_LAST_FOUR_CELL = re.compile(r"(?:[*#?_xXnN.]{1,9}[ \-]?)?[0-9]{3,4}(?:\.0{1,2})?")


def _last_four(text: str) -> Hit | None:
    if _LAST_FOUR_CELL.fullmatch(text):
        return Hit(PARTIAL, MASKED, "four digits under a header for the last four of the number")
    return None


def _inside(variant: str) -> Hit | None:
    """Nine digits in a longer text, unless a word directly before them says what else they are."""
    said = words.plain(variant)
    if next(candidates.nine(said), None) is None:
        return None
    otherwise = words.labels_something_else(said)
    for match in candidates.nine(said):
        if match.start() not in otherwise and not in_hash(said, match.start(), match.end()):
            return Hit(label(match.group()), HEADER, "nine digits in a text under a header that names the number")
    return None


_DATES = (
    re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"),
    re.compile(r"(?:0?[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:19|20)[0-9]{2}"),
)


def is_date(text: str) -> bool:
    """Whether seven or eight digits are a day, as a column of dates beside the number would hold."""
    return any(form.fullmatch(text) for form in _DATES)
