"""Looking at real SQLite databases in every state (runbook 003, Incident Playbook 1, step 2)."""

import hashlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.clock import utc_now
from tasks.rules.services.health import ALWAYS_CHECKED_BYTES
from tasks.rules.services.migrations import Role
from tasks.services.check_memory import minutes_since_check, remember_check
from tasks.services.database_health import look_at_database
from tests.service_databases import bring_up, made_by_the_old_program, make_by_hand

ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path):
    database = tmp_path / "service.db"
    bring_up(database)
    return database


def look(path, every=60):
    return look_at_database.fn(path, every, 0.2)


def state(folder):
    """Every file with its content and the moment it was changed, but for what a reader needs to share memory."""
    files = [one for one in folder.iterdir() if one.is_file() and not one.name.endswith("-shm")]
    return {one.name: (hashlib.sha256(one.read_bytes()).hexdigest(), one.stat().st_mtime_ns) for one in sorted(files)}


@pytest.mark.row("P003-421")
def test_a_good_database_is_healthy_and_has_room(path):
    seen = look(path)
    assert (seen.troubles, seen.sqlite, seen.checked) == ((), None, True)
    assert seen.free_mb
    assert seen.free_mb > 0


@pytest.mark.row("P003-421")
@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
@pytest.mark.parametrize("in_use", [True, False])
def test_a_look_changes_nothing(path, mode, in_use):
    with closing(sqlite3.connect(path)) as service:
        service.execute(f"PRAGMA journal_mode = {mode}")
        service.execute("INSERT INTO comments (content) VALUES ('x')")
        service.commit()
        before = state(path.parent)
        if in_use:
            assert look(path).troubles == ()
            assert state(path.parent) == before
    if not in_use:
        before = state(path.parent)
        assert look(path).troubles == ()
        assert {name: seen for name, seen in state(path.parent).items() if not name.endswith("-wal")} == before


@pytest.mark.row("P003-421")
def test_a_write_ahead_log_that_a_killed_service_left_is_not_folded_into_the_file(path):
    writer = (
        "import os, sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\nc.execute('PRAGMA journal_mode = WAL')\n"
        "c.execute(\"INSERT INTO comments (content) VALUES ('x')\")\nc.commit()\nos.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", writer, str(path)], check=False, timeout=60)
    before = state(path.parent)
    assert before["service.db-wal"]
    assert look(path).troubles == ()
    assert state(path.parent) == before


@contextmanager
def held(path, how):
    """Another connection, as a service would be, that keeps its transaction open."""
    with closing(sqlite3.connect(path, isolation_level=None)) as service:
        service.execute(how)
        yield


@pytest.mark.row("D003-425")
@pytest.mark.parametrize("how", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_writer_that_does_not_let_go_is_seen(path, how):
    with held(path, how):
        seen = look(path)
    assert (seen.troubles, seen.sqlite) == (("database_locked",), "SQLITE_BUSY")
    assert look(path).troubles == ()


@pytest.mark.row("D003-425", "W003-400")
def test_missing_folder_text_pipe_and_damage_are_named(path, tmp_path):
    (tmp_path / "text.db").write_text("no database at all. " * 200)
    os.mkfifo(tmp_path / "pipe.db")
    damaged = made_by_the_old_program(tmp_path / "damaged.db", Role.RUNTIME)
    make_by_hand(damaged, *(f"INSERT INTO comments (content) VALUES ('{'x' * 900}')" for _ in range(40)))
    data = bytearray(damaged.read_bytes())
    data[-8192:-4096] = b"\xff" * 4096
    damaged.write_bytes(data)
    assert {name: look(tmp_path / name).troubles for name in ("no.db", ".", "text.db", "pipe.db", "damaged.db")} == {
        "no.db": ("database_missing",),
        ".": ("database_is_folder",),
        "text.db": ("not_a_database",),
        "pipe.db": ("not_a_database",),
        "damaged.db": ("database_corrupt",),
    }
    assert not (tmp_path / "no.db").exists()


@pytest.mark.row("D003-425")
def test_a_service_that_died_in_the_middle_of_a_write_is_seen_and_nothing_is_rolled_back_for_it(path):
    writer = (
        "import os, sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 5')\nc.execute('BEGIN')\n"
        "c.executemany('INSERT INTO comments (content) VALUES (?)', ((str(n) * 9,) for n in range(50000)))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", writer, str(path)], check=False, timeout=60)
    before = state(path.parent)
    assert look(path).troubles == ("recovery_pending",)
    assert state(path.parent) == before


@pytest.mark.row("D003-425")
@pytest.mark.skipif(os.geteuid() != 0, reason="root may write everything, so another user is asked; only root can")
def test_what_the_worker_may_not_write_or_read_is_seen():
    program = (
        "import os, sys; from pathlib import Path\n"
        "from tasks.services.database_health import look_at_database\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "for path in sys.argv[1:]:\n    print(*look_at_database.fn(Path(path), 60, 0.2).troubles)\n"
    )
    modes = {"closed": (0o755, 0o644), "locked": (0o777, 0o444), "private": (0o777, 0o600)}
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        for folder, (folder_mode, file_mode) in modes.items():
            database = made_by_the_old_program(Path(name) / folder / "a.db", Role.RUNTIME)
            database.parent.chmod(folder_mode)
            database.chmod(file_mode)
        asked = [sys.executable, "-c", program, *(f"{name}/{folder}/a.db" for folder in modes)]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.splitlines() == [
        "database_read_only",
        "database_read_only",
        "database_read_only database_not_opened",
    ], done.stderr


def make_large(path):
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE large AS SELECT zeroblob(?) AS b", (ALWAYS_CHECKED_BYTES + 4096,))
        conn.commit()
    return path


@pytest.mark.row("P003-425")
def test_a_large_database_is_read_whole_once_and_then_again_after_its_time(path, operations_database):
    make_large(path)
    assert [look(path).checked for _ in range(3)] == [True, False, False]
    remember_check(path, utc_now() - timedelta(minutes=61))
    assert look(path).checked
    copy = path.read_bytes()
    (path.parent / "other.db").write_bytes(copy)
    (path.parent / "other.db").rename(path)
    assert look(path).checked  # another file in its place has not been checked


@pytest.mark.row("P003-425")
def test_a_damaged_large_database_is_never_remembered_as_checked(path, operations_database):
    make_large(path)
    data = bytearray(path.read_bytes())
    data[8192:12288] = b"\xff" * 4096
    path.write_bytes(data)
    assert [look(path).troubles for _ in range(2)] == [("database_corrupt",)] * 2
    assert minutes_since_check(path, utc_now()) is None


@pytest.mark.row("D003-426")
def test_without_a_memory_every_look_reads_all_of_it(path, monkeypatch):
    monkeypatch.delenv("WATCHKEEPER_DSN", raising=False)
    make_large(path)
    assert [look(path).checked for _ in range(2)] == [True, True]
