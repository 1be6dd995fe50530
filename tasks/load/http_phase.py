"""One phase over HTTP as an open load: each request is due at its own moment, and sent then if a connection is free.

A loop on epoll in a process of its own. What is due and finds no free connection waits, and its wait is part of its
latency; what the loop itself is late is kept apart as the generator's lag.
"""

import gc
import select
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable

from tasks.load.answers import Head, NoAnswer
from tasks.load.connections import READS, WRITES, Address, Connection, Failed, find
from tasks.load.sending import Request
from tasks.load.times import Times
from tasks.rules.load.measured import Answer, Measured, answer_of
from tasks.rules.load.plan import Phase

REFUSALS_AT_FIRST = 5  # nobody is there
REFUSALS_LATER = 20  # it was there before; a short restart may pass
_PAUSE_S = 0.05
_LEAD_NS = 20_000_000
_REPORT_NS = 250_000_000
_FOREVER_S = 1.0
now = time.perf_counter_ns


def run_phase(phase: Phase, request: Request, report: Callable[[int], None]) -> Measured:
    """Run the phase and say what was measured; `report` gets the number of requests that have ended since."""
    refused: Counter[str] = Counter()
    for _ in range(REFUSALS_AT_FIRST):
        try:
            return _Load(phase, request, find(phase.url, phase.timeout_s), report).measure()
        except Failed as failed:
            refused[failed.kind] += 1
            time.sleep(_PAUSE_S)
    return Measured(phase.name, phase.total, phase.rate, (), answers=refused, stopped=refused.most_common(1)[0][0])


