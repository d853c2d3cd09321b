"""How the review reads the plan's words: what is in force, who answers, how often, and on which day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from dap.plan import Collection, Element, Window

if TYPE_CHECKING:
    import pandas as pd

# What these words do not say (an empty status) may still be asked, and counts.
_NOT_ASKED = {"ended", "replaced", "suspended", "planned"}

# A district answers itself, or through its schools and staff. In US school law a board of education, a local education
# agency (LEA) and a school food authority (7 CFR 210.2) are the district in another role.
_DISTRICT = re.compile(
    r"\bdistricts?\b|\bboards? of education\b|\bLEAs?\b|\blocal educational? agenc|\bsuperintendents?\b"
    r"|\bschool food authorit|\bpublic schools\b|^schools?\b|^teachers?\b|^school nurse"
    r"|\bplanning and placement teams?\b",
    re.IGNORECASE,
)

# From the most to the least often, by how the text of a frequency begins. What is not here is not ranked: what is asked
# for each incident or hire is known of those alone, and never of everyone.
_OFTEN = (
    r"continuous",
    r"weekly",
    r"monthly",
    r"quarterly",
    r"three\b",
    r"semiannual|twice",
    r"annual|once a year",
    r"biennial|every two years",
    r"every \w+ years",
    r"once",
)
_RUNNING = re.compile(r"continuous|weekly|monthly|per |at |before |on request", re.IGNORECASE)

# School years begin in July, as fiscal years do in nearly every state.
FIRST_MONTH = 7


def table(rows: Sequence[dict[str, Any]], kinds: str) -> pd.DataFrame:
    """The rows as a table; `kinds` names the columns in order, `name:dtype` where it is not text."""
    import pandas as pd

    typed = dict(_typed(each) for each in kinds.split())
    made = pd.DataFrame(list(rows), columns=list(typed))
    # Text keeps the dtype it has in the plan's own tables.
    return made.astype({name: kind for name, kind in typed.items() if kind})


def _typed(column: str) -> tuple[str, str]:
    name, _, kind = column.partition(":")
    return name, {"int": "int64", "day": "datetime64[s]"}.get(kind, kind)


def in_force(collection: Collection) -> bool:
    """Whether the collection is asked, for all that is known: not ended, suspended, only planned, or replaced."""
    return collection.status not in _NOT_ASKED and not collection.successor


def is_asked(collection: Collection, element: Element) -> bool:
    """Whether the element is asked, for all that is known."""
    return in_force(collection) and element.status not in _NOT_ASKED


def who_answers(respondents: Iterable[str]) -> str:
    """`district` where a district, or its schools and staff, are among those who answer; `other`; or empty: unknown."""
    answering = list(respondents)
    if any(_DISTRICT.search(each) for each in answering):
        return "district"
    return "other" if answering else ""


def how_often(frequency: str) -> int | None:
    """The rank of a frequency: 0 for what is always open, more for what is rarer; None where it is not ranked."""
    for rank, pattern in enumerate(_OFTEN):
        if re.match(pattern, frequency, re.IGNORECASE):
            return rank
    return None


def is_running(frequency: str) -> bool:
    """Whether it is asked all through the year: always, every week or month, or whenever something happens."""
    return bool(_RUNNING.match(frequency))


def latest_windows(collection: Collection) -> tuple[Window, ...]:
    """The windows of the latest school year that has any."""
    latest = max((window.school_year for window in collection.windows), default="")
    return tuple(window for window in collection.windows if window.school_year == latest)


def days(text: str) -> tuple[date, date, str] | None:
    """First day, last day and precision (`day`, `month`) of a date written `YYYY-MM-DD` or `YYYY-MM`; None if empty."""
    if not text:
        return None
    if len(text) > len("YYYY-MM"):
        day = date.fromisoformat(text)
        return day, day, "day"
    first = date.fromisoformat(f"{text}-01")
    # The 28th and four days more is always in the next month.
    next_month = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first, next_month - timedelta(days=1), "month"


def days_into_year(window: Window, text: str) -> int | None:
    """How many days after the beginning of the window's own school year a date's last day is; None if it is empty."""
    found = days(text)
    if found is None:
        return None
    return (found[1] - date(int(window.school_year[:4]), FIRST_MONTH, 1)).days
