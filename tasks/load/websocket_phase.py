"""Websocket clients as an open load: how long connecting takes, and, apart from it, how well they are held.

Client i is due i / rate seconds after the phase began. Once connected it says `ping-<i>` as the earlier harness did,
then stays for the time asked, with a ping of the protocol every second; its worst round trip is its latency.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from tasks.load.times import Times
from tasks.rules.load.measured import Answer, Measured, answer_of
from tasks.rules.load.plan import Name, Phase

REFUSALS_AT_FIRST = 5
_PING_EVERY_S = 1.0
_LEAD_NS = 20_000_000
now = time.perf_counter_ns


def run_clients(phase: Phase, headers: Mapping[str, str], report: Callable[[int], None]) -> tuple[Measured, Measured]:
    """Connect and hold the clients; `report` gets 1 for each that is done."""
    clients = _Clients(phase, headers, report)
    asyncio.run(clients.run())
    return clients.connecting.measured(Name.CONNECT, phase), clients.holding.measured(Name.HOLD, phase)


class _Clients:
    def __init__(self, phase: Phase, headers: Mapping[str, str], report: Callable[[int], None]) -> None:
        self.phase, self.headers, self.report = phase, headers, report
        self.connecting, self.holding = Times(), Times()
        self.start = now() + _LEAD_NS

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(self.phase.total):
                group.create_task(self._client(number))

    async def _client(self, number: int) -> None:
        due = self.start + self.phase.due_ns(number)
        await asyncio.sleep((due - now()) / 1e9)
        if self.connecting.stopped:
            return
        began = now()
        self.connecting.lags.append(began - due)
        self.connecting.sent(began)
        try:
            client = await connect(
                self.phase.url,
                additional_headers=self.headers,
                open_timeout=self.phase.timeout_s,
                close_timeout=1,
                ping_interval=None,
                compression=None,
                proxy=None,
            )
        except (OSError, WebSocketException, EOFError) as error:
            self._refused(_kind_of(error), now() - due)
        else:
            self.connecting.add(Answer.OK, now() - due)
            await self._hold(client, number)
        self.report(1)

    def _refused(self, kind: Answer, nanoseconds: int) -> None:
        self.connecting.add(kind, nanoseconds)
        others = self.connecting.done - self.connecting.answers[kind]
        if kind in (Answer.REFUSED, Answer.TLS) and not others:
            self.connecting.stopped = kind if self.connecting.answers[kind] >= REFUSALS_AT_FIRST else None

    async def _hold(self, client: ClientConnection, number: int) -> None:
        """Stay for the time asked; a client that is dropped before is a failure of the holding."""
        began, worst = now(), 0
        self.holding.lags.append(0)
        self.holding.sent(began)
        until = began + int(self.phase.hold_s * 1e9)
        try:
            await client.send(f"ping-{number}")
            while (left_s := (until - now()) / 1e9) > 0 or not worst:
                asked = now()
                async with asyncio.timeout(self.phase.timeout_s):
                    await (await client.ping())
                worst = max(worst, now() - asked)
                await _stay(client, min(_PING_EVERY_S, left_s))
            self.holding.add(Answer.OK, worst)
        except TimeoutError:
            self.holding.add(Answer.TIMEOUT, now() - began)
        except ConnectionClosed:
            self.holding.add(Answer.DROPPED, now() - began)
        finally:
            await client.close()


async def _stay(client: ClientConnection, seconds: float) -> None:
    """Take what the server says for so long; ConnectionClosed when it leaves."""
    try:
        async with asyncio.timeout(max(seconds, 0)):
            while True:
                await client.recv()
    except TimeoutError:
        return


def _kind_of(error: Exception) -> Answer:
    match error:
        case InvalidStatus():
            return answer_of(error.response.status_code, good=101)
        case TimeoutError():
            return Answer.TIMEOUT
        case _ if type(error).__module__ == "ssl":
            return Answer.TLS
        case ConnectionResetError() | EOFError():
            return Answer.DROPPED
        case InvalidHandshake() | WebSocketException():
            return Answer.GARBAGE
        case _:
            return Answer.REFUSED
