"""A migration that is killed anywhere, and started again, ends as if nothing had happened (runbook 003)."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tasks.rules.services.migrations import Role
from tests.service_databases import (
    bring_up,
    checksums,
    contents,
    copies,
    ledger,
    made_by_the_old_program,
    make_by_hand,
    our_plan,
    plan_of,
)

OURS = ("migrating.py", "sqlite.py", "sqlite_schema.py", "sqlite_copies.py", "files.py", "file_locks.py")
STRIDE = 41


def apart(work, *, steps=None, after_s=None):
    """Do the work in a process of its own, killed after so many steps of our code or seconds; whether it was."""
    pid = os.fork()
    if not pid:
        try:
            if steps is not None:
                sys.setprofile(_kill_after(steps))
            work()
        finally:
            os._exit(0)
    if after_s is not None:
        time.sleep(after_s)
        os.kill(pid, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def _kill_after(steps):
    done = 0

    def count(frame, _event, _argument):
        nonlocal done
        done += Path(frame.f_code.co_filename).name in OURS
        if done == steps:
            os.kill(os.getpid(), signal.SIGKILL)

    return count


def old_webhook_database(path):
    made_by_the_old_program(path, Role.WEBHOOK, indexes=True)
    return make_by_hand(path, "DROP TABLE bug_fix_phases")


MAKERS = {
    "nothing is there": (Role.RUNTIME, lambda path: path),
    "made by the old program": (
        Role.RUNTIME,
        lambda path: made_by_the_old_program(path, Role.RUNTIME, ledger=False, indexes=False),
    ),
    "to be caught up and adopted": (Role.WEBHOOK, old_webhook_database),
}


@pytest.mark.row("P003-409", "D003-406")
@pytest.mark.parametrize("case", MAKERS)
def test_killed_at_any_step_of_our_code_a_second_start_ends_the_same(tmp_path, case):
    role, make = MAKERS[case]
    plan = our_plan(role)
    whole = make(tmp_path / "whole.db")
    bring_up(whole, plan, role)
    killed, number = True, 0
    while killed:
        number += 1
        path = make(tmp_path / f"case-{number}.db")
        killed = apart(lambda path=path: bring_up(path, plan, role), steps=STRIDE * number)
        bring_up(path, plan, role)
        assert (contents(path), checksums(path)) == (contents(whole), checksums(whole)), number
        assert bring_up(path, plan, role).skipped == 2
        for copy in copies(path):
            assert contents(copy)
    assert number > 8


@pytest.mark.row("P003-409", "D003-406")
def test_killed_in_the_middle_of_long_statements_only_whole_files_are_left(tmp_path):
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"
    texts = [f"CREATE TABLE t{k} (i, text); {many} INSERT INTO t{k} SELECT i, hex(i) FROM n;" for k in range(4)]
    plan = plan_of(tmp_path / "plan", *texts)
    began = time.monotonic()
    bring_up(tmp_path / "whole.db", plan)
    took = time.monotonic() - began
    whole = contents(tmp_path / "whole.db")
    left = set()
    for number in range(8):
        path = tmp_path / f"case-{number}.db"
        apart(lambda path=path: bring_up(path, plan), after_s=took * (number + 1) / 8)
        done = bring_up(path, plan)
        left.add(done.skipped)
        assert contents(path) == whole
        assert ledger(path) == [one.name for one in plan.migrations]
        path.unlink()
    assert len(left) > 1  # the kills met different files


@pytest.mark.row("D003-406")
def test_a_lock_whose_holder_was_killed_is_free(tmp_path):
    path = make_by_hand(tmp_path / "a.db", "CREATE TABLE a (b)")
    assert apart(lambda: bring_up(path), steps=40)
    done = bring_up(path)
    assert done.applied + done.adopted + done.skipped == 2
