"""What the intake speaks of: addresses, submissions and their states, ledger entries, refusals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dap.errors import REJECTED, DapError

REFUSALS: dict[str, str] = {
    "bad-address": "The district, collection or period is not written as one.",
    "unknown-collection": "The plan has no such collection.",
    "replaced-collection": "Another collection has taken its place.",
    "not-a-file": "The collection is not submitted as a file.",
    "unknown-district": "The state has no such district.",
    "unknown-period": "The collection has no such period.",
    "period-not-open": "The period has not opened.",
    "period-not-in-layout": "No layout of the collection is for that period.",
    "bad-extension": "The file's ending is not one of a kind that is taken.",
    "bad-sha256": "The SHA-256 given is not one.",
    "empty": "There was nothing in the file.",
    "too-large": "The file is larger than is taken.",
    "too-short": "Fewer bytes came than were announced.",
    "too-long": "More bytes came than were announced.",
    "wrong-sha256": "What came has another SHA-256 than was announced.",
    "changed": "The file was changed while it was read.",
    "contradicts": "An accepted file stands, so there is something to report.",
    "no-statement": "There is no statement to take back.",
    "storage-full": "The state's storage is full.",
    "storage-failed": "The state's storage failed.",
    "busy": "The state's database did not answer in time.",
}
"""Every code a `Refused` can have, and what it means."""

EXTENSIONS = ("csv", "txt", "dat", "xlsx", "xls", "ods", "zip", "gz", "parquet")
"""Endings a file is kept under; the content alone decides how it is read."""


class Refused(DapError):
    """A submission that was not taken, so there is no receipt: `code` is one of REFUSALS, `fix` says what to do."""

    exit_code = REJECTED

    def __init__(self, code: str, message: str = "", fix: str = "") -> None:
        self.code, self.message, self.fix = code, message or REFUSALS[code], fix
        super().__init__(f"{self.message} {fix}".strip())


_DISTRICT = re.compile(r"[0-9A-Za-z]{1,20}")
_COLLECTION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_PERIOD = re.compile(r"([0-9]{4})-([0-9]{2})(?:-[a-z0-9]+)*")


@dataclass(frozen=True, order=True)
class Address:
    """Who sends what for when. Only the form is checked here (Refused "bad-address"), not whether the plan knows it."""

    district: str
    collection: str
    period: str

    def __post_init__(self) -> None:
        if not _DISTRICT.fullmatch(self.district):
            raise Refused("bad-address", fix="A district is a code of 1 to 20 letters and digits, such as 001.")
        if len(self.collection) > 80 or not _COLLECTION.fullmatch(self.collection):
            raise Refused("bad-address", fix="A collection is an id of the plan, such as psis-october.")
        form = _PERIOD.fullmatch(self.period) if len(self.period) <= 60 else None
        if form is None or (int(form[1]) + 1) % 100 != int(form[2]):
            raise Refused("bad-address", fix="A period begins with a school year, written like 2025-26.")

    @property
    def school_year(self) -> str:
        """The school year of the period, such as 2025-26."""
        return self.period[:7]

    def __str__(self) -> str:
        return f"{self.district}-{self.collection}-{self.period}"


class State(StrEnum):
    """Where a submission stands. BROKEN could not be judged and waits for an operator: never an acceptance."""

    RECEIVED = "received"
    JUDGING = "judging"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNREADABLE = "unreadable"
    BROKEN = "broken"


WAITING = (State.RECEIVED, State.JUDGING)
JUDGED = (State.ACCEPTED, State.REJECTED, State.UNREADABLE)

REASONS: dict[str, str] = {
    "bytes-missing": "its file is not where it was put",
    "bytes-changed": "its file is not the one that was received",
    "rules-broke": "a rule broke while running",
    "request": "no layout of the plan fits the period, or the plan has changed since",
    "could-not-run": "the plan or its suites cannot be used as they stand",
    "judge-died": "the judging process died, hung or broke a limit, twice",
}
"""Why a submission is BROKEN."""


@dataclass(frozen=True)
class Submission:
    """One file received from one district for one collection and period.

    `id` is `<district>-<collection>-<period>-<seq>-<first 12 of sha256>`; `received` and `judged` are UTC times such as
    `2026-10-30T14:00:00Z`, `judged` empty until there is a verdict; `counts` are whole numbers by name (rows, columns,
    errors, warnings, notes); `supersedes` is the id of the accepted one it took the place of; `standing` says whether
    this is the accepted one that counts for its address; `number` is the ledger's number of its receiving; `reason` is
    one of REASONS where it is BROKEN.
    """

    id: str
    address: Address
    sequence: int
    sha256: str
    bytes: int
    extension: str
    channel: str
    received: str
    state: State
    judged: str = ""
    resource: str = ""
    plan_version: str = ""
    suite_sha256: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    supersedes: str = ""
    superseded_by: str = ""
    reason: str = ""
    number: int = 0

    @property
    def standing(self) -> bool:
        """Whether it is the accepted one that counts for its address."""
        return self.state is State.ACCEPTED and not self.superseded_by

    def as_dict(self) -> dict[str, Any]:
        """The submission in plain values, for JSON."""
        stated = {name: value for name, value in vars(self).items() if name not in ("address", "number", "counts")}
        place = {
            "district": self.address.district,
            "collection": self.address.collection,
            "period": self.address.period,
        }
        return {**stated, **place, "state": str(self.state), "counts": dict(self.counts), "standing": self.standing}


def submission_id(address: Address, sequence: int, sha256: str) -> str:
    """The id of a submission and of its receipt."""
    return f"{address}-{sequence}-{sha256[:12]}"


@dataclass(frozen=True)
class Received:
    """The answer to a delivery: the submission, and whether the same bytes had been received before."""

    submission: Submission
    repeated: bool


@dataclass(frozen=True)
class LedgerEntry:
    """One line of the ledger: its number from 0, UTC time, kind, body, and the exact text that is hashed."""

    number: int
    time: str
    kind: str
    body: Mapping[str, Any]
    text: str


@dataclass(frozen=True)
class SignedHead:
    """What the ledger is at one moment: which log, how many entries, their root hash, when, signed by which key."""

    log: str
    size: int
    root: str
    time: str
    key: str
    signature: str

    def as_dict(self) -> dict[str, Any]:
        """The head in plain values, for JSON."""
        return dict(vars(self))
