"""What services.toml may declare, and what is wrong with what it may not."""

import tomllib
from pathlib import Path

import pytest

from tasks.rules.services.declaration import services_of

EXAMPLE = Path(__file__).parents[3] / "docs" / "services.example.toml"
GOOD = {"name": "api", "port": 8082, "health": "http://127.0.0.1:8082/health", "start": ["python", "server.py"]}


def test_the_example_declares_the_runbooks_two_services():
    services = services_of(tomllib.loads(EXAMPLE.read_text()))
    assert {name: one.port for name, one in services.items()} == {"api": 8082, "webhook": 8080}
    assert services["api"].published == "8082:8082"


@pytest.mark.row("D003-452")
@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"name": "../api"}, "name"),
        ({"port": 0}, "port"),
        ({"port": True}, "port"),
        ({"port": 8083}, "own port"),
        ({"health": "http://10.0.0.1:8082/health"}, "health"),
        ({"health": "http://user@127.0.0.1:8082/health"}, "health"),
        ({"start": "python server.py"}, "list of words"),
        ({"start": []}, "start, or image"),
        ({"start": ["a\0b"]}, "list of words"),
        ({"env": {"KEY": "value"}}, "a service has"),
        ({"env_file": ""}, "path"),
        ({"image": "--privileged"}, "image"),
        ({"health_timeout_s": 0}, "health_timeout_s"),
    ],
)
def test_what_is_not_as_it_must_be_is_named(change, what):
    with pytest.raises(ValueError, match=what):
        services_of({"service": [GOOD | change]})


@pytest.mark.parametrize("document", [{}, {"service": []}, {"service": [GOOD], "more": 1}, {"service": [GOOD, GOOD]}])
def test_a_file_that_is_no_list_of_services_is_refused(document):
    with pytest.raises(ValueError, match=r"stands twice|list of"):
        services_of(document)
