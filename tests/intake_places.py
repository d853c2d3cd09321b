"""What the tests of the intake share: stores on SQLite or PostgreSQL, a cheap judge, and a round of work."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dap.intake import ledger as log
from dap.intake.config import IntakeConfig
from dap.intake.judge import Alive, work_once
from dap.intake.records import JUDGED, Address, Received
from dap.intake.store import Store
from dap.intake.verify import verify
from dap.intake.watch import Watch
from dap.plan import Plan
from dap.suites import suite_path

ROSTER_ADDRESS = Address("001", "example-roster", "2025-26")
OTHER_ADDRESS = Address("002", "example-roster", "2025-26")
STRESS = os.environ.get("DAP_STRESS") == "1"
"""Whether all of a long matrix is asked for (`make stress`), and not a sample of it."""
PART, PARTS = (int(each) for each in os.environ.get("DAP_STRESS_PART", "1/1").split("/"))
"""Which part of it, of how many: DAP_STRESS_PART=3/8 is the third eighth, where there is no time for all."""
POSTGRES = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/lib/postgresql/bin"))
"""Where Debian keeps the server's programs."""


def quick(config: IntakeConfig, path: Path, address: Address, alive: Alive) -> dict[str, Any]:
    """A report on the bytes without reading them: for what is not about judging."""
    content, suite = path.read_bytes(), suite_path(config.plan, address.collection, "students")
    return {
        "verdict": "rejected" if content.startswith(b"no") else "accepted",
        "file": {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "rows": 1, "columns": 1},
        "collection": address.collection,
        "resource": "students",
        "plan_version": "1",
        "suite_sha256": hashlib.sha256(suite.read_bytes()).hexdigest(),
        "findings": [],
    }


def drop(config: IntakeConfig, address: Address, name: str, content: bytes) -> Path:
    """Put a file into the drop folder."""
    folder = config.folder / "drop" / address.district / address.collection / address.period
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def send(store: Store, address: Address, content: bytes) -> Received:
    """Send the content as HTTP does."""
    digest = hashlib.sha256(content).hexdigest()
    return store.receive(address, [content], extension="csv", channel="http", length=len(content), sha256=digest)


def a_round(store: Store, told: list[str]) -> None:
    """One file by HTTP, those in the drop folder, and the judging of all; `told` takes the ids that were answered."""
    told.append(send(store, ROSTER_ADDRESS, b"sent\n").submission.id)
    watch = Watch(store, store.config.folder / "drop")
    for _ in range(2):
        told += [each.submission.id for each in watch.scan()]
    while work_once(store, judge=quick) is not None:
        pass
    store.tidy()


def faults_after(store: Store, told: list[str]) -> list[str]:
    """What is not as it must be once `a_round` and the same again have ended: nothing lost, doubled, stuck or false."""
    found = list(verify(store, files=True).faults)
    held = {each.id: each for each in store.submissions(limit=None)}
    found += [f"{id}: answered, and not there" for id in told if id not in held]
    found += [f"{each.id}: {each.state}" for each in held.values() if each.state not in JUDGED]
    found += [f"{each.id}: no receipt" for each in held.values() if store.receipt(each.id) is None]
    judged = [entry.body["id"] for entry in store.entries([log.JUDGED])]
    found += [] if sorted(judged) == sorted(held) and len(held) == 2 else [f"{len(held)} rows, {len(judged)} verdicts"]
    found += [f"{path.name} is left" for path in (store.folder / "new").iterdir()]
    found += [f"{path.name} is left" for path in (store.folder / "drop").rglob("*") if path.is_file()]
    return found


def plan_once(store: Store) -> Store:
    """Give a store the plan that another one of the same folder has read: reading it is no part of what is tested."""
    root = store.config.plan
    if root not in _PLANS:
        _PLANS[root] = store.plan
    vars(store)["plan"] = _PLANS[root]
    return store


_PLANS: dict[Path, Plan] = {}


@contextmanager
def fast_folder() -> Iterator[Path]:
    """A folder in memory where the machine has room for it: a kill or a failed call asks nothing of the disk itself."""
    memory = Path("/dev/shm")
    # Containers often have no more than 64 MB there.
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4_000_000_000
    with tempfile.TemporaryDirectory(prefix="dap-", dir=memory if roomy else None) as folder:
        yield Path(folder)


@contextmanager
def intakes(plan: Path, server: str = "") -> Iterator[Callable[[], IntakeConfig]]:
    """Makes settings of intakes, each with its own folder and database: SQLite, or on the PostgreSQL server."""
    made: list[int] = []
    with fast_folder() as folder:

        def make() -> IntakeConfig:
            made.append(len(made))
            name = f"{folder.name}-{len(made)}"
            database = new_schema(server, name) if server else ""
            own = folder / f"intake-{len(made)}"
            return IntakeConfig(folder=own, plan=plan, database=database, settle_seconds=0, lease_seconds=1)

        yield make


def new_schema(server: str, name: str) -> str:
    """The address of a new schema on the server: it is made much faster than a database, and is as much alone."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{name}"'.encode())
    return f"{server}&options=-csearch_path%3D%22{name}%22"


def forget(config: IntakeConfig) -> None:
    """Clear an intake away that nobody asks any more, for a long matrix has thousands."""
    shutil.rmtree(config.folder)
    if config.database:
        import psycopg

        server, _, schema = config.database.partition("&options=-csearch_path%3D")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("SET client_min_messages = error")
            connection.execute(f"DROP SCHEMA {schema.replace('%22', chr(34))} CASCADE".encode())


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL server of its own in the folder, reached by a socket there; gives its address."""
    user = "nobody" if os.geteuid() == 0 else None
    folder.mkdir(mode=0o700)
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    quiet: dict[str, Any] = {"user": user, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    subprocess.run([POSTGRES / "initdb", "-D", data, "-A", "trust", "-U", "dap", "--no-sync"], check=True, **quiet)
    # The tests kill and fail whoever asks the server, never the server: what it has need not survive it.
    quick = ("listen_addresses=", "max_connections=60", "fsync=off", "full_page_writes=off", "shared_buffers=32MB")
    options = ["-k", str(folder), *(word for each in quick for word in ("-c", each))]
    server = subprocess.Popen([POSTGRES / "postgres", "-D", data, *options], **quiet)
    try:
        ready = [str(POSTGRES / "pg_isready"), "-h", str(folder)]
        while subprocess.run(ready, check=False, **quiet).returncode:
            assert server.poll() is None, "PostgreSQL did not start"
            time.sleep(0.1)
        yield f"postgresql://dap@/postgres?host={folder}"
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(60)
