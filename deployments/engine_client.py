"""The job command of a deployment: hand the flow run to the warm engine, or run it cold where there is none.

`python -S -E -m deployments.engine_client` starts in about 20 ms because it imports a few small modules and nothing
of Prefect. The worker sees this process in place of the run: signals go through to the run, its exit status (also
death by a signal) comes back, and when this process is killed the run is ended with it.
"""

import json
import os
import signal
import socket
import stat
import struct
import sys
from pathlib import Path
from typing import Any, NoReturn

SOCKET_VARIABLE = "WATCHKEEPER_ENGINE_SOCKET"
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
GREETING_TIMEOUT_S = 1.0  # a cold start costs three seconds; waiting longer than this for a warm one wins nothing
LARGEST_FRAME = 4 * 1024 * 1024
_LENGTH = struct.Struct("!I")
_STATUS = struct.Struct("!i")
_PEER = struct.Struct("3i")  # pid, uid, gid of SO_PEERCRED


class EngineUnavailable(Exception):
    """The warm engine cannot take this run; the text says why."""


def main() -> NoReturn:
    """Run the flow run of this environment, warm if possible; ends as the run ended."""
    try:
        engine = connect(os.environ.get(SOCKET_VARIABLE, ""))
        hand_over(engine)
    except (EngineUnavailable, OSError, ValueError) as reason:
        run_cold(str(reason))
    end_as(wait_for_status(engine))


def connect(address: str) -> socket.socket:
    """A connection to the engine of this user and this code, which has said that it takes a run."""
    if not address:
        raise EngineUnavailable(f"{SOCKET_VARIABLE} is not set")
    refuse_foreign(Path(address).lstat())
    engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    engine.settimeout(GREETING_TIMEOUT_S)
    engine.connect(address)
    if peer_user(engine) != os.getuid():
        raise EngineUnavailable("it belongs to another user")
    greeting = receive_frame(engine)
    if greeting.get("refused"):
        raise EngineUnavailable(str(greeting["refused"]))
    if (greeting.get("root"), greeting.get("python")) != identity():
        raise EngineUnavailable("it serves another checkout or venv")
    return engine


def refuse_foreign(socket_file: os.stat_result) -> None:
    """Whoever owns the socket gets this environment with its secrets, so it must be ours alone."""
    if not stat.S_ISSOCK(socket_file.st_mode):
        raise EngineUnavailable("its address is not a socket")
    if socket_file.st_uid != os.getuid() or stat.S_IMODE(socket_file.st_mode) & 0o077:
        raise EngineUnavailable("its socket is open to other users")


def peer_user(connection: socket.socket) -> int:
    """The user at the other end; where the system cannot tell, the socket file's owner has to do."""
    if not hasattr(socket, "SO_PEERCRED"):
        return os.getuid()
    answer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    user: int = _PEER.unpack(answer)[1]
    return user


def identity() -> tuple[str, str]:
    """Which code and which packages: an engine of another checkout or venv must never take this run."""
    return str(Path(__file__).resolve().parent.parent), str(Path(sys.executable).parent)


def hand_over(engine: socket.socket) -> None:
    """Send environment, folder, arguments and the three standard streams; from here on signals go to the run."""
    request = {"environ": dict(os.environ), "cwd": str(Path.cwd()), "argv": sys.argv[1:], "umask": current_umask()}
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)  # a signal in the middle of the frame would break it
    try:
        send_frame(engine, request, descriptors=[0, 1, 2])
        engine.settimeout(None)
        if refused := answer_to_request(engine).get("refused"):
            raise EngineUnavailable(str(refused))
        for number in FORWARDED:
            signal.signal(number, lambda caught, _: engine.sendall(bytes([caught])))
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)


def answer_to_request(engine: socket.socket) -> dict[str, Any]:
    """Whether the run was started; an engine lost now may have started it, so it is never run a second time."""
    try:
        return receive_frame(engine)
    except OSError:
        end_as(int(signal.SIGKILL))


def current_umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def wait_for_status(engine: socket.socket) -> int:
    """The wait status of the run; an engine that dies takes its runs with it, so silence means killed."""
    try:
        answer = receive_exactly(engine, _STATUS.size)
    except OSError:
        return int(signal.SIGKILL)
    status: int = _STATUS.unpack(answer)[0]
    return status


def end_as(status: int) -> NoReturn:
    """End this process in the way the run ended, so that the worker reports the truth."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


def run_cold(reason: str) -> NoReturn:
    """Become a plain Prefect engine, as if this client had never been there."""
    sys.stderr.write(f"watchkeeper: cold start, warm engine not used: {reason}\n")
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "prefect.engine", *sys.argv[1:]])  # noqa: S606 - no shell wanted


def send_frame(connection: socket.socket, content: dict[str, Any], descriptors: list[int] | None = None) -> None:
    payload = json.dumps(content).encode("ascii")
    socket.send_fds(connection, [_LENGTH.pack(len(payload))], descriptors or [])
    connection.sendall(payload)


def receive_frame(connection: socket.socket) -> dict[str, Any]:
    return read_payload(connection, receive_exactly(connection, _LENGTH.size))


def read_payload(connection: socket.socket, length: bytes) -> dict[str, Any]:
    (size,) = _LENGTH.unpack(length)
    if size > LARGEST_FRAME:
        raise ValueError("a frame of the engine's socket is too large")
    content: dict[str, Any] = json.loads(receive_exactly(connection, size))
    return content


def send_status(connection: socket.socket, status: int) -> None:
    connection.sendall(_STATUS.pack(status))


def receive_request(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """A run's request and its three standard streams."""
    length, descriptors, _, _ = socket.recv_fds(connection, _LENGTH.size, 3)
    if len(length) < _LENGTH.size or len(descriptors) != 3:
        for descriptor in descriptors:
            os.close(descriptor)
        raise ConnectionError("the client left before it asked for a run")
    return read_payload(connection, length), list(descriptors)


def receive_exactly(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise ConnectionError("it closed the connection")
        received += part
    return received


if __name__ == "__main__":
    main()
