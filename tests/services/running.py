"""The service of the tests as a process of its own, and its faults."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

SECRETS = {
    "GITEA_WEBHOOK_SECRET": "s3cret-of-the-webhook",
    "ORKET_API_KEY": "k3y-of-the-api",
    "ORKET_WEBHOOK_TEST_TOKEN": "t0ken-of-the-test-route",
}


class Service:
    """Where it listens, what it should do wrong, and what it really answered."""

    def __init__(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.url, self.ws_url = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}/ws/events"

    def go_wrong(self, **faults: dict[str, Any]) -> None:
        """Faults by path, `/` written as `__`: `v1__system__heartbeat={...}`; what is not named is well again."""
        httpx.post(
            f"{self.url}/faults",
            json={
                "/" + path.replace("__", "/").replace("run_active", "run-active"): it for path, it in faults.items()
            },
        ).raise_for_status()

    def truth(self) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.get(f"{self.url}/truth").json()
        return answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_service() -> Iterator[Service]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.services.service", str(port)], env=os.environ | SECRETS)
    try:
        service = Service(port, process)
        _wait_for(service)
        yield service
    finally:
        process.kill()
        process.wait()


def _wait_for(service: Service) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and service.process.poll() is None:
        try:
            httpx.get(f"{service.url}/health").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the service of the tests did not start")
