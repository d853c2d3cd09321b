"""Who owes what: the state of every district, collection and period, from the plan and what the intake received."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from dap.intake.periods import begins, first_day, periods, school_year_of, window_of
from dap.intake.records import JUDGED, WAITING, Address, State, Submission
from dap.plan import Collection, District, Plan

_IN_SIGHT = timedelta(days=365)


class Standing(StrEnum):
    """Where an obligation stands. The first five are answers; the last two say that there is none yet."""

    REPORTED = "REPORTED"
    CONFIRMED_ZERO = "CONFIRMED_ZERO"
    MISSING = "MISSING"
    LATE = "LATE"
    NOT_REQUIRED = "NOT_REQUIRED"
    EXPECTED = "EXPECTED"
    UNKNOWN = "UNKNOWN"


MEANS: Mapping[Standing, str] = {
    Standing.REPORTED: "an accepted file stands, and the first accepted one came by the due day",
    Standing.CONFIRMED_ZERO: "the district stated that it has nothing to report",
    Standing.MISSING: "the due day has passed, and nothing accepted is there",
    Standing.LATE: "an accepted file stands, but the first accepted one came after the due day",
    Standing.NOT_REQUIRED: "the district does not owe it",
    Standing.EXPECTED: "nothing accepted is there, and the due day has not passed",
    Standing.UNKNOWN: "nothing is there, and the plan does not say when it is due or whether this district owes it",
}


@dataclass(frozen=True)
class Statement:
    """A district's statement that it has nothing to report; `declared` is a UTC time."""

    address: Address
    declared: str


@dataclass(frozen=True)
class Obligation:
    """One district, collection and period: where it stands, and why.

    `due` is a day or empty where unknown; `received` the day the first accepted file or the statement came, by this
    machine's time zone; `days_late` how many days after the due day that was, or today is; `submission` the id of the
    file that counts; `reason` a sentence of ours.
    """

    address: Address
    name: str
    state: Standing
    due: str = ""
    received: str = ""
    days_late: int = 0
    submission: str = ""
    reason: str = ""


def obligations(
    plan: Plan,
    submissions: Iterable[Submission],
    statements: Iterable[Statement],
    today: date,
    *,
    period: str = "",
) -> list[Obligation]:
    """Every obligation in sight, by collection, period and district.

    In sight are this school year, those of which a date of the plan lies within a year of today, and those something
    was received for; with `period`, that period or that school year alone. Only collections in force that are files.
    """
    received = _by_address(submissions)
    zeros = {each.address: each for each in statements}
    found = []
    for collection in plan.all_collections:
        if collection.status == "replaced" or not collection.file_layouts:
            continue
        at_hand = {each for each in (*received, *zeros) if each.collection == collection.id}
        for wanted in _in_sight(collection, at_hand, today, period):
            for district in _districts(plan, at_hand):
                address = Address(district.code, collection.id, wanted)
                owed = _owed(plan, collection, district, wanted[:7])
                found.append(_one(address, district, collection, owed, received.get(address, ()), zeros, today))
    return found


def _by_address(submissions: Iterable[Submission]) -> dict[Address, list[Submission]]:
    found: dict[Address, list[Submission]] = {}
    for each in submissions:
        found.setdefault(each.address, []).append(each)
    return found


def _districts(plan: Plan, at_hand: Iterable[Address]) -> Iterator[District]:
    """The plan's districts, and those it does not have but files are there of."""
    yield from plan.all_districts
    known = {each.code for each in plan.all_districts}
    yield from (District(code, "", "") for code in sorted({each.district for each in at_hand} - known))


def _in_sight(collection: Collection, at_hand: Iterable[Address], today: date, period: str) -> list[str]:
    years = {school_year_of(today), *(each.period[:7] for each in at_hand)}
    for window in collection.windows:
        dates = (window.opens, window.due, window.accurate, *(day for _, day in window.freeze))
        near = [day for day in map(first_day, dates) if day is not None and abs(day - today) <= _IN_SIGHT]
        years |= {window.school_year} if near or window.school_year == period[:7] else set()
    years |= {period[:7]} if period else set()
    found = [
        each
        for year in sorted(years)
        if any(not layout.valid_for or year in layout.valid_for for layout in collection.file_layouts)
        for each in periods(collection, year)
        # A month to come is owed by nobody yet; a window to come is, when its day comes.
        if begins(collection, each) <= today or window_of(collection, each) is not None
    ]
    found += sorted({each.period for each in at_hand} - set(found))
    return [each for each in found if not period or period in (each, each[:7])]


