"""The intake's one configuration file, with the default of every setting."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from dap.errors import RequestError, nearest

DEFAULT_FILE = "dap-intake.toml"


@dataclass(frozen=True)
class HttpConfig:
    """`[http]`: the service that `dap serve` runs, behind a reverse proxy that speaks TLS."""

    host: str = "127.0.0.1"
    port: int = 8600
    wait_seconds: float = 10
    """How long a PUT waits for the verdict before it answers 202 and a place to ask."""
    uploads: int = 256
    """Uploads at once."""
    uploads_per_district: int = 8
    checks_at_once: int = 2
    requests_per_minute: int = 240
    """Of one token."""
    failures_per_minute: int = 20
    """Wrong tokens from one address."""
    idle_seconds: float = 30
    """An upload that sends nothing for so long is given up."""
    stop_seconds: float = 30
    """How long a graceful stop waits for what is under way."""
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    address: str = ""
    """The service's public address, for links; empty: as the request says."""


@dataclass(frozen=True)
class RetentionConfig:
    """`[retention]`: for how many days files are kept after their verdict; 0 keeps them for ever."""

    accepted_days: int = 0
    superseded_days: int = 0
    rejected_days: int = 90
    quarantine_days: int = 30


@dataclass(frozen=True)
class IntakeConfig:
    """All settings. `folder` holds everything the intake keeps; `database` is an SQLAlchemy address.

    An empty `database` is SQLite in the folder. An empty `plan` is the plan here or in the nearest folder above.
    """

    folder: Path = Path("intake")
    plan: Path = Path()
    database: str = ""
    workers: int = 2
    max_bytes: int = 250_000_000
    """The most that one file may have; never above the readers' own limit."""
    lease_seconds: float = 30
    """How long a worker that says nothing keeps a submission; whoever lives says something three times as often."""
    judge_seconds: float = 300
    """How long the judging of one file may take."""
    judge_memory_bytes: int = 4_000_000_000
    """The address space of one judging process."""
    poll_seconds: float = 1
    """How often a worker without work looks for some."""
    scan_seconds: float = 5
    """How often the drop folder is looked through."""
    settle_seconds: float = 10
    """How long a dropped file must stand still before it is taken."""
    busy_seconds: float = 30
    """How long a change waits for the database's lock."""
    publisher: str = ""
    """Who gives the receipts; empty: the plan's publisher."""
    http: HttpConfig = field(default_factory=HttpConfig)
    retention: RetentionConfig = field(default_factory=RetentionConfig)

    @property
    def url(self) -> str:
        """The database's address, that of the folder's own SQLite file where none is set."""
        return self.database or f"sqlite:///{(self.folder / 'ledger.sqlite').absolute()}"


_LEAST: dict[str, float] = {"workers": 0, "max_bytes": 1, "lease_seconds": 1, "judge_seconds": 1, "port": 0}


def read_config(path: Path | None = None) -> IntakeConfig:
    """The settings of a TOML file; those of `dap-intake.toml` here, or all defaults, where no file is named.

    Relative folders are those beside the file. RequestError for a file that cannot be read, a setting that does not
    exist, or a value of another kind: it says in which table and as which setting.
    """
    chosen = path or Path(DEFAULT_FILE)
    if path is None and not chosen.exists():
        return _rooted({}, Path.cwd())
    try:
        stated = tomllib.loads(chosen.read_text("utf-8"))
    except OSError:
        raise RequestError("The configuration file cannot be read.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise RequestError("The configuration file is not TOML.") from None
    return _rooted(stated, chosen.absolute().parent)


def _rooted(stated: Mapping[str, Any], beside: Path) -> IntakeConfig:
    from dap.catalog import find_plan

    config: IntakeConfig = _table(IntakeConfig, stated, "")
    plan = beside / config.plan if config.plan != Path() else find_plan(beside)
    values = {**vars(config), "folder": beside / config.folder, "plan": plan}
    return IntakeConfig(**values)


def _table(kind: type[Any], stated: Mapping[str, Any], name: str) -> Any:
    known = {each.name: each for each in fields(kind)}
    values: dict[str, Any] = {}
    for number, (key, value) in enumerate(stated.items(), start=1):
        where = f"In the configuration, {f'table [{name}]' if name else 'at the top'}, setting {number}"
        if key not in known:
            raise RequestError(f"{where}: there is no such setting.{nearest(key, known)}")
        values[key] = _value(known[key], value, f"{where} ({key})", key)
    return kind(**values)


def _value(setting: Any, value: Any, where: str, name: str) -> Any:
    default = setting.default_factory() if setting.default is MISSING else setting.default
    if isinstance(default, HttpConfig | RetentionConfig):
        if not isinstance(value, dict):
            raise RequestError(f"{where}: this is a table.")
        return _table(type(default), value, name)
    if isinstance(default, Path):
        fits, said = isinstance(value, str) and bool(value), "a folder's name, in quotes"
    elif isinstance(default, str):
        fits, said = isinstance(value, str), "a text, in quotes"
    elif isinstance(default, tuple):
        fits, said = isinstance(value, list) and all(isinstance(each, str) for each in value), "a list of texts"
    else:
        kinds = (int,) if setting.type == "int" else (int, float)
        least = _LEAST.get(name, 0)
        fits = isinstance(value, kinds) and not isinstance(value, bool) and value >= least
        said = f"a {'whole ' if setting.type == 'int' else ''}number, {least:g} or more"
    if not fits:
        raise RequestError(f"{where}: this is {said}.")
    return Path(value) if isinstance(default, Path) else tuple(value) if isinstance(default, tuple) else value
