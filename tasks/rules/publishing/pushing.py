"""What git says about one pushed branch, as a value.

Pure: reads `git push --porcelain` and the chatter beside it. Text on stderr is no failure of itself; Gitea greets
every successful push there.
"""

from tasks.rules.publishing.remote import Push

_FLAGS = {" ": Push.PUSHED, "+": Push.PUSHED, "*": Push.PUSHED, "=": Push.UP_TO_DATE}
_REJECTED = {
    "stale info": Push.LEASE_LOST,
    "reference already exists": Push.LEASE_LOST,
    "fetch first": Push.DIVERGED,
    "non-fast-forward": Push.DIVERGED,
}
_RACED = ("reference already exists", "but expected", "unable to resolve reference")
_PROTECTED = ("to protected branch", "is protected from", "unverified commit", "from changing file")


def read_push(report: str, chatter: str, ref: str) -> Push | None:
    """What became of `ref`; None when git never got so far as to say."""
    for line in report.splitlines():
        flag, _, rest = line.partition("\t")
        refs, _, summary = rest.partition("\t")
        if len(flag) == 1 and refs.endswith(f":{ref}"):
            return _FLAGS.get(flag) or _rejection(summary, chatter)
    return None


def _rejection(summary: str, chatter: str) -> Push:
    for words, push in _REJECTED.items():
        if f"({words})" in summary:
            return push
    if any(words in summary or words in chatter for words in _RACED):
        return Push.LEASE_LOST
    return Push.PROTECTED if any(words in chatter for words in _PROTECTED) else Push.REFUSED
