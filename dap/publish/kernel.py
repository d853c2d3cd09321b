"""What a notebook's kernel does while it is executed to be published: it calls nobody, and notes which files it reads.

It runs inside the kernel, before the notebook's first cell.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

TABLES = (".csv", ".tsv", ".tab", ".txt", ".psv", ".dat", ".xlsx", ".xlsm")
"""Files whose rows the guard can compare with what a notebook shows. Not JSON: the plan is, and it has no rows."""
OTHERS = (".xls", ".xlsb", ".ods", ".parquet", ".zip", ".gz", ".sas7bdat", ".sav", ".dta")
"""Files that hold rows too, but that it cannot read."""


def begin(kept: str, ours: list[str]) -> None:
    """From now on refuse every connection but to this machine, and keep a copy of each table that is read.

    `kept` is the folder for the copies; a table in one of the folders `ours` is public already and is not copied.
    """
    # A hook stays for good, so that the next notebook in this kernel goes on with the same one.
    if not _watching:
        _watching.append(_Watch())
        sys.addaudithook(_watching[0].notice)
    _watching[0].keep_in(Path(kept), [Path(each).resolve() for each in ours])


class _Watch:
    def __init__(self) -> None:
        self.kept, self.ours = Path(), list[Path]()
        # Until it knows where to keep copies, it keeps none.
        self.busy = True

    def keep_in(self, kept: Path, ours: list[Path]) -> None:
        self.busy, self.kept = True, kept
        programs = (sys.prefix, sys.base_prefix, Path(__file__).parent.parent, kept)
        self.ours = [*ours, *(Path(each).resolve() for each in programs)]
        self.busy = False

    def notice(self, event: str, given: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            address = given[1]
            _demand_here(address[0] if isinstance(address, tuple) else None)
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            _demand_here(given[0])
        elif event == "open" and not self.busy:
            self.busy = True
            try:
                self._keep(*given)
            finally:
                self.busy = False

    def _keep(self, path: Any, mode: Any, flags: Any) -> None:
        if not isinstance(path, str | bytes | os.PathLike) or not _reads(mode, flags):
            return
        file = Path(os.fsdecode(path)).absolute()
        if file.suffix.lower() not in TABLES + OTHERS or not file.is_file():
            return
        if not any(file.resolve().is_relative_to(each) for each in self.ours):
            shutil.copyfile(file, self.kept / f"{sum(1 for _ in self.kept.iterdir()):05}{file.suffix.lower()}")


def _reads(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return "r" in mode or "+" in mode
    return isinstance(flags, int) and flags & (os.O_WRONLY | os.O_CREAT) == 0


def _demand_here(host: Any) -> None:
    name = os.fsdecode(host) if host else ""
    if name in ("", "localhost", socket.gethostname()):
        return
    try:
        here = ipaddress.ip_address(name).is_loopback or ipaddress.ip_address(name).is_unspecified
    except ValueError:
        here = False
    if not here:
        raise PermissionError("a notebook that is published makes no connection")


_watching: list[_Watch] = []
