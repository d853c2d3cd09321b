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


def build_once(expectation: type[Any], recorded: type[Any]) -> None:
    """Make a class of expectations build the configuration that such a question reads once, for the whole process.

    `expectation` is GX's class of all expectations, `recorded` that of their configurations: what a question makes out
    of its configuration is made once as well. Where they have no such parts, as another version may not, nothing is
    done: the answers are the same either way, half of a small file's time apart.
    """
    built, made = expectation.__dict__.get("configuration"), recorded.__dict__.get("to_domain_obj")
    if not isinstance(built, property) or made is None or not all(each in expectation.__dict__ for each in _QUESTIONS):
        return
    held: dict[int, _Asked] = {}
    of_question: dict[int, _Asked] = {}

    def configuration(self: Any) -> Any:
        asked = held.get(id(self))
        if asked is None:
            return built.__get__(self)
        if asked.configuration is None:
            asked.configuration = built.__get__(self)
            of_question[id(asked.configuration)] = asked
        return asked.configuration

    @wraps(made)
    def to_domain_obj(self: Any) -> Any:
        asked = of_question.get(id(self))
        if asked is None or asked.configuration is not self:
            return made(self)
        if asked.again is None:
            asked.again = made(self)
            held[id(asked.again)] = _Asked()
        return asked.again

    def forget(one: Any) -> None:
        asked = held.pop(id(one), None)
        if asked is not None:
            of_question.pop(id(asked.configuration), None)
            forget(asked.again)

    expectation.configuration = property(configuration, doc=built.__doc__)
    recorded.to_domain_obj = to_domain_obj
    for kind in (expectation, *_below(expectation)):
        for name in (*_QUESTIONS, *_LONGER):
            if name in kind.__dict__:
                setattr(kind, name, _holding(kind.__dict__[name], held, forget))


class _Asked:
    """What was made for a question that is being asked: the configuration, and the expectation made out of that."""

    def __init__(self) -> None:
        self.configuration: Any = None
        self.again: Any = None


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


def _holding(
    question: Callable[..., Any], held: dict[int, _Asked], forget: Callable[[Any], None]
) -> Callable[..., Any]:
    @wraps(question)
    def asked(self: Any, *arguments: Any, **named: Any) -> Any:
        if id(self) in held:
            return question(self, *arguments, **named)
        held[id(self)] = _Asked()
        try:
            return question(self, *arguments, **named)
        finally:
            forget(self)

    return asked
