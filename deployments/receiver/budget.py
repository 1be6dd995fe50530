"""How much of each kind is taken per minute, by source and altogether; only what is signed is counted.

New pushes, replays and everything else that is signed have a budget each, so that none uses up another's. What is
refused uses up nothing.
"""

import math
import time
from enum import StrEnum

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

_EVERYBODY = "everybody"


class Kind(StrEnum):
    PUSH = "push"
    REPLAY = "replay"
    OTHER = "other"


class Budget:
    def __init__(self, per_minute: int, per_minute_of_all: int) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())
        self._each = RateLimitItemPerMinute(per_minute)
        self._all = RateLimitItemPerMinute(per_minute_of_all)

    def spend(self, kind: Kind, source: str) -> int:
        """0 if the request is within both budgets, which it then uses; else the seconds until it would be."""
        claims = ((self._each, (kind.value, source)), (self._all, (kind.value, _EVERYBODY)))
        full = [claim for claim in claims if not self._windows.test(claim[0], *claim[1])]
        if full:
            free_at = max(self._windows.get_window_stats(item, *names).reset_time for item, names in full)
            return max(1, math.ceil(free_at - time.time()))
        for item, names in claims:
            self._windows.hit(item, *names)
        return 0
