"""The ways to log in, and what Gitea says when it does not know one."""

import base64
import binascii

from tests.gitea.replies import Refusal
from tests.gitea.world import Login, Token, World


def login_of(world: World, authorization: str | None, query: dict[str, str]) -> Login:
    """Who asks; wrong credentials are refused also where none are needed."""
    scheme, _, value = (authorization or "").partition(" ")
    match scheme.lower():
        case "basic":
            return _basic(world, value)
        case "token" | "bearer":
            return _by_token(world, value)
    for name in ("token", "access_token"):
        if name in query:
            return _by_token(world, query[name])
    return Login()


def _basic(world: World, value: str) -> Login:
    try:
        name, _, password = base64.b64decode(value).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _unknown("") from None
    for text in (password, name):
        if token := _known(world, text):
            return Login(token.user, token)
    user = world.users.get(name.lower())
    if user is None:
        raise _unknown(name)
    if user.password != password:
        raise Refusal(401, f"user's password is invalid [uid: {user.id}, name: {user.name}]")
    return Login(user)


def _by_token(world: World, text: str) -> Login:
    token = _known(world, text)
    if token is None:
        raise _unknown("")
    return Login(token.user, token)


def _known(world: World, text: str) -> Token | None:
    return next((token for token in world.tokens if text and token.text == text), None)


def _unknown(name: str) -> Refusal:
    return Refusal(401, f"user does not exist [uid: 0, name: {name}, keyid: 0]")
