"""Starts Great Expectations faster: what it imports and a gate never uses is loaded when it is first touched."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

# Statistics and charts, for expectations about distributions and for the renderers of GX.
_UNUSED = frozenset({"scipy.stats", "scipy.special", "altair"})
# jsonschema takes it along where JupyterLab has brought it, for a format ("iri") that nothing here asks for, and does
# without where it is not installed. It builds a grammar on import: a third of the time GX takes to start, and half of
# the time Altair takes.
# GX loads pyspark where it is installed, and pyspark can end the process that loads it, with exit code 0.
_ABSENT = frozenset({"rfc3987_syntax", "pyspark"})


class _LeavingOut(importlib.abc.MetaPathFinder):
    """Finds none of `_ABSENT`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname in _ABSENT:
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


def defer_unused_imports() -> None:
    """Make the modules that GX imports and a check never uses load on first use, for the rest of the process.

    For the command line's own process, before GX is imported: whoever uses `dap` as a library keeps their imports.
    """
    if "great_expectations" not in sys.modules and not any(isinstance(each, _Deferring) for each in sys.meta_path):
        sys.meta_path.insert(0, _Deferring())


@contextmanager
def without_grammar() -> Iterator[None]:
    """Leave out, while something is imported, the grammar that nothing here asks for; then all is found again."""
    finder = _LeavingOut()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
