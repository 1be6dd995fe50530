"""The webhook's secret exchanged between a stand-in of Gitea and a real process (runbook 003)."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from dotenv import dotenv_values

from flows.services.service_restart import service_restart
from flows.services.webhook_secret_rotate import webhook_secret_rotate
from tasks.procedure import part
from tasks.services import commands
from tasks.services.processes import end_family
from tasks.step import without_server
from tests.services.running import free_port

SERVER = str(Path(__file__).parents[1] / "services" / "signed_server.py")
OLD = "0123456789abcdef" * 4
ROOT = Path(__file__).parents[2]


class Exchange:
    """A webhook server with its declaration, and a repository at Gitea with a hook that leads to it."""

    def __init__(self, folder: Path, gitea) -> None:
        self.folder, self.gitea, self.port = folder, gitea, free_port()
        self.repo = f"{gitea.owner}/shop"
        self.says()
        (folder / "services.toml").write_text(
            f'[[service]]\nname = "webhook"\nport = {self.port}\nhealth = "http://127.0.0.1:{self.port}/health"\n'
            f'start = ["{sys.executable}", "{SERVER}", "{self.port}"]\nenv_file = ".env"\nhealth_timeout_s = 30\n'
            "stop_grace_s = 2\n"
        )
        gitea.api("POST", f"orgs/{gitea.owner}/repos", json={"name": "shop"})
        for url in (f"http://127.0.0.1:{self.port}/webhook/gitea", "http://127.0.0.1:9/elsewhere"):
            config = {"url": url, "content_type": "json", "secret": OLD}
            hook = {"type": "gitea", "active": True, "events": ["push"], "config": config}
            assert gitea.api("POST", f"repos/{self.repo}/hooks", json=hook).status_code == 201

    def says(self, odd: str = "") -> None:
        (self.folder / ".env").write_text(f"# ours\nGITEA_WEBHOOK_SECRET={OLD}\nODD={odd}\n")

    @property
    def values(self):
        return dotenv_values(self.folder / ".env")

    @property
    def hooked(self) -> list[str]:
        return [hook.config["secret"] for hook in self.gitea.repo("shop").hooks]

    def rotate(self, **parameters) -> str:
        with without_server():
            asked = {"repos": (self.repo,), "execute": True, "config": str(self.folder / "services.toml")}
            return part(webhook_secret_rotate, **asked | parameters).line

    def start(self) -> None:
        with without_server():
            assert part(service_restart, service="webhook", config=str(self.folder / "services.toml")).status == "ok"

    def is_whole(self) -> bool:
        new = self.values["GITEA_WEBHOOK_SECRET"]
        return set(self.values) == {"GITEA_WEBHOOK_SECRET", "ODD"} and new != OLD and self.hooked == [new, OLD]

    def end(self) -> None:
        from tasks.services.declared import read_service

        service = read_service.fn(self.folder / "services.toml", "webhook")
        assert service
        if started := commands.remembered(commands.Place(service, self.folder)):
            end_family(started, 1)


@pytest.fixture
def exchange(tmp_path, gitea, monkeypatch):
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path / "artifacts"))
    monkeypatch.delenv("WATCHKEEPER_DSN", raising=False)
    one = Exchange(tmp_path, gitea)
    yield one
    one.end()


@pytest.mark.row("P003-610", "P003-611", "W003-610")
def test_both_sides_get_a_new_secret_and_the_old_one_is_refused(exchange, caplog, capsys):
    exchange.start()
    assert exchange.rotate(execute=False) == "webhook_secret_rotate status=planned hooks=1 resumed=false"
    assert exchange.hooked == [OLD, OLD]
    assert exchange.rotate() == ("webhook_secret_rotate status=ok hooks=1 resumed=false proved=true recorded=false")
    assert exchange.is_whole()
    new = str(exchange.values["GITEA_WEBHOOK_SECRET"])
    assert len(bytes.fromhex(new)) == 32
    assert (exchange.folder / ".env").stat().st_mode & 0o777 == 0o600
    assert (exchange.folder / ".env").read_text().startswith("# ours\n")
    printed = capsys.readouterr()
    assert not [secret for secret in (OLD, new) if secret in printed.out + printed.err + caplog.text]


@pytest.mark.row("P003-612")
def test_an_exchange_that_gitea_cut_short_goes_on_with_the_same_secret(exchange):
    exchange.gitea.trouble(r".*/hooks/\d+", times=9, status=503)
    assert "status=fail reason=gitea_server_error" in exchange.rotate()
    new = exchange.values["GITEA_WEBHOOK_SECRET_NEXT"]
    assert exchange.values["GITEA_WEBHOOK_SECRET"] == OLD
    exchange.gitea.server.troubles.clear()
    assert " resumed=true proved=true " in exchange.rotate()
    assert exchange.values["GITEA_WEBHOOK_SECRET"] == new
    assert exchange.is_whole()


KILLED = """
import sys
from flows.services.webhook_secret_rotate import webhook_secret_rotate
from tasks.procedure import part
from tasks.step import without_server
with without_server():
    part(webhook_secret_rotate, repos=(sys.argv[1],), execute=True, config=sys.argv[2])
