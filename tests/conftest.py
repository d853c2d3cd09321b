"""What many tests need: a small invented plan to break, the repository's own plan, and no way out to a network."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from dap.catalog import open_plan
from dap.examples import example_text
from dap.plan import Plan
from dap.suites import write_suites

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from dap.intake.config import IntakeConfig

ROOT = Path(__file__).resolve().parent.parent
PLAN = "catalog/datapackage.json"
ROSTER = "catalog/collections/example-roster/datapackage.json"

Descriptor = dict[str, Any]
NewPlan = Callable[[], Path]
NewConfig = Callable[[], "IntakeConfig"]

# How long an example takes says how busy the machine is; in CI the rest is Hypothesis' own profile for it.
settings.register_profile("dap", parent=settings(), deadline=None)
settings.load_profile("dap")

_SOURCE = {"title": "Example handbook", "path": "https://example.org/handbook", "year": "2025", "confidence": "high"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the repository's own plan, with its suites, that a test may change."""
    root = tmp_path / "plan"
    for folder in ("catalog", "expectations"):
        shutil.copytree(ROOT / folder, root / folder)
    return root


@pytest.fixture
def new_plan(tmp_path: Path, _sound_plan: Path) -> NewPlan:
    """Makes plan folders: each call returns the root of a new, invented, sound one, with its suites built."""
    made: list[Path] = []

    def make() -> Path:
        root = tmp_path / f"plan-{len(made) + 1}"
        shutil.copytree(_sound_plan, root)
        made.append(root)
        return root

    return make


@pytest.fixture(scope="session")
def connecticut() -> Plan:
    """The repository's own plan."""
    return open_plan(ROOT)


