"""What runbook 002 says about the runtime's environment and about trouble with it."""

from tasks.rules.outcome import Contract, Key, Kind, Status

_FLAGS = "002 ENV & Flags"
_FILE_REASONS = ("env_file_missing", "env_file_unreadable", "store_unreadable")

ENV_SAMPLE = Contract(
    "env_sample",
    (Status.OK, Status.FAIL),
    _FLAGS,
    reasons=("file_exists", "disk_full"),
    keys=(
        Key("profile", Kind.WORD, "paper, testnet or live"),
        Key("variables", Kind.COUNT, "how many the file holds"),
        Key("secrets", Kind.COUNT, "how many of them a person has to fill in"),
    ),
)

ENV_CHECK = Contract(
    "env_check",
    (Status.OK, Status.FAIL),
    _FLAGS,
    reasons=("env_findings", *_FILE_REASONS),
    keys=(
        Key("profile", Kind.WORD, "the profile that is asked for"),
        Key("file", Kind.DIGEST, "the beginning of the file's SHA-256: a promotion wants a check of its own file"),
        Key("compared", Kind.FLAG, "whether the keys of another profile's file were compared with these"),
        Key("checked", Kind.COUNT, "assignments in the file"),
        Key("errors", Kind.COUNT),
        Key("warnings", Kind.COUNT),
        Key("codes", Kind.WORDS, "each code once"),
    ),
)

ENV_FINDING = Contract(
    "env_finding",
    (Status.FAIL, Status.WARN),
    _FLAGS,
    keys=(
        Key("severity", Kind.WORD, "error or warning"),
        Key("code", Kind.WORD, "what is wrong"),
        Key("variable", Kind.NAMES, "the variable, or the line of the file; never a value"),
        Key("hint", Kind.TEXT, "what to do about it"),
    ),
    status_key="severity",
    words={Status.FAIL: "error", Status.WARN: "warning"},
)

TROUBLESHOOT = Contract(
    "troubleshoot",
    (Status.OK, Status.FAIL, Status.INSUFFICIENT_DATA),
    "002 Troubleshooting",
    reasons=("not_recognised", "nothing_to_look_at", "log_missing", "log_unreadable"),
    keys=(
        Key("lines", Kind.COUNT, "how many were looked at"),
        Key("kinds", Kind.WORDS, "the classes of trouble that were found"),
    ),
)

TROUBLE = Contract(
    "trouble",
    (Status.OK,),
    "002 Troubleshooting",
    keys=(
        Key("kind", Kind.WORD, "the class of trouble"),
        Key("seen", Kind.COUNT, "in how many lines"),
        Key("flow", Kind.WORD, "the procedure that helps"),
        Key("details", Kind.WORDS, "signals, variables or seconds that the lines name"),
        Key("look_at", Kind.TEXT, "what to look at, and what to do"),
    ),
)
