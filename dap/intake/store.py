"""The durable store: takes submissions in, hands them to workers, keeps verdicts, reports, receipts and the ledger.

A submission is received when its bytes and its row are on the disk, and only then is that said. Its bytes lie in
`new/` until it is judged, then in `accepted/`, `rejected/` or, sealed, in `quarantine/`. What follows from a verdict
(moving the file, writing report and receipt as files) is done after the verdict is durable, by whoever comes first.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, Engine, Row, and_, exists, func, insert, or_, select, update

from dap.errors import CouldNotRun
from dap.intake import ledger as log
from dap.intake import merkle, receipts, steps
from dap.intake.config import IntakeConfig
from dap.intake.database import (
    ledger,
    metadata,
    now_of,
    open_engine,
    reading,
    refusal_of_system,
    reports,
    submissions,
    writing,
)
from dap.intake.database import receipts as receipt_table
from dap.intake.keys import open_signer
from dap.intake.records import (
    EXTENSIONS,
    JUDGED,
    WAITING,
    Address,
    LedgerEntry,
    Received,
    Refused,
    SignedHead,
    State,
    Submission,
    submission_id,
)

if TYPE_CHECKING:
    from dap.plan import Plan

FOLDERS = ("tmp", "new", "accepted", "rejected", "quarantine", "reports", "receipts", "keys", "drop", "answers")
TRIES = 2
"""How often a file is given to a judging process that dies before an operator is asked."""

_DAY = 86_400
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MARKER = ".intake"


class Store:
    """One intake: its folder and its database. Safe to use from several threads, processes and machines at once."""

    def __init__(self, config: IntakeConfig, engine: Engine) -> None:
        self.config = config
        self.engine = engine
        self.folder = config.folder
        self._make_folder()
        self.signer = open_signer(self.folder / "keys", self._temporary())
        with writing(engine) as connection:
            metadata.create_all(connection)
            log.begin(connection, self.signer)

    @classmethod
    def open(cls, config: IntakeConfig) -> Self:
        """Open the store, and make its folder, key and tables where they are not there.

        CouldNotRun where the folder or the key cannot be used; RequestError for a database it cannot be kept in.
        """
        import dap.intake.tables  # noqa: F401  (every part's tables are declared before they are made)

        try:
            steps.make_folder(config.folder)
            return cls(config, open_engine(config.url, config.busy_seconds))
        except OSError:
            raise CouldNotRun("the intake's folder cannot be written. Look at its owner and disk.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the database's connections back."""
        self.engine.dispose()

    @cached_property
    def plan(self) -> Plan:
        """The plan that submissions are judged by, as it was when it was first needed."""
        from dap.catalog import open_plan

        return open_plan(self.config.plan)

    # Receiving

    def receive(
        self,
        address: Address,
        chunks: Iterable[bytes],
        *,
        extension: str,
        channel: str,
        length: int | None = None,
        sha256: str | None = None,
        origin: str = "",
    ) -> Received:
        """Take a file in. When this returns, its bytes and its row are durable; when it raises, nothing was taken.

        `length` in bytes and `sha256` in hexadecimal are what the sender announced. `channel` is http or folder.
        `origin` says where the bytes were picked up, so that picking them up there twice is once.
        Refused with a code of `records.REFUSALS`; what `chunks` raises is passed on.
        """
        self._demand_admission(address, extension, length, sha256)
        temporary = self._temporary()
        try:
            size, digest = self._written(temporary, chunks, length)
            if sha256 is not None and digest != sha256:
                raise Refused("wrong-sha256", fix="Send it again; where that does not help, compute the SHA-256 anew.")
            return self._published(temporary, address, extension, channel, size, digest, origin)
        finally:
            # What cannot be removed now goes with what is older than a day.
            with suppress(OSError):
                steps.remove(temporary)

    def _demand_admission(self, address: Address, extension: str, length: int | None, sha256: str | None) -> None:
        if extension not in EXTENSIONS:
            raise Refused("bad-extension", fix=f"Files end in one of {', '.join(EXTENSIONS)}.")
        if sha256 is not None and not _SHA256.fullmatch(sha256):
            raise Refused("bad-sha256", fix="It is 64 digits, 0 to 9 and a to f.")
        if length is not None and length > self._most:
            raise self._too_large()
        from dap.intake.periods import refusal

        if refused := refusal(self.plan, address, date.today()):
            raise Refused(*refused)

    @property
    def _most(self) -> int:
        from dap.submission.limits import LIMITS

        return min(self.config.max_bytes, LIMITS.file_bytes)

    def _too_large(self) -> Refused:
        return Refused("too-large", fix=f"At most {self._most:,} bytes are taken. Compress it, or ask the department.")

    def _written(self, temporary: Path, chunks: Iterable[bytes], length: int | None) -> tuple[int, str]:
        most = self._most if length is None else length
        size, digest = 0, hashlib.sha256()
        with _disk():
            descriptor = steps.create(temporary)
        try:
            for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise self._too_large() if length is None else Refused("too-long", fix="Send it again.")
                digest.update(chunk)
                with _disk():
                    steps.write(descriptor, chunk)
            if length is not None and size < length:
                raise Refused("too-short", fix="The connection broke, or the file was still growing. Send it again.")
            if size == 0:
                raise Refused("empty", fix="Send the file with its rows; a district without any states so instead.")
            with _disk():
                steps.fsync(descriptor)
        finally:
            os.close(descriptor)
        return size, digest.hexdigest()

    def _published(
        self, temporary: Path, address: Address, extension: str, channel: str, size: int, digest: str, origin: str
    ) -> Received:
        with writing(self.engine) as connection:
            if (known := self._repeated(connection, address, digest, origin)) is not None:
                return Received(known, True)
            here = _at(address)
            last = connection.execute(select(func.max(submissions.c.sequence)).where(here)).scalar_one()
            sequence = (last or 0) + 1
            id = submission_id(address, sequence, digest)
            with _disk():
                # Under the database's lock: whoever holds it knows that a file here without a row is nobody's.
                steps.rename(temporary, self.folder / "new" / f"{id}.{extension}")
                steps.fsync_folder(self.folder / "new")
            body = {
                **_place(address, sequence, digest, size),
                "id": id,
                "extension": extension,
                "channel": channel,
            }
            entry = log.append(connection, self.signer, log.RECEIVED, body)
            values = {**body, "number": entry.number, "received": entry.time, "state": State.RECEIVED.value}
            work = {"folder": self.folder_id, "place": "new", "origin": origin}
            connection.execute(insert(submissions).values(**values, **work))
            taken = self._one(connection, id)
            assert taken is not None
        return Received(taken, False)

    def _repeated(self, connection: Connection, address: Address, digest: str, origin: str) -> Submission | None:
        """The submission that these bytes are already: the last of this address, judged by the rules as they are.

        One that another accepted one has followed is none, for its sender wants it to stand again; unless it was
        picked up at the very same place, by a watcher that was stopped between taking it and clearing it away.
        """
        same = select(submissions).where(_at(address), submissions.c.sha256 == digest)
        for row in connection.execute(same.order_by(submissions.c.sequence.desc())):
            current = row.state not in JUDGED or (not row.superseded_by and row.suite_sha256 == self._suite_now(row))
            if current or (origin and row.origin == origin):
                return _submission(row)
        return None

    def _suite_now(self, row: Row[Any]) -> str:
        from dap.suites import suite_path

        try:
            return hashlib.sha256(suite_path(self.config.plan, row.collection, row.resource).read_bytes()).hexdigest()
        except OSError:
            return ""

    # Looking

    def submission(self, id: str) -> Submission | None:
        """The submission of that id."""
        with reading(self.engine) as connection:
            return self._one(connection, id)

    def submissions(
        self,
        *,
        district: str | None = None,
        collection: str | None = None,
        period: str | None = None,
        states: Iterable[State] | None = None,
        limit: int | None = 100,
        after: str | None = None,
    ) -> list[Submission]:
        """Submissions in the order they came, those after the one of the id `after`; all, where the limit is None."""
        wanted = select(submissions).order_by(submissions.c.number)
        for column, value in (("district", district), ("collection", collection), ("period", period)):
            if value is not None:
                wanted = wanted.where(submissions.c[column] == value)
        if states is not None:
            wanted = wanted.where(submissions.c.state.in_([each.value for each in states]))
        if after is not None:
            behind = select(submissions.c.number).where(submissions.c.id == after).scalar_subquery()
            wanted = wanted.where(submissions.c.number > behind)
        with reading(self.engine) as connection:
            return [_submission(row) for row in connection.execute(wanted.limit(limit))]

    def report(self, id: str) -> dict[str, Any] | None:
        """The report on a submission (`schemas/report.schema.json`), or None where there is none yet."""
        return self._document(reports.c.report, reports.c.id, id)

    def receipt(self, id: str) -> dict[str, Any] | None:
        """The receipt of a submission (`schemas/receipt.schema.json`), or None where there is no verdict yet."""
        return self._document(receipt_table.c.receipt, receipt_table.c.id, id)

    def path_of(self, id: str) -> Path | None:
        """Where the bytes of a submission lie, or None where they are not there (any more)."""
        with reading(self.engine) as connection:
            row = connection.execute(select(submissions).where(submissions.c.id == id)).first()
        return None if row is None else self._found(row)

    # The ledger

    def append(self, kind: str, body: Mapping[str, Any]) -> LedgerEntry:
        """Add an entry to the ledger; durable when it returns. Its body holds ids, codes and counts, never a value."""
        with writing(self.engine) as connection:
            return self.append_in(connection, kind, body)

    def append_in(self, connection: Connection, kind: str, body: Mapping[str, Any]) -> LedgerEntry:
        """Add an entry within a transaction of `transaction()`, so that it is entered with what else is done there."""
        return log.append(connection, self.signer, kind, body)

    def entries(self, kinds: Iterable[str] | None = None, after: int = -1) -> Iterator[LedgerEntry]:
        """The entries with higher numbers than `after`, of all kinds or of some, in order."""
        wanted = select(ledger.c.number, ledger.c.entry).order_by(ledger.c.number).limit(1_000)
        if kinds is not None:
            wanted = wanted.where(ledger.c.kind.in_(list(kinds)))
        while True:
            with reading(self.engine) as connection:
                rows = connection.execute(wanted.where(ledger.c.number > after)).all()
            for number, entry in rows:
                after = number
                yield log.entry_of(entry)
            if not rows:
                return

    def head(self) -> SignedHead:
        """The signed head of the ledger."""
        with reading(self.engine) as connection:
            return log.head_of(connection)

    def consistency(self, old: int, new: int) -> list[str]:
        """The hashes, in hexadecimal, that show the ledger of the new size to begin with that of the old size."""
        with reading(self.engine) as connection:
            return [each.hex() for each in merkle.consistency_proof(log.node_reader(connection), old, new)]

    def transaction(self) -> AbstractContextManager[Connection]:
        """A transaction for tables of other parts, durable when it ends well; entries go in with `append_in`."""
        return writing(self.engine)

    # Working

    def claim(self, owner: str) -> Submission | None:
        """Take the oldest submission that nobody works on, for as long as the lease runs; None where there is none.

        Of one address they are taken in the order they came, so that the later one is what stands.
        """
        self._demand_folder()
        with reading(self.engine) as connection:
            if connection.execute(self._claimable(connection)).first() is None:
                return None
        with writing(self.engine, ledger_too=False) as connection:
            id = connection.execute(self._claimable(connection).with_for_update(skip_locked=True)).scalar()
            if id is None:
                return None
            lease = now_of(connection) + self.config.lease_seconds
            values = {"state": State.JUDGING.value, "owner": owner, "lease": lease}
            connection.execute(update(submissions).where(submissions.c.id == id).values(**values))
            return self._one(connection, id)

    def _claimable(self, connection: Connection) -> Any:
        now = now_of(connection)
        mine, before = submissions.alias("mine"), submissions.alias("before")
        # A lease that runs longer than any could was given by a clock that has since been set back.
        lost = or_(mine.c.lease < now, mine.c.lease > now + 2 * self.config.lease_seconds)
        free = or_(mine.c.state == State.RECEIVED.value, and_(mine.c.state == State.JUDGING.value, lost))
        same = and_(*(before.c[name] == mine.c[name] for name in ("district", "collection", "period")))
        earlier = and_(same, before.c.sequence < mine.c.sequence, before.c.state.in_([each.value for each in WAITING]))
        wanted = select(mine.c.id).where(mine.c.folder == self.folder_id, free, ~exists().where(earlier))
        return wanted.order_by(mine.c.number).limit(1)

    def renew(self, id: str, owner: str) -> bool:
        """Keep a claimed submission for another lease; False where it is another's by now."""
        with writing(self.engine, ledger_too=False) as connection:
            lease = now_of(connection) + self.config.lease_seconds
            mine = _owned(id, owner)
            return connection.execute(update(submissions).where(mine).values(lease=lease)).rowcount == 1

    def enter_verdict(self, id: str, owner: str, report: Mapping[str, Any]) -> Submission | None:
        """Enter the verdict of a report on a claimed submission; None where the claim is another's by now.

        Verdict, report, receipt and ledger entry become durable together. `settle` does what follows.
        """
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        with writing(self.engine) as connection:
            row = connection.execute(select(submissions).where(_owned(id, owner))).first()
            if row is None:
                return None
            state = State(report["verdict"])
            before = self._standing(connection, row) if state is State.ACCEPTED else None
            follows = before is not None and before.sequence < row.sequence
            judgement = {
                "resource": report["resource"],
                "plan_version": report["plan_version"],
                "suite_sha256": report["suite_sha256"],
                "supersedes": before.id if before is not None and follows else "",
            }
            body = {
                **_place(_address(row), row.sequence, row.sha256, row.bytes),
                **judgement,
                "id": id,
                "received": row.received,
                "verdict": state.value,
                "counts": counts_of(report),
                "report_sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
            entry = log.append(connection, self.signer, log.JUDGED, body)
            if before is not None and follows:
                connection.execute(update(submissions).where(submissions.c.id == before.id).values(superseded_by=id))
            values = {
                **judgement,
                "superseded_by": before.id if before is not None and not follows else "",
                "state": state.value,
                "judged": entry.time,
                "counts": log.canonical(body["counts"]),
                "entry": entry.number,
                "place": _place_of(state, report),
                "settled": 0,
                "owner": "",
            }
            connection.execute(update(submissions).where(submissions.c.id == id).values(**values))
            receipt = receipts.receipt_for(connection, entry, self.publisher)
            connection.execute(insert(reports).values(id=id, report=text))
            connection.execute(insert(receipt_table).values(id=id, receipt=receipts.as_json(receipt)))
            return self._one(connection, id)

    def _standing(self, connection: Connection, row: Row[Any]) -> Any:
        accepted = and_(submissions.c.state == State.ACCEPTED.value, submissions.c.superseded_by == "")
        wanted = select(submissions.c.id, submissions.c.sequence).where(_at(_address(row)), accepted)
        return connection.execute(wanted.order_by(submissions.c.sequence.desc())).first()

    def enter_failure(self, id: str, owner: str, reason: str) -> Submission | None:
        """Enter that a claimed submission could not be judged, for one of `records.REASONS`.

        A judging process that died is tried once more. Otherwise the submission is BROKEN, its file sealed.
        """
        with writing(self.engine) as connection:
            row = connection.execute(select(submissions).where(_owned(id, owner))).first()
            if row is None:
                return None
            tries = row.tries + 1
            values: dict[str, Any] = {"owner": "", "tries": tries}
            if reason == "judge-died" and tries < TRIES:
                values |= {"state": State.RECEIVED.value}
            else:
                log.append(connection, self.signer, log.BROKEN, {"id": id, "reason": reason, "sha256": row.sha256})
                values |= {"state": State.BROKEN.value, "reason": reason, "place": "quarantine", "settled": 0}
            connection.execute(update(submissions).where(submissions.c.id == id).values(**values))
            return self._one(connection, id)

    def give_back(self, id: str, owner: str) -> None:
        """Let go of a claimed submission, for another worker: on a graceful stop."""
        values = {"state": State.RECEIVED.value, "owner": ""}
        with writing(self.engine, ledger_too=False) as connection:
            connection.execute(update(submissions).where(_owned(id, owner)).values(**values))

    def judge_again(self) -> int:
        """Put every BROKEN submission of this folder back in line, once what was wrong is mended; how many."""
        with writing(self.engine) as connection:
            broken = and_(submissions.c.state == State.BROKEN.value, submissions.c.folder == self.folder_id)
            ids = connection.execute(select(submissions.c.id).where(broken)).scalars().all()
            for id in ids:
                log.append(connection, self.signer, log.AGAIN, {"id": id})
                values = {"state": State.RECEIVED.value, "tries": 0, "reason": ""}
                connection.execute(update(submissions).where(submissions.c.id == id).values(**values))
        return len(ids)

    # What follows from a verdict, and putting things right after a stop

    def settle(self, id: str) -> None:
        """Move a judged file to its place and write report and receipt as files; done twice, it is as done once."""
        with reading(self.engine) as connection:
            row = connection.execute(select(submissions).where(submissions.c.id == id)).first()
        if row is None or row.settled or row.state in WAITING:
            return
        with _disk():
            self._move(row)
            self._write_answers(row)
        with writing(self.engine, ledger_too=False) as connection:
            same = and_(submissions.c.id == id, submissions.c.state == row.state)
            connection.execute(update(submissions).where(same).values(settled=1))

    def _move(self, row: Row[Any]) -> None:
        target = self.folder / row.place / f"{row.id}.{row.extension}"
        source = self._found(row)
        if source is None or source == target:
            return
        try:
            steps.seal(source)
            steps.rename(source, target)
        except FileNotFoundError:  # another worker was faster
            return
        steps.fsync_folder(target.parent)
        steps.fsync_folder(source.parent)

    def _write_answers(self, row: Row[Any]) -> None:
        report, receipt = self.report(row.id), self.receipt(row.id)
        if report is None or receipt is None:
            return
        page = receipts.as_html(receipt).encode()
        proof = receipts.as_json(receipt).encode()
        told = json.dumps(report, indent=2, ensure_ascii=False).encode() + b"\n"
        wanted = [
            (self.folder / "reports" / f"{row.id}.json", told),
            (self.folder / "receipts" / f"{row.id}.json", proof),
            (self.folder / "receipts" / f"{row.id}.html", page),
        ]
        if row.channel == "folder":
            answers = self.folder / "answers" / row.district / row.collection / row.period
            steps.make_folder(answers)
            names = (("report.json", told), ("receipt.json", proof), ("receipt.html", page))
            wanted += [(answers / f"{row.id}.{name}", content) for name, content in names]
        for path, content in wanted:
            if not path.exists() or path.read_bytes() != content:
                steps.write_durably(path, content, self._temporary())

    def tidy(self) -> None:
        """Put right what a stop left behind: files without a row, verdicts without their files, old partial uploads."""
        self._demand_folder()
        with _disk():
            self._clear_new()
            self._clear_temporary()
        with reading(self.engine) as connection:
            done = and_(submissions.c.settled == 0, submissions.c.state.not_in([each.value for each in WAITING]))
            mine = and_(done, submissions.c.folder == self.folder_id)
            ids = connection.execute(select(submissions.c.id).where(mine)).scalars().all()
        for id in ids:
            self.settle(id)

    def _clear_new(self) -> None:
        with reading(self.engine) as connection:
            strays = [path for path in (self.folder / "new").iterdir() if not self._awaited(connection, path)]
        if not strays:
            return
        with writing(self.engine) as connection:
            for path in strays:
                if not self._awaited(connection, path):
                    # It never was received: its sender has no receipt, and sends it again.
                    steps.remove(path)

    def _awaited(self, connection: Connection, path: Path) -> bool:
        row = connection.execute(select(submissions).where(submissions.c.id == path.name.rpartition(".")[0])).first()
        if row is None:
            return False
        final = self.folder / row.place / f"{row.id}.{row.extension}"
        return final == path or not final.exists()

    def _clear_temporary(self) -> None:
        now = time.time()
        for path in (self.folder / "tmp").iterdir():
            with suppress(FileNotFoundError):
                if now - path.lstat().st_mtime <= _DAY:
                    continue
                if path.is_dir() and not path.is_symlink():
                    steps.remove_folder(path)  # of a judging process that was killed
                else:
                    steps.remove(path)

    # Helpers

    @cached_property
    def publisher(self) -> str:
        """Who gives the receipts."""
        return self.config.publisher or self.plan.publisher

    @cached_property
    def folder_id(self) -> str:
        """The folder's own name in the database: on PostgreSQL, machines with a folder each share the rows."""
        return (self.folder / _MARKER).read_text("ascii").strip()

    def _demand_folder(self) -> None:
        try:
            there = (self.folder / _MARKER).read_text("ascii").strip() == self.folder_id
        except OSError:
            there = False
        if not there:
            # An unmounted disk looks like one without files: nothing may be concluded from it.
            raise CouldNotRun("the intake's folder is not there. Is its disk mounted?")

    def _make_folder(self) -> None:
        for name in FOLDERS:
            steps.make_folder(self.folder / name)
        marker = self.folder / _MARKER
        if not marker.exists():
            steps.make_durably(marker, secrets.token_hex(16).encode() + b"\n", self._temporary())

    def _temporary(self) -> Path:
        return self.folder / "tmp" / secrets.token_hex(16)

    def _found(self, row: Row[Any]) -> Path | None:
        name = f"{row.id}.{row.extension}"
        for place in dict.fromkeys((row.place, "new", "quarantine")):
            path: Path = self.folder / place / name
            if path.exists():
                return path
        return None

    def _document(self, column: Any, key: Any, id: str) -> dict[str, Any] | None:
        with reading(self.engine) as connection:
            text = connection.execute(select(column).where(key == id)).scalar()
        return None if text is None else json.loads(text)

    def _one(self, connection: Connection, id: str) -> Submission | None:
        row = connection.execute(select(submissions).where(submissions.c.id == id)).first()
        return None if row is None else _submission(row)


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise refusal_of_system(error) from None


def _at(address: Address) -> Any:
    return and_(
        submissions.c.district == address.district,
        submissions.c.collection == address.collection,
        submissions.c.period == address.period,
    )


def _owned(id: str, owner: str) -> Any:
    return and_(submissions.c.id == id, submissions.c.state == State.JUDGING.value, submissions.c.owner == owner)


def _place(address: Address, sequence: int, sha256: str, size: int) -> dict[str, Any]:
    return {**vars(address), "sequence": sequence, "sha256": sha256, "bytes": size}


def _place_of(state: State, report: Mapping[str, Any]) -> str:
    """The folder of a judged file; one with prohibited identifiers is sealed like one that cannot be read."""
    if state is State.ACCEPTED:
        return "accepted"
    private = any(each["rule"].startswith("P1") and each["severity"] == "error" for each in report["findings"])
    return "quarantine" if private or state is State.UNREADABLE else "rejected"


def counts_of(report: Mapping[str, Any]) -> dict[str, int]:
    """What a report holds, in numbers: rows, columns, and findings by severity."""
    severities = [each["severity"] for each in report["findings"]]
    names = {"errors": "error", "warnings": "warning", "notes": "info"}
    found = {name: severities.count(severity) for name, severity in names.items()}
    return {"rows": report["file"]["rows"], "columns": report["file"]["columns"], **found}


def _address(row: Row[Any]) -> Address:
    return Address(row.district, row.collection, row.period)


def _submission(row: Row[Any]) -> Submission:
    names = ("id", "sequence", "sha256", "bytes", "extension", "channel", "received", "judged", "resource", "reason")
    more = ("plan_version", "suite_sha256", "supersedes", "superseded_by", "number")
    stated = {name: getattr(row, name) for name in (*names, *more)}
    return Submission(address=_address(row), state=State(row.state), counts=json.loads(row.counts), **stated)
