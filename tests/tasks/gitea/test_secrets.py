"""The login is nowhere that another user, a log or a file could show it: watched while a publish runs."""

import base64
import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from tasks.gitea.api import check_server, ensure_repository, find_owner
from tasks.gitea.environment import git_environment
from tasks.gitea.remotes import fetch_manifest, push_branch
from tasks.publishing.parity import verify_parity
from tasks.rules.faults import Fault
from tests.gitea.fixtures import BOSS, PASSWORD, commit_files, git


def written_forms(password: str) -> list[str]:
    """The password as it might show up: plain, percent-encoded, and as Basic encodes it."""
    basic = base64.b64encode(f"{BOSS}:{password}".encode()).decode()
    return [password, quote(password, safe=""), basic]


@contextmanager
def repeated(look: Callable[[], None]) -> Iterator[None]:
    """`look` again and again in a thread of its own while the block runs."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            look()
            over.wait(0.002)

    with ThreadPoolExecutor(1) as beside:
        watch = beside.submit(work)
        try:
            yield
        finally:
            over.set()
            watch.result()  # a watch that broke off has seen nothing


def argument_lists() -> Iterator[str]:
    """What the process table shows of our children, and of theirs."""
    for child in psutil.Process().children(recursive=True):
        with suppress(OSError, psutil.Error):
            yield Path(f"/proc/{child.pid}/cmdline").read_bytes().decode("utf-8", "replace")


def files_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    for place, _, names in os.walk(folder):  # what vanishes meanwhile is passed over
        for name in names:
            with suppress(OSError):
                yield name, Path(place, name).read_bytes()


def publish(mono: Path, owner_name: str) -> None:
    check_server()
    repository = ensure_repository(find_owner(owner_name), "watched", private=True).repository
    sha = git(mono, "rev-parse", "HEAD")
    assert push_branch(mono, repository, "main", sha, seen=None).result.is_good
    assert verify_parity(mono, sha, "product", repository, "main", sha).reason == "parity_tree_differs"
    assert fetch_manifest(repository, "main")


@pytest.mark.row("W003-180")
def test_no_process_ever_has_the_password_in_its_arguments(gitea, tmp_path):
    commit_files(tmp_path / "mono", product__a="x" * 100_000, product__b="1")
    seen: set[str] = set()
    with repeated(lambda: seen.update(argument_lists())):
        publish(tmp_path / "mono", gitea.owner)
    text = "\0".join(seen)
    assert {"push", "fetch"} <= set(text.split("\0"))  # the watch did see what it was there to see
    assert "git-remote-http" in text
    assert not [form for form in written_forms(PASSWORD) if form in text]


@pytest.mark.row("W003-180")
def test_no_file_and_no_log_ever_has_the_password(gitea, tmp_path, monkeypatch, caplog):
    """Every file below the temporary folder is read while it is there, those of the scratch repositories included."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    commit_files(tmp_path / "mono", product__a="1")
    seen: set[tuple[str, bytes]] = set()
    with caplog.at_level(logging.DEBUG), repeated(lambda: seen.update(files_below(tmp_path))):
        publish(tmp_path / "mono", gitea.owner)
    assert {"alternates", "config", "HEAD"} <= {name for name, _ in seen}
    for form in written_forms(PASSWORD):
        assert form not in caplog.text
        assert not [name for name, content in seen if form.encode() in content]


@pytest.mark.row("W003-180")
def test_no_fault_shows_the_password(gitea, tmp_path, monkeypatch, caplog):
    commit_files(tmp_path / "mono", product__a="1")
    repository = ensure_repository(find_owner(gitea.owner), "shown", private=True).repository
    monkeypatch.setenv("GITEA_ADMIN_PASSWORD", "hunter2@:/% ü")
    for url in (gitea.url, "http://127.0.0.1:9"):
        monkeypatch.setenv("GITEA_URL", url)
        for attempt in (
            check_server,
            lambda: push_branch(tmp_path / "mono", repository, "main", "HEAD", seen=None),
        ):
            with pytest.raises(Fault) as caught:
                attempt()
            assert "hunter2" not in f"{caught.value!r} {caught.value} {caught.value.__cause__} {caplog.text}"
            assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.row("W003-181")
def test_what_git_is_told_is_basic_over_the_bytes_and_only_for_this_server(gitea, tmp_path):
    told = git_environment(tmp_path)
    count = int(told["GIT_CONFIG_COUNT"])
    pairs = {told[f"GIT_CONFIG_KEY_{n}"]: told[f"GIT_CONFIG_VALUE_{n}"] for n in range(count)}
    encoded = pairs[f"http.{gitea.url}/.extraHeader"].removeprefix("Authorization: Basic ")
    assert base64.b64decode(encoded).decode() == f"{BOSS}:{PASSWORD}"
    assert pairs["http.followRedirects"] == "false"
    assert told["GIT_TERMINAL_PROMPT"] == "0"
    assert told["GIT_ASKPASS"] == ""


def test_git_sees_nothing_of_our_environment_that_it_does_not_need(gitea, tmp_path, monkeypatch):
    for name in ("POSTGRES_DSN_PROD", "GIT_TRACE", "GIT_SSL_NO_VERIFY", "GIT_CONFIG_PARAMETERS", "SSH_ASKPASS"):
        monkeypatch.setenv(name, "x")
    told = git_environment(tmp_path)
    assert not {"POSTGRES_DSN_PROD", "GITEA_ADMIN_PASSWORD", "GIT_TRACE", "GIT_SSL_NO_VERIFY"} & told.keys()
    assert not {"GIT_CONFIG_PARAMETERS", "SSH_ASKPASS"} & told.keys()
    assert (told["HOME"], told["GIT_CONFIG_GLOBAL"], told["GIT_CONFIG_NOSYSTEM"]) == (str(tmp_path), "/dev/null", "1")
