"""Migrating with a copy to go back to, beside others, on bad ground and a bad disk (runbook 003)."""

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from tasks.rules.faults import Fault, LockHeld
from tasks.rules.services.migrations import Role
from tasks.services.sqlite_copies import sole_migrator
from tests.full_disk import no_file_above
from tests.service_databases import (
    FILES,
    INDEXES,
    bring_up,
    contents,
    copies,
    dry_run,
    ledger,
    made_by_the_old_program,
    make_by_hand,
    names,
    plan_of,
    rows,
)

ROOT = Path(__file__).parents[3]
TABLE = "CREATE TABLE a (b INTEGER)"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "service.db"


def refused(path, plan=None, **options):
    with pytest.raises(Fault) as caught:
        bring_up(path, plan, **options)
    return caught.value


@pytest.mark.row("P003-406", "W003-407", "W003-409")
def test_before_a_change_the_database_is_copied_whole_and_the_newest_copies_are_kept(path, tmp_path):
    plan = tmp_path / "plan"
    texts = [TABLE, *(f"CREATE TABLE t{n} (x); INSERT INTO a VALUES ({n})" for n in range(6))]
    bring_up(path, plan_of(plan, *texts[:1]))
    before = contents(path)
    made = bring_up(path, plan_of(plan, *texts[:2]), keep_copies=3)
    (copy,) = copies(path)
    assert copy.name == made.copy
    assert contents(copy) == before
    (copy.parent / "notes.txt").write_text("mine")
    for count in range(3, 8):
        bring_up(path, plan_of(plan, *texts[:count]), keep_copies=3)
    assert len(copies(path)) == 3
    assert made.copy not in [one.name for one in copies(path)]
    assert [
        len(rows(one, "SELECT b FROM a")) for one in sorted(copies(path), key=lambda p: p.stat().st_mtime_ns)
    ] == [
        3,
        4,
        5,
    ]
    assert (copy.parent / "notes.txt").exists()


@pytest.mark.row("P003-406", "W003-409")
def test_a_copy_put_back_in_its_place_is_the_database_of_before(path):
    made_by_the_old_program(path, Role.WEBHOOK, ledger=False, indexes=False)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("INSERT INTO webhook_events (event_type) VALUES ('in the wal')")
        conn.commit()
        done = bring_up(path, role=Role.WEBHOOK)
    before = copies(path)[0]
    assert before.name == done.copy
    assert len(rows(before, "SELECT 1 FROM webhook_events")) == 2
    assert not INDEXES[Role.WEBHOOK] & names(before, "index")
    path.write_bytes(before.read_bytes())
    assert bring_up(path, role=Role.WEBHOOK).applied == 1


@pytest.mark.row("W003-404")
def test_a_second_run_is_refused_with_the_name_and_age_of_the_first(path):
    with sole_migrator(path, 0):
        with pytest.raises(LockHeld) as caught:
            bring_up(path)
        assert caught.value.fields == {"held_by": f"run-migrations.{os.getpid()}", "held_for_s": 0}
    assert bring_up(path).applied == 2


@pytest.mark.row("W003-404")
def test_of_many_at_once_each_file_is_applied_by_exactly_one(path):
    results: list[object] = []

    def run():
        try:
            results.append(bring_up(path, lock_wait_s=20).applied)
        except Fault as fault:
            results.append(fault.reason)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results, key=str) == [0, 0, 0, 0, 0, 2]
    assert ledger(path) == FILES[Role.RUNTIME]


@pytest.mark.row("W003-404")
def test_what_the_old_program_applied_while_we_waited_is_not_applied_again(path, tmp_path):
    plan = plan_of(tmp_path / "plan", TABLE, "INSERT INTO a VALUES (1)")
    bring_up(path, plan_of(tmp_path / "first", TABLE))
    done = []
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("BEGIN IMMEDIATE")
        ours = threading.Thread(target=lambda: done.append(bring_up(path, plan, lock_wait_s=20)))
        ours.start()
        while not copies(path):  # it has looked, and now it waits for the lock
            time.sleep(0.01)
        old.execute("INSERT INTO a VALUES (1)")
        old.execute("INSERT INTO _schema_migrations VALUES ('002_runtime_step.sql', 'now')")
        old.execute("COMMIT")
        ours.join()
    assert (done[0].applied, done[0].skipped) == (0, 2)
    assert rows(path, "SELECT b FROM a") == [(1,)]


