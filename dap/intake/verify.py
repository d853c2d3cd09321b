"""Checks the whole ledger in the database: entries, tree, head, and that the submissions' rows say what it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, exc, func, select

from dap.errors import CouldNotRun, RequestError
from dap.intake import ledger as log
from dap.intake import merkle
from dap.intake.database import heads, ledger, nodes, reading, receipts, reports, submissions
from dap.intake.receipts import check_receipt, read_receipt
from dap.intake.records import JUDGED, SignedHead, State
from dap.intake.store import Store

_PAGE = 20_000
_MOST_TOLD = 100


@dataclass(frozen=True)
class Verified:
    """What the check found: how many entries there are, every fault, in words, and how many files lie elsewhere.

    `elsewhere` counts the submissions whose files another machine keeps, so that only it can check them.
    """

    size: int
    faults: tuple[str, ...]
    elsewhere: int = 0


def verify(store: Store, held: Iterable[SignedHead] = (), *, files: bool = False) -> Verified:
    """Check the ledger, and against it each head that someone holds (of a receipt, or published).

    With `files`, the bytes of every submission, receipt and report that this machine keeps are checked too. What was
    changed, added, taken out or moved in the ledger is found from the ledger alone; one that was rolled back or forked,
    by a head from after that.
    """
    with reading(store.engine) as connection:
        try:
            return Verified(*_Check(store, connection, tuple(held)).run(files))
        except (exc.DBAPIError, UnicodeError):
            # Such as a text that is none any more: no part of it is said.
            return Verified(0, ("The database cannot be read as the ledger it should be.",))


class _Check:
    def __init__(self, store: Store, connection: Connection, held: tuple[SignedHead, ...]) -> None:
        self.store, self.connection, self.held = store, connection, held
        self.faults: list[str] = []
        self.size = 0
        self.elsewhere = 0
        self.log = ""
        self.keys: dict[str, bytes] = {store.signer.key: store.signer.public}
        self.told: dict[str, dict[str, Any]] = {}
        self.peaks: list[bytes] = []
        self.roots: dict[int, str] = {0: merkle.EMPTY.hex()}

    def run(self, files: bool) -> tuple[int, tuple[str, ...], int]:
        sizes = {head.size for head in self.held}
        made: list[tuple[int, int, bytes]] = []
        previous = ""
        for number, kind, text in self._rows():
            previous = self._enter(number, kind, text, previous)
            made += merkle.add_leaf(self.peaks, self.size, merkle.leaf_hash(text.encode()))
            self.size += 1
            if self.size in sizes:
                self.roots[self.size] = merkle.root_of(self.peaks).hex()
            if len(made) >= _PAGE:
                self._compare_nodes(made)
                made = []
        self._compare_nodes(made)
        self.roots[self.size] = merkle.root_of(self.peaks).hex()
        self._compare_head()
        for place, head in enumerate(self.held, start=1):
            self._compare_held(head, f"Head {place}")
        self._compare_submissions(files)
        return self.size, tuple(self.faults[:_MOST_TOLD]), self.elsewhere

    def _rows(self) -> Iterator[tuple[int, str, str]]:
        wanted = select(ledger.c.number, ledger.c.kind, ledger.c.entry).order_by(ledger.c.number)
        rows = self.connection.execution_options(yield_per=_PAGE).execute(wanted)
        yield from (tuple(row) for row in rows)

    def _enter(self, number: int, kind: str, text: str, previous: str) -> str:
        try:
            entry = json.loads(text)
            stated = (entry["number"], entry["kind"], log.text_of(entry))
            right = number == self.size and stated == (number, kind, text) and entry["time"] >= previous
            body, previous = entry["body"], entry["time"]
            self._take(kind, body, entry)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            right = False
        if not right:
            self.faults.append(f"Entry {self.size} is not what should stand there.")
        return previous

    def _take(self, kind: str, body: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
        if kind == log.BEGUN:
            self.log = body["log"]
        elif kind == log.KEY_ADDED:
            self.keys[body["key"]] = bytes.fromhex(body["public"])
        elif kind == log.RECEIVED:
            self.told[body["id"]] = {**body, "received": entry["time"], "number": entry["number"], "superseded_by": ""}
            self.told[body["id"]] |= {"state": State.RECEIVED.value}
        elif kind == log.JUDGED:
            names = ("resource", "plan_version", "suite_sha256", "supersedes")
            told = {name: body[name] for name in names} | {"judged": entry["time"], "entry": entry["number"]}
            told["report_sha256"] = body["report_sha256"]
            self.told[body["id"]] |= {**told, "state": body["verdict"], "counts": log.canonical(body["counts"])}
            if body["supersedes"]:
                self.told[body["supersedes"]]["superseded_by"] = body["id"]
        elif kind in (log.BROKEN, log.AGAIN):
            state = State.BROKEN if kind == log.BROKEN else State.RECEIVED
            self.told[body["id"]] |= {"state": state.value}

    def _compare_nodes(self, made: list[tuple[int, int, bytes]]) -> None:
        """The tree's stored hashes are those of the entries; only proofs are made from them."""
        by_level: dict[int, list[tuple[int, str]]] = {}
        for level, place, each in made:
            by_level.setdefault(level, []).append((place, each.hex()))
        for level, wanted in by_level.items():
            first, last = wanted[0][0], wanted[-1][0]
            stored = select(nodes.c.place, nodes.c.hash).where(
                nodes.c.level == level, nodes.c.place >= first, nodes.c.place <= last
            )
            if [tuple(row) for row in self.connection.execute(stored.order_by(nodes.c.place))] != wanted:
                self.faults.append(f"The tree's hashes of level {level} are not those of the entries.")

    def _compare_head(self) -> None:
        try:
            head = log.head_of(self.connection)
        except CouldNotRun:
            self.faults.append("The ledger has no head.")
            return
        if head.size != self.size:
            self.faults.append(f"The head stands for {head.size} entries, and there are {self.size}.")
        elif head.root != self.roots[self.size] or head.log != self.log:
            self.faults.append("The head does not stand for these entries.")
        if not log.genuine(head, self.keys):
            self.faults.append("The head is not signed by a key of the ledger.")
        peaks = self.connection.execute(select(heads.c.peaks)).scalar_one()
        if peaks != " ".join(each.hex() for each in self.peaks):
            self.faults.append("What the next entry would be added to is not the tree of these entries.")
        if self.connection.execute(select(func.count()).select_from(heads)).scalar_one() != 1:
            self.faults.append("The ledger has more than one head.")
        whole = 2 * self.size - self.size.bit_count()
        if self.connection.execute(select(func.count()).select_from(nodes)).scalar_one() != whole:
            self.faults.append("The tree has more or fewer hashes than its entries make.")

    def _compare_held(self, head: SignedHead, name: str) -> None:
        if head.log != self.log:
            self.faults.append(f"{name} is of another ledger.")
        elif not log.genuine(head, self.keys):
            self.faults.append(f"{name} is not signed by a key of the ledger.")
        elif head.size > self.size:
            self.faults.append(f"{name} stands for {head.size} entries: the ledger was rolled back to {self.size}.")
        elif self.roots[head.size] != head.root:
            self.faults.append(f"{name} stands for other entries: the ledger was changed or forked before it.")

    def _compare_submissions(self, files: bool) -> None:
        names = [column.name for column in submissions.columns if column.name in _TOLD]
        seen = 0
        for row in self.connection.execute(select(submissions).order_by(submissions.c.number)):
            seen += 1
            told = dict.fromkeys(names, "") | {"counts": "{}", "entry": None} | self.told.get(row.id, {})
            state = State.RECEIVED.value if row.state == State.JUDGING.value else row.state
            stated = {name: getattr(row, name) for name in names} | {"state": state}
            # One judged late, after a later one was accepted, is superseded from the start: no entry names it.
            names_none = told["state"] == State.ACCEPTED.value and told["superseded_by"] == "" and row.superseded_by
            if names_none and self._later(row):
                told["superseded_by"] = row.superseded_by
            if any(stated[name] != told[name] for name in names):
                self.faults.append(f"The row of submission {row.number} does not say what the ledger says.")
            if files:
                self._compare_kept(row)
        if seen != len(self.told):
            self.faults.append(f"There are rows of {seen} submissions, and the ledger has {len(self.told)}.")

    def _compare_kept(self, row: Any) -> None:
        """What is kept of a submission beside its row: its file, and of a judged one the receipt and the report."""
        # On PostgreSQL several machines share the rows, and each has its own files.
        here = row.folder == self.store.folder_id
        self.elsewhere += not here
        if here and row.place != "destroyed" and not self._bytes_right(row):
            self.faults.append(f"The file of submission {row.number} is not there, or not the one received.")
        if row.state not in JUDGED:
            return
        settled = here and bool(row.settled)
        receipt = self.connection.execute(select(receipts.c.receipt).where(receipts.c.id == row.id)).scalar() or ""
        if not self._is_receipt(receipt, row) or (settled and not self._is_in_file("receipts", row.id, receipt)):
            self.faults.append(f"The receipt of submission {row.number} is not there, or not the one that was given.")
        report = self.connection.execute(select(reports.c.report).where(reports.c.id == row.id)).scalar() or ""
        right = hashlib.sha256(report.encode()).hexdigest() == self.told.get(row.id, {}).get("report_sha256")
        if not right or (settled and not self._is_in_file("reports", row.id, report)):
            self.faults.append(f"The report on submission {row.number} is not there, or not the one that was given.")

    def _is_receipt(self, text: str, row: Any) -> bool:
        entry = self.connection.execute(select(ledger.c.entry).where(ledger.c.number == row.entry)).scalar()
        try:
            receipt = read_receipt(text.encode())
            same = log.canonical(receipt["entry"]) == entry and receipt["head"]["log"] == self.log
            return same and check_receipt(receipt, self.keys).genuine
        except (RequestError, TypeError, ValueError):
            return False

    def _is_in_file(self, folder: str, id: str, text: str) -> bool:
        path = self.store.folder / folder / f"{id}.json"
        return path.is_file() and path.read_bytes() == text.encode()

    def _later(self, row: Any) -> bool:
        other = self.told.get(row.superseded_by, {})
        return other.get("state") == State.ACCEPTED.value and other.get("sequence", 0) > row.sequence

    def _bytes_right(self, row: Any) -> bool:
        path = self.store.path_of(row.id)
        if path is None:
            return False
        with path.open("rb") as file:
            return bool(hashlib.file_digest(file, "sha256").hexdigest() == row.sha256)


_TOLD = frozenset(
    (
        *("number", "id", "district", "collection", "period", "sequence", "sha256", "bytes", "extension", "channel"),
        *("received", "state", "judged", "resource", "plan_version", "suite_sha256", "counts", "entry"),
        *("supersedes", "superseded_by"),
    )
)
