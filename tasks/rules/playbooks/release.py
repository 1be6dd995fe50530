"""A next step for each reason of runbook 004's release procedures."""

from tasks.rules.playbooks.playbook import Playbook

BY_REASON: dict[str, Playbook] = {}
BY_TOKEN: dict[str, Playbook] = {}
