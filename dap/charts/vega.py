"""Altair, imported in half the time: without the grammar that jsonschema builds for a format no chart has."""

from __future__ import annotations

from dap.engine.starting import without_grammar

with without_grammar():
    import altair as alt

__all__ = ["alt"]
