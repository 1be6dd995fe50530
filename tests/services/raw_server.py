"""A server that answers every request with given bytes, whether they are HTTP or not."""

import contextlib
import itertools
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def raw_server(
    answer: bytes, *, closes: bool = False, endless: bytes = b"", tls: Path | None = None
) -> Iterator[int]:
    """Its port. `endless` is sent over and over after the answer; `tls` is a file with key and certificate."""
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, context, answer, closes, endless), daemon=True).start()
        yield listener.getsockname()[1]
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, tls: ssl.SSLContext | None, answer: bytes, closes: bool, endless: bytes) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_talk, args=(client, tls, answer, closes, endless), daemon=True).start()


def _talk(client: socket.socket, tls: ssl.SSLContext | None, answer: bytes, closes: bool, endless: bytes) -> None:
    with contextlib.suppress(OSError), tls.wrap_socket(client, server_side=True) if tls else client as talking:
        while _asked(talking):
            talking.sendall(answer)
            for piece in itertools.repeat(endless) if endless else ():
                talking.sendall(piece)
            if closes:
                return


def _asked(client: socket.socket) -> bool:
    asked = b""
    while b"\r\n\r\n" not in asked:
        if not (data := client.recv(1 << 16)):
            return False
        asked += data
    return True
