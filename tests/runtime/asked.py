"""One request as the stand-in's routes see it, and how they answer."""

import json
from dataclasses import dataclass, field

from tests.runtime.world import Login, World


@dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """An error as FastAPI writes it."""

    def __init__(self, status: int, detail: object) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail

    def reply(self) -> Reply:
        return as_json(self.status, {"detail": self.detail})


def as_json(status: int, data: object) -> Reply:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Reply(status, text.encode(), {"content-type": "application/json"})


@dataclass
class Asked:
    world: World
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    parts: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def login(self) -> Login:
        """Whoever the token belongs to; 401 without one, unless the runtime was told to trust everybody."""
        if not self.world.flag("AUTH_ENABLED", "1"):
            return Login("anonymous", "operator")
        login = self.world.tokens.get(self.token)
        if login is None:
            raise Refusal(401, "unauthorized")
        return login

    def operator(self) -> Login:
        login = self.login()
        if login.role != "operator":
            raise Refusal(403, "forbidden")
        return login

    def fields(self) -> dict[str, object]:
        try:
            data = json.loads(self.body or b"{}")
        except ValueError:
            raise Refusal(422, "json_invalid") from None
        if not isinstance(data, dict):
            raise Refusal(422, "dict_type")
        return data

    def text(self, name: str) -> str:
        value = self.fields().get(name)
        return value.strip() if isinstance(value, str) else ""
