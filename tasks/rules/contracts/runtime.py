"""What the procedures say that look at the trading runtime and hold it (runbook 002)."""

from tasks.rules.contracts.deploying import RELEASE_KEYS
from tasks.rules.contracts.guard import APPROVAL_KEYS, APPROVAL_REASONS
from tasks.rules.guard.answers import RUNTIME_REASONS
from tasks.rules.guard.safe_mode import REFUSALS
from tasks.rules.outcome import Contract, Key, Kind, Status

_CONFIRM = "002 Live Guard & Confirm"

READINESS_BLOCKER = Contract(
    "readiness_blocker",
    (Status.FAIL,),
    _CONFIRM,
    # The reason is the runtime's own code or ours, and there are as many as it can make up: it stands in `code`.
    keys=(
        Key(
            "code", Kind.WORD, "what blocks: a code of the runtime, or disagreement, clock_skew, no_data, signal_..."
        ),
        Key("source", Kind.WORD, "where it was seen"),
        Key("value", Kind.WORD, "what it was"),
        Key("limit", Kind.WORD, "what it would have to be"),
    ),
)

READINESS = Contract(
    "readiness",
    (Status.OK, Status.UNHEALTHY, Status.NOT_CONFIGURED, Status.FAIL),
    _CONFIRM,
    reasons=("not_ready", "signals_unreadable", *RUNTIME_REASONS),
    keys=(
        Key("result", Kind.WORDS, "ok, readiness-missing:names or readiness-bad:name:reason,..."),
        Key("live", Kind.WORD, "GREEN, YELLOW or RED, as the runtime says"),
        Key("mode", Kind.WORD, "hold, run, and +safe with safe mode"),
        Key("blockers", Kind.COUNT, "how many reasons stand against; each has a line of its own"),
        Key("skew_s", Kind.INTEGER, "how far the runtime's clock is ahead of ours"),
        Key("textfile", Kind.WORD, "age of the metrics file in seconds, or absent"),
        Key("waited_s", Kind.COUNT, "how long it was waited for"),
    ),
)

SAFE_MODE = Contract(
    "safe_mode",
    (Status.OK, Status.NOT_CONFIGURED, Status.FAIL),
    "002 Profiles & Modes",
    reasons=(*REFUSALS, *RUNTIME_REASONS, *APPROVAL_REASONS),
    keys=(
        Key("set", Kind.WORD, "on or off"),
        Key("incident", Kind.WORD, "the incident that it is done for"),
        Key("before", Kind.WORD, "mode before: hold, run, and +safe with safe mode"),
        Key("now", Kind.WORD, "mode afterwards, as the runtime itself says"),
        Key("hold", Kind.WORD, "whether the hold's reason is ours: kept, or overwritten by the runtime"),
        Key("orders", Kind.COUNT, "orders that were still submitted while it was watched"),
        Key("again", Kind.FLAG, "whether this change was made before"),
        *APPROVAL_KEYS,
        Key("requested_by", Kind.WORD, "the operator who asked for it"),
        Key("approved_by", Kind.WORD, "the other operator, who approved"),
    ),
)

START_CHECK_ITEM = Contract(
    "start_check_item",
    (Status.OK, Status.WARN, Status.FAIL),
    _CONFIRM,
    keys=(
        Key("name", Kind.WORD, "what was checked"),
        Key("found", Kind.WORD, "what was found, in one word"),
    ),
)

START_CHECK = Contract(
    "start_check",
    (Status.OK, Status.UNHEALTHY, Status.FAIL),
    _CONFIRM,
    reasons=(
        "check_failed",
        "check_warned",
        "no_start_command",
        "not_stopped",
        "port_taken",
        "declaration_invalid",
        "env_file_missing",
        "memory_invalid",
        "disk_full",
        *RUNTIME_REASONS,
    ),
    keys=(
        Key("profile", Kind.WORD, "paper, testnet or live"),
        Key("checks", Kind.COUNT, "how many there were; each has a line of its own"),
        Key("warned", Kind.WORDS, "the checks that warn"),
        Key("failed", Kind.WORDS, "the checks that fail"),
        Key("started", Kind.FLAG, "whether the runtime was started for it"),
        Key("stopped", Kind.WORD, "how it was ended again: asked, killed (it ignored SIGTERM), kept"),
        *RELEASE_KEYS,
        Key("pid", Kind.COUNT),
    ),
)
