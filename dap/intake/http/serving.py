"""Running the service: the server with its limits, the workers beside it, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable

import uvicorn

from dap.errors import CouldNotRun
from dap.intake.config import IntakeConfig
from dap.intake.http.service import Service
from dap.intake.judge import run_workers
from dap.intake.store import Store

_HEADER_BYTES = 16_384
_KEEP_ALIVE_SECONDS = 15


class _Server(uvicorn.Server):
    """Lets those who wait for a verdict go first when it is told to stop: the upload is safe, they can ask again."""

    def __init__(self, config: uvicorn.Config, before_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._before_stop = before_stop

    async def shutdown(self, sockets: object = None) -> None:
        self._before_stop()
        closing = asyncio.create_task(self._close_idle())
        try:
            await super().shutdown(sockets)  # type: ignore[arg-type]
        finally:
            closing.cancel()

    async def _close_idle(self) -> None:
        """Close connections without a request, again and again: one that is accepted last would be waited for."""
        while True:
            for each in list(self.server_state.connections):
                if not each.transport.is_closing():
                    each.shutdown()
            await asyncio.sleep(0.1)


def serve(config: IntakeConfig, tell: Callable[[str], None]) -> None:
    """Serve until told to stop (SIGTERM, Ctrl-C); then take nothing new, finish what is under way, and return.

    CouldNotRun where the port cannot be had; errors of `Store.open`.
    """
    _silence_others()
    stop = threading.Event()
    with Store.open(config) as store:
        service = Service(store)
        server = _Server(settings_of(config, service), service.verdicts.stop)
        workers = threading.Thread(target=run_workers, args=(config, stop), name="dap-workers")
        listener = _listener(config)
        # The server raises the signal that stopped it once more at its end, which would cut the workers off.
        before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
        host, port = listener.getsockname()[:2]
        tell(f"dap serve: http://{f'[{host}]' if ':' in host else host}:{port}/ (stop it with Ctrl-C or SIGTERM)")
        workers.start()
        try:
            server.run([listener])
        except KeyboardInterrupt:
            pass
        finally:
            stop.set()
            workers.join()
            signal.signal(signal.SIGTERM, before)
    tell("dap serve: stopped.")


def settings_of(config: IntakeConfig, service: Service) -> uvicorn.Config:
    """How the server runs: one process, HTTP/1.1 read by h11, small headers, no log of its own."""
    return uvicorn.Config(
        service.app,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(config.http.trusted_proxies),
        limit_concurrency=2 * config.http.uploads + 100,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, round(config.http.stop_seconds)),
        h11_max_incomplete_event_size=_HEADER_BYTES,
    )


def _listener(config: IntakeConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.http.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((config.http.host, config.http.port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise CouldNotRun("the port is taken or may not be used. Name another one with --port.") from None
    return listener


def _silence_others() -> None:
    """Of the server's own log lines none is written, for they may quote a request; ours go through `logs.note`."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = False
