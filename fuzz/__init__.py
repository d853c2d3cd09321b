"""Fuzzing: what any bytes at all must not do to the readers."""
