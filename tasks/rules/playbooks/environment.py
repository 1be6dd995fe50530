"""A next step for each reason of the procedures around the runtime's environment (runbook 002)."""

from tasks.rules.playbooks.playbook import Playbook

_FLAGS = "002 ENV & Flags"

FINDINGS = Playbook(
    "The environment is not fit to start with",
    _FLAGS,
    (
        "Each env_finding line above says what is wrong with which variable and what to do; errors decide.",
        "missing secrets: fill in the lines that are marked, in the file alone; it is never committed.",
        "key_reuse: a key of live stands where a test key belongs. Take it out and rotate it.",
        "confirm_in_file: LIVE_CONFIRM is typed by a person for one start; in a file it confirms everything.",
        "Check again before you start: watchkeeper env-check --profile PROFILE --file FILE.",
    ),
)
NO_FILE = Playbook(
    "The file of variables cannot be read",
    _FLAGS,
    (
        "No file yet? watchkeeper env-sample --profile PROFILE --out FILE makes a complete one.",
        "There, but unreadable: it must be UTF-8 text and belong to the user who starts this.",
        "store_unreadable: SECRETS_STORE_PATH names a file that is no JSON, or not ours to read.",
    ),
)
IN_THE_WAY = Playbook(
    "The sample would replace a file",
    _FLAGS,
    (
        "Give another --out and compare the two; secrets that are in the old one are nowhere else.",
        "Only if nothing in it is needed: --overwrite.",
    ),
)
UNKNOWN_TROUBLE = Playbook(
    "Nothing known was found",
    "002 Troubleshooting",
    (
        "Give --saw the block code or the line as it was printed, or --file the log it stands in.",
        "log_missing: the runtime writes to stdout unless its file logger is on; then data/logs/paper.log.",
        "Known, but not to us? Add it to the table in tasks/rules/guard/symptoms.py with a test.",
    ),
)

BY_REASON: dict[str, Playbook] = {
    "env_findings": FINDINGS,
    "env_file_missing": NO_FILE,
    "env_file_unreadable": NO_FILE,
    "store_unreadable": NO_FILE,
    "file_exists": IN_THE_WAY,
    **dict.fromkeys(("not_recognised", "nothing_to_look_at", "log_missing", "log_unreadable"), UNKNOWN_TROUBLE),
}
BY_TOKEN: dict[str, Playbook] = {
    "env_sample": IN_THE_WAY,
    "env_check": FINDINGS,
    "env_finding": FINDINGS,
    "troubleshoot": UNKNOWN_TROUBLE,
    "trouble": UNKNOWN_TROUBLE,
}
