"""What a column holds: its cells one by one, what its header says, and what its bare numbers show together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from dap.identifiers import candidates, prefilter, words
from dap.identifiers.explanations import in_hash
from dap.identifiers.normal import normalised
from dap.identifiers.results import ALLOWED, HEADER, MASKED, PARTIAL, STATISTICS, STATISTICS_FEW, TOO_FEW, Hit
from dap.identifiers.texts import find_in_text
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
    """One column with its header: the hits that refuse it, and the doubts that are worth a look.

    `beside` has the cells of the column to the left, which may name the number as a header does. `person` says that the
    column is known to hold persons' numbers, whatever thing its header seems to name.
    """

    def __init__(
        self,
        values: Sequence[str | None],
        header: str,
        allows: str | None = None,
        *,
        beside: Sequence[str | None] = (),
        person: bool = False,
    ) -> None:
        self.values, self.header = values, header
        self._beside, self._person = beside, person
        self._allowed = re.compile(allows).fullmatch if allows else None
        self._joined = prefilter.joined(values)

    def hits(self) -> Iterator[Found]:
        """What refuses the column, by place; each kind of hit of a cell once."""
        by_place: dict[int, list[Hit]] = {}
        for place in prefilter.worth_a_look(self.values, self._joined):
            if found := find_in_text(self.values[place] or ""):
                by_place[place] = list(found)
        if words.heads_ssns(self.header):
            self._under_header(by_place)
        for place, hit in (*self._beside_a_name(), *self._statistics()):
            by_place.setdefault(place, []).append(hit)
        for place in sorted(by_place):
            yield from ((place, hit) for hit in dict.fromkeys(by_place[place]))

    def doubts(self) -> Iterator[Found]:
        """What is worth a look: bare values too few to tell, or allowed ones that look like SSNs together."""
        if not self._asks_statistics:
            return
        allowed = self._numbers(allowed=True) if self._allowed else {}
        for form, numbers in ((TOO_FEW, self._bare), (ALLOWED, allowed)):
            judged = Numbers(tuple(numbers.values()))
            enough = FEWEST_DOUBTED <= judged.count < FEWEST if form == TOO_FEW else judged.count >= FEWEST
            if enough and judged.look_like_ssns(few=form == TOO_FEW):
                said = _DOUBTS[form]
                yield from ((place, Hit(label(digits), form, said)) for place, digits in numbers.items())

    def _under_header(self, by_place: dict[int, list[Hit]]) -> None:
        four = words.heads_last_four(self.header)
        dated = words.names_date(self.header)
        for place, value in enumerate(self.values):
            if value is None or place in by_place or len(value) < 3:
                continue
            if (hit := _under_header(value, four, dated)) and not (hit.form == HEADER and self._is_allowed(value)):
                by_place[place] = [hit]

    def _beside_a_name(self) -> Iterator[Found]:
        """Nine digits to the right of a cell that names the number, as in a table of kinds of numbers and numbers."""
        if not self._beside or not self._holds_nine:
            return
        for place, (name, value) in enumerate(zip(self._beside, self.values, strict=True)):
            if name and value and words.calls_ssn(name) and len(digits := bare_digits(value) or "") == 9:
                yield place, Hit(label(digits), HEADER, "nine digits beside a cell that names the number")

    def _is_allowed(self, value: str) -> bool:
        return self._allowed is not None and self._allowed(value) is not None

    def _statistics(self) -> Iterator[Found]:
        if not self._asks_statistics:
            return
        numbers = self._bare
        judged = Numbers(tuple(numbers.values()))
        if judged.count < FEWEST or not judged.look_like_ssns():
            return
        form, said = (STATISTICS, _MANY) if judged.count >= MANY else (STATISTICS_FEW, _FEW)
        yield from ((place, Hit(label(digits), form, said)) for place, digits in numbers.items())

    @cached_property
    def _holds_nine(self) -> bool:
        """Whether any cell is nine bare digits."""
        holds = prefilter.holds_nine(self._joined)
        if not holds and not self._joined.isascii():
            # Digits of other scripts, or with an invisible character among them.
            holds = any(_has_nine_foreign(value) for value in self.values)
        return holds

    @cached_property
    def _asks_statistics(self) -> bool:
        """Whether bare numbers can tell: there are some, and the header says neither that they are nor that not."""
        named = words.heads_ssns(self.header) or (not self._person and words.names_thing(self.header))
        return self._holds_nine and not named

    @cached_property
    def _bare(self) -> dict[int, str]:
        """The bare numbers that are not allowed, by place, as nine digits."""
        return self._numbers(allowed=False)

    def _numbers(self, *, allowed: bool) -> dict[int, str]:
        """The bare numbers that are allowed, or those that are not, by place, as nine digits."""
        numbers = {
            place: digits
            for place, value in enumerate(self.values)
            if value is not None
            and 7 <= len(value) <= 24
            and (digits := bare_digits(value))
            and self._is_allowed(value) == allowed
        }
        nine = {place: digits for place, digits in numbers.items() if len(digits) == 9}
        # Zeros are lost in one number of ten, and in most of those of a state whose areas begin with one, such as
        # Connecticut's 040 to 049; where next to none has nine digits, they are short numbers.
        if len(nine) < _NINE_SHARE * len(numbers):
            numbers = nine
        others = (value for value in self.values if _is_long_number(value) and not self._is_allowed(value or ""))
        if not allowed and sum(1 for _ in others) > 2 * len(numbers):
            return {}
        return {place: digits.zfill(9) for place, digits in numbers.items()}


_NINE_SHARE = 0.1


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

    values: tuple[str, ...]

    @cached_property
    def different(self) -> list[str]:
        """Each number once, in the order of the column, without those that people type to fill a field."""
        return [each for each in dict.fromkeys(self.values) if not is_placeholder(each)]

    @property
    def count(self) -> int:
        """How many different numbers there are."""
        return len(self.different)

    def look_like_ssns(self, *, few: bool = False) -> bool:
        """Whether every condition holds; of few numbers, those that a few can answer."""
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
CONDITIONS: dict[str, Callable[[list[str]], bool]] = {
    "no value breaks the SSA's rules": lambda numbers: not any(map(breaks_ssa_rules, numbers)),
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
        trimmed = text.strip("#()[].,;+`")
        for name, read in candidates.UNDER_HEADER.items() if short else ():
            digits = read(text) or read(trimmed)
            if digits and not (dated and is_date(trimmed)):
                return Hit(label(digits), HEADER, f"{name}, under a header that names the number")
        if hit := _inside(variant):
            return hit
    return None


_LONGEST_CELL = 64
_LAST_FOUR_CELL = re.compile(r"[0-9]{3,4}(?:\.0{1,2})?")


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
