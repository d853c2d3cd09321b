"""How the steward's workbook is laid out: what export writes and import looks for."""

from __future__ import annotations

HEADER_ROW = 1
FIRST_ROW = 2
ENTRY = "Entry"
REMOVE = "Remove"
READ_ME = "read me"
# Two sheets nobody needs to see: what the drop-downs offer, and what every cell held when it was exported.
LISTS = "_lists"
BASE = "_base"
# Changes whenever a workbook of before could be misread.
VERSION = "2"
# Empty rows under each table that can be typed in, with their drop-downs.
SPARE_ROWS = 200
