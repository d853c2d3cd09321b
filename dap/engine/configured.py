"""Lets Great Expectations read an expectation's configuration once a question, where it would build it for each key."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

# Each takes some keys out of the configuration and changes nothing, and builds the whole of it for each of them.
_QUESTIONS = ("_get_domain_kwargs", "_get_success_kwargs", "_get_runtime_kwargs", "_get_success_kwarg")


def build_once(expectation: type[Any]) -> None:
    """Make a class of expectations build the configuration that such a question reads once, for the whole process.

    `expectation` is GX's class of all expectations. Where it has no such parts, as another version may not, nothing is
    done: the answers are the same either way, a third of a small file's time apart.
    """
    built = expectation.__dict__.get("configuration")
    if not isinstance(built, property) or not all(name in expectation.__dict__ for name in _QUESTIONS):
        return
    held: dict[int, list[Any]] = {}

    def configuration(self: Any) -> Any:
        found = held.get(id(self))
        if found is None:
            return built.__get__(self)
        if not found:
            found.append(built.__get__(self))
        return found[0]

    expectation.configuration = property(configuration, doc=built.__doc__)
    for name in _QUESTIONS:
        setattr(expectation, name, _holding(expectation.__dict__[name], held))


def _holding(question: Callable[..., Any], held: dict[int, list[Any]]) -> Callable[..., Any]:
    @wraps(question)
    def asked(self: Any, *arguments: Any, **named: Any) -> Any:
        if id(self) in held:
            return question(self, *arguments, **named)
        held[id(self)] = []
        try:
            return question(self, *arguments, **named)
        finally:
            held.pop(id(self), None)

    return asked
