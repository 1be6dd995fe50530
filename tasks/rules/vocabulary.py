"""The words of which every line is made: statuses with their exit codes, forms of a line, kinds of values.

And what may go wrong anywhere, so that a crash still ends in one line (runbook 001, "Tokens & exit codes").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

Scalar = str | int | float | bool
Groups = Mapping[str, Mapping[str, int]]
Value = Scalar | tuple[str, ...] | Groups | None


class Status(StrEnum):
    OK = "ok"
    HEALTHY = "healthy"
    NORMALIZED = "normalized"
    SKIP = "skip"
    SKIPPED = "skipped"
    PLANNED = "planned"
    PARTIAL = "partial"
    WARN = "warn"
    NOT_CONFIGURED = "not_configured"
    INSUFFICIENT_DATA = "insufficient_data"
    UNHEALTHY = "unhealthy"
    FAIL = "fail"
    ERROR = "error"


EXIT_OK, EXIT_FAILED, EXIT_UNHEALTHY, EXIT_USAGE = 0, 1, 2, 64
EXIT_CODES = {
    Status.FAIL: EXIT_FAILED,
    Status.ERROR: EXIT_FAILED,
    Status.UNHEALTHY: EXIT_UNHEALTHY,
    Status.INSUFFICIENT_DATA: EXIT_UNHEALTHY,
}


class Form(Enum):
    """How the head of a line is written; the runbooks use seven ways."""

    TOKEN = "{token} "  # db_verify status=ok
    EVENT = "event={token} "  # event=soak_tick phase=...
    RESULT = "{status}"  # RESULT=OK missing=0 ...: the token is the key of the status
    MARK = "{mark}"  # QUICK_CMDS=DONE: the same, and nothing else on the line
    PLAIN = "{printed} "  # RUN watchkeeper bundle: the head and the values, without status and without keys
    ROW = ""  # price_watch 1f2e3d...: the values alone, data for scripts; what is not good has its head again
    JSON = "{json}"  # ops_metrics_snapshot {...}


class Kind(Enum):
    """What a key may hold, as the pattern its text must match in full."""

    COUNT = r"\d{1,18}"
    INTEGER = r"-?\d{1,18}"
    RATIO = r"-?\d{1,9}\.\d\d"
    MEASURE = r"-?\d{1,309}\.\d{6}"  # every finite float
    FLAG = r"true|false"
    WORD = r"[A-Za-z0-9_.:+-]{1,80}"
    WORDS = r"[A-Za-z0-9_.:+-]{1,80}(,[A-Za-z0-9_.:+-]{1,80}){0,63}"
    NAMES = r"[A-Za-z_][A-Za-z0-9_]{0,62}(,[A-Za-z_][A-Za-z0-9_]{0,62}){0,63}"
    FILE = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,120}"
    SQLSTATE = r"[0-9A-Z]{5}|na"
    DAY = r"\d{4}-\d\d-\d\d"
    TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    DIGEST = r"[0-9a-f]{7,64}"
    COMMAND = r"watchkeeper( [A-Za-z0-9_./:,-]{1,80}){1,30}"
    ENCODED = r"[A-Za-z0-9_.~%-]{1,800}(,[A-Za-z0-9_.~%-]{1,800}){0,999}"  # names of folders, odd bytes as %XX
    TEXT = r"[\x21-\x7e]{1,200}"
    NOTE = r"[\x21-\x7e]{0,200}"  # a text that is there also when there is nothing to say
    GROUPS = r""  # {name: {name: count}}: only in JSON form


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    kind: Kind
    meaning: str = ""


# What may go wrong anywhere: allowed in every contract, so that a crash still ends in one line.
COMMON_REASONS = (
    "invalid_output_key",
    "invalid_output_value",
    "sensitive_value_detected",
    "undeclared_outcome",
    "crash",
    "interrupted",
    "timeout",
    "orchestrator_unreachable",
    "frozen_clock",
    "missing_dsn",
    "invalid_dsn",
    "invalid_setting",
    "invalid_parameter",
    "db_connect_failed",
    "db_connection_lost",
    "db_timeout",
    "db_permission_denied",
    "db_read_only",
    "db_error",
    "missing_tables",
    "lock_held",
    "artifact_not_written",
    "artifact_not_read",
    "invalid_artifact_name",
)
COMMON_KEYS = (
    Key("env", Kind.NAMES, "name of the environment variable that is meant, never its value"),
    Key("held_by", Kind.WORD, "who holds the lock"),
    Key("held_for_s", Kind.COUNT, "how long the lock has been held, in seconds"),
    Key("frozen_now", Kind.TIME, "the frozen clock this line was made under (WATCHKEEPER_NOW)"),
)
