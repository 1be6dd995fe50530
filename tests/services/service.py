"""The services under load, small: webhooks, API and websocket as runbook 003 has them, with faults at will.

`python -m tests.services.service PORT` serves until it is ended. `POST /faults` says what goes wrong on which path
and sets the counts back, `GET /truth` tells what was really answered.
"""

import asyncio
import hashlib
import hmac
import os
import sys
import time
from collections import Counter
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.types import Message, Receive, Scope, Send

SECRET, KEY, TOKEN = (
    os.environ.get(name, "") for name in ("GITEA_WEBHOOK_SECRET", "ORKET_API_KEY", "ORKET_WEBHOOK_TEST_TOKEN")
)


class Fault(BaseModel):
    """What is wrong with one path: counted requests begin with 1."""

    delay_s: float = 0
    stall_at: int = 0  # at this request the whole service stands still once
    stall_s: float = 0
    fail_every: int = 0
    status: int = 500
    drop_every: int = 0
    limit: int = 0  # after so many answers only 429
    retry_after: str = "60"
    drop_after_s: float = 0  # websocket clients


faults: dict[str, Fault] = {}
asked: Counter[str] = Counter()
truth: Counter[str] = Counter()
deliveries: set[str] = set()
bodies: set[bytes] = set()
app = FastAPI()


@app.post("/faults")
def set_faults(given: dict[str, Fault]) -> dict[str, bool]:
    faults.clear()
    faults.update(given)
    for counted in (asked, truth, deliveries, bodies):
        counted.clear()
    return {"ok": True}


@app.get("/truth")
def get_truth() -> dict[str, Any]:
    return {"answers": dict(truth), "deliveries": len(deliveries), "bodies": len(bodies)}


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/v1/system/heartbeat")
async def heartbeat(request: Request) -> JSONResponse:
    return _if(request.headers.get("x-api-key", "") == KEY, {"status": "online", "active_tasks": 0})


@app.post("/v1/system/run-active")
async def run_active(request: Request) -> JSONResponse:
    body = await request.json()
    return _if(request.headers.get("x-api-key", "") == KEY and "issue_id" in body, {"session_id": "0a1b2c3d"})


@app.post("/webhook/test")
async def webhook_test(request: Request) -> JSONResponse:
    return _if(request.headers.get("x-webhook-test-token", "") == TOKEN, {"status": "ok", "message": "test"})


@app.post("/webhook/gitea")
async def webhook_gitea(request: Request) -> JSONResponse:
    body, headers = await request.body(), request.headers
    sha256 = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    sha1 = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    deliveries.add(headers["x-gitea-delivery"])
    bodies.add(body)
    signed = (headers["x-gitea-signature"], headers["x-hub-signature-256"], headers["x-hub-signature"])
    is_good = bool(SECRET) and signed == (sha256, f"sha256={sha256}", f"sha1={sha1}")
    return _if(is_good and headers["x-gitea-event"] == "pull_request", {"status": "ignored", "message": ""})


@app.websocket("/ws/events")
async def events(socket: WebSocket) -> None:
    fault, number = _counted("/ws/events")
    if fault.fail_every and number % fault.fail_every == 0:
        await socket.close()  # before it is accepted: 403
        return
    await socket.accept()
    try:
        async with asyncio.timeout(fault.drop_after_s or None):
            while True:
                truth[(await socket.receive_text()).partition("-")[0]] += 1
    except TimeoutError:
        await socket.close(1011)
    except WebSocketDisconnect:
        return


def _if(is_good: bool, answer: dict[str, Any]) -> JSONResponse:
    return JSONResponse(answer, 200 if is_good else 403)


def _counted(path: str) -> tuple[Fault, int]:
    asked[path] += 1
    return faults.get(path, Fault()), asked[path]


async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
    """The service behind its faults; what is sent is counted as the truth."""
    if scope["type"] != "http" or scope["path"] in ("/faults", "/truth", "/health"):
        await app(scope, receive, send)
        return
    fault, number = _counted(scope["path"])

    async def counting(message: Message) -> None:
        if message["type"] == "http.response.start":
            truth[f"{scope['path']} {message['status']}"] += 1
        await send(message)

    if fault.stall_at == number:
        began = time.monotonic()
        time.sleep(fault.stall_s)  # not asyncio's: everything stands still
        truth["stalled_ms"] = round(1000 * (time.monotonic() - began))
    await asyncio.sleep(fault.delay_s)
    if fault.drop_every and number % fault.drop_every == 0:
        truth[f"{scope['path']} dropped"] += 1
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        return  # uvicorn closes the connection
    if fault.fail_every and number % fault.fail_every == 0:
        await JSONResponse({}, fault.status)(scope, receive, counting)
    elif fault.limit and number > fault.limit:
        headers = {"Retry-After": fault.retry_after}
        await JSONResponse({"detail": "Webhook rate limit exceeded"}, 429, headers)(scope, receive, counting)
    else:
        await app(scope, receive, counting)


if __name__ == "__main__":
    uvicorn.run(faulty, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical", access_log=False)
