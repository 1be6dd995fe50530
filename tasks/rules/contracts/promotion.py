"""What a promotion of the trading runtime says (runbook 002, Live Guard & Confirm)."""

from tasks.rules.contracts.guard import APPROVAL_KEYS, APPROVAL_REASONS
from tasks.rules.guard.answers import RUNTIME_REASONS
from tasks.rules.outcome import Contract, Key, Kind, Status

_CONFIRM = "002 Live Guard & Confirm"
CHECKLIST_REASONS = ("checklist_unreadable", "checklist_invalid", "env_file_missing")
RESTART_REASONS = (
    "declaration_invalid",
    "memory_invalid",
    "no_start_command",
    "not_stopped",
    "not_started",
    "ended_early",
    "health_timeout",
    "port_taken",
    "disk_full",
    "stage_not_reached",
    "not_held_after_start",
)
PROMOTION_REASONS = (
    "already_there",
    "stage_skipped",
    "profile_unknown",
    "checklist_blocked",
    "promotion_open",
    "promotion_unfinished",
    "promotion_closed",
    "not_ready_after_start",
    "limits_not_active",
    "live_not_allowed",
    "journal_not_written",
)

PROMOTION_ITEM = Contract(
    "promotion_item",
    (Status.OK, Status.FAIL),
    "002 Rollback & Release",
    # Why an item fails is the word of a procedure, of a document or of the runtime, so it stands in `why`.
    keys=(
        Key("item", Kind.WORD, "what has to be true"),
        Key("state", Kind.WORD, "pass, fail, waived or missing_evidence"),
        Key("evidence", Kind.WORD, "the procedure whose outcome counts, or runtime, document, declaration"),
        Key("age_s", Kind.COUNT, "how old the evidence is"),
        Key("limit_s", Kind.COUNT, "how old it may be; of the observation, how long it has to last"),
        Key("why", Kind.WORD, "what is wrong with it"),
        Key("approver", Kind.WORD, "who waived it; the reason stands in the checklist file"),
    ),
)

PROMOTION_STEP = Contract(
    "promotion_step",
    (Status.OK,),
    _CONFIRM,
    keys=(
        Key("promotion", Kind.COUNT),
        Key("state", Kind.WORD, "awaiting_approval, applying, verifying"),
        Key("plan", Kind.DIGEST, "hash of what is signed"),
        Key("confirm", Kind.WORD, "LIVE_CONFIRM: what both people type"),
        Key("waits_for", Kind.WORD, "restart_by_operator: start the runtime with the env file of its new stage"),
    ),
)

LIVE_PROMOTION = Contract(
    "live_promotion",
    (Status.OK, Status.PLANNED, Status.SKIPPED, Status.NOT_CONFIGURED, Status.FAIL),
    _CONFIRM,
    reasons=(
        *PROMOTION_REASONS,
        *CHECKLIST_REASONS,
        *RESTART_REASONS,
        *RUNTIME_REASONS,
        *APPROVAL_REASONS,
    ),
    keys=(
        Key("promotion", Kind.COUNT, "its number"),
        Key("source", Kind.WORD, "the stage it comes from; silent, if nobody could be asked"),
        Key("target", Kind.WORD, "the stage it goes to"),
        Key("way", Kind.WORD, "up, down, or enable: it runs there and may not trade yet"),
        Key("blocked", Kind.WORDS, "every item that blocks, with its reason"),
        Key("plan", Kind.DIGEST, "hash of what is signed"),
        Key("confirm", Kind.WORD, "LIVE_CONFIRM: what both people type"),
        Key("now", Kind.WORD, "mode afterwards: hold+safe"),
        Key("guard", Kind.WORD, "what the runtime's live guard says: enabled, disabled, test_only"),
        Key("log", Kind.FILE, "where the runtime says why it did not start"),
        Key("pid", Kind.COUNT, "who holds the port"),
        *APPROVAL_KEYS,
        Key("requested_by", Kind.WORD, "the operator who asked for it"),
        Key("approved_by", Kind.WORD, "the other operator, who approved"),
    ),
)

CANARY = Contract(
    "canary",
    (Status.OK, Status.INSUFFICIENT_DATA, Status.SKIPPED, Status.NOT_CONFIGURED, Status.FAIL),
    "002 Profiles & Modes",
    reasons=(
        "nothing_to_watch",
        "no_verdict",
        "canary_failed",
        "not_a_canary",
        "metrics_missing",
        "metrics_unreadable",
        "metrics_invalid",
        *RUNTIME_REASONS,
    ),
    keys=(
        Key("verdict", Kind.WORD, "promote, hold or roll_back"),
        Key("reasons", Kind.WORDS, "all that speaks against it, and all that is missing for a verdict"),
        Key("watched_s", Kind.COUNT, "how long it was watched, by one run or by the looks of the schedule"),
        Key("submitted", Kind.COUNT, "orders that were submitted meanwhile"),
        Key("blocked", Kind.COUNT, "orders that were blocked meanwhile"),
        Key("p95_ms", Kind.WORD, "latency of the orders that were not blocked, at the worst"),
        Key("paper_p95_ms", Kind.WORD, "the same of paper"),
        Key("now", Kind.WORD, "mode after a roll back: hold+safe"),
        Key("guard", Kind.WORD, "live guard after a roll back: disabled"),
        Key("promotion", Kind.COUNT, "the promotion that was waiting and is ended"),
        Key("incident", Kind.WORD, "the note that was opened"),
    ),
)
