"""A next step for each reason of a promotion (runbook 002)."""

from tasks.rules.playbooks.playbook import AGAIN, Playbook

_CONFIRM = "002 Live Guard & Confirm"
_RELEASE = "002 Rollback & Release"

BLOCKED = Playbook(
    "The checklist blocks the promotion",
    _RELEASE,
    (
        "Read the promotion_item lines above: each names the item, its evidence, its age and its limit.",
        "missing_evidence, too_old, no_outcome: run the procedure that the line names, for the profile it is about.",
        "document: write at, by and where under [document.<item>] of the checklist file.",
        "A waiver needs a reason and an active operator, and is signed with the plan. Some items cannot be waived.",
    ),
)
CHECKLIST = Playbook(
    "The checklist file cannot be used",
    _RELEASE,
    (
        "It is TOML: [document.<item>] at, by, where; [waived.<item>] reason, approver.",
        "Whoever is named is an active operator: watchkeeper operators lists them.",
        AGAIN,
    ),
)
ONE_AT_A_TIME = Playbook(
    "Another promotion is in the way",
    _CONFIRM,
    (
        "promotion_open: one at a time. It ends when it is signed, refused, or its 15 minutes are over.",
        "promotion_unfinished: its run died while it was applied. Going down is always allowed: "
        "watchkeeper live-promotion --to the stage below --execute holds the runtime and closes it.",
        "promotion_closed: a way down or a canary that failed closed it. Look why before anything is asked again.",
    ),
)
STAGES = Playbook(
    "That stage cannot follow",
    _CONFIRM,
    (
        "paper, testnet, live-canary, live: one at a time, and none is skipped.",
        "profile_unknown: the runtime runs something that is none of them. Look at it before anything else.",
    ),
)
NOT_THERE = Playbook(
    "The runtime did not come up at its new stage",
    _CONFIRM,
    (
        "It was taken back: held, and live trading disabled. The shift log has the promotion as rolled_back.",
        "stage_not_reached: EXEC_PROFILE and CANARY_MODE of the env file; an unknown word is paper, silently.",
        "not_ready_after_start: watchkeeper readiness names what is missing.",
        "limits_not_active: risk limits are off or have no caps. live_not_allowed: ALLOW_LIVE_TRADING is not 1.",
        "journal_not_written: it was held and taken down, and the shift log has no record: add a remark by hand.",
    ),
)
CANARY = Playbook(
    "The canary does not go on",
    "002 Profiles & Modes",
    (
        "reasons= has all of it. no_verdict: too few orders, in the canary or in paper; watch it for longer.",
        "not_a_canary: the runtime is not live with CANARY_MODE=1; it was left as it is.",
        "nothing_to_watch: the schedule found no canary that may trade; nothing is wrong.",
        "canary_failed: it was held and live trading closed. The incident note has the snapshot; find the cause.",
        "blocked:<code>, latency_p95, limits_not_active: watchkeeper troubleshoot knows the codes.",
        "After the cause is put right: live-promotion --to live-canary, with two signatures, then another canary.",
    ),
)

BY_REASON: dict[str, Playbook] = {
    "checklist_blocked": BLOCKED,
    **dict.fromkeys(("nothing_to_watch", "no_verdict", "canary_failed", "metrics_invalid", "not_a_canary"), CANARY),
    **dict.fromkeys(("checklist_unreadable", "checklist_invalid"), CHECKLIST),
    **dict.fromkeys(("promotion_open", "promotion_unfinished", "promotion_closed"), ONE_AT_A_TIME),
    **dict.fromkeys(("stage_skipped", "profile_unknown", "already_there"), STAGES),
    **dict.fromkeys(
        (
            "stage_not_reached",
            "not_held_after_start",
            "not_ready_after_start",
            "limits_not_active",
            "live_not_allowed",
        ),
        NOT_THERE,
    ),
}
BY_TOKEN: dict[str, Playbook] = {"live_promotion": BLOCKED, "promotion_item": BLOCKED, "canary": CANARY}
