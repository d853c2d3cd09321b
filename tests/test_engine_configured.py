"""A question reads an expectation's configuration as it is, built once; everybody else builds one of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dap.engine.configured import _QUESTIONS, build_once

ROOT = Path(__file__).resolve().parent.parent


def _expectation() -> Any:
    """A class with the parts of GX's, that counts how often it builds its configuration."""

    class Expectation:
        def __init__(self) -> None:
            self.built = 0
            self.kwargs = {"column": "grade", "mostly": 1}

        @property
        def configuration(self) -> dict[str, Any]:
            """The kwargs, made anew."""
            self.built += 1
            return dict(self.kwargs)

        def _get_success_kwarg(self, key: str) -> Any:
            return self.configuration[key]

        def _get_domain_kwargs(self) -> dict[str, Any]:
            return {key: self.configuration[key] for key in ("column", "column")}

        def _get_success_kwargs(self) -> dict[str, Any]:
            return {key: self.configuration[key] for key in ("column", "mostly")} | self._get_domain_kwargs()

        def _get_runtime_kwargs(self, *, broken: bool = False) -> dict[str, Any]:
            if broken:
                raise KeyError(len(self.configuration))
            return self._get_success_kwargs() | {"mostly": self._get_success_kwarg("mostly")}

    return Expectation


def test_a_question_builds_the_configuration_once_and_answers_alike() -> None:
    plain, once = _expectation(), _expectation()
    build_once(once)
    before, after = plain(), once()
    for name in _QUESTIONS:
        arguments = ("mostly",) if name == "_get_success_kwarg" else ()
        assert getattr(after, name)(*arguments) == getattr(before, name)(*arguments)
    assert (before.built, after.built) == (12, 4)
    assert once.configuration.__doc__ == plain.configuration.__doc__


def test_a_configuration_is_never_older_than_the_question() -> None:
    once = _expectation()
    build_once(once)
    expectation = once()
    assert expectation._get_success_kwarg("mostly") == 1
    expectation.kwargs["mostly"] = 0.5
    assert expectation._get_runtime_kwargs() == {"column": "grade", "mostly": 0.5}
    assert expectation.configuration is not expectation.configuration


def test_a_question_that_fails_leaves_nothing_behind() -> None:
    once = _expectation()
    build_once(once)
    expectation = once()
    with pytest.raises(KeyError):
        expectation._get_runtime_kwargs(broken=True)
    expectation.kwargs["mostly"] = 0.5
    assert expectation._get_success_kwarg("mostly") == 0.5


def test_a_class_without_these_parts_stays_as_it_is() -> None:
    other = _expectation()
    del other._get_domain_kwargs
    before = dict(other.__dict__)
    build_once(other)
    assert dict(other.__dict__) == before


def test_the_installed_version_of_gx_has_these_parts_and_the_commands_process_uses_them() -> None:
    code = (
        "from dap.engine import starting\n"
        "starting.own_process()\nstarting.import_gx()\n"
        "from great_expectations.expectations.expectation import Expectation\n"
        "import great_expectations.expectations as gxe\n"
        f"print(all(hasattr(getattr(Expectation, name), '__wrapped__') for name in {_QUESTIONS!r}))\n"
        "made = gxe.ExpectColumnValuesToBeInSet(column='grade', value_set=['05'])\n"
        "held = made._get_success_kwargs()\n"
        "print(held['column'], held['value_set'], made.configuration.kwargs)\n"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert finished.stdout.splitlines() == ["True", "grade ['05'] {'column': 'grade', 'value_set': ['05']}"]
