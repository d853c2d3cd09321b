"""The public plan: a static site of the catalog, with its downloads and feeds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dap.errors import CouldNotRun, RequestError

if TYPE_CHECKING:
    from dap.plan import Plan
    from dap.publish.notebooks import Notebook
    from dap.publish.site import Site

_NEEDED = {"jinja2": "Jinja2", "babel": "Babel", "icalendar": "icalendar", "markdown_it": "markdown-it-py"}


def publish(
    plan: Plan,
    folder: Path,
    address: str = "",
    *,
    pdf: bool = False,
    notebooks: bool = False,
    advance: Callable[[], None] = lambda: None,
) -> list[str]:
    """Write the plan's site into the folder; sentences that say what was written, and what was left out and why.

    `address` is where the site will stand; without it, and without a homepage in the plan, feeds name the preview's.
    With `notebooks` the plan's notebooks are executed and have their pages; RequestError where one may not be shown.
    Raises CouldNotRun where a library is missing, RequestError where the folder holds something else.
    """
    if missing := [name for module, name in _NEEDED.items() if find_spec(module) is None]:
        raise CouldNotRun(f"the site needs {', '.join(missing)}: pip install 'dap[site]' brings what it needs.")
    from dap.publish.site import PREVIEW, Site
    from dap.publish.writing import write_site

    if address and not address.startswith(("https://", "http://")):
        raise RequestError("The address given with --address must begin with https:// or http://.")
    address = address if not address or address.endswith("/") else f"{address}/"
    notes: list[str] = []
    site = Site(plan, address, notebooks=_executed(plan, notes, advance) if notebooks else ())
    with _documents(site, notes) if pdf else nullcontext({}) as site.documents:
        total = write_site(site.files, folder, plan.version, advance)
    if site.address == PREVIEW:
        notes.append(
            "No public address is known (--address URL, or homepage in catalog/datapackage.json): "
            f"feeds and sitemap name the preview's, {PREVIEW}."
        )
    pages = sum(1 for path in site.files if path.endswith(".html"))
    return [f"{pages} pages, {len(site.files)} files, {total / 1e6:.1f} MB.", *notes]


def _documents(site: Site, notes: list[str]) -> AbstractContextManager[dict[str, Callable[[], bytes]]]:
    from dap.publish import documents

    if why := documents.missing():
        notes.append(f"No PDF was made: {why}")
        return nullcontext({})
    return documents.documents(site)


def _executed(plan: Plan, notes: list[str], advance: Callable[[], None]) -> list[Notebook]:
    from dap.publish import notebooks

    if why := notebooks.missing(plan):
        notes.append(f"No notebook was included: {why}")
        return []
    return notebooks.notebooks(plan, advance)


def show(root: Path, port: int, tell: Callable[[str], None]) -> None:
    """Show the plan's site on this machine until stopped; CouldNotRun where the port is taken."""
    from dap.publish.preview import serve

    try:
        server = serve(root, tell, port)
    except OSError:
        raise CouldNotRun(f"port {port} is taken; name another with --port.") from None
    tell(f"http://127.0.0.1:{port}/ shows the plan and follows its changes. Ctrl-C stops it.")
    try:
        server.serve_forever()
    finally:
        server.server_close()
