"""Who owes what, for people and programs: text, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from dap.intake.obligations import MEANS, Obligation, Standing, counts

COLUMNS = ("district", "name", "collection", "period", "state", "due", "received", "days_late", "submission", "reason")
_HEADS = ("reported", "zero", "missing", "late", "expected", "unknown", "not req.")
_SHOWN = (
    *(Standing.REPORTED, Standing.CONFIRMED_ZERO, Standing.MISSING, Standing.LATE),
    *(Standing.EXPECTED, Standing.UNKNOWN, Standing.NOT_REQUIRED),
)
_MOST_LINES = 40


def as_rows(rows: Sequence[Obligation]) -> Iterator[dict[str, str | int]]:
    """The obligations as flat rows with the columns of COLUMNS."""
    for row in rows:
        yield {
            **vars(row.address),
            "name": row.name,
            "state": row.state.value,
            **{each: getattr(row, each) for each in ("due", "received", "days_late", "submission", "reason")},
        }


def as_json(rows: Sequence[Obligation], today: date, plan_version: str) -> str:
    """One object: the day, the plan's version, how many stand where, and every obligation."""
    counted = Counter(row.state.value for row in rows)
    document = {
        "day": today.isoformat(),
        "plan_version": plan_version,
        "counts": {each.value: counted[each.value] for each in Standing},
        "obligations": list(as_rows(rows)),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_csv(rows: Sequence[Obligation]) -> str:
    """A header and one line an obligation; a name that a spreadsheet would compute is kept from it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in as_rows(rows):
        writer.writerow(
            {key: f"'{value}" if str(value)[:1] in ("=", "+", "-", "@") else value for key, value in row.items()}
        )
    return out.getvalue()


def as_text(rows: Sequence[Obligation], today: date, *, details: bool) -> str:
    """A line a collection and period with how many stand where; then what to run after, or every row (`details`)."""
    if not rows:
        return "Nothing is in sight: no collection of the plan is a file that is owed.\n"
    width = max(len(f"{collection}  {period}") for collection, period in counts(rows))
    lines = [f"Who owes what on {today.isoformat()}", ""]
    lines.append(" " * width + "  " + "  ".join(f"{head:>8}" for head in _HEADS) + "  due")
    for (collection, period), counted in counts(rows).items():
        due = next(
            (row.due for row in rows if (row.address.collection, row.address.period) == (collection, period)), ""
        )
        numbers = "  ".join(f"{counted[state] or '·':>8}" for state in _SHOWN)
        lines.append(f"{f'{collection}  {period}':<{width}}  {numbers}  {due or 'not known'}")
    chosen = list(rows) if details else [row for row in rows if row.state is Standing.MISSING]
    if chosen:
        lines += ["", "Every one" if details else "Missing", ""]
        lines += [_line(row) for row in (chosen if details else chosen[:_MOST_LINES])]
        if not details and len(chosen) > _MOST_LINES:
            lines.append(f"... and {len(chosen) - _MOST_LINES} more: dap status --state missing")
    unknown = sum(row.state is Standing.UNKNOWN for row in rows)
    if unknown:
        lines += ["", f"Unknown: {MEANS[Standing.UNKNOWN]}. Windows stand in the plan's descriptors."]
    return "\n".join(lines) + "\n"


def _line(row: Obligation) -> str:
    late = f", {row.days_late} day{'s' * (row.days_late != 1)} {'overdue' if not row.received else 'late'}"
    parts = (
        f"{row.address.district:<6} {row.name[:38]:<38} ",
        f"{row.address.collection} {row.address.period}: {row.state.value}",
        late if row.days_late else "",
        f". {row.reason}" if row.reason else "",
    )
    return "".join(parts)
