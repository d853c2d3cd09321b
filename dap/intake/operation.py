"""How the intake is: its health for a load balancer, its numbers for a monitor (OpenMetrics). No value, no name."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from dap.errors import DapError
from dap.intake.database import reading, submissions
from dap.intake.records import WAITING, State

if TYPE_CHECKING:
    from dap.intake.store import Store

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
# A verdict takes seconds; what waits for longer than this waits for workers that are not there.
STUCK_SECONDS = 900
# Room for this many of the largest files, or uploads will soon be refused.
_ROOM_FOR = 4


def health(store: Store) -> dict[str, Any]:
    """Whether the intake can take and judge files: `status` ok or failing, and each check by name."""
    checks = {"database": "ok", "folder": "ok", "disk": "ok", "queue": "ok"}
    try:
        store.head()
        if _oldest(store) > STUCK_SECONDS:
            checks["queue"] = "failing"
    except DapError:
        checks["database"] = "failing"
    try:
        if _free(store) < _ROOM_FOR * store.config.max_bytes:
            checks["disk"] = "failing"
        if not (store.folder / ".intake").is_file():
            checks["folder"] = "failing"
    except OSError:
        checks["folder"] = checks["disk"] = "failing"
    return {"status": "ok" if set(checks.values()) == {"ok"} else "failing", "checks": checks}


def metrics(store: Store) -> str:
    """The intake's numbers as OpenMetrics text, ending with `# EOF`; labels hold states and versions only."""
    return "\n".join([*_lines(store), "# EOF", ""])


def _lines(store: Store) -> Iterator[str]:
    counted, taken = _counted(store)
    yield from _family("dap_plan", "info", "The plan that submissions are judged by.")
    yield f'dap_plan_info{{version="{_label(store.plan.version)}"}} 1'
    yield from _family("dap_submissions", "gauge", "Submissions by the state they are in.")
    yield from (f'dap_submissions{{state="{state.value}"}} {counted.get(state.value, 0)}' for state in State)
    numbers = {
        "dap_submissions_bytes": ("Bytes of all submissions ever received.", taken),
        "dap_oldest_waiting_seconds": ("How long the oldest submission without a verdict has waited.", _oldest(store)),
        "dap_ledger_entries": ("Entries of the ledger.", store.head().size),
        "dap_disk_free_bytes": ("Free bytes on the disk of the intake's folder.", _free(store)),
    }
    for name, (about, number) in numbers.items():
        yield from _family(name, "gauge", about)
        yield f"{name} {number}"


def _family(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    yield f"# HELP {name} {about}"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _counted(store: Store) -> tuple[dict[str, int], int]:
    with reading(store.engine) as connection:
        wanted = select(submissions.c.state, func.count(), func.sum(submissions.c.bytes))
        rows = connection.execute(wanted.group_by(submissions.c.state)).all()
    return {state: count for state, count, _ in rows}, sum(int(size) for _, _, size in rows)


def _oldest(store: Store) -> int:
    """For how many seconds the oldest submission without a verdict has waited; 0 where none does."""
    with reading(store.engine) as connection:
        waits = submissions.c.state.in_([each.value for each in WAITING])
        first = connection.execute(select(func.min(submissions.c.received)).where(waits)).scalar()
    return max(0, int(time.time() - datetime.fromisoformat(first).timestamp())) if first else 0


def _free(store: Store) -> int:
    return shutil.disk_usage(store.folder).free
