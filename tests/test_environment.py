"""The three lists of dependencies (pyproject.toml, the locks, environment.yml) say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tools.write_locks import environment_text

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
CORE: list[str] = PROJECT["dependencies"]

# Each lock, and everything pyproject.toml asks it to hold.
LOCKS = {
    "requirements.lock": CORE + EXTRAS["dev"] + EXTRAS["site"] + EXTRAS["intake"],
    "requirements-spark.lock": CORE + EXTRAS["spark"] + EXTRAS["parquet"],
    "requirements-bench.lock": CORE + EXTRAS["bench"] + EXTRAS["fuzz"] + EXTRAS["stress"],
    "requirements-pdf.lock": CORE + EXTRAS["pdf"],
}
PYTHONS = ["3.11.0", "3.12.0", "3.13.0"]
EACH_LOCK = pytest.mark.parametrize("lock", LOCKS)


@EACH_LOCK
def test_a_lock_names_no_index_and_no_place(lock: str) -> None:
    text = _read(lock)
    assert "://" not in text
    assert not re.findall(r"--(?:index|extra-index|find-links|default-index|emit|trusted-host)[a-z-]*", text)


@EACH_LOCK
def test_every_requirement_of_a_lock_has_a_hash(lock: str) -> None:
    blocks = _blocks(lock)
    assert len(blocks) > 100
    for requirement, hashes in blocks:
        assert re.fullmatch(r"==[^=*,]+", str(requirement.specifier)), f"{requirement} is not one version"
        assert hashes, f"{requirement} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes)


@EACH_LOCK
@pytest.mark.parametrize("python", PYTHONS)
def test_a_lock_holds_each_dependency_at_a_version_that_pyproject_allows(lock: str, python: str) -> None:
    installed = _versions(lock, python)
    for dependency in map(Requirement, LOCKS[lock]):
        if _applies(dependency.marker, python):
            version = installed.get(canonicalize_name(dependency.name))
            assert version is not None, f"{lock} does not hold {dependency.name}"
            assert version in dependency.specifier, (
                f"{lock} holds {dependency.name} {version}, not {dependency.specifier}"
            )


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", [lock for lock in LOCKS if lock != "requirements.lock"])
def test_a_heavy_lock_can_be_installed_over_the_core(lock: str, python: str) -> None:
    core = _versions("requirements.lock", python)
    heavy = _versions(lock, python)
    assert {name: heavy[name] for name in core.keys() & heavy.keys()} == {
        name: core[name] for name in core.keys() & heavy.keys()
    }


# Other people's detectors, which one benchmark asks where somebody installed them; nothing of ours needs them.
UNLOCKED = {"peers"}


def test_every_extra_but_the_peers_stands_in_exactly_one_lock() -> None:
    asked = [dependency for lock in LOCKS.values() for dependency in lock if dependency not in CORE]
    locked = [extra for name, extra in EXTRAS.items() if name not in UNLOCKED]
    assert sorted(asked) == sorted(dependency for extra in locked for dependency in extra)
    assert {path.name for path in ROOT.glob("requirements*")} == LOCKS.keys()


def test_environment_yml_asks_for_the_pythons_of_pyproject() -> None:
    environment = yaml.safe_load(_read("environment.yml"))
    assert environment["name"] == "dap"
    assert environment["channels"] == ["conda-forge"]
    conda = [each for each in environment["dependencies"] if isinstance(each, str)]
    assert [each.split()[0] for each in conda] == ["python", "pip"]
    asked = SpecifierSet(conda[0].removeprefix("python"))
    assert asked == SpecifierSet(PROJECT["requires-python"])
    assert [python for python in ("3.10.9", *PYTHONS, "3.14.0") if python in asked] == PYTHONS


def test_environment_yml_installs_dap_and_its_direct_dependencies_at_the_versions_of_the_lock() -> None:
    environment = yaml.safe_load(_read("environment.yml"))
    [section] = [each["pip"] for each in environment["dependencies"] if isinstance(each, dict)]
    assert section[0] == "-e ."
    assert not [line for line in section if "--hash" in line], "pip refuses -e . beside a hashed line"
    direct = {canonicalize_name(Requirement(each).name) for each in CORE}
    listed = [Requirement(line) for line in section[1:]]
    assert listed == [each for each, _ in _blocks("requirements.lock") if canonicalize_name(each.name) in direct]
    assert {canonicalize_name(each.name) for each in listed} == direct


def test_environment_yml_is_what_make_lock_writes() -> None:
    assert _read("environment.yml") == environment_text(_read("pyproject.toml"), _read("requirements.lock"))


def test_a_dependency_split_by_python_keeps_both_lines_in_environment_yml() -> None:
    pyproject = '[project]\nname = "dap"\nrequires-python = ">=3.11"\ndependencies = ["Num_Py[fast]>=2"]\n'
    lock = (
        "num-py==2.4 ; python_full_version < '3.12' \\\n    --hash=sha256:00\n"
        "num-py==2.5 ; python_full_version >= '3.12' \\\n    --hash=sha256:11\n    # via dap (pyproject.toml)\n"
        "other==1 \\\n    --hash=sha256:22\n"
    )
    environment = yaml.safe_load(environment_text(pyproject, lock))
    assert environment["dependencies"][2]["pip"] == [
        "-e .",
        "num-py==2.4 ; python_full_version < '3.12'",
        "num-py==2.5 ; python_full_version >= '3.12'",
    ]


def test_a_dependency_missing_from_the_lock_is_named_with_the_way_out() -> None:
    pyproject = '[project]\nname = "dap"\nrequires-python = ">=3.11"\ndependencies = ["altair>=6"]\n'
    with pytest.raises(SystemExit, match=r'does not hold "altair".*make lock'):
        environment_text(pyproject, "click==8 \\\n    --hash=sha256:00\n")


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _blocks(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Read a lock by pip's grammar, not by ours: each requirement with its hashes."""
    lines = re.sub(r"^\s*#.*$", "", _read(lock), flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    parts = [line.split(" --hash=") for line in lines if line.strip()]
    return [(Requirement(first.strip()), [each.strip() for each in rest]) for first, *rest in parts]


def _versions(lock: str, python: str) -> dict[str, str]:
    """Tell what a lock installs on Linux under one Python."""
    versions: dict[str, str] = {}
    for requirement, _ in _blocks(lock):
        if _applies(requirement.marker, python):
            name = canonicalize_name(requirement.name)
            assert name not in versions, f"{lock} holds {name} twice for Python {python}"
            versions[name] = str(requirement.specifier).removeprefix("==")
    return versions


def _applies(marker: Marker | None, python: str) -> bool:
    place = {
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": "linux",
        "os_name": "posix",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    return marker is None or marker.evaluate({**place, "extra": ""})
