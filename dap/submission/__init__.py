"""Turns a submission's bytes into a table of text with true row numbers, losing and inventing nothing."""

from dap.submission.delimited import header_of, read, split
from dap.submission.reading import FATAL, Fault, Outside, Reading, Submission, load

__all__ = ["FATAL", "Fault", "Outside", "Reading", "Submission", "header_of", "load", "read", "split"]