@dataclass(frozen=True)
class _Owed:
    """Whether a district owes a collection (None: nobody knows), and why."""

    owes: bool | None
    why: str = ""


def _owed(plan: Plan, collection: Collection, district: District, school_year: str) -> _Owed:
    single = [
        each for each in plan.all_obligations if (each.collection, each.district) == (collection.id, district.code)
    ]
    for each in single:
        if each.holds_in(school_year):
            return _Owed(each.owes == "yes", each.why)
    if not district.reports_in(school_year):
        return _Owed(False, "The district does not report for that school year.")
    if not collection.respondents or not plan.all_respondents:
        return _Owed(None, "The plan does not say who owes it.")
    words = [each for each in plan.all_respondents if each.respondent in collection.respondents]
    asked = {each.owes for each in words if district.kind in each.kinds}
    if "all" in asked:
        return _Owed(True)
    if "some" in asked:
        return _Owed(None, "Only some districts of this kind owe it, and the plan does not say which.")
    return _Owed(False, "It is not asked of districts of this kind.")


def _one(
    address: Address,
    district: District,
    collection: Collection,
    owed: _Owed,
    received: Sequence[Submission],
    zeros: Mapping[Address, Statement],
    today: date,
) -> Obligation:
    window = window_of(collection, address.period)
    due = _last_day(window.due) if window is not None else None
    due_text = due.isoformat() if due else ""
    standing = next((each for each in received if each.standing), None)
    if standing is not None:
        # What counts as on time is the first file that was good; a better one that follows makes nobody late.
        came = min(_day(each.received) for each in received if each.state is State.ACCEPTED)
        late = max(0, (came - due).days) if due else 0
        state = Standing.LATE if late else Standing.REPORTED
        why = " ".join(filter(None, ("It was not owed." if owed.owes is False else "", _last_word(received))))
        return Obligation(address, district.name, state, due_text, came.isoformat(), late, standing.id, why)
    if address in zeros:
        came = _day(zeros[address].declared)
        late = max(0, (came - due).days) if due else 0
        zero = Standing.CONFIRMED_ZERO
        return Obligation(address, district.name, zero, due_text, came.isoformat(), late, "", _last_word(received))
    tried = _last_word(received)
    if owed.owes is False:
        return Obligation(address, district.name, Standing.NOT_REQUIRED, due_text, reason=owed.why or tried)
    if owed.owes is None:
        why = f"{owed.why} {tried}".strip()
        return Obligation(address, district.name, Standing.UNKNOWN, due_text, reason=why)
    if due is None:
        known = "The plan knows no window." if window is None else "The plan knows no due day."
        return Obligation(address, district.name, Standing.UNKNOWN, reason=f"{known} {tried}".strip())
    overdue = max(0, (today - due).days)
    state = Standing.MISSING if overdue else Standing.EXPECTED
    return Obligation(address, district.name, state, due_text, days_late=overdue, reason=tried)


def _last_word(received: Sequence[Submission]) -> str:
    """What became of the last file where it is not the one that stands."""
    if not received or received[-1].standing:
        return ""
    last = received[-1]
    if last.state in WAITING:
        return "The last file is being judged."
    if last.state is State.BROKEN:
        return "The last file could not be judged and waits for an operator."
    if last.state is State.ACCEPTED or last.state not in JUDGED:
        return ""
    stands = " The one accepted before it stands." if any(each.standing for each in received) else ""
    return f"The last file was {last.state.value}.{stands}"


def _last_day(text: str) -> date | None:
    """The day of a due date, the last of the month where the plan gives only that."""
    day = first_day(text)
    return day.replace(day=monthrange(day.year, day.month)[1]) if day is not None and len(text) <= 7 else day


def _day(time: str) -> date:
    """The day of a UTC time where this machine stands: a due day is a local one."""
    return datetime.fromisoformat(time).astimezone().date()


def counts(rows: Iterable[Obligation]) -> dict[tuple[str, str], Counter[Standing]]:
    """How many districts stand where, by collection and period."""
    found: dict[tuple[str, str], Counter[Standing]] = {}
    for row in rows:
        found.setdefault((row.address.collection, row.address.period), Counter())[row.state] += 1
    return found
