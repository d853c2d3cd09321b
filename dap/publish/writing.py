"""Puts a site into its folder all at once: built beside it, then renamed, so that nobody ever sees half of one."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from dap.errors import CouldNotRun, RequestError
from dap.publish.site import Maker

MARK = "site.json"
"""The file that says which files of a folder are a site of ours, so that a newer one may take its place."""


def write_site(
    files: Mapping[str, Maker], folder: Path, version: str, advance: Callable[[], None] = lambda: None
) -> int:
    """Write the files and return how many bytes they are; `advance` is called after each.

    The folder must not exist, be empty, or hold a site written earlier and nothing else; otherwise RequestError. Its
    content changes in one step. CouldNotRun where the folder cannot be written.
    """
    _demand_ours(folder)
    folder = folder.absolute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        built = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError:
        raise CouldNotRun("the site's folder cannot be made.") from None
    try:
        total = _fill(built, files, version, advance)
        _swap(built, folder)
    except OSError:
        raise CouldNotRun("the site could not be written; the folder is as it was.") from None
    finally:
        shutil.rmtree(built, ignore_errors=True)
    return total


def _fill(built: Path, files: Mapping[str, Maker], version: str, advance: Callable[[], None]) -> int:
    total = 0
    made: set[Path] = set()
    for path, make in files.items():
        target = built / path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        total += target.write_bytes(make())
        advance()
    mark = {"made_by": "dap publish", "plan_version": version, "files": sorted(files)}
    (built / MARK).write_text(json.dumps(mark, indent=1) + "\n", "utf-8", newline="\n")
    # A temporary folder is its owner's alone; a web server has to read this one.
    built.chmod(0o755)
    return total


def _swap(built: Path, folder: Path) -> None:
    if not folder.exists():
        built.rename(folder)
        return
    before = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent)) / "before"
    try:
        folder.rename(before)
        try:
            built.rename(folder)
        except OSError:
            before.rename(folder)
            raise
    finally:
        shutil.rmtree(before.parent, ignore_errors=True)


def _demand_ours(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise RequestError("What was given as the site's folder is no folder.")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    if there and not there <= _listed(folder):
        raise RequestError(
            "The folder for the site holds files that are no site's. Name an empty folder, or one that does not exist."
        )


def _listed(folder: Path) -> set[str]:
    try:
        mark = json.loads((folder / MARK).read_text("utf-8"))
        return {MARK, *map(str, mark["files"])}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
