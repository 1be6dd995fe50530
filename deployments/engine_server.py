"""The warm engine: one process with Prefect and the procedures loaded, forked for each flow run.

A cold run spends about three seconds on starting Python and importing; a fork of this process spends none of it. It
serves only the user who started it, on a socket that nobody else may open, has one thread, and never runs old code:
when a file of the procedures or an installed package has changed it refuses (the client then runs cold) and starts
itself anew as soon as its last run has ended.

`python -m deployments.engine_server` listens on WATCHKEEPER_ENGINE_SOCKET; SIGTERM ends it and the runs it holds.
"""

import logging
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from deployments import engine_client as wire
from deployments.engine_run import Run, become, die_with_parent

log = logging.getLogger("prefect.watchkeeper.engine")

MOST_RUNS = 64  # the worker's own limit is lower; beyond this many the engine itself would be the fault
CHECK_EVERY_S = 2.0
END_WITHIN_S = 10.0


class ForkedRun(BaseException):
    """Raised in the forked child only: leave the engine's loop, this process is a run now."""


class Engine:
    """Listens, forks, passes signals in and statuses out; everything heavy was imported before."""

    def __init__(self, address: Path, fingerprint: Callable[[], str], image: str) -> None:
        self._fingerprint = fingerprint
        self._image = image  # the fingerprint of the code from before it was imported
        self._stale = False
        self._ending_since: float | None = None
        self._clients: dict[int, socket.socket] = {}  # process id of the run -> its client
        self._address = address
        self._listener = listen(address)
        self._woken, self._waker = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._woken, selectors.EVENT_READ, self._drain)

    def serve(self) -> bool:
        """Serve until the code changed (True: start anew) or a signal came (False); ForkedRun in each child."""
        self._catch_signals()
        log.info("warm engine ready, process %d", os.getpid())
        while self._clients or not (self._stale or self._ending_since):
            for key, _ in self._selector.select(CHECK_EVERY_S):
                key.data()
            self._reap()
            self._check_code()
            self._hurry()
        self._address.unlink(missing_ok=True)
        self._close()
        return self._ending_since is None

    def _catch_signals(self) -> None:
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # handled in the loop; here only so that it wakes
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            self._woken.recv(4096)

    def _end(self, *_: object) -> None:
        if self._ending_since is None:
            self._ending_since = time.monotonic()
            for run in self._clients:
                os.kill(run, signal.SIGTERM)

    def _hurry(self) -> None:
        if self._ending_since is not None and time.monotonic() - self._ending_since > END_WITHIN_S:
            for run in self._clients:
                kill_group(run)

    def _check_code(self) -> None:
        self._stale = self._stale or self._fingerprint() != self._image

    def _accept(self) -> None:
        """Greet a client and start its run; one that misbehaves loses its connection and nothing else happens."""
        client, _ = self._listener.accept()
        client.settimeout(wire.GREETING_TIMEOUT_S)
        try:
            refused = self._refusal(client)
            root, python = wire.identity()
            wire.send_frame(client, {"root": root, "python": python, "refused": refused})
            if refused is None:
                self._start(client)
                return
        except (OSError, ValueError, KeyError, TypeError) as broken:
            log.warning("a client of the warm engine was turned away: %s", type(broken).__name__)
        client.close()

    def _refusal(self, client: socket.socket) -> str | None:
        self._check_code()
        if wire.peer_user(client) != os.getuid():
            return "it serves its own user only"
        if self._ending_since is not None:
            return "it is ending"
        if self._stale:
            return "the code has changed and it starts anew"
        return "it is full" if len(self._clients) >= MOST_RUNS else None

    def _start(self, client: socket.socket) -> None:
        request, streams = wire.receive_request(client)
        try:
            pid = self._fork(client, Run.of(request, streams))
        except OSError:
            wire.send_frame(client, {"refused": "it cannot start another process"})
            raise
        finally:
            for stream in streams:
                os.close(stream)
        self._clients[pid] = client
        self._selector.register(client, selectors.EVENT_READ, lambda: self._forward(pid, client))
        wire.send_frame(client, {"started": True})
        client.settimeout(None)

    def _fork(self, client: socket.socket, run: Run) -> int:
        """Fork with signals held back, so that none meets a child which still answers like the engine."""
        sys.stdout.flush()
        sys.stderr.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, wire.FORWARDED)
        engine = os.getpid()
        try:
            pid = os.fork()
            if pid == 0:
                client.close()
                self._close()
                die_with_parent(engine)
                become(run)
                raise ForkedRun
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, wire.FORWARDED)
        return pid

    def _forward(self, pid: int, client: socket.socket) -> None:
        """A byte is a signal for the run; silence means that the client was killed, and its run ends with it."""
        try:
            sent = client.recv(1)
        except ConnectionError:
            sent = b""
        if not sent:
            self._selector.unregister(client)
            kill_group(pid)
        elif sent[0] in wire.FORWARDED:
            os.kill(pid, sent[0])

    def _reap(self) -> None:
        for pid, client in list(self._clients.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._clients[pid]
                with suppress(KeyError):  # a client that was killed is no longer listened to
                    self._selector.unregister(client)
                with suppress(OSError), client:
                    wire.send_status(client, status)

    def _close(self) -> None:
        """Let go of every socket; in a child the ones of other runs too, or their clients would wait for it."""
        signal.set_wakeup_fd(-1)
        self._selector.close()
        for held in (self._listener, self._woken, self._waker, *self._clients.values()):
            held.close()


def listen(address: Path) -> socket.socket:
    """A socket that only this user can open; a file left by a dead engine is replaced, a living one is refused."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with suppress(ConnectionRefusedError, FileNotFoundError), socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(address))
        raise SystemExit(f"a warm engine already listens on {address}")
    address.unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        listener.bind(str(address))
    finally:
        os.umask(before)
    listener.listen()
    return listener


def kill_group(pid: int) -> None:
    """End a run and what it started; its group may not exist yet in the first moment of its life."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(pid, signal.SIGKILL)


def serve_runs(address: Path, fingerprint: Callable[[], str], preload: Callable[[], None]) -> bool:
    """True in a forked child, which goes on as a run; False when the engine has ended. A stale one starts anew."""
    image = fingerprint()
    preload()
    try:
        while Engine(address, fingerprint, image).serve():
            os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this very command, with the new code
    except ForkedRun:
        return True
    return False


def main() -> None:
    """Serve Prefect flow runs; in each child, be Prefect's engine."""
    from deployments import engine_image

    if serve_runs(Path(os.environ[wire.SOCKET_VARIABLE]), engine_image.fingerprint, engine_image.preload):
        engine_image.run_flow()


if __name__ == "__main__":
    main()
