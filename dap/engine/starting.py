"""Starts Great Expectations faster: what it imports and a gate never uses is loaded when it is first touched."""

from __future__ import annotations

import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

from dap.engine.by_name import Registered, asked_first, names_on_demand
from dap.engine.configured import as_it_is, build_once

# Statistics and charts, for expectations about distributions and for the renderers of GX; schemas for JSON in cells.
_UNUSED = frozenset({"scipy.stats", "scipy.special", "altair", "jsonschema"})
# jsonschema takes it along where JupyterLab has brought it, for a format ("iri") that nothing here asks for, and does
# without where it is not installed. It builds a grammar on import: a third of the time GX takes to start, and half of
# the time Altair takes.
# GX loads pyspark where it is installed, and pyspark can end the process that loads it, with exit code 0.
_ABSENT = frozenset({"rfc3987_syntax", "pyspark"})
# GX does without it where it is not installed, and no table here is in a database: a tenth of the time GX takes.
_ABSENT_FOR_GX = frozenset({"sqlalchemy"})

# Models of three dozen kinds of data source, and of five dozen expectations: half of the time GX takes to start, and a
# check uses one and a dozen.
_SOURCES, _CORE = "great_expectations.datasource.fluent", "great_expectations.expectations.core"
_ON_DEMAND = {
    _SOURCES: re.compile(rf"{re.escape(_SOURCES)}\.(?!invalid)(?:\w+_datasource|fabric)"),
    "great_expectations.expectations": re.compile(re.escape(_CORE)),
    _CORE: re.compile(rf"{re.escape(_CORE)}\.\w+"),
}


class _LeavingOut(importlib.abc.MetaPathFinder):
    """Finds none of these modules."""

    def __init__(self, names: frozenset[str] = _ABSENT) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname in self._names:
            raise ModuleNotFoundError(f"{fullname} is left out of this process", name=fullname)
        return None


class _Deferring(_LeavingOut):
    """Gives the modules of `_UNUSED` a loader that waits for the first attribute as well."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        super().find_spec(fullname, path, target)
        if fullname not in _UNUSED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec


_own = False


def own_process() -> None:
    """Say that this process is the command's own, before GX is imported: nothing in it needs more of GX than a check.

    Whoever uses `dap` as a library keeps their imports.
    """
    global _own
    _own = True
    # No matrix is multiplied here, and each thread of numpy's library for that waits busily for its first.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    defer_unused_imports()


def defer_unused_imports() -> None:
    """Make the modules that GX and Altair import and seldom use load on first use, for the rest of the process."""
    if "great_expectations" not in sys.modules and not any(isinstance(each, _Deferring) for each in sys.meta_path):
        sys.meta_path.insert(0, _Deferring())


def import_gx(*, whole: bool = False) -> None:
    """Import Great Expectations: in the command's own process in the shortest way, elsewhere as anybody would.

    With `whole` nothing waits to be asked for, in a process whose every child would have to ask for it again.
    """
    if not _own or "great_expectations" in sys.modules:
        importlib.import_module("great_expectations")
        return
    with names_on_demand({} if whole else _ON_DEMAND), shortest_way():
        importlib.import_module("great_expectations")
        expectations: Any = importlib.import_module("great_expectations.expectations.expectation")
        configurations: Any = importlib.import_module("great_expectations.expectations.expectation_configuration")
        build_once(expectations.Expectation, configurations.ExpectationConfiguration)
        # It makes a class's name into its type, for each configuration anew.
        expectations.camel_to_snake = cache(expectations.camel_to_snake)
        ids: Any = importlib.import_module("great_expectations.core.id_dict")
        ids.convert_to_json_serializable = as_it_is(ids.convert_to_json_serializable)
    registry: Any = importlib.import_module("great_expectations.expectations.registry")
    # GX drops an expectation of a suite whose type it does not find here, with nothing but a log line.
    registry._registered_expectations = Registered(registry._registered_expectations, _CORE, _import_part)
    # What was imported stays until the end: whoever looks for garbage need not look there, nor at the end.
    gc.freeze()


def _import_part(name: str) -> None:
    with shortest_way():
        importlib.import_module(name)


@contextmanager
def shortest_way() -> Iterator[None]:
    """Import a part of GX, meanwhile, as `import_gx` imports the whole: in the command's own process without databases.

    What waits to be asked for there is asked for in here.
    """
    if not _own:
        yield
        return
    with asked_first(_LeavingOut(_ABSENT_FOR_GX)), _without_collecting():
        yield


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Search for no garbage, of which an import makes little: the search is an eighth of the time GX takes."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def without_grammar() -> Iterator[None]:
    """Leave out, while something is imported, the grammar that nothing here asks for; then all is found again."""
    with asked_first(_LeavingOut()):
        yield
