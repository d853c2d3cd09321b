"""How often and how much at once: counters in memory, for this process alone, that forget by themselves."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# More than districts and their proxies; an attacker with more addresses only makes the oldest be forgotten.
_MOST_KEYS = 10_000


class Rate:
    """A bucket a key that holds a minute's worth and fills again evenly."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute, self._clock = per_minute, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> int:
        """Take one; 0 where there was one, otherwise the whole seconds until there is."""
        left = self._now(key)
        if left >= 1:
            left -= 1
            wait = 0
        else:
            wait = max(1, round((1 - left) * 60 / self.per_minute + 0.5))
        self._left[key] = (left, self._clock())
        self._left.move_to_end(key)
        while len(self._left) > _MOST_KEYS:
            self._left.popitem(last=False)
        return wait

    def empty(self, key: str) -> bool:
        """Whether nothing is left, without taking anything."""
        return self._now(key) < 1

    def _now(self, key: str) -> float:
        left, at = self._left.get(key, (float(self.per_minute), self._clock()))
        return min(float(self.per_minute), left + (self._clock() - at) * self.per_minute / 60)


class AtOnce:
    """How many of something go on at the same time, in all and for one key."""

    def __init__(self, all_together: int, each: int) -> None:
        self.all_together, self.each = all_together, each
        self._going: Counter[str] = Counter()

    @property
    def going(self) -> int:
        """How many go on now."""
        return self._going.total()

    def why_not(self, key: str) -> str | None:
        """`each` or `all`, where one more would be too many for the key or in all."""
        if self._going[key] >= self.each:
            return "each"
        return "all" if self.going >= self.all_together else None

    @contextmanager
    def one(self, key: str) -> Iterator[None]:
        """Count one more while it goes on."""
        self._going[key] += 1
        try:
            yield
        finally:
            self._going[key] -= 1
            if not self._going[key]:
                del self._going[key]
