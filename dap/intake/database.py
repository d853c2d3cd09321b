"""The intake's database: its tables, and connections whose every commit is durable. SQLite or PostgreSQL."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    exc,
    make_url,
    text,
)

from dap.errors import CouldNotRun, RequestError
from dap.intake import steps
from dap.intake.records import Refused

metadata = MetaData()
"""Every table of the intake; its other parts declare theirs here."""

_Number = BigInteger().with_variant(Integer, "sqlite")

submissions = Table(
    "submission",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("id", String(160), nullable=False, unique=True),
    Column("district", String(20), nullable=False),
    Column("collection", String(80), nullable=False),
    Column("period", String(60), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("bytes", _Number, nullable=False),
    Column("extension", String(8), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("received", String(20), nullable=False),
    Column("state", String(12), nullable=False),
    Column("judged", String(20), nullable=False, default=""),
    Column("resource", String(120), nullable=False, default=""),
    Column("plan_version", String(40), nullable=False, default=""),
    Column("suite_sha256", String(64), nullable=False, default=""),
    Column("counts", Text, nullable=False, default="{}"),
    Column("supersedes", String(160), nullable=False, default=""),
    Column("superseded_by", String(160), nullable=False, default=""),
    Column("reason", String(20), nullable=False, default=""),
    Column("entry", _Number),
    # The rest is how the work stands, not what happened: no part of it is in the ledger.
    Column("folder", String(32), nullable=False),
    Column("place", String(12), nullable=False),
    Column("settled", Integer, nullable=False, default=0),
    Column("owner", String(120), nullable=False, default=""),
    Column("lease", Float, nullable=False, default=0.0),
    Column("tries", Integer, nullable=False, default=0),
    Column("origin", String(64), nullable=False, default=""),
    UniqueConstraint("district", "collection", "period", "sequence"),
    Index("submission_state", "folder", "state", "settled"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("kind", String(40), nullable=False, index=True),
    Column("entry", Text, nullable=False),
)

nodes = Table(
    "ledger_node",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("place", _Number, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
)

heads = Table(
    "ledger_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("log", String(32), nullable=False),
    Column("size", _Number, nullable=False),
    Column("root", String(64), nullable=False),
    Column("peaks", Text, nullable=False),
    Column("time", String(20), nullable=False),
    Column("key", String(16), nullable=False),
    Column("signature", String(128), nullable=False),
)

receipts = Table(
    "receipt",
    metadata,
    Column("id", String(160), primary_key=True),
    Column("receipt", Text, nullable=False),
)

reports = Table(
    "report",
    metadata,
    Column("id", String(160), primary_key=True),
    Column("report", Text, nullable=False),
)

_NETWORKED = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "gluster", "lustre", "fuse.sshfs", "fuse.glusterfs", "beegfs")
_LOCK = 0x6461705F6C6F6721
"""The advisory lock of PostgreSQL that whoever appends to the ledger holds ("dap_log!")."""


def open_engine(url: str, busy_seconds: float) -> Engine:
    """An engine for the database at the address.

    RequestError for an address of another kind, or SQLite on a network share, whose locks cannot be trusted
    (https://sqlite.org/howtocorrupt.html); CouldNotRun where the driver is not installed.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql" and "+" not in parsed.drivername:
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise RequestError("The database is SQLite or PostgreSQL.")
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed, busy_seconds)
        engine = create_engine(parsed, hide_parameters=True, pool_pre_ping=True, max_overflow=20)
    except exc.ArgumentError:
        raise RequestError("The database's address is not one, such as postgresql://host/dap.") from None
    except ModuleNotFoundError:
        raise CouldNotRun("PostgreSQL needs what is not installed: pip install 'dap[intake]'.") from None

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")
            cursor.execute(f"SET lock_timeout = {int(busy_seconds * 1000)}")
        connection.commit()

    return engine


def _sqlite(url: Any, busy_seconds: float) -> Engine:
    if not url.database or url.database == ":memory:":
        raise RequestError("The database is a file, not memory: it must outlive the process.")
    if kind := network_file_system(Path(url.database).absolute().parent):
        raise RequestError(
            f"The SQLite database would lie on a network share ({kind}), where its locks cannot be trusted. "
            "Put the folder on a disk of this machine, or use PostgreSQL."
        )
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": busy_seconds, "check_same_thread": False}, max_overflow=20
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        # The driver's own way with transactions begins none before a read.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={int(busy_seconds * 1000)}")
        # With NORMAL a power cut can take back commits that were answered (https://sqlite.org/pragma.html).
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("dap_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def network_file_system(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """The kind of network file system the folder lies on; empty where it is a local one, or cannot be told."""
    if not mounts.exists():
        return ""
    best, kind = -1, ""
    for line in mounts.read_text("utf-8", "surrogateescape").splitlines():
        _, point, fstype, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if (folder == Path(point) or Path(point) in folder.parents) and len(point) >= best:
            best, kind = len(point), fstype
    return kind if kind.startswith(_NETWORKED) else ""


@contextmanager
def writing(engine: Engine, *, ledger_too: bool = True) -> Iterator[Connection]:
    """A transaction that changes things: alone on SQLite, and among those that append to the ledger on PostgreSQL.

    When it ends well what it did is durable. Refused "busy", "storage-full" or "storage-failed" where it cannot be.
    """
    with _spoken(), engine.connect() as connection:
        connection = connection.execution_options(dap_writes=True)
        with steps.step("begin"):
            transaction = connection.begin()
        try:
            if ledger_too and engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield connection
            with steps.step("commit"):
                transaction.commit()
        finally:
            if transaction.is_active:
                transaction.rollback()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One moment of the database, to read from."""
    with _spoken(), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def _spoken() -> Iterator[None]:
    # The words of a database's error may hold what was written; none of them is passed on.
    try:
        yield
    except exc.OperationalError as error:
        raise refusal_of_database(error) from None
    except OSError as error:
        raise refusal_of_system(error) from None


def refusal_of_database(error: exc.OperationalError) -> Refused:
    """What to tell a sender whose submission the database could not take."""
    name = getattr(error.orig, "sqlite_errorname", "") or getattr(error.orig, "sqlstate", "") or ""
    if name.startswith("SQLITE_FULL") or name == "53100":
        return Refused("storage-full", fix=LATER)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or name in ("55P03", "53300", "40P01"):
        return Refused("busy", fix=LATER)
    return Refused("storage-failed", fix=LATER)


def refusal_of_system(error: OSError) -> Refused:
    """What to tell a sender whose submission the disk could not take."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return Refused("storage-full" if full else "storage-failed", fix=LATER)


LATER = "Nothing was taken. Send it again later; the department has been told."


def now_of(connection: Connection) -> float:
    """Seconds since 1970 by the clock that all who share the database go by."""
    if connection.dialect.name == "postgresql":
        return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return time.time()
