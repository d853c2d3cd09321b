"""Spares Great Expectations work that it does over and over for one answer; the answers are the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

# Each takes some keys out of the configuration and changes nothing, and builds the whole of it for each of them.
_QUESTIONS = ("_get_domain_kwargs", "_get_success_kwargs", "_get_runtime_kwargs", "_get_success_kwarg")
# Each asks many such questions; some classes answer in a way of their own.
_LONGER = ("get_validation_dependencies", "metrics_validate")
_PLAIN = frozenset({str, int, bool, type(None)})


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
    for kind in (expectation, *_below(expectation)):
        for name in (*_QUESTIONS, *_LONGER):
            if name in kind.__dict__:
                setattr(kind, name, _holding(kind.__dict__[name], held))


def _below(kind: type[Any]) -> list[type[Any]]:
    return [each for below in kind.__subclasses__() for each in (below, *_below(below))]


def as_it_is(conversion: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """GX's conversion into what JSON can say, which leaves a mapping of plain texts and numbers as it is.

    It asks of each value whether it is one of a dozen kinds, for the id of each of thousands of metrics.
    """

    @wraps(conversion)
    def converted(data: Any) -> Any:
        if type(data) is dict and all(type(name) is str and _is_plain(value) for name, value in data.items()):
            return data
        return conversion(data)

    return converted


def _is_plain(value: Any) -> bool:
    return type(value) in _PLAIN or (type(value) is list and all(type(each) in _PLAIN for each in value))


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
