"""The watched folder: an own scan, for shares tell nobody of a change, that takes each file once it has stood still."""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dap.errors import ACCEPTED, CouldNotRun
from dap.intake import logs, steps
from dap.intake.config import IntakeConfig
from dap.intake.judge import run_workers, work_once
from dap.intake.records import EXTENSIONS, Address, Received, Refused
from dap.intake.store import Store

Say = Callable[[str], None]

_UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".download", ".swp")
_PROBE = 65_536
_TEMPORARY_TROUBLE = frozenset({"storage-full", "storage-failed", "busy", "changed"})


@dataclass(frozen=True)
class _Look:
    """What a file looked like: which file, how large, when written, and a hash of its head and tail."""

    device: int
    inode: int
    size: int
    written: int
    ends: str

    @property
    def origin(self) -> str:
        return f"{self.device:x}-{self.inode:x}-{self.written:x}"[:64]


class Watch:
    """Looks through a drop folder, again and again. One file's trouble never keeps another from being taken."""

    def __init__(self, store: Store, drop: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._drop, self._clock = store, drop, clock
        self._seen: dict[Path, tuple[_Look, float]] = {}
        self._refused: dict[Path, _Look] = {}
        self.refusals: list[tuple[Address, Refused]] = []
        """What was not taken in the last scan, and why."""

    def scan(self) -> list[Received]:
        """Look once, and take every file that has stood still for long enough by this process's own clock."""
        taken = []
        self.refusals = []
        found = dict(self._files())
        for known in (self._seen, self._refused):
            for path in set(known) - set(found):
                del known[path]
        for path, address in sorted(found.items()):
            with suppress(OSError):
                if (received := self._consider(path, address)) is not None:
                    taken.append(received)
        return taken

    def _consider(self, path: Path, address: Address) -> Received | None:
        look = _look(path)
        if look is None or self._refused.get(path) == look:
            return None
        before, since = self._seen.get(path, (None, 0.0))
        if before != look:
            self._seen[path] = look, self._clock()
            return None
        if look.size == 0 or self._clock() - since < self._store.config.settle_seconds:
            return None
        try:
            received = self._take(path, look, address)
        except Refused as refused:
            self.refusals.append((address, refused))
            logs.note("not-taken", **vars(address), code=refused.code)
            if refused.code not in _TEMPORARY_TROUBLE:
                self._refused[path] = look
            return None
        self._seen.pop(path, None)
        logs.note("known" if received.repeated else "received", id=received.submission.id)
        return received

    def _take(self, path: Path, look: _Look, address: Address) -> Received:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        ending = path.suffix.lower().lstrip(".")
        with os.fdopen(descriptor, "rb") as file:
            received = self._store.receive(
                address,
                _pieces(file.fileno(), look),
                extension=ending if ending in EXTENSIONS else "dat",
                channel="folder",
                length=look.size,
                origin=look.origin,
            )
        # Durable by now. A file that was put there meanwhile stays, and is taken by a later round.
        if _look(path) == look:
            steps.remove(path)
        return received

    def _files(self) -> Iterator[tuple[Path, Address]]:
        for district in _folders(self._drop):
            for collection in _folders(district):
                for period in _folders(collection):
                    try:
                        address = Address(district.name, collection.name, period.name)
                    except Refused:
                        continue
                    yield from ((path, address) for path in _candidates(period))


def _folders(folder: Path) -> list[Path]:
    try:
        return [each for each in folder.iterdir() if each.is_dir() and not each.is_symlink()]
    except OSError:  # the share is away; another round comes
        return []


def _candidates(folder: Path) -> list[Path]:
    try:
        names = list(folder.iterdir())
    except OSError:
        return []
    return [each for each in names if not each.name.startswith((".", "~")) and each.suffix.lower() not in _UNFINISHED]


def _look(path: Path) -> _Look | None:
    """What the file looks like; None where it is none, or a link."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            return None
        ends = hashlib.sha256(file.read(_PROBE))
        file.seek(max(0, found.st_size - _PROBE))
        ends.update(file.read(_PROBE))
    return _Look(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, ends.hexdigest())


def _pieces(descriptor: int, look: _Look) -> Iterator[bytes]:
    """The file's bytes; Refused "changed" where it is another than was looked at, or became so while it was read."""
    while piece := os.read(descriptor, 1 << 20):
        yield piece
    now = os.fstat(descriptor)
    if (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns) != (look.device, look.inode, look.size, look.written):
        raise Refused("changed", fix="It is taken when it has stood still.")


def watch_folder(config: IntakeConfig, drop: Path, *, once: bool, again: bool, say: Say) -> int:
    """Watch until the process is told to end, with the workers beside it; exit code 0.

    With `once`, take and judge what is there and stands still, `say` what became of it, then return. Otherwise what
    happens is in the log.
    """
    with Store.open(config) as store:
        if again:
            say(f"{store.judge_again()} to be judged anew.")
        watch = Watch(store, drop)
        if once:
            _look_once(store, watch, say)
            return ACCEPTED
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        workers = threading.Thread(target=run_workers, args=(config, stop), name="dap-workers")
        workers.start()
        while not stop.is_set():
            try:
                watch.scan()
            except (Refused, CouldNotRun) as error:
                logs.note("waiting", code=error.code if isinstance(error, Refused) else type(error).__name__)
            stop.wait(config.scan_seconds)
        workers.join()
    return ACCEPTED


def _look_once(store: Store, watch: Watch, say: Say) -> None:
    """Take and judge what is there, and say for whoever asked what became of it."""
    store.tidy()
    watch.scan()
    time.sleep(store.config.settle_seconds)
    for received in watch.scan():
        say(f"{'known already' if received.repeated else 'received'}: {received.submission.id}")
    for address, refused in watch.refusals:
        say(f"a file for {address} was not taken ({refused.code}): {refused}")
    while (done := work_once(store)) is not None:
        say(f"{done.state}: {done.id}")
