"""When the plan's collections fall due, and what that means for a district through the year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from dap.errors import RequestError, nearest
from dap.plan import Collection, Plan, Window
from dap.review.words import FIRST_MONTH, days, in_force, is_running, latest_windows, table, who_answers

if TYPE_CHECKING:
    import pandas as pd

UNDATED = "no date stated"
"""The event of a calendar's row that is about a collection of which no date is known."""

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_YEAR = tuple((FIRST_MONTH - 1 + offset) % 12 + 1 for offset in range(12))
_ALL_YEAR, _NO_DATE, _NOBODY = "all year", "no date stated", "respondents unknown"
_BY = ("", "domain", "level")


def calendar(plan: Plan, school_year: str | None = None) -> pd.DataFrame:
    """What happens when: one row a collection, window, event and respondent; all school years, or the one given.

    Columns: collection, title, respondent (empty: unknown), domain, frequency, status, school_year, window (its name),
    event (`opens`, `due`, `accurate`, `freeze`), freeze (the name of a freeze), date (as stated), first_day, last_day
    (equal where the day is known; those of the month where only that is), precision (`day`, `month`), note (what the
    source says of the dates in words).

    By day, then in catalog order. After them, with the event `no date stated` and no day, each collection that is in
    force for all that is known and has no window (of that school year): so none disappears. A collection that was
    replaced or has ended is shown with the dates it had, and not otherwise. RequestError for a text that is no school
    year.
    """
    _must_be_school_year(plan, school_year)
    rows: list[dict[str, Any]] = []
    for collection in plan.all_collections:
        windows = [each for each in collection.windows if school_year in (None, each.school_year)]
        events = [event for window in windows for event in _events(window)]
        if not events and in_force(collection):
            events = [{"event": UNDATED, "school_year": school_year or ""}]
        about = {
            "collection": collection.id,
            "title": collection.title,
            "domain": collection.domain,
            "frequency": collection.frequency,
            "status": collection.status,
            "note": collection.dates_note,
        }
        unknown = {"window": "", "freeze": "", "date": "", "first_day": None, "last_day": None, "precision": ""}
        answering = dict.fromkeys(collection.respondents) or ("",)
        rows += [{**unknown, **about, **event, "respondent": each} for event in events for each in answering]
    # Sorting is stable: rows of the same day stay in catalog order.
    rows.sort(key=lambda row: row["first_day"] or date.max)
    return table(
        rows,
        """collection title respondent domain frequency status school_year window event freeze date first_day:day
        last_day:day precision note""",
    )


def _must_be_school_year(plan: Plan, school_year: str | None) -> None:
    if school_year is None:
        return
    start, _, end = school_year.partition("-")
    sound = start.isascii() and start.isdigit() and len(start) == 4 and end == f"{(int(start) + 1) % 100:02}"
    if not sound:
        known = sorted({window.school_year for each in plan.all_collections for window in each.windows})
        raise RequestError(f"A school year is written like 2025-26.{nearest(school_year, known)}")


def _events(window: Window) -> Iterator[dict[str, Any]]:
    stated = [("opens", "", window.opens), ("due", "", window.due), ("accurate", "", window.accurate)]
    stated += [("freeze", name, text) for name, text in window.freeze]
    for event, name, text in stated:
        if found := days(text):
            yield {
                "school_year": window.school_year,
                "window": window.name,
                "event": event,
                "freeze": name,
                "date": text,
                "first_day": found[0],
                "last_day": found[1],
                "precision": found[2],
            }


@dataclass
class _Month:
    """What a district has in one month, or outside of any: collections by what is to be done with them."""

    opened: dict[str, Collection] = field(default_factory=dict)
    due: dict[str, Collection] = field(default_factory=dict)
    accurate: dict[str, Collection] = field(default_factory=dict)
    years: set[str] = field(default_factory=set)


