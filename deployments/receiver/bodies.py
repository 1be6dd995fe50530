"""Reading the bodies of strangers: never more than the limit, never for long, never so that others have to wait.

When too many are being read at once it is the oldest that is given up, not the newest refused: the body of a real
push is there in milliseconds, so a crowd of slow senders gives up its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.requests import ClientDisconnect, Request

MOST_AT_ONCE = 32
PATIENCE_S = 4.0
_MOST_DROPPED = 4


class TooLarge(Exception):
    pass


class TooSlow(Exception):
    pass


class Bodies:
    def __init__(self, most_bytes: int, most_at_once: int = MOST_AT_ONCE, patience_s: float = PATIENCE_S) -> None:
        self._most_bytes, self._most_at_once, self._patience_s = most_bytes, most_at_once, patience_s
        self._readers: dict[object, asyncio.Timeout] = {}

    def refuses(self, request: Request) -> bool:
        """Whether the length that the sender declares is too much, or no length."""
        declared = request.headers.get("content-length", "0")
        return not (declared.isascii() and declared.isdigit()) or int(declared[:12]) > self._most_bytes

    async def read(self, request: Request) -> bytes:
        """The whole body; `TooLarge` as soon as it is, `TooSlow` for one that does not come."""
        return await self._take(request, self._most_bytes, keep=True)

    async def drop(self, request: Request) -> None:
        """Take a refused body off the line without keeping it: a sender who is cut off never reads the answer."""
        with suppress(TooLarge, TooSlow):
            await self._take(request, _MOST_DROPPED * self._most_bytes, keep=False)

    async def _take(self, request: Request, most_bytes: int, *, keep: bool) -> bytes:
        kept, size = bytearray(), 0
        try:
            async with self._among_others():
                async for part in request.stream():
                    size += len(part)
                    if size > most_bytes:
                        raise TooLarge
                    if keep:
                        kept += part
        except (TimeoutError, ClientDisconnect):
            raise TooSlow from None
        return bytes(kept)

    @asynccontextmanager
    async def _among_others(self) -> AsyncIterator[None]:
        if len(self._readers) >= self._most_at_once:
            self._give_up_oldest()
        me = object()
        async with asyncio.timeout(self._patience_s) as mine:
            self._readers[me] = mine
            try:
                yield
            finally:
                self._readers.pop(me, None)

    def _give_up_oldest(self) -> None:
        oldest = self._readers.pop(next(iter(self._readers)))
        oldest.reschedule(0)
