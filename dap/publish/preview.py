"""A preview on this machine alone: each page is made when it is asked for, and reloads when the plan changes."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dap.catalog import CATALOG, examine
from dap.publish.site import HERE, Site

RELOAD = "/preview/reload.js"
STATE = "/preview/state"
# The page asks whether the plan is another one, and loads itself anew when it is.
_SCRIPT = f"""let seen = null;
setInterval(async () => {{
  try {{
    const now = await (await fetch("{STATE}")).text();
    if (seen !== null && now !== seen) location.reload();
    seen = now;
  }} catch {{ /* the preview was stopped */ }}
}}, 1000);
"""


class Preview:
    """The site of the plan in `root`, made anew whenever a file of the catalog or of the site's own parts changes."""

    def __init__(self, root: Path, tell: Callable[[str], None], address: str) -> None:
        self.root, self.tell, self.address = root, tell, address
        self._lock = threading.Lock()
        self._state = ""
        self._site: Site | None = None

    def state(self) -> str:
        """A text that is another one when the plan's files are."""
        watched = [*(self.root / CATALOG).rglob("*"), *HERE.rglob("*")]
        times = [each.stat().st_mtime_ns for each in watched if each.is_file() and each.suffix != ".pyc"]
        return f"{len(times)}-{max(times, default=0)}-{sum(times) % 10**12}"

    def content(self, path: str) -> bytes | None:
        """What lies at a path of the site, with what makes it reload; None where there is nothing."""
        if path == RELOAD.lstrip("/"):
            return _SCRIPT.encode()
        if path == STATE.lstrip("/"):
            return self.state().encode()
        site = self._current()
        path = path or "index.html"
        maker = site.files.get(path) or site.files.get(f"{path.rstrip('/')}/index.html")
        if maker is None:
            return None
        made = maker()
        return _reloading(made) if path.endswith((".html", "/")) else made

    def _current(self) -> Site:
        with self._lock:
            state = self.state()
            if self._site is None or state != self._state:
                plan, problems = examine(self.root)
                if plan is not None and not problems:
                    self._site = Site(plan, self.address)
                else:
                    self.tell(
                        f"The plan is not sound ({len(problems)} found by dap lint); the preview shows it as it was."
                    )
                self._state = state
            assert self._site is not None  # the command read the plan before it started the preview
            return self._site


def _reloading(page: bytes) -> bytes:
    script = f'<script src="{RELOAD}" defer></script></head>'.encode()
    return page.replace(b"</head>", script, 1)


def serve(root: Path, tell: Callable[[str], None], port: int = 8000) -> ThreadingHTTPServer:
    """A server of the preview, bound to this machine alone; OSError where the port is taken. The caller runs it."""
    preview = Preview(root, tell, f"http://127.0.0.1:{port}/")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path).lstrip("/")
            content = preview.content(path)
            status = 200 if content is not None else 404
            if content is None:
                content, path = preview.content("404.html") or b"", "404.html"
            kind = mimetypes.guess_type(path or "index.html")[0] or "application/octet-stream"
            self.send_response(status)
            charset = "; charset=utf-8" if kind.startswith("text/") or kind.endswith(("javascript", "json")) else ""
            self.send_header("Content-Type", kind + charset)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep no record of who looked at what."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
