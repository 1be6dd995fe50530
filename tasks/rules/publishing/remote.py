"""What there is at the other side: the address of Gitea, owners, repositories, and what a push can come to.

Pure: facts and the words for them (runbook 003, Product Repo Publishing).
"""

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlsplit


@dataclass(frozen=True, slots=True)
class Address:
    """Where Gitea is, without any credential in it."""

    scheme: str
    host: str
    port: int
    path: str  # "" or "/gitea": where its root is, without a final slash

    @property
    def root(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"

    @property
    def is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def sends_in_clear(self) -> bool:
        """Whether a password would cross a network that others may listen to."""
        return self.scheme == "http" and not self.is_loopback

    def same_server(self, url: str) -> bool:
        """Whether an absolute URL stays with this server and this scheme."""
        other = address_in(url, is_root=False)
        return other is not None and (other.scheme, other.host, other.port) == (self.scheme, self.host, self.port)

    def repository(self, owner: str, name: str) -> str:
        """The URL that git is given."""
        return f"{self.root}/{quote(owner, safe='')}/{quote(name, safe='')}.git"


def address_in(url: str, *, is_root: bool = True) -> Address | None:
    """The address in a URL; None if it is none, or carries a user or a password (a root: or a query)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    if not url.isascii() or any(sign <= " " for sign in url) or (is_root and ("?" in url or "#" in url)):
        return None
    return Address(
        parts.scheme, parts.hostname, port or {"http": 80, "https": 443}[parts.scheme], parts.path.rstrip("/")
    )


class OwnerKind(StrEnum):
    ORG = "org"
    USER = "user"  # the one we are logged in as
    OTHER_USER = "other_user"  # only a site admin may create there


@dataclass(frozen=True, slots=True)
class Owner:
    """A namespace at Gitea, in its own spelling; found before anything is created in it."""

    name: str
    kind: OwnerKind


@dataclass(frozen=True, slots=True)
class Repository:
    """What Gitea says of one repository. `empty` and `default_branch` may lag a second or two behind a push."""

    owner: str
    name: str
    private: bool
    archived: bool
    mirror: bool
    empty: bool
    default_branch: str
    can_push: bool
    renamed_from: str | None = None  # the name that was asked for, when Gitea led on from it

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


class Push(StrEnum):
    """What became of one push."""

    PUSHED = "pushed"
    UP_TO_DATE = "up_to_date"
    DIVERGED = "diverged"  # the remote has commits that ours do not build on
    LEASE_LOST = "lease_lost"  # the remote head is not the one that was seen when the plan was made
    PROTECTED = "protected"
    REFUSED = "refused"

    @property
    def is_good(self) -> bool:
        return self in (Push.PUSHED, Push.UP_TO_DATE)

    @property
    def reason(self) -> str | None:
        """The reason for the contract; None when nothing is wrong."""
        return None if self.is_good else f"push_{self.value}"


PUSH_REASONS = tuple(push.reason for push in Push if push.reason)
GITEA_REASONS = (
    "gitea_unreachable",
    "gitea_server_error",
    "gitea_busy",
    "gitea_unauthorised",
    "gitea_scope_missing",
    "gitea_forbidden",
    "gitea_owner_missing",
    "gitea_repository_missing",
    "gitea_repository_moved",
    "gitea_repository_public",
    "gitea_name_refused",
    "gitea_redirect_refused",
    "gitea_archived",
    "gitea_answer_unknown",
    "git_failed",
)
