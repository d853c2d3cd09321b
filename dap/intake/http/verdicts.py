"""Waiting for verdicts: one look at the database a round for all who wait, so that 200 districts cost what one does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

import anyio.to_thread

from dap.intake.records import WAITING, Submission

_ROUND_SECONDS = 0.2


class Verdicts:
    """Those who wait for the verdict on a submission; `look` finds the submissions of some ids, in a thread."""

    def __init__(self, look: Callable[[Iterable[str]], list[Submission]]) -> None:
        self._look = look
        self._waiting: dict[str, set[asyncio.Future[Submission]]] = {}
        self._round: asyncio.Task[None] | None = None
        self._stopped = False

    async def of(self, submission: Submission, seconds: float) -> Submission:
        """The submission as soon as it has a verdict; as it stands after that many seconds, or when we are stopped."""
        if submission.state not in WAITING or seconds <= 0 or self._stopped:
            return submission
        found: asyncio.Future[Submission] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(submission.id, set()).add(found)
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._rounds())
        try:
            return await asyncio.wait_for(found, seconds)
        except TimeoutError:
            return submission
        finally:
            self._forget(submission.id, found)

    def stop(self) -> None:
        """Let everyone who waits have what there is: the answer is then that they should ask again."""
        self._stopped = True
        for futures in self._waiting.values():
            for each in futures:
                if not each.done():
                    each.set_exception(TimeoutError())

    async def _rounds(self) -> None:
        while self._waiting:
            await asyncio.sleep(_ROUND_SECONDS)
            wanted = list(self._waiting)
            # A database that does not answer in one round may in the next; whoever waits has a time of their own.
            found: list[Submission] = []
            with suppress(Exception):
                found = await anyio.to_thread.run_sync(self._look, wanted)
            for each in found:
                if each.state not in WAITING:
                    for future in self._waiting.get(each.id, ()):
                        if not future.done():
                            future.set_result(each)

    def _forget(self, id: str, future: asyncio.Future[Submission]) -> None:
        futures = self._waiting.get(id, set())
        futures.discard(future)
        if not futures:
            self._waiting.pop(id, None)
