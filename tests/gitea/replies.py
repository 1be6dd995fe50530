"""How the stand-in answers: JSON as Gitea writes it, and refusals with Gitea's words."""

import json
from dataclasses import dataclass, field

_JSON_HEADERS = {
    "Content-Type": "application/json;charset=utf-8",
    "Cache-Control": "max-age=0, private, must-revalidate, no-transform",
    "X-Frame-Options": "SAMEORIGIN",
}


@dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def as_json(status: int, data: object, **headers: str) -> Reply:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, text.encode(), _JSON_HEADERS | named)


def as_text(status: int, text: str, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8"} | named)


NO_CONTENT = Reply(204)


class Refusal(Exception):
    """An answer that is an error: most are a message and a url, a 404 also has `errors`."""

    def __init__(
        self, status: int, message: str, *, errors: list[str] | None = None, is_missing: bool = False
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.errors, self.is_missing = status, message, errors, is_missing

    def reply(self, root_url: str) -> Reply:
        said = {"message": self.message, "url": f"{root_url}api/swagger"}
        return as_json(self.status, {"errors": self.errors, **said} if self.is_missing else said)


def missing(message: str = "The target couldn't be found.", errors: list[str] | None = None) -> Refusal:
    return Refusal(404, message, errors=errors, is_missing=True)


def page(rows: list[object], query: dict[str, str], url: str, *, null_when_empty: bool = False) -> Reply:
    """One page of a list; 30 rows unless told, 50 at most."""
    limit = min(int(query.get("limit") or 30), 50) or 30
    number = max(int(query.get("page") or 1), 1)
    last = max(1, -(-len(rows) // limit))
    shown = rows[(number - 1) * limit : number * limit]
    links = {"next": number + 1, "last": last} if number < last else {}
    link = ",".join(f'<{url}?limit={limit}&page={where}>; rel="{rel}"' for rel, where in links.items())
    headers = {"X_Total_Count": str(len(rows)), "Access_Control_Expose_Headers": "X-Total-Count, Link"}
    return as_json(
        200, None if null_when_empty and not rows else shown, **headers, **({"Link": link} if link else {})
    )
