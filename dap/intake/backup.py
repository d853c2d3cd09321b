"""Backup and restore: one moment of the ledger with every file it speaks of, and proof that both came back whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

from dap.errors import CouldNotRun, RequestError
from dap.intake import ledger as log
from dap.intake import steps
from dap.intake.config import IntakeConfig

if TYPE_CHECKING:
    from dap.intake.store import Store

RESTORED = "ledger.restored"
_DATABASE = "ledger.sqlite"
_MANIFEST = "backup.json"
_PLACES = ("new", "accepted", "rejected", "quarantine")
_WHOLE = ("keys", "reports", "receipts", "answers")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Saved:
    """What a backup holds, or what came back: entries of the ledger, files with their bytes, and what is missing."""

    folder: Path
    entries: int
    files: int
    bytes: int
    missing: tuple[str, ...] = ()


def back_up(store: Store, target: Path) -> Saved:
    """Write a backup into the new folder `target` while the intake goes on; it has its name only when it is whole.

    The database is copied at one moment, by SQLite's own backup. Then each submission's file is copied to where that
    moment has it, wherever it has moved since. RequestError for a target that is there, or a database on a server.
    """
    if target.exists():
        raise RequestError("The folder given for the backup is there already, and was not touched. Name a new one.")
    source = _database_file(store.config)
    part = target.with_name(f"{target.name}.part")
    try:
        if part.exists():
            shutil.rmtree(part)
        part.mkdir(mode=0o700, parents=True)
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(part / _DATABASE)) as copy:
            live.backup(copy)
        missing = tuple(_copy_submissions(store, part))
        for name in _WHOLE:
            if (store.folder / name).is_dir():
                shutil.copytree(store.folder / name, part / name)
        shutil.copy2(store.folder / ".intake", part / ".intake")
        saved = _write_manifest(part, missing)
        os.replace(part, target)  # noqa: PTH105  (a folder, and only onto nothing)
        steps.fsync_folder(target.parent)
    except OSError:
        raise CouldNotRun(
            "the backup could not be written whole, so there is none. Look at the disk it goes to."
        ) from None
    return replace(saved, folder=target)


def _database_file(config: IntakeConfig) -> Path:
    url = make_url(config.url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise RequestError(
            "The database is PostgreSQL: back it up with pg_dump first, then copy the folder; docs/intake.md says how."
        )
    return Path(url.database)


def _copy_submissions(store: Store, part: Path) -> Iterator[str]:
    """Copy the file of each submission in the copied database; the ids of those that are nowhere."""
    for name in _PLACES:
        (part / name).mkdir(mode=0o700)
    with closing(sqlite3.connect(part / _DATABASE)) as copy:
        rows = copy.execute("SELECT id, extension, place FROM submission ORDER BY number").fetchall()
    for id, extension, place in rows:
        if place in _PLACES and not _copied(store.folder, part / place, f"{id}.{extension}"):
            yield id


def _copied(folder: Path, to: Path, name: str) -> bool:
    # It moves once, from new to where its verdict puts it: whoever looks there twice has seen it.
    for place in (*_PLACES, *_PLACES):
        try:
            shutil.copy2(folder / place / name, to / name)
        except FileNotFoundError:
            continue
        return True
    return False


def _write_manifest(part: Path, missing: tuple[str, ...]) -> Saved:
    files = {path.relative_to(part).as_posix(): _sha256(path) for path in _files(part)}
    sizes = sum(path.stat().st_size for path in _files(part))
    with closing(sqlite3.connect(part / _DATABASE)) as copy:
        log_id, size, root = copy.execute("SELECT log, size, root FROM ledger_head").fetchone()
    manifest = {"made": log.utc_now(), "log": log_id, "size": size, "root": root, "missing": missing, "files": files}
    for path in _files(part):
        with path.open("rb") as file:
            os.fsync(file.fileno())
    text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
    steps.write_durably(part / _MANIFEST, text.encode(), part / ".manifest")
    return Saved(part, size, len(files), sizes, missing)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / _MANIFEST)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def restore(backup: Path, config: IntakeConfig) -> Saved:
    """Put a backup back where the configuration has the intake, prove that it is whole, and enter that in the ledger.

    RequestError for a folder that is no backup, or an intake that is there already; CouldNotRun, and nothing left
    behind, where a file is not the one that was saved or the ledger does not add up.
    """
    manifest = _read_manifest(backup)
    database = _database_file(config)
    if config.folder.exists() and any(config.folder.iterdir()):
        raise RequestError("There is an intake already where the configuration has it. Move it away first.")
    if database != config.folder / _DATABASE and database.exists():
        raise RequestError("There is a database already where the configuration has it. Move it away first.")
    for name, digest in manifest["files"].items():
        if not (backup / name).is_file() or _sha256(backup / name) != digest:
            raise CouldNotRun("a file of the backup is not the one that was saved. Take another backup.")
    part = config.folder.with_name(f"{config.folder.name}.part")
    try:
        if part.exists():
            shutil.rmtree(part)
        part.mkdir(mode=0o700, parents=True)
        for name in manifest["files"]:
            (part / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copy2(backup / name, part / name)
        if config.folder.exists():
            config.folder.rmdir()
        os.replace(part, config.folder)  # noqa: PTH105  (a folder, and only onto nothing)
        if database != config.folder / _DATABASE:
            shutil.move(config.folder / _DATABASE, database)
    except OSError:
        raise CouldNotRun("the backup could not be put back. Look at the disk it goes to.") from None
    return _proved(config, manifest)


def _read_manifest(backup: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((backup / _MANIFEST).read_text("utf-8"))
        names = manifest["files"]
        # A manifest from elsewhere must not write outside the folder.
        sound = all(not Path(name).is_absolute() and ".." not in Path(name).parts for name in names)
        if not sound or not isinstance(manifest["size"], int):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise RequestError("The folder given is no backup of an intake.") from None
    return manifest


def _proved(config: IntakeConfig, manifest: dict[str, Any]) -> Saved:
    from dap.intake.store import Store
    from dap.intake.verify import verify

    with Store.open(config) as store:
        if faults := verify(store, files=not manifest["missing"]).faults:
            raise CouldNotRun(f"the backup is back, but it does not add up: {'; '.join(faults)}.")
        head = store.head()
        if (head.log, head.size, head.root) != (manifest["log"], manifest["size"], manifest["root"]):
            raise CouldNotRun("the backup is back, but its ledger is not the one its manifest names.")
        store.append(RESTORED, {"size": head.size, "root": head.root, "made": manifest["made"]})
        sizes = sum(path.stat().st_size for path in _files(config.folder))
        return Saved(config.folder, head.size, len(manifest["files"]), sizes, tuple(manifest["missing"]))
