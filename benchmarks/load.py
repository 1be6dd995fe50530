"""The load generator beside wrk, hey, aiohttp and locust: how quick on one core, how true, how punctual.

Clients are pinned to one core and the server to another. Three questions: requests for each second of the client's
own processor time; what is reported of a server that stands still for one second in ten; and how late requests are
sent at parts of the highest rate. What is not installed is left out and said; `PEERS_PYTHON` may name an interpreter
that has aiohttp and locust.
"""

import csv
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from tasks.load.harness import be_on_time
from tasks.load.http_phase import run_phase
from tasks.load.sending import requests_of
from tasks.rules.load.figures import Figures, figures_of
from tasks.rules.load.plan import Name, Phase
from tasks.settings.services import LoadSecrets

CONNECTIONS = 50
REQUESTS = 60_000
RATE, SECONDS, STALL_S, FEW = 200, 10, 1.0, 5  # over so few connections a closed loop stands still as well
_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"status":"ok"}'
_PEERS_PYTHON = os.environ.get("PEERS_PYTHON", sys.executable)  # a benchmark's own choice, no setting of the project
_AIOHTTP = f"""
import aiohttp, asyncio, json, sys, time
async def main(url, total):
    took = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit={CONNECTIONS})) as session:
        left = iter(range(total))
        async def worker():
            for _ in left:
                async with session.get(url) as answer:
                    await answer.read()
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(worker() for _ in range({CONNECTIONS})))
        print(json.dumps([total, time.perf_counter() - began, time.process_time() - cpu]))
asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""
_LOCUST = """
from locust import FastHttpUser, constant_throughput, task
class Asks(FastHttpUser):
    wait_time = constant_throughput({rate})
    @task
    def ask(self): self.client.get("/")
