"""Enrolling, revoking and unlocking at the terminal: the only place where an operator's secret is ever shown."""

from collections.abc import Callable
from datetime import datetime

from tasks.approvals.codes import check_code, new_secret, provisioning
from tasks.approvals.operators import any_enrolled, checked_name, enrol, refuse_unready, revoke, unlock
from tasks.approvals.requests import denied
from tasks.approvals.terminal import Terminal, terminal
from tasks.clock import utc_now
from tasks.rules.approval import Problem

_TRIES = 3
Change = Callable[[str, str, str, datetime], tuple[Problem, ...]]


def enrol_at_terminal(name: str) -> str | None:
    """Enrol an operator; returns who approved it, None for the first operator of all, who has nobody to approve."""
    name = checked_name(name)
    with terminal() as person:
        refuse_unready(name)
        by = _approver(person, f"enrol {name}") if any_enrolled() else None
        if not _is_shown(person, name, by):
            raise denied((Problem.WRONG_CODE,))
    return by


def revoke_at_terminal(name: str) -> str:
    """Revoke an operator; returns who did."""
    return _changed(name, "revoke", revoke)


def unlock_at_terminal(name: str) -> str:
    """Unlock an operator; returns who did."""
    return _changed(name, "unlock", unlock)


def _approver(person: Terminal, what: str) -> str:
    by = person.ask(f"{what}: approved by operator: ").lower()
    if problems := check_code(by, person.ask_code(f"code of {by}: "), what.replace(" ", ":"), utc_now()):
        raise denied(problems)
    return by


def _is_shown(person: Terminal, name: str, by: str | None) -> bool:
    """Show the secret, once, on a screen that is gone afterwards; enrolled is who can answer with a code of it."""
    secret = new_secret()
    with person.other_screen():
        person.say(f"For {name} alone, shown this once. Put it into an authenticator app:")
        person.say(f"secret  {secret}")
        person.say(f"or      {provisioning(name, secret)}")
        return any(
            enrol(name, secret, person.ask_code(f"code that the app shows for {name}: "), by, utc_now())
            for _ in range(_TRIES)
        )


def _changed(name: str, what: str, change: Change) -> str:
    name = checked_name(name)
    with terminal() as person:
        by = person.ask(f"{what} {name}: by operator: ").lower()
        if problems := change(name, by, person.ask_code(f"code of {by}: "), utc_now()):
            raise denied(problems)
    return by
