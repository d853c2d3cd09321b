"""Writes a new plan for another state: a small, sound skeleton with one invented collection, whole or not at all."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from dap.catalog import CATALOG, PLAN_FILE, open_plan, schemas_folder
from dap.errors import CouldNotRun, RequestError
from dap.examples import example_text
from dap.suites import write_suites

TEMPLATE = Path(str(files("dap"))) / "skeleton" / "plan"
"""The folder of the files a new plan begins with; every fact in them is invented and says so."""

NEXT = (
    ("dap lint", "is the plan sound?"),
    ("dap lint --open", "what has to be found out yet"),
    ("dap describe FILE", "a draft for a file you already collect"),
)
"""The next commands, run in the new folder, and what each is for."""

_README, _IGNORED = "README.md", "gitignore"
# Version control may be there before the plan is.
_MAY_BE_THERE = {".git"}
_LONGEST = 200


def write_plan(folder: Path, title: str | None = None, publisher: str | None = None) -> tuple[str, ...]:
    """Write a new plan into `folder` and return the paths of its files in it, with `/`, in order.

    The folder is made where it is missing, and must be empty where it is not (a `.git` may be in it). Without `title`
    and `publisher` the plan bears invented ones. Raises RequestError where nothing can be written there, and
    CouldNotRun where writing fails; then the folder is as it was.
    """
    title, publisher = _said("--title", title), _said("--publisher", publisher)
    _demand_empty(folder)
    there = folder.is_dir()
    made = [] if there else _make_folders(folder.parent)
    # Beside the folder, or in it where it is there already: a shell may stand in it, and its parent may not be ours.
    work = (folder if there else folder.parent) / f".dap-init-{secrets.token_hex(8)}"
    try:
        work.mkdir()
        _fill(work, title, publisher)
        written = tuple(_files(work))
        if there:
            _move(work, folder)
        else:
            work.rename(folder)
    except OSError:
        _undo(made, work)
        raise CouldNotRun(
            "the new plan could not be written, so nothing was: is there room, and may you write?"
        ) from None
    except BaseException:
        _undo(made, work)
        raise
    return written


def _said(option: str, text: str | None) -> str | None:
    """The text without blanks around it; RequestError where it is no line a person can read."""
    if text is None:
        return None
    if not text.strip() or not text.isprintable() or len(text) > _LONGEST:
        raise RequestError(f"{option} must be one line of 1 to {_LONGEST} characters.")
    return text.strip()


def _demand_empty(folder: Path) -> None:
    try:
        if not folder.exists():
            return
        if not folder.is_dir():
            raise RequestError("There is a file of that name. Name a folder that is empty or not there yet.")
        if any(each.name not in _MAY_BE_THERE for each in folder.iterdir()):
            raise RequestError(
                "The folder is not empty, and nothing in it was touched. Name one that is empty or not there yet."
            )
    except OSError:
        raise RequestError("The folder cannot be opened. Name one that you may read and write.") from None


def _make_folders(folder: Path) -> list[Path]:
    """Make the folder and those above it that are missing; the ones made, the innermost first."""
    made: list[Path] = []
    try:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        for each in reversed(missing):
            each.mkdir()
            made.insert(0, each)
    except OSError:
        _undo(made, None)
        raise RequestError("The folder cannot be made there. Name one in a folder that you may write to.") from None
    return made


def _undo(made: list[Path], work: Path | None) -> None:
    if work is not None:
        shutil.rmtree(work, ignore_errors=True)
    for each in made:
        # Another program may have put something there meanwhile; that stays.
        if each.is_dir() and not any(each.iterdir()):
            each.rmdir()


def _fill(root: Path, title: str | None, publisher: str | None) -> None:
    """Write the whole plan into `root`, with its schemas, examples and suites."""
    for source in sorted(TEMPLATE.rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            target = root / source.relative_to(TEMPLATE)
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(target, source.read_text("utf-8"))
    (root / _IGNORED).rename(root / f".{_IGNORED}")
    (root / "schemas").mkdir()
    for schema in sorted(schemas_folder().glob("*.json")):
        _write(root / "schemas" / schema.name, schema.read_text("utf-8"))
    package = _plan_package(root / CATALOG / PLAN_FILE, title, publisher)
    _write(root / CATALOG / PLAN_FILE, json.dumps(package, indent=2, ensure_ascii=False) + "\n")
    names = {"title": package["title"], "publisher": package["contributors"][0]["title"]}
    _write(root / _README, Template((root / _README).read_text("utf-8")).substitute(names))
    plan = open_plan(root)
    for collection in plan.all_collections:
        for layout in collection.file_layouts:
            _write(collection.folder / layout.path, example_text(plan, collection, layout))
    write_suites(plan)


def _plan_package(path: Path, title: str | None, publisher: str | None) -> dict[str, Any]:
    """The plan's own descriptor: named as wished, and each table's schema, named in the template, written out."""
    package: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if title is not None:
        package["title"] = title
        package["name"] = _slug(title) or package["name"]
    if publisher is not None:
        package["contributors"][0]["title"] = publisher
    for resource in package["resources"]:
        resource["schema"] = json.loads((schemas_folder() / resource["schema"]).read_text("utf-8"))
    return package


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _move(work: Path, folder: Path) -> None:
    """Move what lies in `work` up into `folder`, the catalog last: until it is there, the folder is no plan."""
    moved: list[Path] = []
    try:
        for each in sorted(work.iterdir(), key=lambda path: (path.name == CATALOG, path.name)):
            each.rename(folder / each.name)
            moved.append(folder / each.name)
        work.rmdir()
    except BaseException:
        for each in moved:
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        raise


def _files(root: Path) -> Iterator[str]:
    return (path.relative_to(root).as_posix() for path in sorted(root.rglob("*")) if path.is_file())


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")
