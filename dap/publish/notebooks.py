"""The plan's notebooks, executed on this machine alone and searched by the guard before anybody else sees them."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dap.errors import CouldNotRun, RequestError
from dap.guard import refuse_unsafe
from dap.plan import SEPARATORS, Plan
from dap.publish import kernel

FOLDER = "notebooks"
_NUMBERED = re.compile(r"[0-9]{2,}-[a-z0-9-]+\.ipynb")
_NEEDED = {"nbclient": "nbclient", "nbformat": "nbformat", "ipykernel": "ipykernel"}
# In seconds: what one cell may take before it counts as hanging.
_LONGEST = 600


@dataclass(frozen=True)
class Notebook:
    """An executed notebook that may be published: its number and name, its cells as nbformat reads them."""

    name: str
    cells: tuple[Any, ...]
    source: bytes

    @property
    def number(self) -> str:
        """The number that its file's name begins with."""
        return self.name.split("-", 1)[0]

    @property
    def address(self) -> str:
        """Where its page stands."""
        return f"notebooks/{self.name}.html"

    @property
    def download(self) -> str:
        """Where the notebook itself stands, without outputs."""
        return f"downloads/notebooks/{self.name}.ipynb"

    @property
    def title(self) -> str:
        """Its first heading, or its name where it has none."""
        first = self.cells[0].source.split("\n", 1)[0] if self.cells else ""
        return str(first.removeprefix("# ").strip()) if first.startswith("# ") else self.name


def paths(plan: Plan) -> list[Path]:
    """The numbered notebooks of the plan, in their order."""
    return sorted(path for path in (plan.root / FOLDER).glob("*.ipynb") if _NUMBERED.fullmatch(path.name))


def missing(plan: Plan) -> str:
    """What keeps notebooks from being included, in a sentence; empty where nothing does."""
    absent = [name for module, name in _NEEDED.items() if find_spec(module) is None]
    if absent:
        return f"{', '.join(absent)} is not installed (pip install jupyterlab nbclient brings what it needs)."
    return "" if paths(plan) else f"the plan has no numbered notebooks in {FOLDER}/."


def notebooks(plan: Plan, advance: Callable[[], None] = lambda: None) -> list[Notebook]:
    """The plan's numbered notebooks after a run from top to bottom; `advance` is called after each.

    They run one after the other in one kernel, each beginning without a name, without any connection and away from the
    user's own settings and history. RequestError where one stops at an error, or where an output holds what must not
    leave: something shaped like a Social Security number, or a row of a file that the notebook read.
    """
    with tempfile.TemporaryDirectory(prefix="dap-notebooks-") as folder:
        runner = _Runner(plan, Path(folder))
        try:
            return [_each(runner, path, advance) for path in paths(plan)]
        finally:
            runner.stop()


def _each(runner: _Runner, path: Path, advance: Callable[[], None]) -> Notebook:
    made = runner.run(path)
    advance()
    return made


