"""Which names Gitea takes, in the order in which it looks."""

import re

from tests.gitea.replies import Refusal

_RESERVED = (".", "..", "-")
_PATTERNS = (".git", ".wiki", ".rss", ".atom")
_RESERVED_OWNERS = ("api", "admin", "assets", "explore", "login", "org", "repo", "user", "v2", "-", ".", "..")


def check_repository_name(name: object) -> str:
    if not name:
        raise Refusal(422, "[Name]: Required")
    text = str(name)
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", text):
        raise Refusal(422, "[Name]: AlphaDashDot")
    if len(text) > 100:
        raise Refusal(422, "[Name]: MaxSize")
    check_reserved(text)
    return text


def check_new_repository_name(name: str) -> str:
    """At a rename the wording is another one."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        raise Refusal(422, f"name is invalid [{name}]: must be valid alpha or numeric or dash(-_) or dot characters")
    check_reserved(name)
    return name


def check_reserved(name: str) -> None:
    if name in _RESERVED:
        raise Refusal(422, f"name is reserved [name: {name}]")
    for ending in _PATTERNS:
        if name.lower().endswith(ending):
            raise Refusal(422, f"name pattern is not allowed [pattern: *{ending}]")


def check_owner_name(name: object) -> str:
    if not name:
        raise Refusal(422, "[UserName]: Required")
    if not re.fullmatch(r"[A-Za-z0-9](?:[._-]?[A-Za-z0-9])*", str(name)):
        raise Refusal(422, "[UserName]: invalid username")
    if str(name).lower() in _RESERVED_OWNERS:
        raise Refusal(422, f"name is reserved [name: {name}]")
    return str(name)


def check_branch_name(name: str) -> str:
    if re.search(r"[\s~^:?*\[\\]|\.\.|@\{|//|\.lock$|\.$|^/|/$", name):
        raise Refusal(422, "[DefaultBranch]: GitRefName")
    return name
