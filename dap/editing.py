"""Changes descriptors and tables of the catalog, and leaves every byte that is not about the change as it was."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from dap.errors import CouldNotRun, RequestError
from dap.json_text import changed_text, new_text

Descriptor = dict[str, Any]


class Files:
    """Files of a plan as they will be: read when first asked for, changed in memory, written all or none."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._before: dict[str, bytes | None] = {}
        self._documents: dict[str, Descriptor] = {}
        self._tables: dict[str, Table] = {}

    def document(self, path: str) -> Descriptor:
        """The JSON object of a file, given by its path within the plan; changes to it are written by `write`."""
        if path not in self._documents:
            self._documents[path] = json.loads(self._text(path))
        return self._documents[path]

    def table(self, path: str) -> Table:
        """The rows of a CSV file, given by its path within the plan; changes to it are written by `write`."""
        if path not in self._tables:
            self._tables[path] = Table(self._text(path))
        return self._tables[path]

    def create(self, path: str, document: Descriptor) -> None:
        """Add a descriptor that no file holds yet; RequestError where one does."""
        if path in self._documents or (self.root / path).exists():
            raise RequestError("a file of the catalog would be written over.")
        self._before[path], self._documents[path] = None, document

    def changed(self) -> dict[str, bytes]:
        """The new bytes of each file that would differ, by its path within the plan."""
        after = {path: _rendered(document, self._before[path]) for path, document in self._documents.items()}
        after |= {path: table.text().encode() for path, table in self._tables.items()}
        return {path: content for path, content in sorted(after.items()) if content != self._before[path]}

    def write(self) -> tuple[str, ...]:
        """Write what changed and say which files; CouldNotRun, with all as it was, where one cannot be written."""
        changed = self.changed()
        for name in changed:
            if _bytes(self.root / name) != self._before[name]:
                raise RequestError("the catalog was changed while this ran, so nothing was written. Run it once more.")
        staged = {self.root / name: content for name, content in changed.items()}
        new = {path: path.with_name(f".{path.name}.new") for path in staged}
        made = [path.parent for path in staged if not path.parent.exists()]
        try:
            for path, content in staged.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                with new[path].open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                if path.exists():
                    shutil.copymode(path, new[path])
            for path in staged:
                new[path].replace(path)
        except OSError:
            self._take_back(changed, new, made)
            raise CouldNotRun("a file of the catalog could not be written, so all of them are as they were.") from None
        return tuple(changed)

    def _take_back(self, changed: Mapping[str, bytes], new: Mapping[Path, Path], made: Sequence[Path]) -> None:
        for path in new.values():
            path.unlink(missing_ok=True)
        for name in changed:
            before, path = self._before[name], self.root / name
            if before is None:
                path.unlink(missing_ok=True)
            elif _bytes(path) != before:
                path.write_bytes(before)
        for folder in made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def _text(self, path: str) -> str:
        before = (self.root / path).read_bytes()
        self._before[path] = before
        return before.decode()


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def put(holder: Descriptor, path: Sequence[str], value: Any, orders: Sequence[Sequence[str]]) -> None:
    """Set the property that `path` leads to, or take it away where `value` is None.

    `orders` gives, for each step, the properties in the order of the schema: a new one goes to its place among them.
    An object that loses its last property is taken away too.
    """
    step, rest = path[0], path[1:]
    if rest:
        inner = holder.get(step, {})
        put(inner, rest, value, orders[1:])
        value = inner or None
    if value is None:
        holder.pop(step, None)
    elif step in holder:
        holder[step] = value
    else:
        order = {name: number for number, name in enumerate(orders[0])}
        later = [name for name in holder if order.get(name, -1) > order[step]]
        moved = {name: holder.pop(name) for name in list(holder)[list(holder).index(later[0]) :]} if later else {}
        holder[step] = value
        holder.update(moved)


def _rendered(document: Descriptor, before: bytes | None) -> bytes:
    """The document as JSON, in the manner of the file it came from."""
    if before is None:
        return (new_text(document) + "\n").encode()
    return changed_text(before.decode(), document).encode()


class Table:
    """The rows of a CSV file, each with the text it was read from: what is not changed is written as it was."""

    def __init__(self, text: str) -> None:
        self._mark = "\ufeff" if text.startswith("\ufeff") else ""
        # As a file is read without translating its line ends, which may be of any kind.
        lines = list(io.StringIO(text.removeprefix(self._mark), newline=""))
        reader = csv.reader(lines, strict=True)
        self._end = next((end for end in ("\r\n", "\n", "\r") if lines[0].endswith(end)), "\n")
        self._rows: list[tuple[list[str], str]] = []
        self._origins: list[dict[str, str]] = []
        before = 0
        for cells in reader:
            self._rows.append((cells, "".join(lines[before : reader.line_num])))
            before = reader.line_num
        self.columns = self._rows[0][0]
        self._origins = self.rows

    @property
    def rows(self) -> list[dict[str, str]]:
        """Each row after the header as text by column, in file order."""
        return [dict(zip(self.columns, cells, strict=False)) for cells, _ in self._rows[1:]]

    @property
    def origins(self) -> list[dict[str, str]]:
        """What each of `rows` held when the file was read; empty for a row that was added."""
        return list(self._origins)

    def set(self, row: int, column: str, text: str) -> None:
        """Change one cell; rows count from 0 after the header."""
        cells, raw = self._rows[row + 1]
        changed = [text if name == column else cell for name, cell in zip(self.columns, cells, strict=True)]
        self._rows[row + 1] = (changed, self._line(changed, like=(cells, raw)))

    def append(self, values: Mapping[str, str]) -> None:
        """Add a row after the last one; a column that is not given stays empty."""
        cells = [values.get(name, "") for name in self.columns]
        last, raw = self._rows[-1]
        self._rows[-1] = (last, raw if raw.endswith(("\n", "\r")) else raw + self._end)
        self._rows.append((cells, self._line(cells, like=self._rows[0])))
        self._origins.append({})

    def remove(self, row: int) -> None:
        """Take one row away; rows count from 0 after the header."""
        del self._rows[row + 1]
        del self._origins[row]

    def text(self) -> str:
        """The file's text."""
        return self._mark + "".join(raw for _, raw in self._rows)

    def _line(self, cells: Sequence[str], like: tuple[Sequence[str], str]) -> str:
        """The row's text, with every cell in quotes where that is how another row is written."""
        quoted = _quoted(like[0]) == like[1].rstrip("\r\n")
        return (_quoted(cells) if quoted else _plain(cells)) + self._end


def _quoted(cells: Sequence[str]) -> str:
    return _csv(cells, csv.QUOTE_ALL)


def _plain(cells: Sequence[str]) -> str:
    return _csv(cells, csv.QUOTE_MINIMAL)


def _csv(cells: Sequence[str], quoting: Literal[0, 1]) -> str:
    written = io.StringIO(newline="")
    # With both marks in the line's end, a cell that holds either is quoted.
    csv.writer(written, lineterminator="\r\n", quoting=quoting).writerow(cells)
    return written.getvalue().removesuffix("\r\n")