class _Runner:
    """One kernel for all notebooks: the libraries are imported once."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        # A copy of the catalog, which a notebook may change, is as public as the catalog.
        self.public = {_digest(file) for file in (plan.root / "catalog").rglob("*") if file.is_file()}
        self.km = _kernel()

    def run(self, path: Path) -> Notebook:
        import nbformat

        number = path.name.split("-", 1)[0]
        try:
            whole: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        except Exception:  # whatever is wrong with the file, nbformat has a kind of error for it
            raise RequestError(f"Notebook {number} cannot be read as a notebook, so no site was built.") from None
        _clear(whole)
        source = nbformat.writes(whole, version=4)  # type: ignore[no-untyped-call]
        kept = self.folder / number
        kept.mkdir()
        self._execute(whole, kept, number)
        read = {digest: file for file in sorted(kept.iterdir()) if (digest := _digest(file)) not in self.public}
        rows = {tuple(row): None for file in read.values() for row in _rows(file, number)}
        try:
            refuse_unsafe(whole, self.plan, rows)
        except RequestError as refused:
            raise RequestError(f"Notebook {number}: {refused} No site was built.") from None
        return Notebook(path.stem, tuple(whole.cells), f"{source.rstrip()}\n".encode())

    def _execute(self, whole: Any, kept: Path, number: str) -> None:
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
        from nbformat.v4 import new_code_cell

        root = self.plan.root.resolve()
        public = [str(root / "catalog"), str(root / FOLDER / "data")]
        begin = f"%reset -f\nfrom dap.publish import kernel as _k; _k.begin({str(kept)!r}, {public!r}); del _k"
        whole.cells.insert(0, new_code_cell(begin))  # type: ignore[no-untyped-call]
        place = {"metadata": {"path": str(root / FOLDER)}}
        client = NotebookClient(whole, km=self.km, timeout=_LONGEST, resources=place)
        # It would warn that it talks over TCP, which here is this machine's own.
        client.extra_arguments = ["--log-level=ERROR"]
        try:
            client.execute(env=self._environment())
        except CellExecutionError:
            cell = next((place for place, each in enumerate(whole.cells) if _failed(each)), 0)
            raise RequestError(
                f"Notebook {number} stops with an error in cell {cell}, so no site was built. "
                "Run it in the lab (dap lab)."
            ) from None
        except (CellTimeoutError, DeadKernelError):
            raise CouldNotRun(f"notebook {number} came to no end; run it in the lab (dap lab).") from None
        finally:
            # The kernel goes on, and with it the client's connections would.
            if client.kc is not None:
                client.kc.stop_channels()
        del whole.cells[0]

    def _environment(self) -> dict[str, str]:
        own = {"IPYTHONDIR": "ipython", "JUPYTER_RUNTIME_DIR": "runtime"}
        return {**os.environ, "PYTHONHASHSEED": "0", **{name: str(self.folder / each) for name, each in own.items()}}

    def stop(self) -> None:
        _stop(self.km)


def _kernel() -> Any:
    """What starts a kernel and stops it; the first notebook starts it."""
    from nbclient import NotebookClient
    from nbformat.v4 import new_notebook

    return NotebookClient(new_notebook(), kernel_name="python3").create_kernel_manager()  # type: ignore[no-untyped-call]


def _stop(km: Any) -> None:
    from jupyter_core.utils import run_sync

    if km.has_kernel:
        run_sync(km.shutdown_kernel)(now=True)


def _clear(whole: Any) -> None:
    """Take out what an earlier run left: outputs are made here, never taken over."""
    for cell in whole.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def _digest(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


def _failed(cell: Any) -> bool:
    return any(each.output_type == "error" for each in cell.get("outputs", ()))


def _rows(file: Path, number: str) -> Iterator[Sequence[str]]:
    """The rows of a table that a notebook read, as texts; RequestError where they cannot be told."""
    try:
        if file.suffix in (".xlsx", ".xlsm"):
            yield from _rows_of_workbook(file)
        elif file.suffix in kernel.TABLES:
            yield from _rows_of_text(file)
        else:
            raise ValueError
    except Exception:  # a broken workbook fails in many ways, and none of them may let the outputs pass
        raise RequestError(
            f"Notebook {number} reads a file whose rows cannot be compared with its outputs, so no site was built. "
            "Let it read a CSV or XLSX file, or one in notebooks/data, which holds published files only."
        ) from None


def _rows_of_text(file: Path) -> Iterator[Sequence[str]]:
    text = file.read_bytes().decode("utf-8-sig", "replace")
    first = text.split("\n", 1)[0]
    delimiter = max(SEPARATORS, key=first.count)
    # The first line names the columns, which may be shown.
    yield from list(csv.reader(text.splitlines(), delimiter=delimiter))[1:]


def _rows_of_workbook(file: Path) -> Iterator[Sequence[str]]:
    from openpyxl import load_workbook

    book = load_workbook(file, read_only=True, data_only=True)
    for sheet in book.worksheets:
        for row in sheet.iter_rows(min_row=2, values_only=True):
            yield ["" if cell is None else str(cell) for cell in row]
