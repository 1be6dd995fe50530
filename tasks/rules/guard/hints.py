"""What to do about each finding in an environment, in one sentence (runbook 002, "ENV & Flags")."""

from collections.abc import Mapping

HINTS: Mapping[str, str] = {
    "missing": "give it a value: the runtime does not start without, or starts with a default that nobody chose",
    "unknown_variable": "the runtime reads no such variable",
    "bad_bool": "write 1 or 0: other spellings hold in one place and not in another",
    "not_a_number": "write a plain number",
    "not_positive": "it must be above 0",
    "placeholder": "it still holds the text of a template",
    "path_not_writable": "the runtime must be able to write there: correct the path or the rights",
    "bad_json": "write one JSON object of seconds by reason, none below 0",
    "bad_list": "write words with commas between, no empty ones",
    "profile_mismatch": "all four profile variables must mean the profile that is asked for",
    "unknown_profile": "write paper, testnet or live: the runtime takes any other word for paper",
    "unsafe_start": "SAFE_MODE=0 and DRY_RUN_MODE=0 together: switch one of them on for the start",
    "safe_mode_off": "start with SAFE_MODE=1; off is a procedure of its own with a reason and two people",
    "flag_off_in_live": "switch it on: in live it is off unless it is set",
    "endpoint_mismatch": "the host belongs to the other side: production and testnet do not mix",
    "key_reuse": "it is the same as another key: give test and live, API and approval, keys of their own",
    "duplicate_variable": "it stands twice and the last one wins: leave one",
    "confirm_in_file": "take it out: it is typed by a person for one start",
    "over_limit": "it is above the limit of the profile",
    "readable_by_others": "it holds secrets and others may read it: chmod 600",
    "store_missing": "the store of secrets is not there",
    "bad_operator": "an operator of the store has a token and a role",
    "rotation_due": "rotate it",
    "rotation_unknown": "nobody knows how old it is",
    "bad_line": "write NAME=value, the name in capitals",
}
CODES = tuple(HINTS)
