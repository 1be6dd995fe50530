"""What a secret looks like, and how a text loses it.

Two defences: values that are known (the secrets of this process, handed in by the caller) are removed wherever
they stand, and shapes that are never harmless are removed even when nobody knew the value.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from tasks.rules.artifacts import Json

MASK = "[redacted]"
_SHORTEST_KNOWN_SECRET = 4

# Every shape names itself in the mask, so that a reader of a log knows what stood there.
SHAPES: dict[str, re.Pattern[str]] = {
    "private_key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.*?-----END [A-Z ]*PRIVATE KEY-----|.*)", re.S),
    "database_url": re.compile(r"\bpostgres(?:ql)?(?:\+\w+)?://[^\s'\"<>]+", re.I),
    "url_userinfo": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/@'\"<>]*:[^\s'\"<>]*@[^\s'\"<>]*", re.I),
    "dsn_password": re.compile(r"\b(?:password|passwd|pwd|sslpassword)\s*=\s*(?:'[^']*'|\"[^\"]*\"|[^\s,;]+)", re.I),
    "authorization": re.compile(r"\bauthorization\s*[:=]\s*(?:\w+\s+)?\S+", re.I),
    "bearer": re.compile(r"\bbearer\s+(?=\S*[0-9_.~+/-])[A-Za-z0-9_.~+/-]{8,}=*", re.I),
    "api_key": re.compile(r"\bsk-[A-Za-z0-9_-]{8,}"),
    "aws_key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "github_token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    "slack_url": re.compile(r"\bhttps?://hooks\.slack\.com/\S+", re.I),
    "slack_token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "json_web_token": re.compile(r"\beyJ[A-Za-z0-9_-]{7,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "email": re.compile(r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b"),
}


def looks_secret(text: str) -> bool:
    """Whether any part of the text has the shape of a secret or of a personal address."""
    return any(shape.search(text) for shape in SHAPES.values())


def scrub(text: str, known: Iterable[str] = ()) -> str:
    """The text without known secrets and without anything that has the shape of one.

    Known values go first and longest first, so that a password inside a longer DSN does not leave the rest behind.
    """
    for secret in sorted({s for s in known if len(s) >= _SHORTEST_KNOWN_SECRET}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    for name, shape in SHAPES.items():
        text = shape.sub(f"[redacted {name}]", text)
    return text


_SECRET_KEY = re.compile(r"key|secret|token|passphrase|password|passwd|credential|authorization|cookie", re.I)
_RUN = re.compile(r"[A-Za-z0-9+/_=-]{32,}")
_LONGEST_PART = 16  # of a path or a name in snake case; what is random has longer ones


def scrub_evidence(text: str, known: Iterable[str] = ()) -> str:
    """The same for what strangers wrote, logs and answers of services: long random runs go as well."""
    return _RUN.sub(lambda run: "[redacted run]" if _is_random(run[0]) else run[0], scrub(text, known))


def _is_random(run: str) -> bool:
    parts = re.split(r"[/_=-]", run)
    mixed = any(char.isdigit() for char in run) and any(char.isalpha() for char in run)
    return mixed and max(map(len, parts)) >= _LONGEST_PART and len(set(run)) > _LONGEST_PART // 2


def masked(document: Json, known: Iterable[str] = ()) -> Json:
    """A document without the values of keys that are called like secrets, and with every text scrubbed."""
    secrets = tuple(known)
    if isinstance(document, str):
        return scrub_evidence(document, secrets)
    if isinstance(document, Mapping):
        return {
            scrub_evidence(str(key), secrets): MASK
            if _SECRET_KEY.search(str(key)) and isinstance(value, str) and value
            else masked(value, secrets)
            for key, value in document.items()
        }
    if isinstance(document, Sequence):
        return [masked(one, secrets) for one in document]
    return document
