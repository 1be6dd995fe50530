"""A next step for each reason of runbook 003's publishing and cleanup procedures."""

from tasks.rules.playbooks import product_publish, project_cleanup, splitting
from tasks.rules.playbooks.playbook import Playbook

BY_REASON: dict[str, Playbook] = {**splitting.BY_REASON, **product_publish.BY_REASON, **project_cleanup.BY_REASON}
BY_TOKEN: dict[str, Playbook] = {}
