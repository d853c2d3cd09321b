"""Every call of the intake that changes something on disk, so that a test can count, fail or kill at each of them.

A power cut may come between any two steps; what the intake promises holds after every one of them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

hook: Callable[[str, bool], None] | None = None
"""Told each step's name, with False before and True after it; it may raise, or end the process."""


@contextmanager
def step(name: str) -> Iterator[None]:
    """Tell the hook that a step begins and that it is done."""
    if hook is not None:
        hook(name, False)
    yield
    if hook is not None:
        hook(name, True)


def create(path: Path, mode: int = 0o600) -> int:
    """Create a file that must not exist, and open it for writing."""
    with step("create"):
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)


def write(descriptor: int, content: bytes) -> None:
    """Write all of the content."""
    with step("write"):
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]


def fsync(descriptor: int) -> None:
    """Have what was written reach the disk. Where this fails it must never be tried again on the same file."""
    with step("fsync"):
        os.fsync(descriptor)


def rename(source: Path, target: Path) -> None:
    """Give a file its new name, in one step, over whatever had it."""
    with step("rename"):
        source.replace(target)


def link(source: Path, target: Path) -> None:
    """Give a file a second name, FileExistsError where it is taken."""
    with step("link"):
        os.link(source, target)


def remove(path: Path) -> None:
    """Remove a file, or nothing where it is gone."""
    with step("remove"):
        path.unlink(missing_ok=True)


def seal(path: Path) -> None:
    """Let nobody write to a file any more, and only its owner read it."""
    with step("chmod"):
        path.chmod(0o400)


def remove_folder(path: Path) -> None:
    """Remove a folder and what is in it, as far as that can be done."""
    with step("remove_folder"):
        shutil.rmtree(path, ignore_errors=True)


def make_folder(path: Path, mode: int = 0o700) -> None:
    """Make a folder, and those above it, where it is not there."""
    if not path.is_dir():
        with step("make_folder"):
            path.mkdir(mode=mode, parents=True, exist_ok=True)


def fsync_folder(path: Path) -> None:
    """Have the names in a folder reach the disk."""
    if os.name == "nt":  # Windows opens no folder; its file system writes names through.
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with step("fsync_folder"):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, content: bytes, temporary: Path, mode: int = 0o600) -> None:
    """Write a whole file so that its name stands for all of it or for what was there before."""
    remove(temporary)
    _write_whole(temporary, content, mode)
    rename(temporary, path)
    fsync_folder(path.parent)


def make_durably(path: Path, content: bytes, temporary: Path, mode: int = 0o600) -> None:
    """Write a whole file where there is none; of several that do so at once, the first one's content stays."""
    _write_whole(temporary, content, mode)
    with suppress(FileExistsError):
        link(temporary, path)
    remove(temporary)
    fsync_folder(path.parent)


def _write_whole(path: Path, content: bytes, mode: int) -> None:
    descriptor = create(path, mode)
    try:
        write(descriptor, content)
        fsync(descriptor)
    finally:
        os.close(descriptor)
