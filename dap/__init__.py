"""A state education department's Data Acquisition Plan: read it, explore it, check submissions against it.

import dap
plan = dap.open_plan()
report = dap.check("001-psis-october-2025-26.csv", collection="psis-october")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dap.catalog import open_plan as open_plan
    from dap.gate import check as check
    from dap.plan import Plan as Plan
    from dap.report import Report as Report

__all__ = ["Plan", "Report", "check", "open_plan"]

_HOMES = {"Plan": "dap.plan", "Report": "dap.report", "check": "dap.gate", "open_plan": "dap.catalog"}


def __getattr__(name: str) -> Any:
    # Great Expectations takes seconds to import; whoever only opens the plan does not wait for it.
    if name not in _HOMES:
        raise AttributeError(f"module 'dap' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
