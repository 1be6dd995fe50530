"""A next step for each reason of runbook 002's live guard procedures."""

from tasks.rules.playbooks.playbook import Playbook

BY_REASON: dict[str, Playbook] = {}
BY_TOKEN: dict[str, Playbook] = {}