class _Load:
    """The state of one phase while it runs.

    Requests are numbers in the order in which they are due: [0, taken) were seen to be due, [0, sent) have got a
    connection or were given up, and those in flight are in the order of their deadlines.
    """

    def __init__(
        self,
        phase: Phase,
        request: Request,
        address: Address,
        report: Callable[[int], None],
    ) -> None:
        self.phase, self.request, self.address, self.report = phase, request, address, report
        self.total, self.interval = phase.total, 1e9 / phase.rate
        self.most = min(phase.concurrency, phase.total)
        self.timeout = int(phase.timeout_s * 1e9)
        self.poll = select.epoll()
        self.open: dict[int, Connection] = {}
        self.opened: set[int] = set()
        self.idle: list[Connection] = []
        self.flying: deque[tuple[int, Connection]] = deque()
        self.taken = self.sent = self.reported = self.refusals = 0
        self.times = Times()
        self.start = self.report_at = 0
        self.seen: array[int] = array("q")

    def measure(self) -> Measured:
        self._warm_up()
        gc.collect()
        gc.disable()
        try:
            self._run()
        finally:
            gc.enable()
            for connection in self.open.values():
                connection.close()
            self.poll.close()
        return self.times.measured(self.phase.name, self.phase)

    def _warm_up(self) -> None:
        """Open the connections and let them become ready before the first request is due."""
        for _ in range(self.most):
            self._open()
        until = now() + self.timeout
        while len(self.idle) < len(self.open) and now() < until:
            self._serve(self.poll.poll(0.1))

    def _run(self) -> None:
        self.start = now() + _LEAD_NS
        self.report_at = self.start + _REPORT_NS
        while self.times.done < self.total and not self.times.stopped:
            self._serve(self.poll.poll(self._pause_s()))
            moment = now()
            self._take(moment)
            self._give_up(moment)
            if moment >= self.report_at:
                self._tell(moment)
        self._tell(now())

    def _due(self, number: int) -> int:
        return self.start + int(number * self.interval)

    def _take(self, moment: int) -> None:
        """See what is due, and send as much of it as there are free connections."""
        while self.taken < self.total and (due := self._due(self.taken)) <= moment:
            self.times.lags.append(moment - due)
            self.seen.append(moment)
            self.taken += 1
            self._send_waiting()
        self._send_waiting()

    def _send_waiting(self) -> None:
        while self.sent < self.taken:
            if not self.idle:
                if len(self.open) < self.most:
                    self._open()
                return
            self._send(self.idle.pop())

    def _send(self, connection: Connection) -> None:
        number = self.sent
        self.sent += 1
        connection.number = number
        self.flying.append((number, connection))
        moment = now()
        self.times.sent(moment, moment - self.seen[number])
        try:
            if not connection.send(self.request(number)):
                self.poll.modify(connection.fd, READS | WRITES)
        except Failed as failed:
            self._lose(connection, failed.kind)

    def _give_up(self, moment: int) -> None:
        """Fail what is past its time, in flight or still waiting, and forget in flight what has ended."""
        oldest = moment - self.timeout
        while self.flying:
            number, connection = self.flying[0]
            if connection.number == number:
                if self._due(number) > oldest:
                    break
                self._lose(connection, Answer.TIMEOUT)
            self.flying.popleft()
        while self.sent < self.taken and self._due(self.sent) <= oldest:
            self._count(self.sent, Answer.TIMEOUT)
            self.sent += 1

    def _pause_s(self) -> float:
        """Until the next request is due or the oldest one has to be given up."""
        moments = [self._due(self.taken)] if self.taken < self.total else []
        if self.flying:
            moments.append(self._due(self.flying[0][0]) + self.timeout)
        elif self.sent < self.taken:
            moments.append(self._due(self.sent) + self.timeout)
        return max(0.0, min([_FOREVER_S, *((moment - now()) / 1e9 for moment in moments)]))

    def _serve(self, events: list[tuple[int, int]]) -> None:
        self.opened.clear()
        for fd, event in events:
            connection = self.open.get(fd)
            if connection is None or fd in self.opened:  # closed since, or another one by the same number
                continue
            try:
                self._meet(connection, event)
            except Failed as failed:
                self._lose(connection, failed.kind)

    def _meet(self, connection: Connection, event: int) -> None:
        if not connection.is_ready:
            self.poll.modify(connection.fd, connection.advance())
            if connection.is_ready:
                self._free(connection)
            return
        if event & WRITES and connection.unsent and connection.send(connection.unsent):
            self.poll.modify(connection.fd, READS)
        if event & ~WRITES:
            self._read(connection)

    def _read(self, connection: Connection) -> None:
        more = True
        while more and (data := connection.receive()) is not None:
            if connection.number < 0:  # nothing was asked: it was closed while it was idle, or talks out of turn
                raise Failed(Answer.DROPPED)
            try:
                head = connection.answers.feed(data) if data else connection.answers.close()
            except NoAnswer as none:
                raise Failed(none.kind) from None
            if head:
                self._end(connection, head, stays=head.stays and bool(data))
                return
            more = connection.has_more

    def _end(self, connection: Connection, head: Head, *, stays: bool) -> None:
        number, connection.number = connection.number, -1
        answer = answer_of(head.status)
        self._count(number, answer)
        if answer is not Answer.OK and head.retry_after_s is not None:
            self.times.retry_after_s = max(head.retry_after_s, self.times.retry_after_s or 0)
        if stays:
            self._free(connection)
        else:
            self._close(connection)

    def _free(self, connection: Connection) -> None:
        self.refusals = 0
        self.idle.append(connection)
        if self.sent < self.taken:
            self._send_waiting()

    def _count(self, number: int, kind: Answer) -> None:
        self.times.add(kind, now() - self._due(number))

    def _lose(self, connection: Connection, kind: Answer) -> None:
        """The connection is gone; so is the request that waited for its answer there, or for it to be made."""
        was_ready, number = connection.is_ready, connection.number
        connection.number = -1
        if number >= 0:
            self._count(number, kind)
        elif not was_ready:
            self._refuse(kind)
        self._close(connection, again=number >= 0)  # one that was closed while idle is missed when it is needed

    def _refuse(self, kind: Answer) -> None:
        self.refusals += 1
        if self.sent < self.taken:
            self._count(self.sent, kind)
            self.sent += 1
        if self.refusals >= REFUSALS_LATER:
            self.times.stopped = kind

    def _close(self, connection: Connection, *, again: bool = True) -> None:
        del self.open[connection.fd]
        if connection in self.idle:
            self.idle.remove(connection)
        connection.close()
        if again and self.sent < self.total and not self.times.stopped:
            self._open()

    def _open(self) -> None:
        connection = Connection(self.address)
        self.open[connection.fd] = connection
        self.opened.add(connection.fd)
        self.poll.register(connection.fd, WRITES)

    def _tell(self, moment: int) -> None:
        self.report(self.times.done - self.reported)
        self.reported, self.report_at = self.times.done, moment + _REPORT_NS
