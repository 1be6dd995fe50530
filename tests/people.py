"""People for the tests: operators with an authenticator app, and a terminal that somebody types into."""

import os
import pty
import re
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyotp

from tasks.approvals.operators import enrol

KEY = "ZmFrZS1rZXktb2YtdGhlLXRlc3RzLTMyLWJ5dGVzISE="


@dataclass
class App:
    """An authenticator app: gives codes of a moment; `enrolled` puts its owner on the list, an hour ago."""

    name: str
    secret: str = field(default_factory=lambda: pyotp.random_base32(32))

    def code(self, at: datetime | None = None, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(at or datetime.now(UTC), counter_offset=steps)

    def wrong_code(self, at: datetime | None = None) -> str:
        near = {self.code(at, steps) for steps in range(-2, 3)}
        return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in near)

    def enrolled(self, by: str | None = None, now: datetime | None = None) -> "App":
        before = (now or datetime.now(UTC)) - timedelta(hours=1)
        assert enrol(self.name, self.secret, self.code(before), by, before)
        return self


class Typist:
    """The other end of a terminal: answers a question with a text, or with what a function makes of the screen."""

    def __init__(self, master: int, answers: list[tuple[str, str | Callable[[str], str]]]) -> None:
        self.screen, self._master, self._answers = "", master, answers

    def work(self, over: threading.Event) -> None:
        seen = 0
        while not over.is_set() or self._readable():
            self._read()
            if self._answers and self._answers[0][0] in self.screen[seen:]:
                seen = len(self.screen)
                _, answer = self._answers.pop(0)
                os.write(self._master, (answer if isinstance(answer, str) else answer(self.screen)).encode() + b"\n")
            time.sleep(0.005)

    def _readable(self) -> bool:
        import select

        return bool(select.select([self._master], [], [], 0.05)[0])

    def _read(self) -> None:
        if self._readable():
            with suppress(OSError):
                self.screen += os.read(self._master, 65536).decode(errors="replace")


@contextmanager
def typing(monkeypatch, *answers: tuple[str, str | Callable[[str], str]]) -> Iterator[Typist]:
    """A real pseudo terminal in place of the machine's, with somebody who answers the questions in their order."""
    master, slave = pty.openpty()
    tty.setcbreak(master)
    monkeypatch.setattr("tasks.approvals.terminal.DEVICE", os.ttyname(slave))
    typist, over = Typist(master, list(answers)), threading.Event()
    thread = threading.Thread(target=typist.work, args=(over,), daemon=True)
    thread.start()
    try:
        yield typist
    finally:
        over.set()
        thread.join(5)
        os.close(slave)
        os.close(master)


def shown_secret(screen: str) -> str:
    found = re.search(r"secret  ([A-Z2-7]{32})", screen)
    assert found
    return found[1]
