"""Which periods a collection has, and whether a file for one is to be taken.

A period is a school year, `2025-26`, or a part of it: the window's name where the plan gives several windows a year
(`2025-26-winter`), the month where the frequency is monthly (`2025-26-oct`).
"""

from __future__ import annotations

import re
from datetime import date

from dap.errors import nearest
from dap.intake.records import Address
from dap.plan import Collection, Plan, Window

# School years of the states run from July to June (of Connecticut: C.G.S. 10-259, the fiscal year).
_FIRST_MONTH = 7
MONTHS = ("jul", "aug", "sep", "oct", "nov", "dec", "jan", "feb", "mar", "apr", "may", "jun")

Reason = tuple[str, str, str]
"""A refusal: its code, what is wrong, what to do."""


def part_of(window: Window) -> str:
    """A window's name as periods spell it: lower case, words joined by hyphens; empty where it has none."""
    return re.sub(r"[^a-z0-9]+", "-", window.name.lower()).strip("-")


def parts(collection: Collection, school_year: str) -> tuple[str, ...]:
    """The parts of a school year that the collection is sent for; one empty part where it is the whole year.

    A year whose windows the plan does not know has those of the last year before it (or else of the first) it knows.
    """
    years = sorted({window.school_year for window in collection.windows})
    before = [each for each in years if each <= school_year]
    if years:
        like = before[-1] if before else years[0]
        found = tuple(dict.fromkeys(part_of(each) for each in collection.windows if each.school_year == like))
        if any(found):
            return found
    return MONTHS if collection.frequency == "monthly" else ("",)


def periods(collection: Collection, school_year: str) -> tuple[str, ...]:
    """The periods of a school year, in the order of the plan's windows or of the months."""
    return tuple(f"{school_year}-{part}".rstrip("-") for part in parts(collection, school_year))


def window_of(collection: Collection, period: str) -> Window | None:
    """The window of a period, where the plan knows it."""
    year, part = period[:7], period[8:]
    return next((each for each in collection.windows if each.school_year == year and part_of(each) == part), None)


def school_year_of(day: date) -> str:
    """The school year in which a day lies."""
    first = day.year if day.month >= _FIRST_MONTH else day.year - 1
    return f"{first}-{(first + 1) % 100:02}"


def first_day(text: str) -> date | None:
    """The day of a date of the plan, the first of the month where it gives only that; None where it gives none."""
    return date.fromisoformat(text if len(text) > 7 else f"{text}-01") if text else None


def begins(collection: Collection, period: str) -> date:
    """The first day on which a file for the period can be right: when it opens, or else when the time itself begins."""
    window = window_of(collection, period)
    if window is not None and (opens := first_day(window.opens)):
        return opens
    year, part = int(period[:4]), period[8:]
    if part in MONTHS and collection.frequency == "monthly":
        month = (MONTHS.index(part) + _FIRST_MONTH - 1) % 12 + 1
        return date(year + (month < _FIRST_MONTH), month, 1)
    # Without a date of the plan only what lies in a later calendar year is surely early.
    return date(year, 1, 1)


def refusal(plan: Plan, address: Address, today: date) -> Reason | None:
    """Why a file for the address is not taken on that day, as a code of `records.REFUSALS`; None where it is."""
    known = {each.id: each for each in plan.all_collections}
    if address.collection not in known:
        return "unknown-collection", "The plan has no such collection.", nearest(address.collection, known).strip()
    collection = known[address.collection]
    if collection.status == "replaced":
        fix = f'Send it for "{collection.successor}".' if collection.successor else "Ask the department what did."
        return "replaced-collection", "Another collection has taken its place.", fix
    if not collection.file_layouts:
        return "not-a-file", "The collection is not submitted as a file.", f"See `dap explain {collection.id}`."
    return _wrong_district(plan, address) or _wrong_period(collection, address.period, today)


def _wrong_district(plan: Plan, address: Address) -> Reason | None:
    if not plan.all_districts:
        return None
    district = next((each for each in plan.all_districts if each.code == address.district), None)
    if district is None:
        return "unknown-district", "The plan has no district of this code.", "Use the code of districts.csv."
    if not district.reports_in(address.school_year):
        said = "The plan's district of this code does not report for that school year."
        return "unknown-district", said, "Use the code the district has in that year, or ask the department."
    return None


def _wrong_period(collection: Collection, period: str, today: date) -> Reason | None:
    year = period[:7]
    known = periods(collection, year)
    if period not in known:
        kind = "a month" if known[0][8:] in MONTHS else "a part of the year" if known[0][8:] else "a school year alone"
        return "unknown-period", f"The collection's period is {kind}.", f"Send it for one of: {', '.join(known)}."
    layouts = collection.file_layouts
    if all(layout.valid_for and year not in layout.valid_for for layout in layouts):
        valid = sorted({each for layout in layouts for each in layout.valid_for})
        return "period-not-in-layout", "No layout of the collection is for that year.", f"Valid: {', '.join(valid)}."
    first = begins(collection, period)
    if today < first:
        return "period-not-open", f"The period opens on {first.isoformat()}.", "Send it then, or correct the period."
    return None
