"""What a release is, in keyed digests: real files, no process (runbook 002, Rollback & Release)."""

import os
import stat
import sys

import pytest

from tasks.rules.faults import Fault
from tasks.rules.guard.release_identity import Identity, compared
from tasks.rules.services.declaration import Service
from tasks.runtime.release_identity import identify
from tasks.services.commands import Place

SECRET = "correct-horse-battery"


@pytest.fixture
def place(tmp_path):
    """A release with a program and a link, its variables, and an environment of packages beside it."""
    release = tmp_path / "releases" / "a"
    (release / "lib").mkdir(parents=True)
    (release / "run.py").write_text("print()")
    (release / "lib" / "code.py").write_text("x = 1")
    (release / "newest").symlink_to("run.py")
    (tmp_path / ".env").write_text(f"API_TOKEN={SECRET}\n")
    packages = tmp_path / "venv" / "lib" / "python3" / "site-packages" / "trader-1.dist-info"
    packages.mkdir(parents=True)
    (packages / "RECORD").write_text("trader.py,sha256=1,1\n")
    (tmp_path / "venv" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (tmp_path / "venv" / "bin").mkdir()
    (tmp_path / "venv" / "bin" / "python").symlink_to(sys.executable)
    start = ("venv/bin/python", "current/run.py")
    service = Service("runtime", 1, "http://127.0.0.1:1/", start=start, env_file=".env")
    return Place(service, tmp_path)


def parts(before: Identity, place: Place) -> tuple[str, str, str]:
    found = compared(before, identify.fn(place, "a"))
    return found.content.value, found.environment.value, found.interpreter.value


SAME = ("same", "same", "same")


@pytest.mark.row("P002-451", "W002-450")
@pytest.mark.parametrize(
    "change",
    [
        lambda release: (release / "lib" / "code.py").write_text("x = 2"),
        lambda release: (release / "lib" / "more.py").touch(),
        lambda release: (release / "lib" / "archive").mkdir() or (release / "lib" / "archive" / "old").touch(),
        lambda release: (release / "run.py").rename(release / "walk.py"),
        lambda release: (release / "run.py").unlink(),
        lambda release: (release / "run.py").chmod(0o755),
        lambda release: ((release / "newest").unlink(), (release / "newest").symlink_to("lib")),
    ],
    ids=["content", "added", "below", "renamed", "gone", "mode", "link"],
)
def test_a_file_that_is_not_as_it_was_makes_it_another_release(place, change):
    before = identify.fn(place, "a")
    assert parts(before, place) == SAME
    change(place.folder / "releases" / "a")
    assert parts(before, place) == ("changed", "same", "same")


@pytest.mark.row("P002-451")
def test_what_python_and_git_leave_and_what_lies_outside_is_nothing_of_it(place):
    before = identify.fn(place, "a")
    for name in ("lib/__pycache__/code.pyc", ".git/index", "../../data/positions.json", "../b/run.py"):
        path = place.folder / "releases" / "a" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("new")
    os.utime(place.folder / "releases" / "a" / "run.py", (1, 1))
    assert parts(before, place) == SAME


@pytest.mark.row("P002-452", "W002-450")
def test_variables_and_packages_are_told_apart_from_the_files(place):
    before = identify.fn(place, "a")
    (place.folder / ".env").write_text("API_TOKEN=another-horse\n")
    assert parts(before, place) == ("same", "changed", "same")
    (place.folder / "venv" / "lib" / "python3" / "site-packages" / "trader-1.dist-info" / "RECORD").write_text("2")
    assert parts(before, place) == ("same", "changed", "changed")


@pytest.mark.row("P002-453")
def test_a_digest_is_worth_nothing_without_the_key_of_its_machine(place, tmp_path):
    before = identify.fn(place, "a")
    key = place.own / "release.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.unlink()
    assert parts(before, place) == ("unknown", "unknown", "unknown")
    after = identify.fn(place, "a")
    assert not set(before.kept.values()) & set(after.kept.values())


@pytest.mark.row("D002-450")
def test_what_cannot_be_read_is_said_and_no_identity(place):
    identify.fn(place, "a")
    (place.own / "release.key").write_text("no key")
    with pytest.raises(Fault, match="release_unreadable"):
        identify.fn(place, "a")
    with pytest.raises(Fault, match="release_unreadable"):
        identify.fn(place, "gone")
