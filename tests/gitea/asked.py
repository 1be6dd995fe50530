"""One request as the stand-in's routes see it."""

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from tests.gitea.replies import Refusal
from tests.gitea.world import Login, World

_GO_KINDS = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}


@dataclass
class Asked:
    world: World
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    login: Login = field(default_factory=Login)
    parts: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return f"{self.world.root_url.rstrip('/')}{self.path}"

    def must_log_in(self, level: str, category: str) -> None:
        if self.login.user is None:
            raise Refusal(401, "token is required")
        self.must_have_scope(level, category)

    def must_have_scope(self, level: str, category: str) -> None:
        if self.login.token and not self.login.token.allows(level, category):
            words = f"token does not have at least one of required scope(s): [{level}:{category}]"
            raise Refusal(403, words)

    def fields(self, option: str, **kinds: type) -> dict[str, object]:
        """The body's fields of the kinds that the option has; what is unknown is left out, as Gitea does."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip()
        if not kind:
            raise Refusal(422, "[]: Empty Content-Type")
        if kind == "application/x-www-form-urlencoded":
            given = dict(parse_qsl(self.body.decode(), keep_blank_values=True))
            return {
                name: given[name] == "true" if kinds[name] is bool else given[name] for name in kinds & given.keys()
            }
        return self._checked(option, kinds)

    def _checked(self, option: str, kinds: dict[str, type]) -> dict[str, object]:
        try:
            data = json.loads(self.body)
        except ValueError as error:
            at = getattr(error, "pos", 0)
            sign = self.body.decode("utf-8", "replace")[at : at + 1]
            said = (
                f"invalid character '{sign}' looking for beginning of value"
                if sign
                else "unexpected end of JSON input"
            )
            raise Refusal(422, f"[]: {said}") from None
        found = {name: value for name, value in data.items() if name in kinds and value is not None}
        for name, value in found.items():
            if type(value) is not kinds[name]:
                where = f"{option}.{''.join(word.capitalize() for word in name.split('_'))}"
                wanted = {str: "string", bool: "bool", list: "[]string", dict: "map[string]string"}[kinds[name]]
                kind = _GO_KINDS[type(value)]
                raise Refusal(422, f"[]: json: cannot unmarshal {kind} into Go struct field {where} of type {wanted}")
        return found
