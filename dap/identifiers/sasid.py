"""What a good state student number is: ten digits that say nothing, neither a date, a name, a count nor an SSN."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise

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
    numbers = {place: value for place, value in enumerate(values) if value and _is_number(value)}
    if len(set(numbers.values())) < FEWEST:
        return {}
    derived = _derived(numbers, births, names)
    found = {fault: tuple(numbers) for fault, shows in FAULTS.items() if shows(list(dict.fromkeys(numbers.values())))}
    return found | ({DERIVED: derived} if derived else {})


def _is_number(value: str) -> bool:
    return _TEN.fullmatch(value) is not None and not value.startswith(_INVENTED)


def _regular(numbers: list[str]) -> bool:
    whole = sorted(map(int, numbers))
    steps = Counter(after - before for before, after in pairwise(whole))
    endings = Counter(number[-3:] for number in numbers)
    return 2 * max(steps.values()) > steps.total() or max(endings.values()) >= 0.9 * len(numbers)


def _date_like(numbers: list[str]) -> bool:
    return 2 * sum(any(map(_is_day, (number[:8], number[2:]))) for number in numbers) >= len(numbers)


def _is_day(digits: str) -> bool:
    orders = ((digits[:4], digits[4:6], digits[6:]), (digits[4:], digits[:2], digits[2:4]))
    return any(_exists(int(year), int(month), int(day)) for year, month, day in orders)


def _exists(year: int, month: int, day: int) -> bool:
    if not (1980 <= year <= 2039 and 1 <= month <= 12 and 1 <= day <= 31):
        return False
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _like_ssn(numbers: list[str]) -> bool:
    first, last = {number[0] for number in numbers}, {number[-1] for number in numbers}
    return (len(first) == 1 and Numbers(tuple(number[1:] for number in numbers)).look_like_ssns()) or (
        len(last) == 1 and Numbers(tuple(number[:-1] for number in numbers)).look_like_ssns()
    )


FAULTS: dict[str, Callable[[list[str]], bool]] = {
    REGULAR: _regular,
    DATE_LIKE: _date_like,
    LIKE_SSN: _like_ssn,
}


def _derived(
    numbers: Mapping[int, str], births: Sequence[Sequence[date | None]], names: Sequence[Values]
) -> tuple[int, ...]:
    """The rows whose number holds the birth date or a name; empty where chance alone explains them."""
    written = {born: _written(born) for column in births for born in set(column) if born is not None}
    from_births = {
        place
        for column in births
        for place, number in numbers.items()
        if (born := column[place]) is not None and any(each in number for each in written[born])
    }
    from_names = {
        place
        for column in names
        for place, number in numbers.items()
        if any(each in number for each in _spelled(column[place] or ""))
    }
    # Six digits of a date stand in a random number once in 30,000 rows, four keys of a name once in 800.
    found = from_births if len(from_births) >= max(3, len(numbers) / 50) else set()
    found = found | (from_names if len(from_names) >= len(numbers) / 5 else set())
    return tuple(sorted(found))


def _written(born: date) -> tuple[str, ...]:
    return tuple(born.strftime(form) for form in ("%Y%m%d", "%m%d%Y", "%d%m%Y", "%y%m%d", "%m%d%y", "%d%m%y"))


def _spelled(name: str) -> tuple[str, ...]:
    """A name's first four letters as a telephone's keys, its first three as places in the alphabet."""
    letters = _NAME.match(name.casefold())
    if letters is None:
        return ()
    places = "".join(f"{ord(letter) - ord('a') + 1:02}" for letter in letters.group()[:3])
    return letters.group().translate(_KEYS), places
