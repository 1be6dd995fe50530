"""A next step for each reason of the checklist of a release (runbook 003)."""

from tasks.rules.contracts.checklist import RELEASE_CHECKLIST, RELEASE_CHECKLIST_ITEM
from tasks.rules.playbooks.playbook import AGAIN, Playbook

_CHECKLIST = "003 Release Checklist"

CHECKLIST = Playbook(
    "The release is not ready",
    _CHECKLIST,
    (
        "Each item's line names its evidence, its age and every reason against it.",
        "quality: full-validate, all of it. docker_smoke, migration_smoke: release-smoke without leaving them out.",
        "load: load-validation against the release candidate until it is accepted; then name its file in the notes.",
        AGAIN,
    ),
)

# What load-validation says in the same words has its playbook there.
_ELSEWHERE = ("error_rate_high", "p95_high", "p99_high", "samples_too_few")
BY_REASON: dict[str, Playbook] = {
    reason: CHECKLIST
    for reason in (*RELEASE_CHECKLIST_ITEM.reasons, *RELEASE_CHECKLIST.reasons)
    if reason not in _ELSEWHERE
}
BY_TOKEN: dict[str, Playbook] = dict.fromkeys(("release_checklist", "release_checklist_item"), CHECKLIST)
