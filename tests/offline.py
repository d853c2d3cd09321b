"""Keeps a child process of a test at home: its own folders, and no connection but to this machine."""

from __future__ import annotations

from pathlib import Path

# Python runs this file, where it finds it, at the start of every process: the server, its kernels, their children.
_GUARD = """
import ipaddress, socket, sys

_OWN = {None, "", "localhost", socket.gethostname(), b"localhost"}


def _inside(host):
    try:
        return host in _OWN or ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _guard(event, details):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = details[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = details[0]
    else:
        return
    if not _inside(host):
        with open({log!r}, "a") as log:
            print(event, host, file=log)
        raise PermissionError("a test allows no connection to the outside")


sys.addaudithook(_guard)
"""


def stay_home(folder: Path) -> dict[str, str]:
    """The environment of a process that keeps all its files in `folder` and can connect to this machine only."""
    for name in ("home", "site", "runtime", "config", "data", "ipython"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "site" / "sitecustomize.py").write_text(
        _GUARD.replace("{log!r}", repr(str(_log(folder)))), encoding="utf-8"
    )
    return {
        "HOME": str(folder / "home"),
        "PYTHONPATH": str(folder / "site"),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_PATH": "",
        "JUPYTER_CONFIG_PATH": "",
    }


def outside_connections(folder: Path) -> list[str]:
    """What the processes that live in `folder` tried to reach outside this machine."""
    return _log(folder).read_text(encoding="utf-8").splitlines() if _log(folder).exists() else []


def _log(folder: Path) -> Path:
    return folder / "outside.log"
