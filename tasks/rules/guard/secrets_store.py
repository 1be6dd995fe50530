"""What is wrong with the JSON of a secrets store, by its slots and never by a value (spec 002, 8).

Pure: the document comes in with the tokens beside it and the moment, codes with hints go out. The runtime calls a key
without a date of rotation not due; here nobody knows how old it is, and that is said.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from tasks.rules.guard.profiles import Profile
from tasks.rules.guard.values import is_placeholder

SLOTS = ("binance_key", "binance_secret", "okx_key", "okx_secret", "okx_passphrase")
_ROTATED = {"binance_key": "binance_key_last_rotated", "okx_key": "okx_key_last_rotated"}
ROTATE_AFTER_DAYS = 30
ROLES = ("viewer", "auditor", "operator")

Problem = tuple[str, str]


def store_problems(
    profile: Profile, store: Mapping[str, object] | None, tokens: tuple[str, ...], now: datetime
) -> tuple[Problem, ...]:
    """Codes and hints; `store` is None where the named file is not there, `tokens` are those of the environment."""
    if store is None:
        why = "it is not there: the runtime does not start in live without it"
        return (("store_missing", why),) if profile is Profile.LIVE else ()
    return (*_slots(profile, store), *_operators(store, tokens), *_rotations(store, now))


def _slots(profile: Profile, store: Mapping[str, object]) -> Iterator[Problem]:
    empty = [slot for slot in SLOTS if not _text(store, slot)]
    if empty and profile is Profile.LIVE:
        yield "missing", f"the store lacks {', '.join(empty)}"
    templates = [slot for slot in (*SLOTS, "approve_token") if is_placeholder(_text(store, slot))]
    if templates:
        yield "placeholder", f"the store still holds the text of a template: {', '.join(templates)}"


def _operators(store: Mapping[str, object], tokens: tuple[str, ...]) -> Iterator[Problem]:
    """The runtime knows a person by the token alone: one token for two is one person for both."""
    entries = _mapping(store, "operator_tokens").values()
    people = [entry for entry in entries if isinstance(entry, Mapping)]
    given = [token for entry in people if (token := _text(entry, "token"))]
    if len(set(given)) < len(given):
        yield "key_reuse", "two operators of the store have the same token"
    if set(given) & {*tokens, _text(store, "approve_token")}:
        yield "key_reuse", "an operator's token is the API token or the approve token as well"
    if any(_text(entry, "role") not in ROLES or not _text(entry, "token") for entry in people):
        yield "bad_operator", f"an operator has a token and one of the roles {', '.join(ROLES)}, or is nobody"


def _rotations(store: Mapping[str, object], now: datetime) -> Iterator[Problem]:
    for slot, name in _ROTATED.items():
        if not _text(store, slot):
            continue
        at = _moment(_text(_mapping(store, "meta"), name))
        if at is None or at > now:
            yield "rotation_unknown", f"write the date of the last rotation of {slot} under meta.{name}"
        elif (now - at).days > ROTATE_AFTER_DAYS:
            yield "rotation_due", f"{slot} was rotated {(now - at).days} days ago; {ROTATE_AFTER_DAYS} is the most"


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _mapping(data: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(data: Mapping[str, object], name: str) -> str:
    value = data.get(name)
    return value.strip() if isinstance(value, str) else ""