def district_load(plan: Plan, school_year: str | None = None, by: str = "") -> pd.DataFrame:
    """What a district, its schools and staff have to do, month by month, of one school year or of a usual one.

    Without a school year each collection stands with the latest dates any source gives, whatever year those are of: the
    plan is too thinly dated to fill one year. With one, only that year's windows count.

    Columns: `by` (the domain or level the row counts; `all` where none is asked for), month, open (collections whose
    window is open on some day of the month: from opening to due date, or in the one month known of the two), due
    (collections owed in the month, by the due date or, where a window has none, the day by which they must be
    accurate), elements_due (how many the plan documents of them), undocumented_due (of the collections due, those
    whose elements are not documented: their elements are missing from the count), accurate (collections that must be
    accurate by a day of the month), years (the school years the due dates were stated for: how old the knowledge is),
    collections (the ids of those due; in the last rows, of those open).

    After the twelve months: `all year` counts in `open` the collections asked continuously, every week or month, or
    whenever something happens (some have dates as well); `no date stated` those that are in force and neither dated nor
    asked all year, so that the months hold too little by them; `respondents unknown` those of which no source says
    whether a district answers. With `by` (`domain`, `level`) those rows for each value the plan has, by name.

    Whoever answers counts as a district as `words.who_answers` reads it; a grant's collection counts although only
    some districts have the grant. Collections that were replaced or ended count only with dates of the school year
    asked for. RequestError for another `by`, or a text that is no school year.
    """
    _must_be_school_year(plan, school_year)
    if by not in _BY:
        raise RequestError(f'The load is counted by "domain" or "level".{nearest(by, _BY)}')
    values = sorted({getattr(each, by) for each in plan.all_collections}) if by else ["all"]
    rows = []
    for value in values:
        months = {name: _Month() for name in (*(_MONTHS[month - 1] for month in _YEAR), _ALL_YEAR, _NO_DATE, _NOBODY)}
        for collection in plan.all_collections:
            if not by or getattr(collection, by) == value:
                _count(collection, school_year, months)
        for name, month in months.items():
            listed = month.due if name in _MONTHS else month.opened
            rows.append({"by": value, "month": name, **_load(month), "collections": "; ".join(listed)})
    return table(rows, "by month open:int due:int elements_due:int undocumented_due:int accurate:int years collections")


def _count(collection: Collection, school_year: str | None, months: dict[str, _Month]) -> None:
    dated = [each for each in collection.windows if each.school_year == school_year]
    if school_year is None:
        dated = list(latest_windows(collection)) if in_force(collection) else []
    answers = who_answers(collection.respondents)
    if answers == "other" or not (dated or in_force(collection)):
        return
    if not answers:
        months[_NOBODY].opened[collection.id] = collection
        return
    running = is_running(collection.frequency) and in_force(collection)
    if running:
        months[_ALL_YEAR].opened[collection.id] = collection
    elif in_force(collection) and not any(True for window in dated for _ in _events(window)):
        months[_NO_DATE].opened[collection.id] = collection
    for window in dated:
        for name in _open_months(window):
            months[name].opened[collection.id] = collection
        for name in _month_names(window.due or window.accurate):
            months[name].due[collection.id] = collection
            months[name].years.add(window.school_year)
        for name in _month_names(window.accurate):
            months[name].accurate[collection.id] = collection


def _month_names(text: str) -> list[str]:
    found = days(text)
    return [_MONTHS[found[0].month - 1]] if found else []


def _open_months(window: Window) -> list[str]:
    """The months from opening to due date; the one that is known, where the other is not."""
    opens, due = days(window.opens), days(window.due or window.accurate)
    if opens is None or due is None:
        return _month_names(window.opens or window.due or window.accurate)
    names: list[str] = []
    day = opens[0].replace(day=1)
    while day <= due[1] and len(names) < len(_MONTHS):
        names.append(_MONTHS[day.month - 1])
        day = (day + timedelta(days=31)).replace(day=1)
    return names


def _load(month: _Month) -> dict[str, Any]:
    sizes = [sum(len(layout.elements) for layout in each.layouts) for each in month.due.values()]
    return {
        "open": len(month.opened),
        "due": len(month.due),
        "elements_due": sum(sizes),
        "undocumented_due": sizes.count(0),
        "accurate": len(month.accurate),
        "years": "; ".join(sorted(month.years)),
    }
