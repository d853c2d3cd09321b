"""What a text writes: a number, or a day in a format."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

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
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")


def as_number(text: str) -> Decimal | None:
    """The number the text writes in ASCII digits with a point before decimals; None where it writes none."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def as_date(text: str, date_format: str) -> date | None:
    """The day the text writes in the format, letter for letter; None where it writes none, or no day that exists."""
    if date_format == ANY_FORMAT:
        days = (_parsed(text, each) for each, form in _ANY if re.fullmatch(form, text))
        return next((day for day in days if day is not None), None)
    day = _parsed(text, date_format)
    # strptime takes missing zeros and the digits of every script; what is written back from the date shows both.
    return day if day is not None and day.strftime(date_format) == text else None


def _parsed(text: str, date_format: str) -> date | None:
    try:
        return datetime.strptime(text, date_format).date()
    except ValueError:
        return None
