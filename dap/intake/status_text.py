"""Who owes what, for people and programs: text, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from dap.intake.obligations import Obligation, Standing, counts

COLUMNS = ("district", "name", "collection", "period", "state", "due", "received", "days_late", "submission", "reason")
_HEADS = ("reported", "zero", "missing", "late", "expected", "unknown", "not req.")
_SHOWN = (
    *(Standing.REPORTED, Standing.CONFIRMED_ZERO, Standing.MISSING, Standing.LATE),
    *(Standing.EXPECTED, Standing.UNKNOWN, Standing.NOT_REQUIRED),
)
_MOST_NAMED = 20


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
    """A line a collection and period with how many stand where; then what is missing, or every row (`details`)."""
    if not rows:
        return "Nothing is in sight of what was asked for.\n"
    counted = counts(rows)
    silent = [key for key, states in counted.items() if set(states) <= {Standing.UNKNOWN, Standing.NOT_REQUIRED}]
    lines = [f"Who owes what on {today.isoformat()}", ""]
    lines += _table(rows, {key: states for key, states in counted.items() if key not in silent})
    if details:
        lines += ["", *map(_line, rows)]
    else:
        lines += _missing(rows)
        if silent:
            lines += ["", "Nothing received, and not known when it is due or by whom (--state unknown says which):"]
            lines += _wrapped(", ".join(" ".join(key) for key in silent))
    return "\n".join(lines) + "\n"


def _table(rows: Sequence[Obligation], counted: Mapping[tuple[str, str], Counter[Standing]]) -> Iterator[str]:
    if not counted:
        return
    width = max(len("  ".join(key)) for key in counted)
    yield " " * width + "  " + "  ".join(f"{head:>8}" for head in _HEADS) + "  due"
    dues = {(row.address.collection, row.address.period): row.due for row in rows}
    for key, states in counted.items():
        numbers = "  ".join(f"{states[state] or '·':>8}" for state in _SHOWN)
        yield f"{'  '.join(key):<{width}}  {numbers}  {dues[key] or 'not known'}"


def _missing(rows: Sequence[Obligation]) -> Iterator[str]:
    """The districts that are missing, a paragraph a collection and period."""
    found: dict[tuple[str, str], list[Obligation]] = {}
    for row in rows:
        if row.state is Standing.MISSING:
            found.setdefault((row.address.collection, row.address.period), []).append(row)
    for (collection, period), missing in found.items():
        overdue = f"{missing[0].days_late} day{'s' * (missing[0].days_late != 1)} overdue"
        yield ""
        yield f"Missing: {collection} {period}, {overdue}, {len(missing)} district{'s' * (len(missing) != 1)}"
        named = [f"{row.address.district} {row.name}".strip() for row in missing[:_MOST_NAMED]]
        more = f"; and {len(missing) - _MOST_NAMED} more (--state missing)" if len(missing) > _MOST_NAMED else ""
        yield from _wrapped("; ".join(named) + more)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 100, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _line(row: Obligation) -> str:
    late = f", {row.days_late} day{'s' * (row.days_late != 1)} {'overdue' if not row.received else 'late'}"
    parts = (
        f"{row.address.district:<6} {row.name[:38]:<38} ",
        f"{row.address.collection} {row.address.period}: {row.state.value}",
        late if row.days_late else "",
        f". {row.reason}" if row.reason else "",
    )
    return "".join(parts)
