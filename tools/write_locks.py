"""Write the lock files and environment.yml from pyproject.toml, or check that they are what would be written."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORE_LOCK = "requirements.lock"

# Each lock, and the extras it holds beside the core. The heavy ones follow the versions of the core lock.
LOCKS = {
    CORE_LOCK: ("dev", "site", "intake"),
    "requirements-spark.lock": ("spark", "parquet"),
    "requirements-bench.lock": ("bench", "fuzz", "stress"),
    "requirements-pdf.lock": ("pdf",),
}


@dataclass(frozen=True)
class Pin:
    """One requirement of a lock: a package at one version, perhaps only for some Pythons or platforms."""

    name: str
    version: str
    marker: str = ""

    def __str__(self) -> str:
        return f"{self.name}=={self.version}" + (f" ; {self.marker}" if self.marker else "")


def pins(lock: str) -> list[Pin]:
    """Read what a lock installs, in its own order, hashes left out."""
    found = re.finditer(
        r"^(?P<name>[a-z0-9.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\\n]+?))? \\$", lock, re.MULTILINE
    )
    return [Pin(pin["name"], pin["version"], pin["marker"] or "") for pin in found]


def environment_text(pyproject: str, lock: str) -> str:
    """Make environment.yml: Python, pip, and the direct dependencies at the lock's versions.

    It holds no hashes: pip refuses `-e .` in a run with a hashed line, and conda makes one run of the section.
    """
    project = tomllib.loads(pyproject)["project"]
    locked = pins(lock)
    lines = []
    for dependency in project["dependencies"]:
        name = _normalised(re.split(r"[^A-Za-z0-9._-]", dependency, maxsplit=1)[0])
        matching = [str(pin) for pin in locked if pin.name == name]
        if not matching:
            raise SystemExit(f'{CORE_LOCK} does not hold "{name}" of pyproject.toml. Run "make lock".')
        lines += matching
    return "\n".join(
        [
            '# Written by "make lock" from pyproject.toml and requirements.lock. Do not edit.',
            f"name: {project['name']}",
            "channels:",
            "  - conda-forge",
            "dependencies:",
            f"  - python {project['requires-python']}",
            "  - pip",
            "  - pip:",
            "      - -e .",
            *(f"      - {line}" for line in lines),
            "",
        ]
    )


def compile_lock(name: str, folder: Path, *, upgrade: bool) -> str:
    """Compile one lock inside a scratch folder, keeping the versions it has today unless told to take newer ones."""
    written = folder / name
    if (ROOT / name).exists() and not upgrade:
        shutil.copy(ROOT / name, written)
    uv = str(Path(sys.executable).parent / "uv")
    command = [uv, "pip", "compile", "pyproject.toml", "--quiet", "--universal", "--generate-hashes"]
    # The lowest Python we support, whichever runs this: the lock must not depend on who writes it.
    command += ["--python-version", "3.11"]
    # uv copies its arguments into the header; an index address among them must not get into a file.
    command += ["--custom-compile-command", "make lock", "--output-file", str(written)]
    for extra in LOCKS[name]:
        command += ["--extra", extra]
    if name != CORE_LOCK:
        command += ["--constraints", CORE_LOCK]
    finished = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    if finished.returncode:
        raise SystemExit(f"uv could not compile {name}; what it said stands above.")
    return written.read_text(encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files that changed; with --check, write none and answer 1 when one would change."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when a file would change")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows")
    options = parser.parse_args(arguments)

    changed = []
    with tempfile.TemporaryDirectory() as folder:
        for name in LOCKS:
            changed += _put(name, compile_lock(name, Path(folder), upgrade=options.upgrade), check=options.check)
    environment = environment_text(
        (ROOT / "pyproject.toml").read_text(encoding="utf-8"), (ROOT / CORE_LOCK).read_text(encoding="utf-8")
    )
    changed += _put("environment.yml", environment, check=options.check)

    if not changed:
        print(f"{', '.join(LOCKS)} and environment.yml are what pyproject.toml says.")
    elif options.check:
        print(f'{", ".join(changed)}: not what pyproject.toml says. Run "make lock".', file=sys.stderr)
    else:
        print(f"Wrote {', '.join(changed)}.")
    return 1 if changed and options.check else 0


def _put(name: str, text: str, *, check: bool) -> list[str]:
    # An unchanged file keeps its date, so that make does not install again.
    path = ROOT / name
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return []
    if not check:
        path.write_text(text, encoding="utf-8", newline="\n")
    return [name]


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