@pytest.mark.row("D003-400", "D003-405")
@pytest.mark.parametrize("look", [bring_up, dry_run])
def test_a_folder_a_pipe_and_a_file_that_is_something_else_are_named(tmp_path, look):
    (tmp_path / "folder.db").mkdir()
    os.mkfifo(tmp_path / "pipe.db")
    (tmp_path / "text.db").write_text("this is not a database, however long it may be. " * 50)
    for name, reason in {
        "folder.db": "database_is_folder",
        "pipe.db": "not_a_database",
        "text.db": "not_a_database",
    }.items():
        with pytest.raises(Fault) as caught:
            look(tmp_path / name)
        assert caught.value.reason == reason
    assert stat.S_ISFIFO((tmp_path / "pipe.db").stat().st_mode)


@pytest.mark.row("D003-402")
def test_a_damaged_database_is_neither_changed_nor_copied(path):
    made_by_the_old_program(path, Role.RUNTIME, indexes=False, ledger=False)
    make_by_hand(path, *(f"INSERT INTO comments (content) VALUES ('{'x' * 900}')" for _ in range(40)))
    data = bytearray(path.read_bytes())
    page = len(data) // 4096 // 2 * 4096
    data[page : page + 4096] = os.urandom(4096)
    path.write_bytes(data)
    assert refused(path).reason == "database_corrupt"
    assert path.read_bytes() == data
    assert copies(path) == []


@pytest.mark.row("D003-401")
@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_database_that_another_process_writes_is_waited_for_and_then_named(path, mode):
    made_by_the_old_program(path, Role.RUNTIME, indexes=False, ledger=False)
    make_by_hand(path, f"PRAGMA journal_mode = {mode}")
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
            "c.execute('BEGIN EXCLUSIVE')\nprint('held', flush=True)\nsys.stdin.read()\nc.execute('ROLLBACK')\n",
            str(path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin
    assert holder.stdout
    assert holder.stdout.readline()
    started = time.monotonic()
    assert refused(path, lock_wait_s=0.5).reason == "database_locked"
    assert 0.4 < time.monotonic() - started < 4
    holder.stdin.close()
    assert holder.wait(10) == 0
    assert bring_up(path).applied == 1


@pytest.mark.row("D003-404")
@pytest.mark.parametrize("room", [4_096, 40_000, 200_000])
def test_a_full_disk_is_named_and_leaves_a_whole_database(path, room):
    made_by_the_old_program(path, Role.RUNTIME, indexes=False, ledger=False)
    make_by_hand(path, *(f"INSERT INTO issues (id, session_id) VALUES ('n{n}', '{'s' * 500}')" for n in range(300)))
    before = contents(path)
    room = path.stat().st_size if room > 100_000 else room
    with no_file_above(room):
        fault = refused(path)
    assert fault.reason in ("disk_full", "disk_failed")
    assert fault.fields["sqlite"]
    assert [line for line in contents(path) if "_schema_" not in line] == before
    assert not [p for p in path.with_name("service.db.copies").iterdir() if p.name.startswith(".")]
    assert bring_up(path).applied == 1


@pytest.mark.row("D003-403")
@pytest.mark.skipif(os.geteuid() != 0, reason="root may write everything, so another user is asked; only root can")
def test_what_may_not_be_written_or_read_is_named():
    program = (
        "import os, sys; from pathlib import Path\n"
        "from tests.service_databases import bring_up; from tasks.rules.faults import Fault\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n        bring_up(Path(path))\n    except Fault as fault:\n        print(fault.reason)\n"
    )
    modes = {"closed": (0o755, 0o644), "locked": (0o777, 0o444), "private": (0o777, 0o600)}
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        paths = [
            made_by_the_old_program(Path(name) / folder / "a.db", Role.RUNTIME, ledger=False, indexes=False)
            for folder in modes
        ]
        for path, (folder_mode, file_mode) in zip(paths, modes.values(), strict=True):
            path.parent.chmod(folder_mode)
            path.chmod(file_mode)
        asked = [sys.executable, "-c", program, *map(str, paths)]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
        assert [len(rows(path, "SELECT 1 FROM issues")) for path in paths] == [1, 1, 1]
    assert done.stdout.split() == ["database_read_only", "database_read_only", "database_not_opened"], done.stderr


@pytest.mark.row("D003-408")
def test_a_writer_that_died_is_named_by_a_dry_run_and_rolled_back_by_a_run(path):
    make_by_hand(path, TABLE)
    writer = (
        "import os, sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 5')\nc.execute('BEGIN')\n"
        "c.executemany('INSERT INTO a VALUES (?)', ((n,) for n in range(50000)))\nos.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", writer, str(path)], check=False, timeout=60)
    with pytest.raises(Fault) as caught:
        dry_run(path)
    assert caught.value.reason == "recovery_pending"
    assert bring_up(path).applied == 2
    assert rows(path, "SELECT count(*) FROM a") == [(0,)]
