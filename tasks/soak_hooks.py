"""Calling what a rung asks for: a deployment, an address, or the people on call.

Everything is called with the key of its slot, so that a call that is made twice (its first caller died before it
could write down how it ended) is one for the other side (runbook 004, "Soak orchestration").
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import httpx
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound, PrefectException

from tasks.declarations import read_declaration
from tasks.notices import announce
from tasks.rules.faults import Fault
from tasks.rules.soak import Action
from tasks.rules.soak_hooks import ANNOUNCE_ALL, Called, Do, Hook, Hooks, done, failed, hooks_of
from tasks.rules.soak_lines import planned_line
from tasks.settings import secret_named
from tasks.step import has_server, step

REHEARSED = ""
"""The name of no file: actions of a rehearsal are written down and not made."""
log = logging.getLogger("prefect.watchkeeper")


@step
def check_hooks(file: str | None) -> None:
    """Refuse a file of hooks that could not be used when it is needed."""
    if file != REHEARSED:
        read_hooks(Path(file or "soak.toml"))


def read_hooks(path: Path) -> Hooks:
    """The hook of every rung; without the file each rung is announced."""
    try:
        return read_declaration(path, hooks_of, "the file of hooks", unread="hooks_invalid", invalid="hooks_invalid")
    except FileNotFoundError:
        return ANNOUNCE_ALL


def call(file: str | None, about: Mapping[str, str], key: str) -> tuple[str, Called]:
    """Do what the rung asks for; returns the kind of its hook and how that ended. Never raises for a bad hook."""
    if file == REHEARSED:
        return "announce", done("rehearsed")
    try:
        hook = read_hooks(Path(file or "soak.toml"))[Action(about["action"])]
    except Fault as fault:
        log.warning("%s", fault)
        return "announce", failed("hooks_invalid")
    match hook.do:
        case Do.DEPLOYMENT:
            return hook.do.value, _run(hook, key)
        case Do.HTTP:
            return hook.do.value, _post(hook, about, key)
        case _:
            return hook.do.value, _announce(about)


def _announce(about: Mapping[str, str]) -> Called:
    told = announce(planned_line(about).line)
    if told is None:
        return done("nobody_to_tell")
    return done("announced") if told else failed("not_announced")


def _run(hook: Hook, key: str) -> Called:
    """Prefect makes one run for a key, however often it is asked."""
    if not has_server():
        return failed("orchestrator_unreachable")
    try:
        made = run_deployment(
            hook.deployment,
            parameters=dict(hook.parameters),
            timeout=hook.timeout_s,
            poll_interval=0.5,
            idempotency_key=key,
            as_subflow=False,
        )
    except ObjectNotFound:
        return failed("no_such_deployment")
    except (PrefectException, ValueError) as error:
        log.warning("the deployment was not started: %s", type(error).__name__)
        return failed("refused_by_server")
    except (httpx.HTTPError, RuntimeError) as error:
        log.warning("the deployment was not started: %s", type(error).__name__)
        return failed("orchestrator_unreachable")
    return _ended(cast("FlowRun", made), hook)


def _ended(run: FlowRun, hook: Hook) -> Called:
    if not hook.timeout_s:
        return done("run_created")
    if run.state is None or not run.state.is_final():
        return failed("run_not_finished")
    return done("run_completed") if run.state.is_completed() else failed("run_failed")


def _post(hook: Hook, about: Mapping[str, str], key: str) -> Called:
    headers = {"Idempotency-Key": key}
    if hook.header:
        secret = secret_named(hook.header_env)
        if secret is None:
            return failed("secret_missing")
        headers[hook.header] = secret.get_secret_value()
    try:
        answer = httpx.post(hook.url, json=dict(about), headers=headers, timeout=httpx.Timeout(hook.timeout_s))
    except httpx.TimeoutException:
        return failed("no_answer_in_time")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        log.warning("the address was not reached: %s", type(error).__name__)
        return failed("not_reached")
    return done("called") if answer.is_success else failed(f"http_{answer.status_code}")
