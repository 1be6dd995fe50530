"""The webhook's secret exchanged on both sides, and the old one seen to be refused."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from flows.naming import run_named
from tasks.gitea.hooks import find_hooks, set_secret
from tasks.procedure import procedure
from tasks.records.shift import record_shift
from tasks.rules.contracts.triage import WEBHOOK_SECRET_ROTATE
from tasks.rules.faults import Fault, Refused
from tasks.rules.outcome import Outcome, Status
from tasks.rules.services.rotation import (
    NEXT,
    PREVIOUS,
    SECRET,
    Hook,
    Stage,
    changed,
    made,
    repository_of,
    settled,
    stage_of,
)
from tasks.services.commands import Place, alone_with, await_health, check_before, start_service, stop_service
from tasks.services.declared import read_service
from tasks.services.secret_rotation import change_env_file, fresh_secret, prove, values_of
from tasks.settings.webhooks import webhook_repositories

Repos = Annotated[
    tuple[str, ...],
    Field(
        max_length=50, description="owner/name of each repository whose webhook has the secret; ORKET_WEBHOOK_REPOS."
    ),
]
Execute = Annotated[bool, Field(description="Exchange it; without this only what would be changed is shown.")]
HookUrl = Annotated[
    str, Field(max_length=300, description="Only hooks with exactly this URL; all to /webhook/gitea if left out.")
]
ServiceName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$", description="The webhook server's name in the declaration.")
]
Config = Annotated[str, Field(min_length=1, description="The declaration of the services.")]


@procedure(WEBHOOK_SECRET_ROTATE, run_name=run_named("webhook-secret-rotate", "execute"))
def webhook_secret_rotate(
    repos: Repos = (),
    execute: Execute = False,
    hook_url: HookUrl = "",
    service: ServiceName = "webhook",
    config: Config = "services.toml",
) -> Outcome:
    """Exchange the webhook's secret: Gitea's hooks, the server's env file, a restart, and the proof.

    Runbook 003, Incident Playbook 2. The new secret (32 random bytes) goes into the env file as _NEXT, then to the
    hooks, then becomes the server's; the old one stays as _PREVIOUS until the restarted server refuses it with 401.
    If it fails: start it again, it goes on where it stopped, with the same new secret. Deliveries between the two
    changes are refused; Gitea lists them, to be sent again. Give the new secret to whoever else signs with it.

    Safety: dry run unless --execute. No secret is a parameter, an argument, or in a log. One at a time.
    """
    declared = read_service(Path(config), service)
    if declared is None:
        return WEBHOOK_SECRET_ROTATE.says(Status.NOT_CONFIGURED, "no_declaration")
    place = Place(declared, Path(config).absolute().parent)
    hooks = _hooks(repos or webhook_repositories(), hook_url)
    stage = stage_of(values_of(place))
    said = {"hooks": len(hooks), "resumed": stage is not Stage.SETTLED}
    if not execute:
        return WEBHOOK_SECRET_ROTATE.says(Status.PLANNED, None, **said)
    with alone_with(place):
        check_before(place)
        proved = _exchange(place, hooks)
    return WEBHOOK_SECRET_ROTATE.says(Status.OK, None, **said, proved=proved, recorded=_recorded(len(hooks)))


def _hooks(repos: tuple[str, ...], only: str) -> list[Hook]:
    parts = [repository_of(text) for text in repos]
    if not parts or None in parts:
        raise Refused("invalid_repos", "name each repository as owner/name: --repos, or ORKET_WEBHOOK_REPOS")
    return [hook for part in parts if part for hook in find_hooks(part[0], part[1], only)]


def _exchange(place: Place, hooks: list[Hook]) -> bool:
    """Whether there was an old secret to be refused.

    Each line may be the last before a kill: the next start reads in the env file how far this one came.
    """
    if stage_of(values_of(place)) is not Stage.CHANGED:
        change_env_file(place, made(values_of(place), fresh_secret()))
        for hook in hooks:
            set_secret(hook, values_of(place)[NEXT])
        change_env_file(place, changed(values_of(place)))
    stop_service(place)
    await_health(place, start_service(place))
    values = values_of(place)
    old = values.get(PREVIOUS)
    prove(place, SecretStr(old) if old else None, SecretStr(values[SECRET]))
    change_env_file(place, settled())
    return bool(old)


def _recorded(hooks: int) -> bool:
    """Into the shift log, where there is one: an exchange is done whether or not it can be written down."""
    try:
        record_shift("webhook-secret-rotated", hooks=hooks)
    except Fault:
        return False
    return True
