"""Turns a submission's bytes into a table of text with true row numbers, losing and inventing nothing."""

from dap.plan import Layout
from dap.submission.delimited import split
from dap.submission.opened import Opened
from dap.submission.reading import (
    FATAL,
    Content,
    Fault,
    HiddenText,
    Outside,
    Reading,
    Submission,
    load,
    load_stream,
)

__all__ = [
    "FATAL",
    "Content",
    "Fault",
    "HiddenText",
    "Opened",
    "Outside",
    "Reading",
    "Submission",
    "header_of",
    "load",
    "load_stream",
    "read",
    "split",
]


def read(content: bytes, layout: Layout, file_name: str = "") -> Submission:
    """Read a file by its layout. Never raises for what the file holds: faults go into the Reading."""
    return Opened(Content.of(content), file_name).read(layout)


def header_of(content: bytes, layout: Layout) -> tuple[str, ...]:
    """The cells of the line where this layout has its header; none where the file is not so long or not readable."""
    return Opened(Content.of(content)).header(layout)
