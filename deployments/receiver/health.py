"""`GET /health`: whether a push that comes now would be published, asked of the others at most every two seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

KEPT_S = 2.0
_PATIENCE_S = 2.0
Check = Callable[[], Awaitable[bool]]


class Health:
    """The last answers of all checks; a crowd that asks at once asks the others once."""

    def __init__(self, checks: Mapping[str, Check], kept_s: float = KEPT_S) -> None:
        self._checks, self._kept_s = checks, kept_s
        self._asking = asyncio.Lock()
        self._asked_at = -kept_s
        self._answers: dict[str, bool] = {}

    async def answers(self) -> dict[str, bool]:
        async with self._asking:
            if time.monotonic() - self._asked_at >= self._kept_s:
                answers = await asyncio.gather(*map(_answer, self._checks.values()))
                self._answers = dict(zip(self._checks, answers, strict=True))
                self._asked_at = time.monotonic()
        return self._answers


async def _answer(check: Check) -> bool:
    try:
        return await asyncio.wait_for(check(), _PATIENCE_S)
    except Exception:  # noqa: BLE001  whatever it was, the other side is not well; its text goes nowhere
        return False
