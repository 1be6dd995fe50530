"""What the variables and the schema of production have to be (runbook 001, Production bootstrap)."""

from collections.abc import Mapping
from enum import Enum

from tasks.rules.contracts.production import PROD_CONFIG
from tasks.rules.outcome import Outcome, Status

REQUIRED_DSNS = {"prod_required": ("POSTGRES_DSN_PROD",)}
"""The variables that each mode of the config check asks for (runbook 001, step 1)."""


class DsnState(Enum):
    MISSING = "missing"
    INVALID = "invalid"
    VALID = "valid"


def judge_config(states: Mapping[str, DsnState]) -> Outcome:
    """Missing names decide first, since that is the runbook's own reason; invalid ones are listed beside them."""
    missing = _names(states, DsnState.MISSING)
    invalid = _names(states, DsnState.INVALID)
    if not missing and not invalid:
        return PROD_CONFIG.says(Status.OK, required=len(states))
    reason = "missing_env" if missing else "invalid_env"
    return PROD_CONFIG.says(Status.FAIL, reason, missing=missing or None, invalid=invalid or None)


def _names(states: Mapping[str, DsnState], wanted: DsnState) -> tuple[str, ...]:
    return tuple(sorted(name for name, state in states.items() if state is wanted))