"""


@pytest.mark.row("P003-612", "D003-612")
@pytest.mark.parametrize("reached", ["GITEA_WEBHOOK_SECRET_NEXT", "GITEA_WEBHOOK_SECRET_PREVIOUS"])
def test_an_exchange_that_is_killed_is_finished_by_the_next_start(exchange, reached):
    config = str(exchange.folder / "services.toml")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, exchange.repo, config],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
    )
    until = time.monotonic() + 90
    while reached not in exchange.values and process.poll() is None and time.monotonic() < until:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    assert reached in exchange.values
    assert " status=ok hooks=1 resumed=true proved=true " in exchange.rotate()
    assert exchange.is_whole()


@pytest.mark.row("P003-611", "D003-613")
@pytest.mark.parametrize(
    ("odd", "reason"), [("old", "new_secret_refused"), ("both", "old_secret_accepted"), ("limited", "not_proved")]
)
def test_a_server_that_does_not_do_as_it_should_is_said_and_nothing_is_settled(exchange, odd, reason):
    exchange.says(odd)
    if odd in ("old", "both"):
        (exchange.folder / "first.secret").write_text(OLD)
    assert exchange.rotate() == f"webhook_secret_rotate status=fail reason={reason}"
    assert exchange.values["GITEA_WEBHOOK_SECRET_PREVIOUS"] == OLD


@pytest.mark.row("D003-610", "D003-611")
@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"repos": ()}, "invalid_repos"),
        ({"repos": ("shop",)}, "invalid_repos"),
        ({"repos": ("boss/none",)}, "gitea_repository_missing"),
        ({"hook_url": "http://127.0.0.1:1/webhook/gitea"}, "hook_missing"),
        ({"service": "api"}, "unknown_service"),
    ],
)
def test_what_cannot_be_exchanged_is_refused_before_anything_is_changed(exchange, asked, reason):
    assert exchange.rotate(**asked).startswith(f"webhook_secret_rotate status=fail reason={reason}")
    assert exchange.values["GITEA_WEBHOOK_SECRET"] == OLD
    assert exchange.hooked == [OLD, OLD]


def test_a_secret_over_several_lines_is_not_cut_in_two(exchange):
    (exchange.folder / ".env").write_text(f'OTHER="a\nGITEA_WEBHOOK_SECRET=b"\nGITEA_WEBHOOK_SECRET={OLD}\n')
    exchange.rotate()
    assert exchange.values["OTHER"] == "a\nGITEA_WEBHOOK_SECRET=b"


def test_without_a_declaration_it_is_not_configured(exchange, tmp_path):
    line = exchange.rotate(config=str(tmp_path / "none.toml"))
    assert line == "webhook_secret_rotate status=not_configured reason=no_declaration"


def test_the_server_of_these_tests_checks_signatures(exchange):
    exchange.start()
    assert httpx.post(f"http://127.0.0.1:{exchange.port}/webhook/gitea", content=b"{}").status_code == 401
