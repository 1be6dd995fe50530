"""Connections of the generator: opened without waiting, TLS included, and warm before the first request is due."""

import select
import socket
import ssl
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urlsplit

from tasks.load.answers import AnswerReader
from tasks.rules.load.measured import Answer

_WAITS = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
READS, WRITES = select.EPOLLIN, select.EPOLLOUT


class Failed(Exception):
    """A connection that could not be made or was lost; `kind` says how."""

    def __init__(self, kind: Answer) -> None:
        super().__init__(kind)
        self.kind = kind


class State(Enum):
    CONNECTING = auto()
    SHAKING_HANDS = auto()
    READY = auto()


@dataclass(frozen=True)
class Address:
    """Where to connect to, looked up once; `tls` checks the certificate for `host`."""

    family: int
    place: tuple[str, int]
    host: str
    tls: ssl.SSLContext | None


def find(url: str, timeout_s: float) -> Address:
    """The first address behind the URL that takes a connection; `Failed` if none does."""
    parts = urlsplit(url)
    secure = parts.scheme in ("https", "wss")
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    tls = ssl.create_default_context() if secure else None
    try:
        with socket.create_connection((host, port), timeout_s) as tried:
            address = Address(tried.family, tried.getpeername(), host, tls)
            if tls:
                tls.wrap_socket(tried, server_hostname=host).close()
            return address
    except ssl.SSLError:
        raise Failed(Answer.TLS) from None
    except TimeoutError:
        raise Failed(Answer.TIMEOUT) from None
    except (OSError, UnicodeError):  # refused, no such name, no way there
        raise Failed(Answer.REFUSED) from None


class Connection:
    """One connection; `number` is the request that waits for its answer here, -1 if there is none."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.state = State.CONNECTING
        self.number = -1
        self.answers = AnswerReader()
        self.unsent = b""
        self.socket = socket.socket(address.family, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fd = self.socket.fileno()
        self.socket.connect_ex(address.place)  # what is wrong with it is said when it becomes writable

    @property
    def is_ready(self) -> bool:
        return self.state is State.READY

    def advance(self) -> int:
        """Take the next step towards being ready; returns the events to wait for."""
        if self.state is State.CONNECTING:
            if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise Failed(Answer.REFUSED)
            if self.address.tls is None:
                self.state = State.READY
                return READS
            self.socket = self.address.tls.wrap_socket(
                self.socket, server_hostname=self.address.host, do_handshake_on_connect=False
            )
            self.state = State.SHAKING_HANDS
        return self._shake_hands()

    def _shake_hands(self) -> int:
        assert isinstance(self.socket, ssl.SSLSocket)  # noqa: S101  what the state says
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            return READS
        except ssl.SSLWantWriteError:
            return WRITES
        except OSError:  # SSLError is one of them
            raise Failed(Answer.TLS) from None
        self.state = State.READY
        return READS

    def send(self, data: bytes) -> bool:
        """Send, or go on sending; whether all of it is on its way."""
        try:
            sent = self.socket.send(data)
        except _WAITS:
            sent = 0
        except OSError:
            raise Failed(Answer.DROPPED) from None
        self.unsent = data[sent:]
        return not self.unsent

    def receive(self) -> bytes | None:
        """What has come; empty when the other side has closed, None when there is nothing yet."""
        try:
            return self.socket.recv(1 << 16)
        except _WAITS:
            return None
        except OSError:
            return b""

    @property
    def has_more(self) -> bool:
        """Whether bytes are here already that epoll will not tell of."""
        return isinstance(self.socket, ssl.SSLSocket) and self.is_ready and self.socket.pending() > 0

    def close(self) -> None:
        self.socket.close()
