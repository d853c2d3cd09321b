"""Lets a package that imports all its modules import each of them with the first of its names that is asked for."""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from re import Pattern
from types import ModuleType
from typing import Any


@contextmanager
def asked_first(finder: importlib.abc.MetaPathFinder) -> Iterator[None]:
    """Meanwhile ask this finder for each module before all others."""
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


@contextmanager
def names_on_demand(waiting: Mapping[str, Pattern[str]]) -> Iterator[None]:
    """Meanwhile import these packages without the modules they take names from that match the package's pattern.

    `from package import Name` and `package.Name` give what they would otherwise, then and later. Whoever asks for all
    names, for a module without importing it, or for the classes that the modules register, finds what was asked for.
    """
    with asked_first(_Finder(waiting)):
        yield


class Registered(dict[str, Any]):
    """A register of classes by their types, in which each is written when the module of its name is imported.

    Whoever gets one that is not in it yet has the package's module of that name imported first, by `importing`, and so
    finds the class where there is one.
    """

    def __init__(self, known: Mapping[str, Any], package: str, importing: Callable[[str], object]) -> None:
        super().__init__(known)
        self._package, self._importing = package, importing

    def get(self, name: str, default: Any = None) -> Any:
        """The class, or the default."""
        if name not in self and name.isidentifier():
            module = f"{self._package}.{name}"
            if importlib.util.find_spec(module) is not None:
                self._importing(module)
        return super().get(name, default)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, waiting: Mapping[str, Pattern[str]]) -> None:
        self._waiting = waiting

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._waiting:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader, self._waiting[fullname])
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: SourceFileLoader, waiting: Pattern[str]) -> None:
        self._path = loader.path
        self._source = loader.get_data(loader.path)
        self._waiting = waiting

    def exec_module(self, module: ModuleType) -> None:
        source = ast.parse(self._source)
        origins: dict[str, tuple[str, str]] = {}
        rest: list[ast.stmt] = []
        for statement in source.body:
            if isinstance(statement, ast.ImportFrom) and self._waiting.fullmatch(_origin(statement, module.__name__)):
                origin = _origin(statement, module.__name__)
                origins.update({each.asname or each.name: (origin, each.name) for each in statement.names})
            else:
                rest.append(statement)

        def named(name: str) -> Any:
            if name not in origins:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            origin, there = origins[name]
            found = getattr(importlib.import_module(origin), there)
            setattr(module, name, found)
            return found

        module.__dict__["__getattr__"] = named
        source.body = rest
        exec(compile(source, self._path, "exec"), module.__dict__)


def _origin(statement: ast.ImportFrom, package: str) -> str:
    """The whole name of the module that the package's own file takes names from."""
    return importlib.util.resolve_name("." * statement.level + (statement.module or ""), package)
