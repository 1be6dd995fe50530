"""What the security check says (runbook 003, Security Operations)."""

from tasks.rules.contracts.smoke import SECURITY_CANARY
from tasks.rules.outcome import Contract, Key, Kind, Status

_SECURITY = "003 Security Operations"

SECURITY_FINDING = Contract(
    "security_finding",
    (Status.FAIL,),
    _SECURITY,
    reasons=("secret_found",),
    keys=(
        Key("file", Kind.TEXT, "where it stands; bytes other than letters, digits and _.-~/ as in a URL"),
        Key("line", Kind.COUNT, "absent where only a commit that is not published yet has it"),
        Key("kind", Kind.WORD, "what it looks like, in the scanner's words"),
        Key("fingerprint", Kind.DIGEST, "digest of what was found, for an allowance; never the value"),
    ),
)

SECURITY_CHECK_ITEM = Contract(
    "security_check_item",
    (Status.OK, Status.SKIPPED, Status.FAIL),
    _SECURITY,
    reasons=(
        *SECURITY_FINDING.reasons,
        *SECURITY_CANARY.reasons,
        "missing_env",
        "placeholder_left",
        "env_file_tracked",
        "env_file_not_ignored",
        "audit_note_missing",
        "asked_to_skip",
    ),
    keys=(Key("name", Kind.WORD, "secrets, variables, env_file, audit_note or canary"),),
)

SECURITY_CHECK = Contract(
    "security_check",
    (Status.OK, Status.PARTIAL, Status.FAIL),
    _SECURITY,
    reasons=("item_failed", "items_skipped", "allow_list_invalid", "not_a_repository", "git_failed"),
    keys=(
        Key("passed", Kind.COUNT),
        Key("failed", Kind.WORDS, "the items that are not good"),
        Key("skipped", Kind.WORDS, "the items that were left out on purpose"),
        Key("files", Kind.COUNT, "files and commits that were scanned"),
        Key("findings", Kind.COUNT, "what looks like a secret and is not allowed"),
        Key("allowed", Kind.COUNT, "findings that somebody has answered for"),
        Key("expired", Kind.COUNT, "allowances past their day; they allow nothing"),
    ),
)
