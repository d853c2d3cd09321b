"""Who owes what: the state of each district, collection and period, and which periods a file is taken for."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dap.intake.obligations import MEANS, Obligation, Standing, Statement, counts, obligations
from dap.intake.periods import MONTHS, part_of, parts, periods, refusal, school_year_of, window_of
from dap.intake.records import REFUSALS, Address, State, Submission
from dap.intake.status_text import COLUMNS, as_csv, as_json, as_text
from dap.plan import Collection, District, Layout, Plan, Respondent, Window
from dap.plan import Obligation as Single

YEAR = "2025-26"
DUE, BEFORE, AFTER = "2025-10-30", date(2025, 10, 30), date(2025, 10, 31)
ADDRESS = Address("001", "october", YEAR)
WINDOW = Window(YEAR, opens="2025-10-01", due=DUE)


def _layout(*, valid_for: tuple[str, ...] = ()) -> Layout:
    return Layout("rows", "Rows", "october", (), path="example.csv", valid_for=valid_for)


def a_plan(
    *windows: Window,
    respondents: tuple[str, ...] = ("boards",),
    single: tuple[Single, ...] = (),
    layouts: tuple[Layout, ...] | None = None,
    frequency: str = "annual",
    status: str = "active",
) -> Plan:
    """An invented plan: one collection, asked of town boards, and two districts of different kinds."""
    collection = Collection(
        "october",
        "October",
        (_layout(),) if layouts is None else layouts,
        respondents=respondents,
        windows=windows,
        frequency=frequency,
        status=status,
        successor="november" if status == "replaced" else "",
    )
    return Plan(
        Path(),
        "1.0.0",
        "Example",
        "Example",
        (collection,),
        (),
        (),
        all_districts=(District("001", "Example Town", "town"), District("002", "Example Charter", "charter")),
        all_respondents=(
            Respondent("boards", "all", ("town",)),
            Respondent("holders", "some", ("town",)),
            Respondent("parents", "none"),
        ),
        all_obligations=single,
    )


def a_file(state: State = State.ACCEPTED, day: str = "2025-10-15", *, sequence: int = 1, by: str = "") -> Submission:
    """An invented submission of district 001 at noon of a day."""
    return Submission(
        f"001-october-{YEAR}-{sequence}-{'0' * 12}",
        ADDRESS,
        sequence,
        "0" * 64,
        10,
        "csv",
        "http",
        f"{day}T12:00:00Z",
        state,
        superseded_by=by,
    )


def of_town(plan: Plan, files: tuple[Submission, ...] = (), today: date = BEFORE, zero: str = "") -> Obligation:
    """The one obligation of district 001 for the year."""
    stated = [Statement(ADDRESS, f"{zero}T12:00:00Z")] if zero else []
    found = obligations(plan, files, stated, today, period=YEAR)
    (one,) = (each for each in found if each.address == ADDRESS)
    return one


def test_every_case_has_its_state() -> None:
    owes = {"yes": ("boards",), "some": ("holders",), "no": ("parents",)}
    for owed, known, passed, file, zero in product(owes, (True, False), (True, False), (True, False), (True, False)):
        plan = a_plan(*([WINDOW] if known else []), respondents=owes[owed])
        files = (a_file(),) if file else ()
        found = of_town(plan, files, AFTER if passed else BEFORE, "2025-10-15" if zero else "").state
        if file:
            assert found is Standing.REPORTED
        elif zero:
            assert found is Standing.CONFIRMED_ZERO
        elif owed == "no":
            assert found is Standing.NOT_REQUIRED
        elif owed == "some" or not known:
            assert found is Standing.UNKNOWN
        else:
            assert found is (Standing.MISSING if passed else Standing.EXPECTED)


def test_a_file_after_the_due_day_is_late_by_that_many_days() -> None:
    on_time = of_town(a_plan(WINDOW), (a_file(day=DUE),), AFTER)
    late = of_town(a_plan(WINDOW), (a_file(day="2025-11-02"),), AFTER)
    assert (on_time.state, on_time.days_late) == (Standing.REPORTED, 0)
    assert (late.state, late.days_late, late.received) == (Standing.LATE, 3, "2025-11-02")
    assert of_town(a_plan(WINDOW), today=date(2025, 11, 9)).days_late == 10


def test_a_better_file_after_the_due_day_makes_nobody_late() -> None:
    files = (a_file(sequence=1, by="another"), a_file(day="2025-12-01", sequence=2))
    found = of_town(a_plan(WINDOW), files, date(2026, 1, 1))
    assert (found.state, found.submission, found.received) == (Standing.REPORTED, files[1].id, "2025-10-15")


def test_a_rejected_resubmission_leaves_the_accepted_one_standing() -> None:
    files = (a_file(), a_file(State.REJECTED, "2025-10-20", sequence=2))
    found = of_town(a_plan(WINDOW), files)
    assert (found.state, found.submission) == (Standing.REPORTED, files[0].id)
    assert found.reason == "The last file was rejected. The one accepted before it stands."


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State.REJECTED, "The last file was rejected."),
        (State.UNREADABLE, "The last file was unreadable."),
        (State.RECEIVED, "The last file is being judged."),
        (State.JUDGING, "The last file is being judged."),
        (State.BROKEN, "The last file could not be judged and waits for an operator."),
    ],
)
def test_what_was_not_accepted_does_not_count_and_is_told(state: State, said: str) -> None:
    found = of_town(a_plan(WINDOW), (a_file(state),), AFTER)
    assert (found.state, found.submission, found.reason) == (Standing.MISSING, "", said)


def test_where_the_plan_knows_no_window_nothing_is_missing() -> None:
    found = of_town(a_plan(), today=date(2030, 1, 1))
    assert (found.state, found.due, found.reason) == (Standing.UNKNOWN, "", "The plan knows no window.")
    assert of_town(a_plan(Window(YEAR, opens="2025-10-01"))).reason == "The plan knows no due day."


def test_a_month_is_over_on_its_last_day() -> None:
    plan = a_plan(Window(YEAR, due="2026-02"))
    assert of_town(plan, today=date(2026, 2, 28)).state is Standing.EXPECTED
    assert of_town(plan, today=date(2026, 3, 1)).state is Standing.MISSING


def test_a_single_obligation_counts_before_what_holds_for_the_kind() -> None:
    excused = Single("october", "001", "no", why="It has no such grade.")
    found = of_town(a_plan(WINDOW, single=(excused,)), today=AFTER)
    assert (found.state, found.reason) == (Standing.NOT_REQUIRED, "It has no such grade.")
    other_year = replace(excused, since="2026-27")
    assert of_town(a_plan(WINDOW, single=(other_year,)), today=AFTER).state is Standing.MISSING
    named = Single("october", "001", "yes")
    assert of_town(a_plan(WINDOW, single=(named,), respondents=("holders",)), today=AFTER).state is Standing.MISSING


def test_a_collection_is_asked_of_the_kinds_its_respondents_mean() -> None:
    rows = obligations(a_plan(WINDOW), (), (), AFTER, period=YEAR)
    states = [(row.address.district, row.state) for row in rows]
    assert states == [("001", Standing.MISSING), ("002", Standing.NOT_REQUIRED)]
    assert counts(rows)["october", YEAR][Standing.MISSING] == 1


def test_a_collection_out_of_force_or_without_files_is_owed_by_nobody() -> None:
    assert obligations(a_plan(WINDOW, status="replaced"), (), (), AFTER) == []
    assert obligations(a_plan(WINDOW, layouts=()), (), (), AFTER) == []


def test_in_sight_is_this_year_what_is_near_and_what_was_received() -> None:
    def seen(today: date, *files: Submission) -> list[str]:
        return sorted({row.address.period for row in obligations(a_plan(WINDOW), files, (), today)})

    assert seen(date(2026, 8, 1)) == ["2025-26", "2026-27"]
    assert seen(date(2028, 8, 1)) == ["2028-29"]
    assert seen(date(2028, 8, 1), a_file()) == ["2025-26", "2028-29"]


def test_a_month_to_come_and_a_year_without_layout_are_owed_by_nobody() -> None:
    monthly = obligations(a_plan(frequency="monthly"), (), (), date(2025, 9, 15))
    assert sorted({row.address.period for row in monthly}) == ["2025-26-aug", "2025-26-jul", "2025-26-sep"]
    assert obligations(a_plan(layouts=(_layout(valid_for=("2018-19",)),)), (), (), BEFORE) == []


def test_a_window_with_a_name_is_a_period_of_its_own() -> None:
    fall, spring = Window(YEAR, name="Fall count", due=DUE), Window(YEAR, name="spring", due="2026-06-01")
    (collection,) = a_plan(fall, spring).all_collections
    assert periods(collection, YEAR) == ("2025-26-fall-count", "2025-26-spring")
    assert parts(collection, "2027-28") == ("fall-count", "spring")
    assert (window_of(collection, "2025-26-spring"), window_of(collection, "2027-28-spring")) == (spring, None)
    assert part_of(fall) == "fall-count"


def test_what_is_asked_monthly_has_months() -> None:
    (collection,) = a_plan(frequency="monthly").all_collections
    assert parts(collection, YEAR) == MONTHS
    assert [school_year_of(date(2026, month, 1)) for month in (6, 7)] == ["2025-26", "2026-27"]


def test_a_file_of_the_wrong_period_is_refused() -> None:
    cases = [
        (a_plan(WINDOW), YEAR, date(2025, 9, 30), "period-not-open"),
        (a_plan(WINDOW), YEAR, date(2025, 10, 1), None),
        (a_plan(WINDOW), "2025-26-fall", BEFORE, "unknown-period"),
        (a_plan(WINDOW), "2027-28", BEFORE, "period-not-open"),
        (a_plan(), "2024-25", BEFORE, None),
        (a_plan(layouts=(_layout(valid_for=("2024-25",)),)), YEAR, BEFORE, "period-not-in-layout"),
        (a_plan(frequency="monthly"), YEAR, BEFORE, "unknown-period"),
        (a_plan(frequency="monthly"), "2025-26-oct", BEFORE, None),
        (a_plan(frequency="monthly"), "2025-26-nov", BEFORE, "period-not-open"),
        (a_plan(frequency="monthly"), "2025-26-jan", date(2026, 1, 1), None),
    ]
    for plan, period, today, expected in cases:
        found = refusal(plan, Address("001", "october", period), today)
        assert (found[0] if found else None) == expected, period


def test_a_file_that_nobody_could_send_is_refused() -> None:
    assert _code(a_plan(), Address("001", "octobre", YEAR)) == "unknown-collection"
    assert _code(a_plan(), Address("009", "october", YEAR)) == "unknown-district"
    assert _code(a_plan(status="replaced"), ADDRESS) == "replaced-collection"
    assert _code(a_plan(layouts=()), ADDRESS) == "not-a-file"
    closed = replace(a_plan(), all_districts=(District("001", "Example", "town", until="2020-21"),))
    assert _code(closed, ADDRESS) == "unknown-district"
    assert _code(replace(a_plan(), all_districts=()), Address("009", "october", YEAR)) is None


def _code(plan: Plan, address: Address) -> str | None:
    found = refusal(plan, address, BEFORE)
    assert found is None or (found[0] in REFUSALS and found[1].endswith("."))
    return found[0] if found else None


def test_each_state_is_explained() -> None:
    assert set(MEANS) == set(Standing)


def test_the_status_says_the_same_in_text_json_and_csv() -> None:
    rows = obligations(a_plan(WINDOW), (), (), AFTER, period=YEAR)
    document = json.loads(as_json(rows, AFTER, "1.0.0"))
    assert document["counts"]["MISSING"] == 1
    table = list(csv.DictReader(io.StringIO(as_csv(rows))))
    assert [list(each) for each in table] == [list(COLUMNS)] * 2
    assert [each["state"] for each in table] == [each["state"] for each in document["obligations"]]
    text = as_text(rows, AFTER, details=False)
    assert "october  2025-26" in text
    assert "Missing: october 2025-26, 1 day overdue, 1 district\n  001 Example Town\n" in text
    assert "Example Charter" not in text
    assert "Example Charter" in as_text(rows, AFTER, details=True)


def test_no_name_becomes_a_formula_in_a_spreadsheet() -> None:
    row = Obligation(ADDRESS, "=1+1", Standing.EXPECTED)
    (read,) = csv.DictReader(io.StringIO(as_csv([row])))
    assert read["name"] == "'=1+1"


def test_the_chart_says_what_is_missing_and_brings_its_table() -> None:
    from dap.intake.status_chart import as_page, status_figure

    figure = status_figure(obligations(a_plan(WINDOW), (), (), AFTER, period=YEAR), AFTER)
    assert figure.finding == "1 of 1 obligations that can be judged are missing"
    root = ElementTree.fromstring(figure.svg)
    assert "october 2025-26: 1 missing" in root.attrib["aria-label"]
    page = as_page(figure)
    assert "<table" in page
    assert "http" not in page.replace("http://www.w3.org/", "")
    assert status_figure([], AFTER).finding == "No obligation can be judged yet"
    assert "<svg" in status_figure([], AFTER).svg


def test_connecticut_owes_what_its_plan_can_tell(connecticut: Plan) -> None:
    rows = obligations(connecticut, (), (), date(2024, 2, 1), period="2023-24")
    assert {row.address.district for row in rows} == {each.code for each in connecticut.all_districts}
    october = counts(rows)["psis-october", "2023-24"]
    assert october == {Standing.MISSING: len(connecticut.all_districts)}
    assert counts(rows)["psis-june", "2023-24"] == {Standing.EXPECTED: len(connecticut.all_districts)}
    assert set(counts(rows)["sedac", "2023-24"]) == {Standing.UNKNOWN}
