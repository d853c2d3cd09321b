"""What a text writes: a number, or a day in a format."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache

ANY_FORMAT = "any"
# Where a source gives no format: the ways in which dates are written in school files. Text in none of them is no date.
_ANY = (
    ("%Y-%m-%d", r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"),
    ("%m/%d/%Y", r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}"),
    ("%m-%d-%Y", r"[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}"),
    ("%m/%d/%y", r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}"),
    ("%m%d%Y", r"[0-9]{8}"),
    ("%Y%m%d", r"[0-9]{8}"),
)
_PARTS = {"%Y": "(?P<year>[1-9][0-9]{3})", "%m": "(?P<month>[0-9]{2})", "%d": "(?P<day>[0-9]{2})"}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")


def as_number(text: str) -> Decimal | None:
    """The number the text writes in ASCII digits with a point before decimals; None where it writes none."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def as_date(text: str, date_format: str) -> date | None:
    """The day the text writes in the format, letter for letter; None where it writes none, or no day that exists."""
    if date_format == ANY_FORMAT:
        days = (_parsed(text, each) for each, form in _ANY if re.fullmatch(form, text))
        return next((day for day in days if day is not None), None)
    if form := _written(date_format).fullmatch(text):
        return _day(**{name: int(digits) for name, digits in form.groupdict().items()})
    day = _parsed(text, date_format)
    # strptime takes missing zeros and the digits of every script; what is written back from the date shows both.
    return day if day is not None and day.strftime(date_format) == text else None


@cache
def _written(date_format: str) -> re.Pattern[str]:
    """What a day looks like in a format of year, month and day, each once: read so ten times as fast as by strptime.

    Of another format, and where a year before 1000 is meant, nothing does.
    """
    parts = re.split("(%.)", date_format)
    # A "%" that stands for nothing is refused by strptime.
    if sorted(parts[1::2]) != sorted(_PARTS) or "%" in "".join(parts[0::2]):
        return re.compile("(?!)")
    return re.compile("".join(_PARTS.get(part) or re.escape(part) for part in parts))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _parsed(text: str, date_format: str) -> date | None:
    try:
        return datetime.strptime(text, date_format).date()
    except ValueError:
        return None
