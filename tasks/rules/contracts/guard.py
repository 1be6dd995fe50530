"""What runbook 002's live guard procedures say."""

from tasks.rules.approval import Problem
from tasks.rules.outcome import Contract, Key, Kind, Status

_APPROVAL = "002 Live Guard & Confirm"

# What every procedure may say that asks for two signatures: add both to its contract.
APPROVAL_REASONS = (
    *(problem.value for problem in Problem),
    "missing_approval_key",
    "approval_key_changed",
    "by_hand_only",
    "no_terminal",
)
APPROVAL_KEYS = (
    Key("request", Kind.COUNT, "the number of the request for approval"),
    Key("reasons", Kind.WORDS, "every reason, the first one too"),
)

APPROVE = Contract(
    "approve",
    (Status.OK, Status.FAIL),
    _APPROVAL,
    reasons=APPROVAL_REASONS,
    keys=(
        APPROVAL_KEYS[0],
        Key("action", Kind.WORD, "what is asked for"),
        Key("state", Kind.WORD, "where the request stands now: drafted, pending, approved, refused"),
        Key("plan", Kind.DIGEST, "hash of the plan that the signatures stand for"),
        Key("requested_by", Kind.WORD, "the operator who asks"),
        Key("approved_by", Kind.WORD, "the other operator, who approved"),
        Key("expires_at", Kind.TIME, "until when it may be answered and used"),
        Key("woken", Kind.FLAG, "whether the run that waits for it was told"),
        APPROVAL_KEYS[1],
    ),
)

OPERATORS = Contract(
    "operators",
    (Status.OK, Status.FAIL),
    _APPROVAL,
    reasons=(
        *APPROVAL_REASONS,
        "invalid_operator",
        "already_enrolled",
        "needs_operator",
        "last_operator",
        "self_unlock",
    ),
    keys=(
        Key("do", Kind.WORD, "list, enrol, revoke or unlock"),
        Key("operator", Kind.WORD, "who was enrolled, revoked or unlocked"),
        Key("by", Kind.WORD, "the operator who approved it; nobody for the first one"),
        Key("active", Kind.COUNT),
        Key("locked", Kind.COUNT),
        Key("revoked", Kind.COUNT),
        *APPROVAL_KEYS,
    ),
)

OPERATOR = Contract(
    "operator",
    (Status.OK,),
    _APPROVAL,
    keys=(
        Key("name", Kind.WORD, "the name that operator signs with"),
        Key("state", Kind.WORD, "active, locked or revoked"),
        Key("enrolled_at", Kind.TIME),
    ),
)
