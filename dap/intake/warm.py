"""Judging without the wait: one process has Great Expectations loaded, and each file gets a fork of it.

Loading takes seconds of processor time, and judging a district's file a fraction of one. The process that waits never
opens a file; its forks are confined as a process of their own is, and are as much alone.
"""

from __future__ import annotations

import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from dap.intake.config import IntakeConfig
from dap.intake.judge import Alive, Judge, environment, judge_apart, own_paths
from dap.intake.judging import end_when_alone
from dap.intake.records import Address

_START = "import sys; sys.path[:] = sys.argv[3:]; from dap.intake.warm import wait; wait(*sys.argv[1:3])"
_MOST_ASKED = 65_536
_BORN_WITHIN = 60
"""Seconds in which a fork is there, Great Expectations imported before it included, on the busiest machine."""


@contextmanager
def warm_judge(config: IntakeConfig) -> Iterator[Judge]:
    """A judge for many files, one after the other or at once; it starts its process with the first file.

    Where the machine cannot fork, it is `judge_apart`.
    """
    if not (hasattr(os, "fork") and hasattr(socket, "send_fds")):
        yield judge_apart
        return
    template = _Template(config.folder / "tmp")
    try:
        yield template.judge
    finally:
        template.stop()


class _Template:
    """The waiting process as its user sees it; after a death it is started anew."""

    def __init__(self, temporary: Path) -> None:
        self._temporary = temporary
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        # All that is started reads from this pipe's one end, and ends when ours is closed: by us, or with us.
        self._life: tuple[int, ...] = os.pipe()

    def judge(self, config: IntakeConfig, path: Path, address: Address, alive: Alive) -> dict[str, Any] | str:
        """Run the gate on a file in a fork: the report, or one of `records.REASONS`."""
        return judge_apart(config, path, address, alive, start=self.start)

    def start(self, request: dict[str, Any], file: IO[bytes], temporary: Path) -> _Fork:
        """Have one request judged: gives the fork that does it. OSError where there is no process to ask."""
        answers, answer = os.pipe()
        states, state = os.pipe()
        try:
            text = json.dumps(request).encode()
            with self._lock:
                control = self._started()
                try:
                    socket.send_fds(control, [text], [file.fileno(), answer, state])
                except OSError:
                    # It died since the last file. One new start; what fails again is the machine's trouble.
                    self._end()
                    socket.send_fds(self._started(), [text], [file.fileno(), answer, state])
        except BaseException:
            os.close(answers)
            os.close(states)
            raise
        finally:
            os.close(answer)
            os.close(state)
        return _Fork(answers, states)

    def stop(self) -> None:
        """End the process and whatever it still judges."""
        with self._lock:
            self._end()
            for each in self._life:
                os.close(each)
            self._life = ()

    def _started(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._control is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            with theirs:
                lent = (theirs.fileno(), self._life[0])
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-X", "utf8", "-c", _START, *map(str, lent), *own_paths()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    # NumPy's own threads, which would be lost in a fork.
                    env={**environment(self._temporary), "OPENBLAS_NUM_THREADS": "1"},
                    cwd=self._temporary,
                    pass_fds=lent,
                    start_new_session=True,
                )
            self._control = ours
        return self._control

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._control = None


class _Fork:
    """One judging: its answer's stream, its end, and how to end it."""

    def __init__(self, answers: int, states: int) -> None:
        self.stdout: IO[bytes] = os.fdopen(answers, "rb")
        self._states = os.fdopen(states, "rb", buffering=0)
        self._told = b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._states, selectors.EVENT_READ)

    def ended(self, seconds: float) -> int | None:
        """The exit code, where it ends within so many seconds. One that was never told is a death's."""
        while self._selector.select(seconds):
            if not self._hear():
                code = self._told.partition(b"\n")[2]
                return int(code) if code else 1
        return None

    def _hear(self) -> bool:
        """Take what is told next; False where nothing more will be."""
        piece = self._states.read(64) or b""
        self._told += piece
        return bool(piece)

    def kill(self) -> None:
        """End the fork and what it started, which are a group of their own."""
        # It is told its number before it begins, and nobody can end what has none yet.
        while b"\n" not in self._told and self._selector.select(_BORN_WITHIN) and self._hear():
            pass
        self._selector.close()
        number = self._told.partition(b"\n")
        # Once its code is told its number may be another's.
        if number[1] and not number[2]:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(int(number[0]), signal.SIGKILL)
        self._states.close()


def wait(control: str, life: str) -> None:
    """Be the waiting process: load what judging needs, then fork for each request until there is nobody to ask.

    Requests come through the socket of the number `control`; `life` is the pipe of `judging.end_when_alone`.
    """
    # The minders of the forks end by themselves, and nobody counts them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _load()
    asked, alone = socket.socket(fileno=int(control)), int(life)
    waited: list[Any] = [asked, alone]
    while True:
        # No end is seen on a socket of messages, but on the pipe.
        if alone in select.select(waited, [], [])[0]:
            return
        text, descriptors, _, _ = socket.recv_fds(asked, _MOST_ASKED, 3)
        if len(descriptors) != 3:
            return
        if os.fork() == 0:
            asked.close()
            file, answer, state = descriptors
            _mind(text.decode(), file, answer, state, alone)
        for each in descriptors:
            os.close(each)


def _load() -> None:
    """Import what every judging needs, and nothing that starts a thread: a fork would have none of them but its own."""
    from dap.engine.starting import import_gx, own_process

    own_process()
    import_gx(whole=True)
    import dap.catalog
    import dap.engine
    import dap.expectations
    import dap.gate
    import dap.suites  # noqa: F401


def _mind(text: str, file: int, answer: int, state: int, life: int) -> None:
    """Start the judging process, say its number, wait for it, and say how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = 1
    try:
        ready, go = os.pipe()
        judging = os.fork()
        if judging == 0:
            for each in (go, life):
                os.close(each)
            os.read(ready, 1)
            _judge(text, file, answer, state)
        os.close(answer)
        # A group of its own, with what it may start: it is there before anyone can want to end it.
        os.setpgid(judging, judging)
        end_when_alone(life, judging)
        os.write(state, f"{judging}\n".encode())
        os.close(go)
        code = os.waitstatus_to_exitcode(os.waitpid(judging, 0)[1])
        os.write(state, str(code).encode())
    finally:
        os._exit(0)


def _judge(text: str, file: int, answer: int, state: int) -> None:
    code = 1
    try:
        os.dup2(file, 0)
        os.dup2(answer, 1)
        for each in (file, answer, state):
            os.close(each)
        from dap.intake.judging import main

        main(text)
        code = 0
    finally:
        os._exit(code)
