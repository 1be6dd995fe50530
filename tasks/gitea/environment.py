"""What git is told and what it may see when it talks to Gitea.

The login goes in by the environment alone, for this one server, and is sent with the first request; nothing is asked
at a terminal. No configuration of the machine, the user or the monorepo has a say: a `url.insteadOf`, a credential
helper, a `.netrc`, a hook or a trace could lead the login elsewhere or write it down. What an operator does decide by
environment, proxies and certificates, is kept (runbook 003, Security Operations).
"""

from pathlib import Path

from tasks.gitea.requests import authorization
from tasks.settings import child_environment
from tasks.settings.publishing import gitea_address

SLOWEST_BYTES_PER_S, SLOW_FOR_S = 1000, 60
_KEPT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
_KEPT_OF_GIT = ("GIT_EXEC_PATH", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def git_environment(home: Path) -> dict[str, str]:
    """The whole environment of a git that may log in; `home` is an empty folder."""
    kept = (*_KEPT, *_KEPT_OF_GIT, *_PROXIES, *(name.upper() for name in _PROXIES))
    inherited = {name: value for name, value in child_environment().items() if name in kept}
    return {
        **inherited,
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_NO_LAZY_FETCH": "1",
        **_numbered(_configuration()),
    }


def _configuration() -> dict[str, str]:
    address = gitea_address()
    direct = {"http.proxy": ""} if address.is_loopback else {}
    return direct | {
        f"http.{address.root}/.extraHeader": f"Authorization: {authorization()}",
        "http.followRedirects": "false",  # git would follow to any server, and log in there
        "http.lowSpeedLimit": str(SLOWEST_BYTES_PER_S),
        "http.lowSpeedTime": str(SLOW_FOR_S),
        "protocol.allow": "never",
        f"protocol.{address.scheme}.allow": "always",
        "core.hooksPath": "/dev/null",
        "gc.auto": "0",
        "maintenance.auto": "false",
    }


def _numbered(configuration: dict[str, str]) -> dict[str, str]:
    pairs = [
        (f"GIT_CONFIG_{part}_{number}", text)
        for number, entry in enumerate(configuration.items())
        for part, text in zip(("KEY", "VALUE"), entry, strict=True)
    ]
    return {"GIT_CONFIG_COUNT": str(len(configuration)), **dict(pairs)}
