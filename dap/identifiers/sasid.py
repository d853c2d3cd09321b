"""What a good state student number is: ten digits that say nothing, neither a date, a name, a count nor an SSN."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import overload

from dap.identifiers.columns import Numbers

REGULAR = "regular"
DATE_LIKE = "date_like"
DERIVED = "derived"
LIKE_SSN = "like_ssn"

FEWEST = 30
"""Of fewer different numbers nothing is said."""

_TEN = re.compile(r"[0-9]{10}")
# The plan's own invented numbers, as in 0000000001, look invented on purpose.
_INVENTED = "0000"
_KEYS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
_NAME = re.compile(r"[a-z]{4}")

Values = Sequence[str | None]


def poor_numbers(
    values: Values, births: Sequence[Sequence[date | None]] = (), names: Sequence[Values] = ()
) -> Mapping[str, tuple[int, ...]]:
    """The places, from 0, of the numbers that show each fault (`REGULAR`, `DATE_LIKE`, `DERIVED`, `LIKE_SSN`).

    `births` and `names` are columns of the same file, as long as `values`. A fault that is not shown is not in the
    answer. Only ten-digit values that do not begin with four zeros are looked at, from 30 different ones on.
    """
    found = StateIds()
    found.see(values, births, names)
    return {fault: tuple(places) for fault, places in found.poor().items()}


class StateIds:
    """A column of state student numbers that is met piece by piece: `see` each, then ask which are `poor`."""

    def __init__(self) -> None:
        # A statewide file has millions: each in a few bytes.
        self._places, self._numbers = array("q"), array("q")
        self._from_births, self._from_names = array("q"), array("q")
        self._seen = 0

    def see(self, values: Values, births: Sequence[Sequence[date | None]] = (), names: Sequence[Values] = ()) -> None:
        """Take the next piece: its numbers, and the columns of births and names beside them, as long."""
        numbers = {place: value for place, value in enumerate(values) if value and _is_number(value)}
        self._places.extend(self._seen + place for place in numbers)
        self._numbers.extend(map(int, numbers.values()))
        for derived, places in (
            (self._from_births, _from_births(numbers, births)),
            (self._from_names, _from_names(numbers, names)),
        ):
            derived.extend(self._seen + place for place in sorted(places))
        self._seen += len(values)

    def join(self, part: StateIds, rows: Sequence[int]) -> None:
        """Take what another has seen: a part of the column, whose places are called by `rows`, which ascend."""
        self._numbers.extend(part._numbers)
        for own, places in (
            (self._places, part._places),
            (self._from_births, part._from_births),
            (self._from_names, part._from_names),
        ):
            own.extend(rows[place] for place in places)

    def poor(self) -> Mapping[str, Sequence[int]]:
        """The places of the numbers that show each fault, as for `poor_numbers`, ascending."""
        different = list(dict.fromkeys(self._numbers))
        if len(different) < FEWEST:
            return {}
        found: dict[str, Sequence[int]] = {
            fault: self._places for fault, shows in FAULTS.items() if shows(_TenDigits(different))
        }
        derived = self._derived()
        return found | ({DERIVED: derived} if derived else {})

    def _derived(self) -> Sequence[int]:
        """The rows whose number holds the birth date or a name; empty where chance alone explains them."""
        # Six digits of a date stand in a random number once in 30,000 rows, four keys of a name once in 800.
        births = self._from_births if len(self._from_births) >= max(3, len(self._numbers) / 50) else ()
        names = self._from_names if len(self._from_names) >= len(self._numbers) / 5 else ()
        return sorted({*births, *names})


class _TenDigits(Sequence[str]):
    """Whole numbers as the ten digits they were, made one at a time."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = numbers

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        found = self.numbers[place]
        return f"{found:010}" if isinstance(found, int) else [f"{number:010}" for number in found]

    def __iter__(self) -> Iterator[str]:
        return (f"{number:010}" for number in self.numbers)


class _Part(Sequence[str]):
    """A part of each of many texts, made one at a time."""

    def __init__(self, texts: Sequence[str], part: slice) -> None:
        self._texts, self._part = texts, part

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        found = self._texts[place]
        return found[self._part] if isinstance(found, str) else [text[self._part] for text in found]

    def __iter__(self) -> Iterator[str]:
        return (text[self._part] for text in self._texts)


def _is_number(value: str) -> bool:
    return _TEN.fullmatch(value) is not None and not value.startswith(_INVENTED)


def _regular(numbers: _TenDigits) -> bool:
    whole = sorted(numbers.numbers)
    steps = Counter(after - before for before, after in pairwise(whole))
    endings = Counter(number % 1000 for number in whole)
    return 2 * max(steps.values()) > steps.total() or max(endings.values()) >= 0.9 * len(numbers)


def _date_like(numbers: Sequence[str]) -> bool:
    return 2 * sum(any(map(_is_day, (number[:8], number[2:]))) for number in numbers) >= len(numbers)


def _is_day(digits: str) -> bool:
    orders = ((digits[:4], digits[4:6], digits[6:]), (digits[4:], digits[:2], digits[2:4]))
    return any(_exists(int(year), int(month), int(day)) for year, month, day in orders)


def _exists(year: int, month: int, day: int) -> bool:
    if not 1980 <= year <= 2039:
        return False
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _like_ssn(numbers: Sequence[str]) -> bool:
    first, last = {number[0] for number in numbers}, {number[-1] for number in numbers}
    return (len(first) == 1 and Numbers(_Part(numbers, slice(1, None))).look_like_ssns()) or (
        len(last) == 1 and Numbers(_Part(numbers, slice(0, -1))).look_like_ssns()
    )


FAULTS: dict[str, Callable[[_TenDigits], bool]] = {
    REGULAR: _regular,
    DATE_LIKE: _date_like,
    LIKE_SSN: _like_ssn,
}


def _from_births(numbers: Mapping[int, str], births: Sequence[Sequence[date | None]]) -> set[int]:
    written = {born: _written(born) for column in births for born in set(column) if born is not None}
    return {
        place
        for column in births
        for place, number in numbers.items()
        if (born := column[place]) is not None and any(each in number for each in written[born])
    }


def _from_names(numbers: Mapping[int, str], names: Sequence[Values]) -> set[int]:
    return {
        place
        for column in names
        for place, number in numbers.items()
        if any(each in number for each in _spelled(column[place] or ""))
    }


def _written(born: date) -> tuple[str, ...]:
    return tuple(born.strftime(form) for form in ("%Y%m%d", "%m%d%Y", "%d%m%Y", "%y%m%d", "%m%d%y", "%d%m%y"))


def _spelled(name: str) -> tuple[str, ...]:
    """A name's first four letters as a telephone's keys, its first three as places in the alphabet."""
    letters = _NAME.match(name.casefold())
    if letters is None:
        return ()
    places = "".join(f"{ord(letter) - ord('a') + 1:02}" for letter in letters.group()[:3])
    return letters.group().translate(_KEYS), places