@pytest.fixture(scope="session")
def site_folder(connecticut: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's own plan as a site, built once."""
    from dap.publish import publish

    folder = tmp_path_factory.mktemp("site")
    publish(connecticut, folder)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser; skipped where there is none, but never in CI."""
    from tests.browsing import chromium

    with chromium() as started:
        yield started


def edit(root: Path, path: str, change: Callable[[Descriptor], object]) -> None:
    """Change a descriptor in place: `edit(root, ROSTER, lambda d: d.update(title="Another"))`."""
    document = json.loads((root / path).read_text("utf-8"))
    change(document)
    _write(root / path, document)


def edit_text(root: Path, path: str, old: str, new: str) -> None:
    """Replace the one place in a file that reads `old`."""
    text = (root / path).read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
    (root / path).write_text(text.replace(old, new), "utf-8", newline="\n")


def named(things: list[Descriptor], name: str) -> Descriptor:
    """The one of a list of resources, fields or rules that has the name."""
    return next(each for each in things if each["name"] == name)


def layout(descriptor: Descriptor, name: str = "students") -> Descriptor:
    """A layout of a collection's descriptor."""
    return named(descriptor["resources"], name)


def field(descriptor: Descriptor, name: str, layout_name: str = "students") -> Descriptor:
    """A field of a layout of a collection's descriptor."""
    return named(layout(descriptor, layout_name)["schema"]["fields"], name)


def rebuild(root: Path) -> None:
    """Write the suites of a plan that was changed."""
    write_suites(open_plan(root))


def write_examples(root: Path) -> None:
    """Write every layout's example file anew."""
    plan = open_plan(root)
    for collection in plan.all_collections:
        for each in collection.layouts:
            text = example_text(plan, collection, each, rows=6)
            (collection.folder / each.path).write_text(text, "utf-8", newline="\n")


@pytest.fixture(scope="session")
def _sound_plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sound")
    shutil.copytree(ROOT / "schemas", root / "schemas")
    _write(root / PLAN, _plan())
    _write(root / ROSTER, _roster())
    for name, text in _TABLES.items():
        path = root / "catalog" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    write_examples(root)
    rebuild(root)
    return root


def _write(path: Path, document: Descriptor) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8", newline="\n")


_TABLES = {
    "mandates.csv": (
        "id,citation,title,jurisdiction,summary,since,until,source,year,confidence\n"
        "example-act,Example Act 1,Example Act,federal,Asks for a roster.,,,https://example.org/act,2025,high\n"
        "example-rule,Example Rule 2,Example Rule,state,Asks for the reason of leaving.,2001-07-01,,"
        "https://example.org/rule,,medium\n"
    ),
    "crosswalk.csv": (
        "collection,element,standard,target,match,note,source\n"
        "example-roster,sasid,CEDS,000000,close,Invented,https://example.org/crosswalk\n"
        "example-roster,grade,CEDS,000001,exact,,https://example.org/crosswalk\n"
    ),
    "code-lists/grades.csv": (
        "code,label,since,until,source\n"
        "K,Kindergarten,,,https://example.org/grades\n"
        "01,First grade,2001-02,,https://example.org/grades\n"
        "02,Second grade,2001-02,2030-31,https://example.org/grades\n"
        "03,Third grade,1990-91,2000-01,https://example.org/grades\n"
    ),
    "code-lists/programs.csv": (
        "code,label,since,until,source\n"
        "10,Music,,,https://example.org/programs\n"
        ",Chess,,,https://example.org/programs\n"
    ),
}


def _table(name: str, schema: str, **more: Any) -> Descriptor:
    folder = "" if name in ("mandates", "crosswalk") else "code-lists/"
    return {
        "name": name,
        "type": "table",
        "title": name.capitalize(),
        "path": f"{folder}{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": json.loads((ROOT / "schemas" / f"{schema}.table.json").read_text("utf-8")),
        "sources": [_SOURCE],
        **more,
    }


def _plan() -> Descriptor:
    return {
        "$schema": "../schemas/plan.schema.json",
        "name": "example-plan",
        "title": "Example plan",
        "description": "An invented plan.",
        "version": "1.0.0",
        "contributors": [{"title": "Example Department of Education", "roles": ["publisher"]}],
        "licenses": [{"name": "CC0-1.0"}],
        "acquisition": {
            "promises": [
                {
                    "id": "no-ssn",
                    "text": "No Social Security numbers are collected.",
                    "mandate": "example-act",
                    "sources": [_SOURCE],
                }
            ]
        },
        "resources": [
            _table("mandates", "mandates"),
            _table("crosswalk", "crosswalk"),
            _table("grades", "code-list", acquisition={"codeList": True, "complete": True}),
            _table(
                "programs",
                "code-list",
                acquisition={
                    "codeList": True,
                    "complete": False,
                    "open": [{"about": "codes", "why": "One of the codes was not seen."}],
                },
            ),
        ],
    }


def _field(name: str, type: str = "string", acquisition: Descriptor | None = None, **more: Any) -> Descriptor:
    stated = {"name": name, "title": name.replace("_", " ").capitalize(), "type": type, **more, "sources": [_SOURCE]}
    return stated if acquisition is None else {**stated, "acquisition": acquisition}


def _roster() -> Descriptor:
    left = [{"field": "exit_date", "empty": False}]
    stayed = [{"field": "exit_date", "empty": True}]
    students = [
        _field(
            "sasid",
            constraints={"required": True, "pattern": "[0-9]{10}", "maxLength": 10},
            example="0000000001",
            acquisition={"sensitivity": "direct-identifier", "classification": ["persistent-unique-identifier"]},
        ),
        _field("school_year", constraints={"required": True, "pattern": "[0-9]{4}-[0-9]{2}"}, example="2025-26"),
        _field("last_name", constraints={"required": True, "maxLength": 40}, example="Example"),
        _field("seat", constraints={"required": True, "unique": True, "pattern": "[A-Z][0-9]{3}"}),
        _field("grade", constraints={"required": True}, example="01", acquisition={"codes": "grades"}),
        _field("program", constraints={"pattern": "[0-9]{2}"}, example="10", acquisition={"codes": "programs"}),
        _field(
            "absences",
            "integer",
            constraints={"minimum": 0, "maximum": 180},
            missingValues=[{"value": ""}, {"value": "*", "label": "Suppressed"}],
            acquisition={"frequency": "monthly", "sensitivity": "none"},
        ),
        _field("days_enrolled", "integer", constraints={"required": True, "minimum": 1, "maximum": 180}),
        _field("rate", "number", constraints={"minimum": 0, "maximum": 100}),
        _field(
            "homeless", "boolean", trueValues=["Y"], falseValues=["N"], acquisition={"sensitivity": "socioeconomic"}
        ),
        _field(
            "birth_date",
            "date",
            format="%m%d%Y",
            constraints={"required": True, "minimum": "01012001", "maximum": "12312001"},
            example="01012001",
        ),
        _field("entry_date", "date", constraints={"required": True, "minimum": "2001-01-01"}),
        _field("exit_date", "date", constraints={"minimum": "2001-01-01"}),
        _field(
            "exit_reason",
            constraints={"enum": ["moved", "graduated"]},
            categories=[{"value": "moved", "label": "Moved away"}, {"value": "graduated", "label": "Graduated"}],
            acquisition={
                "mandates": [{"id": "example-rule", "obligation": "mandatory"}],
                "requiredWhen": {"all": left},
                "forbiddenWhen": {"all": stayed},
                "open": [{"about": "purpose", "why": "The handbook does not say."}],
            },
        ),
        _field(
            "sponsor",
            constraints={"maxLength": 40},
            acquisition={"requiredWhen": {"any": [{"field": "program", "in": ["10"]}]}},
        ),
    ]
    counts = [
        _field("district_code", constraints={"required": True, "pattern": "[0-9]{7}"}, example="0010011"),
        _field("grade", constraints={"required": True}, example="01", acquisition={"codes": "grades"}),
        _field("count", "integer", constraints={"required": True, "minimum": 0}),
        _field("note", example="Invented"),
    ]
    return {
        "$schema": "../../../schemas/collection.schema.json",
        "name": "example-roster",
        "title": "Example roster",
        "description": "An invented roster of invented students.",
        "sources": [_SOURCE],
        "acquisition": {
            "domain": "student",
            "level": "individual",
            "respondents": ["districts"],
            "frequency": "annual",
            "windows": [
                {
                    "schoolYear": "2025-26",
                    "opens": "2025-10-01",
                    "due": "2025-10-15",
                    "accurate": "2025-11",
                    "freeze": [{"name": "F1", "date": "2025-11-15"}, {"name": "F2", "date": "2025-12-15"}],
                }
            ],
            "mandates": [{"id": "example-act", "obligation": "mandatory"}],
            "purpose": "Shows how a plan is written.",
            "uses": ["counts", "reports"],
            "open": [{"about": "retention", "why": "The handbook does not say."}],
            "submittedAs": "file",
            "layout": "complete",
        },
        "resources": [
            {
                "name": "students",
                "type": "table",
                "title": "Students",
                "path": "example-students.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": {"fields": students, "fieldsMatch": "exact", "primaryKey": ["sasid", "school_year"]},
                "acquisition": {
                    "order": "fixed",
                    "validFor": ["2025-26"],
                    "submission": {"period": "school_year"},
                    "rules": [
                        {
                            "rule": "V150",
                            "name": "exit_date.before_entry_date",
                            "compare": {"field": "exit_date", "is": ">=", "to": "entry_date"},
                            "message": "Exit date is earlier than entry date.",
                            "fix": "Correct whichever is wrong.",
                        },
                        {
                            "rule": "Q101",
                            "name": "absences.more_than_enrolled",
                            "compare": {"field": "absences", "is": "<=", "to": "days_enrolled"},
                            "when": {"all": [{"field": "grade", "notIn": ["K"]}]},
                            "message": "More days absent than enrolled.",
                            "fix": "Correct it, or explain it.",
                        },
                    ],
                },
            },
            {
                "name": "counts",
                "type": "table",
                "title": "Counts",
                "path": "example-counts.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "dialect": {"headerRows": [3], "commentRows": [1, 2], "skipBlankRows": True},
                "schema": {
                    "fields": counts,
                    "fieldsMatch": "superset",
                    "primaryKey": ["district_code", "grade"],
                    "missingValues": [{"value": ""}, {"value": "*", "label": "Suppressed"}],
                },
                "acquisition": {
                    "order": "any",
                    "optional": ["note"],
                    "titleLines": [
                        {"cells": ["Example counts"]},
                        {"cells": ["School year 2025-26"], "pattern": "School year [0-9]{4}-[0-9]{2}"},
                    ],
                    "textGuards": True,
                    "headerFault": "error",
                    "submission": {"district": "district_code"},
                },
            },
        ],
    }


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a PostgreSQL server, one for all tests of a process."""
    from tests.intake_places import POSTGRES, fast_folder, postgres

    if not (POSTGRES / "postgres").exists() and os.environ.get("CI") != "true":
        pytest.skip("PostgreSQL is not installed (Debian: postgresql), and CI demands it")
    # A socket's path may have no more than some 100 letters, and the server's user must reach it.
    with fast_folder() as folder:
        folder.chmod(0o755)
        with postgres(folder / "pg") as address:
            yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def new_config(request: pytest.FixtureRequest, new_plan: NewPlan) -> Iterator[NewConfig]:
    """Makes settings of intakes, each with its own folder and database: SQLite, then PostgreSQL."""
    from tests.intake_places import intakes

    server = request.getfixturevalue("server") if request.param == "postgresql" else ""
    with intakes(new_plan(), server) as make:
        yield make


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests have counted (`record_property("counted", ...)`), at the end."""
    told = [
        f"{report.nodeid.rpartition('::')[2]}: {text}"
        for report in terminalreporter.stats.get("passed", ())
        for name, text in report.user_properties
        if name == "counted"
    ]
    if told:
        terminalreporter.section("counted")
        for line in told:
            terminalreporter.write_line(line)


class _Network:
    """What this process may reach: nothing, or this machine; and what it tried beyond that."""

    loopback = False
    tried: list[str]

    def __init__(self) -> None:
        self.tried = []

    def watch(self, event: str, details: tuple[Any, ...]) -> None:
        """Refuse an outgoing connection or a look-up of a name."""
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            address = details[1]
            if not isinstance(address, tuple):  # a socket of this machine's own files, or one connected already
                return
            host = address[0]
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            host = details[0]
        else:
            return
        if not (self.loopback and _is_here(host)):
            self.tried.append(f"{event} {host}")
            raise PermissionError("a test opens no connection; one that needs this machine is marked network_loopback")


def _is_here(host: Any) -> bool:
    if host in (None, "", "localhost", b"localhost", socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_NETWORK = _Network()


def pytest_configure(config: pytest.Config) -> None:
    """Watch this process's sockets from the start; what child processes do is theirs to watch."""
    config.addinivalue_line("markers", "network_loopback: may connect to this machine, and nowhere else")
    sys.addaudithook(_NETWORK.watch)


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Keep the test off every network, even where the code under test swallows the refusal; what it tried."""
    _NETWORK.loopback = request.node.get_closest_marker("network_loopback") is not None
    _NETWORK.tried.clear()
    yield _NETWORK.tried
    tried, _NETWORK.loopback = list(_NETWORK.tried), False
    _NETWORK.tried.clear()
    assert not tried, f"the test tried to reach a network: {', '.join(tried)}"
