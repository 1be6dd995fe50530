"""The embedded PostgreSQL: started by the first, stopped by the last."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tasks import embedded
from tasks.rules.faults import Misconfigured

ROOT = Path(__file__).resolve().parents[2]
USE_IT = "from pathlib import Path; from tasks import embedded; embedded.local_dsns(Path('.watchkeeper').resolve())"


def use_in_another_process(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", USE_IT], cwd=folder, env=environment, check=True, timeout=120)


def test_the_server_is_gone_after_its_last_user(tmp_path):
    use_in_another_process(tmp_path)
    assert embedded.running(tmp_path / ".watchkeeper") is None


def test_a_server_that_is_kept_outlives_a_command_that_used_it_and_every_database_answers(tmp_path):
    home = tmp_path / ".watchkeeper"
    kept = embedded.keep(home)
    use_in_another_process(tmp_path)
    assert embedded.running(home) == kept == embedded.keep(home)
    for dsn in kept.dsns.values():
        with psycopg.connect(dsn) as conn:
            assert conn.execute("SHOW listen_addresses").fetchone() == ("",)
    assert embedded.give_up(home)
    assert embedded.running(home) is None
    assert not embedded.give_up(home)


def test_giving_up_leaves_the_server_to_a_command_that_still_uses_it(tmp_path):
    home = tmp_path / ".watchkeeper"
    embedded.keep(home)
    waits = f"{USE_IT}; print('up', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", waits],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout and command.stdout.readline() == "up\n"
        assert not embedded.give_up(home)
        assert embedded.running(home)
        command.communicate("\n", timeout=60)
    assert embedded.running(home) is None


def test_a_folder_too_deep_for_a_socket_and_with_odd_letters_still_works(tmp_path):
    home = tmp_path / ("it's, " + "deep" * 20) / ".watchkeeper"
    home.parent.mkdir()
    server = embedded.keep(home)
    try:
        with psycopg.connect(server.dsns["WATCHKEEPER_DSN"]) as conn:
            assert conn.execute("SELECT current_database()").fetchone() == ("operations",)
    finally:
        embedded.give_up(home)
    assert not server.sockets.exists()


def test_a_pid_file_left_by_a_crash_is_not_taken_for_a_server(tmp_path):
    home = tmp_path / ".watchkeeper"
    embedded.keep(home)
    embedded.give_up(home)
    stale = [str(os.getpid()), str(home / "postgres"), "1", "5432", str(home / "postgres"), "", "1 1", "ready"]
    (home / "postgres" / "postmaster.pid").write_text("\n".join(stale) + "\n")
    assert embedded.running(home) is None
    try:
        assert embedded.keep(home).pid != os.getpid()
    finally:
        embedded.give_up(home)


def test_a_folder_that_cannot_be_used_is_said_with_what_to_do(tmp_path):
    (tmp_path / ".watchkeeper").write_text("a file stands in the way")
    with pytest.raises(Misconfigured, match=r"start in a folder of your own"):
        embedded.local_dsns(tmp_path / ".watchkeeper")
