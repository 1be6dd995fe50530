"""Starting the webhook receiver: with what it needs, or with a sentence that says what is missing."""

import socket

import pytest

from deployments import __main__ as command
from deployments import stack
from deployments.receiver.__main__ import main
from deployments.stack import Place
from tasks.rules.faults import Misconfigured
from tasks.settings.receiver import receiver_port


@pytest.fixture
def busy():
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", 0))
        occupant.listen()
        yield occupant.getsockname()[1]


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path, 4200)
    place.home.mkdir()
    return place


@pytest.mark.row("D003-306")
def test_without_a_secret_it_does_not_start_and_says_which_variable_to_set(monkeypatch, capsys):
    monkeypatch.delenv("GITEA_WEBHOOK_SECRET", raising=False)
    assert main() == 1
    assert capsys.readouterr().err.startswith("watchkeeper: set GITEA_WEBHOOK_SECRET, at Gitea's webhook and here")


@pytest.mark.row("D003-306")
@pytest.mark.parametrize(("name", "value"), [("ORKET_RATE_LIMIT", "many"), ("ORKET_RATE_LIMIT", "0")])
def test_a_limit_that_is_none_is_refused_by_name_and_not_replaced_by_another(monkeypatch, capsys, name, value):
    monkeypatch.setenv("GITEA_WEBHOOK_SECRET", "x")
    monkeypatch.setenv(name, value)
    assert main() == 1
    assert capsys.readouterr().err == f"watchkeeper: correct {name} in the environment\n"


def test_it_listens_beside_the_server_unless_a_port_is_named(monkeypatch):
    monkeypatch.setenv("WATCHKEEPER_PORT", "4300")
    assert receiver_port() == 4301
    monkeypatch.setenv("WATCHKEEPER_RECEIVER_PORT", "8080")
    assert receiver_port() == 8080


def test_a_busy_port_that_was_named_is_refused_and_one_that_was_not_is_only_said(monkeypatch, place, busy):
    monkeypatch.setenv("WATCHKEEPER_RECEIVER_PORT", str(busy))
    with pytest.raises(Misconfigured, match=f"WATCHKEEPER_RECEIVER_PORT={busy + 1} make up"):
        stack.start_receiver(place, {})
    monkeypatch.delenv("WATCHKEEPER_RECEIVER_PORT")
    monkeypatch.setenv("WATCHKEEPER_PORT", str(busy - 1))
    assert command._start_receiver(place, {}).startswith(f"not started: port {busy} is in use")
