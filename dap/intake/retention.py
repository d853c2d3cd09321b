"""Clears away files that are past their time, each with a record of its destruction in the ledger.

Files are deleted; reports, receipts and ledger entries hold no value of a file and stay. What is not judged yet, and
what waits for an operator, is never deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import update

from dap.errors import CouldNotRun
from dap.intake import steps
from dap.intake.config import RetentionConfig
from dap.intake.database import submissions
from dap.intake.records import JUDGED, State, Submission

if TYPE_CHECKING:
    from dap.intake.store import Store

DESTROYED = "retention.destroyed"


@dataclass(frozen=True)
class Due:
    """A file whose time has passed: the submission, where it lies, and the setting that says so."""

    submission: Submission
    path: Path
    setting: str
    days: int


def due_for_destruction(store: Store, today: date) -> list[Due]:
    """The files that are past their time on that day, in the order they came."""
    return list(_due(store, today))


def retire(store: Store, today: date) -> list[Due]:
    """Delete what is past its time, and enter each in the ledger before its bytes go; what was deleted.

    Stopped between the two, it deletes at the next run what is entered already. CouldNotRun where a disk fails.
    """
    for entry in store.entries((DESTROYED,)):
        for folder in _FOLDERS:
            _delete(next((store.folder / folder).glob(f"{entry.body['id']}.*"), None))
    gone = list(_due(store, today))
    for each in gone:
        body = {"id": each.submission.id, "sha256": each.submission.sha256, "bytes": each.submission.bytes}
        with store.transaction() as connection:
            store.append_in(connection, DESTROYED, {**body, "setting": each.setting, "days": each.days})
            here = submissions.c.id == each.submission.id
            connection.execute(update(submissions).where(here).values(place="destroyed"))
        _delete(each.path)
    return gone


_FOLDERS = ("accepted", "rejected", "quarantine")


def _delete(path: Path | None) -> None:
    if path is None:
        return
    try:
        steps.remove(path)
        steps.fsync_folder(path.parent)
    except OSError:
        raise CouldNotRun("a file that is past its time could not be deleted. Run it again.") from None


def _due(store: Store, today: date) -> Iterator[Due]:
    for each in store.submissions(states=JUDGED, limit=None):
        path = store.path_of(each.id)
        if path is None or path.parent.name == "new":
            continue
        setting, days = _setting(store.config.retention, each, path.parent.name)
        judged = datetime.fromisoformat(each.judged).astimezone(UTC).date()
        if days and (today - judged).days > days:
            yield Due(each, path, setting, days)


def _setting(retention: RetentionConfig, submission: Submission, folder: str) -> tuple[str, int]:
    """The setting that a judged file falls under, and its days; 0 keeps it for ever."""
    if folder == "quarantine":
        return "quarantine_days", retention.quarantine_days
    if submission.state is not State.ACCEPTED:
        return "rejected_days", retention.rejected_days
    if submission.standing:
        return "accepted_days", retention.accepted_days
    return "superseded_days", retention.superseded_days