"""
Speed = tuple[int, float, float]  # requests, seconds, seconds of the client's processor


def main(rounds: int = 3) -> None:
    with serving() as (url, server):
        speeds = _speeds(url, rounds)
        _truth(url, server)
        _punctuality(url, statistics.median(total / seconds for total, seconds, _ in speeds["ours"]))


def _speeds(url: str, rounds: int) -> dict[str, list[Speed]]:
    sides = {name: side for name, side in CLIENTS.items() if _is_there(name)}
    found: dict[str, list[Speed]] = {name: [] for name in sides}
    for turn in range(rounds):
        order = list(sides.items())
        for name, side in order[turn % len(order) :] + order[: turn % len(order)]:
            found[name].append(side(url))
    print(f"requests per second of the client's processor, {CONNECTIONS} connections ({rounds} rounds, medians)")
    per_cpu = {name: statistics.median(total / cpu for total, _, cpu in runs) for name, runs in found.items()}
    for name, value in per_cpu.items():
        per_s = statistics.median(total / seconds for total, seconds, _ in found[name])
        ratio = "" if name == "ours" else f"ours {per_cpu['ours'] / value:6.2f} x"
        print(f"  {name:<10} {value:10.0f} per CPU second {per_s:10.0f} per second  {ratio}")
    return found


def _truth(url: str, server: BaseProcess) -> None:
    """2,000 requests, 5 ms apart; those of one second are answered when it is over. p99 of that is 900 ms."""
    truth = 1000 * STALL_S - RATE * SECONDS / 100 * 1000 / RATE
    print(
        f"p99 of {SECONDS} s at {RATE} a second over {FEW} connections with a stall of {STALL_S:.0f} s:"
        f" the truth is {truth:.0f} ms"
    )
    sides: dict[str, Callable[[str], float]] = {"ours": _p99_of_ours, "hey": _p99_of_hey, "locust": _p99_of_locust}
    for name, side in sides.items():
        if _is_there(name):
            with _stalling(server):
                p99 = side(url)
            print(f"  {name:<10} {p99:8.0f} ms {100 * (p99 - truth) / truth:+7.1f} %")


def _punctuality(url: str, highest: float) -> None:
    """Send lateness at parts of the highest rate, as the harness does it."""
    command = [sys.executable, "-m", "benchmarks.load", "late", url]
    for part in (0.5, 0.25, 0.05):
        print(f"late at {100 * part:.0f} % of the highest rate", _pinned([*command, str(highest * part)])[0].strip())


def _late(url: str, rate: float) -> None:
    allowed = be_on_time()
    figures = _ours(url, int(rate * 3), rate)
    lag = figures.lag
    print(
        f"({rate:.0f}/s asked, {figures.rate_offered:.0f}/s offered{'' if allowed else ', not allowed to go first'}):"
        f" p50 {lag.at(50):.2f} ms, p99 {lag.at(99):.2f} ms, worst {lag.most:.2f} ms"
    )


def _ours(url: str, total: int, rate: float, most: int = CONNECTIONS) -> Figures:
    phase = Phase(Name.HEARTBEAT, url, total, rate, most, 10.0)
    return figures_of(run_phase(phase, requests_of(phase.name, url, LoadSecrets()), lambda _ended: None))


def _speed_of_ours(url: str) -> Speed:
    with _one_core(0):
        cpu = time.process_time()
        figures = _ours(url, REQUESTS, 1e6)  # all due at once: as quick as it gets
        return figures.latency.samples, figures.seconds, time.process_time() - cpu


def _speed_of_aiohttp(url: str) -> Speed:
    total, seconds, cpu = json.loads(_pinned([_PEERS_PYTHON, "-c", _AIOHTTP, url, str(REQUESTS // 6)])[0])
    return int(total), float(seconds), float(cpu)


def _speed_of_hey(url: str) -> Speed:
    text, cpu = _pinned(["hey", "-n", str(REQUESTS), "-c", str(CONNECTIONS), "-cpus", "1", url])
    return REQUESTS, float(_first(r"Total:\s+([\d.]+) secs", text)), cpu


def _speed_of_wrk(url: str) -> Speed:
    text, cpu = _pinned(["wrk", "-t1", f"-c{CONNECTIONS}", "-d2s", url])
    return int(_first(r"(\d+) requests in", text)), 2.0, cpu


def _speed_of_locust(url: str) -> Speed:
    """Its start is in its processor time: about a second of ten."""
    with tempfile.TemporaryDirectory() as folder:
        cpu = _locust(url, folder, 10_000, 10)
        row = _locust_row(folder)
    return int(row["Request Count"]), 10.0, cpu


def _p99_of_ours(url: str) -> float:
    return _ours(url, RATE * SECONDS, RATE, FEW).latency.at(99) or 0.0


def _p99_of_hey(url: str) -> float:
    limit = ["-q", str(RATE // FEW), "-z", f"{SECONDS}s", "-c", str(FEW)]
    return 1000 * float(_first(r"99%+ in ([\d.]+) secs", _pinned(["hey", *limit, "-cpus", "1", url])[0]))


def _p99_of_locust(url: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        _locust(url, folder, RATE / FEW, SECONDS, FEW)
        return float(_locust_row(folder)["99%"])


def _locust(url: str, folder: str, rate: float, seconds: int, users: int = CONNECTIONS) -> float:
    Path(folder, "asks.py").write_text(_LOCUST.format(rate=rate), encoding="utf-8")
    crowd = ["-u", str(users), "-r", str(users), "-t", f"{seconds}s"]
    files = ["-f", f"{folder}/asks.py", "--csv", f"{folder}/l", "--headless", "--only-summary", "-H", url.rstrip("/")]
    return _pinned([_PEERS_PYTHON, "-m", "locust", *files, *crowd])[1]


def _locust_row(folder: str) -> dict[str, str]:
    """The last row: all requests together."""
    with Path(folder, "l_stats.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))[-1]


CLIENTS: dict[str, Callable[[str], Speed]] = {
    "ours": _speed_of_ours,
    "wrk": _speed_of_wrk,
    "hey": _speed_of_hey,
    "aiohttp": _speed_of_aiohttp,
    "locust": _speed_of_locust,
}


def _is_there(name: str) -> bool:
    if name == "ours":
        return True
    is_program = name in ("wrk", "hey")
    found = shutil.which(name) if is_program else not _exit_code([_PEERS_PYTHON, "-c", f"import {name}"])
    if not found:
        print(f"  {name} is not installed here: left out")
    return bool(found)


def _exit_code(command: list[str]) -> int:
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if not found:
        raise RuntimeError(f"the peer's output has changed: no {pattern}")
    return found[1]


def _pinned(command: list[str]) -> tuple[str, float]:
    """What a client on the first core printed, and its processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with _one_core(0):
        text = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return text, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def _one_core(core: int) -> Iterator[None]:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(cores)[core % len(cores)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def _stalling(server: BaseProcess) -> Iterator[None]:
    """The server stands still for a while in the middle of what the block does."""

    def stall() -> None:
        time.sleep(SECONDS * 0.5)
        os.kill(server.pid or 0, signal.SIGSTOP)
        time.sleep(STALL_S)
        os.kill(server.pid or 0, signal.SIGCONT)

    stalling = threading.Thread(target=stall)
    stalling.start()
    yield
    stalling.join()


@contextmanager
def serving() -> Iterator[tuple[str, BaseProcess]]:
    """A server that does nothing but answer, on the last core."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    server = get_context("fork").Process(target=_answer_all, args=(listener,), daemon=True)
    server.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/", server
    server.kill()
    server.join()


def _answer_all(listener: socket.socket) -> None:
    with _one_core(-1):
        listener.setblocking(False)
        poll, clients = select.epoll(), dict[int, socket.socket]()
        poll.register(listener, select.EPOLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == listener.fileno():
                    client, _ = listener.accept()
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    clients[client.fileno()] = client
                    poll.register(client, select.EPOLLIN)
                else:
                    _answer(clients, fd)


def _answer(clients: dict[int, socket.socket], fd: int) -> None:
    try:
        asked = clients[fd].recv(1 << 16)
        clients[fd].send(_ANSWER * asked.count(b"\r\n\r\n"))
    except OSError:
        asked = b""
    if not asked:
        clients.pop(fd).close()


if __name__ == "__main__":
    _late(sys.argv[2], float(sys.argv[3])) if "late" in sys.argv else main()
