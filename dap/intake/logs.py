"""The intake's log: one JSON object a line on standard error, of names and numbers that are ours and nothing else."""

from __future__ import annotations

import json
import re
import sys
from contextlib import suppress
from typing import TextIO

from dap.intake.ledger import utc_now

FIELDS = frozenset(
    (
        *("id", "district", "collection", "period", "state", "code", "kind", "count", "bytes", "rows"),
        *("seconds", "milliseconds", "status", "method", "route", "problem", "token", "type", "at"),
    )
)
"""What a line can have beside time and event."""

# Ids, codes, states, routes: no blank and no quote, so no sentence, header or cell gets through.
_PLAIN = re.compile(r"[A-Za-z0-9._:/{}@+-]{0,200}")


def note(event: str, *, to: TextIO | None = None, **fields: str | int | float) -> None:
    """Write one line, now. ValueError for a field that is not among FIELDS, or a text that is not plain.

    File names, addresses of people and words of exceptions have no field. A log that nobody takes stops no work.
    """
    line: dict[str, str | int | float] = {"time": utc_now(), "event": event}
    for name, value in fields.items():
        if name not in FIELDS or (isinstance(value, str) and not _PLAIN.fullmatch(value)):
            raise ValueError(f"a log line cannot hold this: {name}")
        line[name] = round(value, 3) if isinstance(value, float) else value
    stream = sys.stderr if to is None else to
    with suppress(OSError):
        stream.write(json.dumps(line, ensure_ascii=True) + "\n")
        stream.flush()


def place_of(error: BaseException) -> str:
    """Where in our code or a library's an exception was raised, as `at` can hold it: function and line."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return "" if place is None else f"{place.tb_frame.f_code.co_name.strip('<>')}:{place.tb_lineno}"
