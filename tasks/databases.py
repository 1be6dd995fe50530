"""Connections to PostgreSQL by the name of a variable, and the one translation of a driver's errors into faults."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import conninfo, errors, sql

from tasks.rules.faults import Fault, Misconfigured, Refused, Unreachable
from tasks.rules.production import DsnState
from tasks.settings import dsn_named, is_set
from tasks.step import step

CONNECT_TIMEOUT_S = 10
STATEMENT_TIMEOUT_MS = 120_000
LOCK_TIMEOUT_MS = 5_000
# libpq gives no SQLSTATE for a connection that was refused; a server in another language says db_connect_failed.
_NO_CONNECT_PRIVILEGE = "permission denied for database"


def is_dsn(text: str) -> bool:
    """Whether PostgreSQL's own parser takes the text for a connection string that names somewhere to go."""
    try:
        parts = conninfo.conninfo_to_dict(plain_dsn(text))
    except psycopg.ProgrammingError:
        return False
    return any(parts.get(part) for part in ("host", "hostaddr", "dbname", "service"))


@step
def check_dsns(names: tuple[str, ...]) -> dict[str, DsnState]:
    """Whether each variable is set and parses as a DSN; no value leaves this function."""
    return {name: _dsn_state(name) for name in names}


def _dsn_state(name: str) -> DsnState:
    if not is_set(name):
        return DsnState.MISSING
    return DsnState.VALID if is_dsn(dsn_named(name).get_secret_value()) else DsnState.INVALID


def plain_dsn(dsn: str) -> str:
    """SQLAlchemy's spelling (postgresql+psycopg://) brought back to the one that libpq knows."""
    scheme, mark, rest = dsn.partition("://")
    return f"postgresql://{rest}" if mark and scheme.startswith(("postgresql+", "postgres+")) else dsn


@contextmanager
def connection(
    dsn_env: str,
    *,
    autocommit: bool = False,
    read_only: bool = False,
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
    database: str | None = None,
) -> Iterator[psycopg.Connection]:
    """A connection to the database that the variable names, or to `database` beside it; all it raises is a `Fault`.

    Times out on connecting (10 s), on a lock (5 s) and on a statement (120 s), so that no run hangs on a sick server.
    """
    dsn = dsn_named(dsn_env).get_secret_value()
    if not is_dsn(dsn):
        raise Misconfigured("invalid_dsn", f"{dsn_env} is set but is not a PostgreSQL DSN", env=(dsn_env,))
    with _connected(dsn_env, _beside(plain_dsn(dsn), database), autocommit) as conn, translated(dsn_env):
        conn.read_only = read_only or None
        _limit(conn, statement_timeout_ms)
        yield conn


def _beside(dsn: str, database: str | None) -> str:
    return conninfo.make_conninfo(dsn, dbname=database) if database else dsn


def _connected(dsn_env: str, dsn: str, autocommit: bool) -> psycopg.Connection:
    try:
        return psycopg.connect(
            dsn, connect_timeout=CONNECT_TIMEOUT_S, autocommit=autocommit, application_name="watchkeeper"
        )
    except psycopg.OperationalError as error:
        if _NO_CONNECT_PRIVILEGE in str(error):
            raise fault_of(errors.InsufficientPrivilege(), dsn_env) from None
        raise Unreachable(
            "db_connect_failed", f"check that the server in {dsn_env} is up and reachable", env=(dsn_env,)
        ) from None


def _limit(conn: psycopg.Connection, statement_timeout_ms: int) -> None:
    for name, value in (("lock_timeout", LOCK_TIMEOUT_MS), ("statement_timeout", statement_timeout_ms)):
        conn.execute(sql.SQL("SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
    if not conn.autocommit:
        conn.commit()


@contextmanager
def translated(dsn_env: str) -> Iterator[None]:
    """Turn what the driver raises into the fault it means; the driver's text goes no further."""
    try:
        yield
    except psycopg.Error as error:
        raise fault_of(error, dsn_env) from None


def fault_of(error: psycopg.Error, dsn_env: str) -> Fault:  # noqa: PLR0911  one case for each thing a driver can mean
    env = (dsn_env,)
    match error:
        case errors.InsufficientPrivilege():
            return Refused("db_permission_denied", f"grant the role in {dsn_env} what the runbook lists", env=env)
        case errors.UndefinedTable() | errors.UndefinedColumn():
            return Refused("missing_tables", f"re-run the migrations on {dsn_env}: watchkeeper db-bootstrap", env=env)
        case errors.ReadOnlySqlTransaction():
            return Refused("db_read_only", f"{dsn_env} leads to a read-only server: point it to the primary", env=env)
        case errors.LockNotAvailable() | errors.QueryCanceled() | errors.IdleInTransactionSessionTimeout():
            return Unreachable(
                "db_timeout", "see what blocks the database (pg_stat_activity), then start again", env=env
            )
        case errors.AdminShutdown() | errors.CrashShutdown() | errors.CannotConnectNow():
            return Unreachable("db_connection_lost", "the server is restarting: start again when it is up", env=env)
        case psycopg.OperationalError():
            return Unreachable("db_connection_lost", "the connection broke: start again", env=env)
        case _:
            return Fault("db_error", f"see the log for SQLSTATE {error.sqlstate or 'na'}", env=env)
