"""Imports every module of the intake that declares tables, so that opening a store makes all of them."""

from __future__ import annotations

import dap.intake.database
import dap.intake.tokens  # noqa: F401
