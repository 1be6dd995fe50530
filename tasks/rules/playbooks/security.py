"""A next step for each reason of the security check (runbook 003)."""

from tasks.rules.playbooks.playbook import AGAIN, Playbook

_SECURITY = "003 Security Operations"

SECRET = Playbook(
    "Something in the repository looks like a secret",
    _SECURITY,
    (
        "Look at `file=` and `line=` of each security_finding. If it is one: change it at its service first, then "
        "take it out; a secret that was pushed is known, whatever is deleted afterwards.",
        "If it is none: an [[allow]] in security-allow.toml with its file, kind and fingerprint, a reason, an owner "
        "and a day on which somebody looks at it again.",
        AGAIN,
    ),
)
ALLOWANCES = Playbook(
    "The list of allowed findings is not valid",
    _SECURITY,
    ("Correct security-allow.toml: the log says which entry lacks what. Until then nothing is checked.", AGAIN),
)
PLACE = Playbook(
    "The secrets are not where they belong",
    _SECURITY,
    (
        "placeholder_left: put the real value in the place of the sample's, in the environment or the env file.",
        "env_file_not_ignored: add the file to .gitignore. env_file_tracked: also `git rm --cached` it, and change "
        "every secret in it.",
        "audit_note_missing: put the note back or name the newest one with --audit-note; open risks are read before "
        "a release.",
        "item_failed, items_skipped: read the line of each item.",
        AGAIN,
    ),
)

BY_REASON: dict[str, Playbook] = {
    "secret_found": SECRET,
    "allow_list_invalid": ALLOWANCES,
    **dict.fromkeys(
        (
            "placeholder_left",
            "env_file_tracked",
            "env_file_not_ignored",
            "audit_note_missing",
            "item_failed",
            "items_skipped",
        ),
        PLACE,
    ),
}
BY_TOKEN: dict[str, Playbook] = dict.fromkeys(("security_check", "security_check_item", "security_finding"), PLACE)
