"""How our table expectations say where something is: by element, column position and row number, never by value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """Where a rule does not hold: the element's name (None outside the plan), the column from 1, the rows.

    `labels` says which kinds of identifier were found there: `ssn`, `itin` and so on.
    """

    field: str | None = None
    column: int | None = None
    rows: tuple[int, ...] = ()
    count: int = 0
    labels: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The place as plain values, as it stands under `details` in a GX result."""
        return {
            "field": self.field,
            "column": self.column,
            "rows": list(self.rows),
            "count": self.count or max(1, len(self.rows)),
            "labels": list(self.labels),
        }


def result(places: Sequence[Place]) -> dict[str, Any]:
    """What `_validate` of a table expectation returns: success where there is no place, and the places."""
    listed = [place.as_dict() for place in places]
    return {"success": not listed, "result": {"observed_value": len(listed), "details": {"places": listed}}}
