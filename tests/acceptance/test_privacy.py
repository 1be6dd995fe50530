"""The privacy proof: canaries in every secret place, every procedure run, and then a search for them everywhere.

Runbook 001, Escalation & post-incident: only aggregates and tokens may be recorded. The canaries stand in DSNs,
in other variables, in rows, in the text of a migration that fails and in what drivers raise; none may be found in
stdout, stderr, files, the Prefect database (states, parameters, logs, artifacts, events), the operations database, or
in any process's argument list.
"""

import importlib
import json
import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql

from flows.catalogue import Procedure, read_catalogue
from tests.webhook_server import Webhook, webhook_server

PASSWORD = "c4naryPassw0rd"
HOST = "c4nary-host.internal"
ROW = "c4naryRowText"
DEVICE = "c4nary-device-7f3a"
MIGRATION = "c4naryInMigration"
VARIABLE = "c4naryVariableValue"
CANARIES = [PASSWORD, HOST, ROW, DEVICE, MIGRATION, VARIABLE]

_NOBODY = "http://127.0.0.1:9"
# What each procedure is asked to do here: as much as it can. Anything new runs with its defaults until it is listed.
ASKED: dict[str, list[dict[str, object]]] = {
    "db-bootstrap": [
        {"mode": "all"},
        {"mode": "apply_migrations", "plan": "{broken}/sql", "dsn_env": "WATCHKEEPER_DSN"},
    ],
    "ops-daily": [{"mode": "ci"}, {"mode": "prod", "scheduled": True}, {"mode": "prod", "theme": "hope"}],
    "prod-verify": [{"mode": "dry_run"}, {"mode": "verify"}],
    "retention": [{"mode": "report"}, {"mode": "cleanup"}],
    "matching-tuning": [{"execute": True}],
    "approve": [{"request": 1}],
    "archive-verify": [{"folder": "archives"}],
    "metrics-check": [{"file": "{broken}/metrics.prom"}],
    "metrics-tail": [{"file": "{broken}/metrics.prom"}],
    "troubleshoot": [{"file": "{broken}/live.env", "saw": "stale-p95"}],
    "smoke-acceptance": [{"config": "{broken}/suites.toml", "service": False}],
    "smoke-guard": [{"config": "{broken}/suites.toml", "base_url": _NOBODY}],
    "env-check": [{"profile": "live", "file": "{broken}/live.env"}],
    "env-sample": [{"profile": "paper", "out": "paper.env"}],
    "full-validate": [{"config": "{broken}/checks.toml"}],
    "incident-note": [{"do": "draft", "key": "privacy", "logs": ("broken/orket.log",)}, {"do": "list"}],
    "incident-triage": [
        {"playbook": "webhook_storm", "logs": ("broken/orket.log",), "probes": 1},
        {"playbook": "verification_stall", "logs": ("broken/orket.log",)},
    ],
    "start-check": [{"profile": "paper", "boot_wait_s": 0, "ready_wait_s": 0}],
    "safe-mode": [{"set": "on", "reason": "privacy", "base_url": _NOBODY}, {"set": "off", "reason": "privacy"}],
    "webhook-secret-rotate": [{"repos": ("shop/web",), "execute": True, "config": "{broken}/services.toml"}],
    "shift-log": [{"do": "show"}, {"do": "export", "chain": "incidents"}],
    "project-restore": [{"project": "alpha"}],
    "release-deploy": [{"to": "b", "service": "talkative", "config": "{broken}/services.toml"}],
    "revert-pr": [{"sha": "0" * 40, "repo_root": "{broken}"}],
    "rollback": [{}, {"do": "record", "service": "talkative", "config": "{broken}/services.toml"}],
    "soak": [{"do": "start"}, {"do": "status"}, {"do": "stop", "why": "privacy"}],
    "soak-report": [{"shadow_hours": 0.01, "clock": "scaled", "out": "smoke.json"}],
    "soak-tick": [{"phase": "canary"}],
    "run-migrations": [{"create": True}, {"create": True, "migration_dir": "{broken}"}],
    "service-health": [{"second_look_s": 0}],
    "service-restart": [{"service": "talkative", "config": "{broken}/services.toml"}, {"service": "api"}],
    "docker-deploy": [{"service": "talkative", "config": "{broken}/services.toml"}],
    "security-check": [{"api_url": _NOBODY, "webhook_url": _NOBODY}],
    "security-canary": [{"api_url": _NOBODY, "webhook_url": _NOBODY}],
    "release-smoke": [{"skip_docker": True, "skip_tests": True}, {"config": "{broken}/checks.toml"}],
    "canary": [{"paper": "paper.prom", "watch_s": 0}],
    "live-promotion": [{"to": "testnet"}, {"to": "paper", "execute": True}],
    "load-validation": [{"webhook_base_url": _NOBODY, "api_base_url": _NOBODY, "ws_url": "ws://127.0.0.1:9/ws"}],
    "quick-cmds": [{"do": "all", "dry_run": True}, {"do": "ready-bundle"}],
}


@pytest.fixture
def production(database: str, postgres: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Both databases behind DSNs with a canary password, and canaries in whatever else may hold a secret."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path / "artifacts"))
    monkeypatch.setenv("SOME_API_TOKEN", VARIABLE)
    monkeypatch.setenv("ORKET_API_URL", f"http://ops:{PASSWORD}@{HOST}:9")
    monkeypatch.setenv("ORKET_WEBHOOK_URL", _NOBODY)
    monkeypatch.setenv("ORKET_RUNTIME_DB", str(tmp_path / f"{VARIABLE}.db"))
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS privacy_operations")
        admin.execute("CREATE DATABASE privacy_operations")
    operations = postgres.replace("/postgres?", "/privacy_operations?")
    monkeypatch.setenv("POSTGRES_DSN_PROD", _with_password(database))
    monkeypatch.setenv("WATCHKEEPER_DSN", _with_password(operations))
    yield operations
    from tasks import operations as remembered

    remembered._engine.cache_clear()
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute("DROP DATABASE privacy_operations WITH (FORCE)")


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """Where the notices go; its address is a secret."""
    with webhook_server() as server:
        monkeypatch.setenv("SLACK_WEBHOOK_URL", f"{server.url}/{VARIABLE}")
        yield server


def _with_password(dsn: str) -> str:
    """The same place with a user and a password; the embedded server trusts whoever reaches its socket."""
    return dsn.replace("postgres:@", f"postgres:{PASSWORD}@").replace("postgres@", f"postgres:{PASSWORD}@")


def _plant_rows(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO mood_submissions (device_id, valence, intensity, free_text)"
            " VALUES (%s, 'neutral', 'low', %s)",
            (DEVICE, ROW),
        )
        message = conn.execute(
            "INSERT INTO messages (valence, intensity, sanitized_text, origin_device_id, theme_tags)"
            " VALUES ('neutral', 'low', %s, %s, ARRAY['hope']) RETURNING id",
            (ROW, DEVICE),
        ).fetchone()
        assert message
        conn.execute(
            "INSERT INTO inbox_items (message_id, recipient_device_id) VALUES (%s, %s)", (message[0], DEVICE)
        )


def _broken_plan(folder: Path) -> Path:
    plan = folder / "broken"
    plan.mkdir()
    for name in ("sql", "runtime"):  # a plan of its own each: a stray file beside it and it would not be run
        (plan / name).mkdir()
    (plan / "sql" / "0001_broken.sql").write_text(f"SELECT '{MIGRATION}'::int;\n", encoding="utf-8")
    (plan / "runtime" / "001_runtime_broken.sql").write_text(f"SELECT {MIGRATION} FROM x;\n", encoding="utf-8")
    (plan / "checks.toml").write_text(
        '[[check]]\nname = "talkative"\ntimeout_s = 30\n'
        """command = ["python", "-c", "import os; print(os.environ['SOME_API_TOKEN'])"]\n""",
        encoding="utf-8",
    )
    _talkative_service(plan)
    (plan / "metrics.prom").write_text(f"# TYPE a gauge\na 1\na 1\n{VARIABLE}\n# {VARIABLE}\n", "utf-8")
    _talkative_suite(plan)
    (plan / "live.env").write_text(f"EXEC_PROFILE=live\nAPI_TOKEN={VARIABLE}\n{VARIABLE}=1\n{VARIABLE}\n", "utf-8")
    said = f"postgresql://ops:{PASSWORD}@{HOST}/app said no to {VARIABLE}"
    (plan / "orket.log").write_text(f'{{"event": "db", "data": {{"message": "{said}"}}}}\n', "utf-8")
    return plan


def _talkative_suite(folder: Path) -> None:
    """It says a secret in its log, and in the reason why it skips."""
    script = (
        "import os, sys; said = os.environ['SOME_API_TOKEN']; print(said);"
        'skipped = f\'<testcase name="a"><skipped message="{said}"/></testcase>\';'
        "open(sys.argv[1], 'w').write(f'<testsuite>{skipped}</testsuite>')"
    )
    command = json.dumps(["python", "-c", script, "{junit}"])
    suites = [f'[[suite]]\nname = "{name}"\ncommand = {command}\n' for name in ("acceptance", "guard")]
    (folder / "suites.toml").write_text("".join(suites), encoding="utf-8")


def _talkative_service(folder: Path) -> None:
    """It is given a secret in its env file, says it, and ends."""
    (folder / "services.toml").write_text(
        '[[service]]\nname = "talkative"\nport = 9\nhealth = "http://127.0.0.1:9/health"\nenv_file = ".env"\n'
        """start = ["python", "-c", "import os; print(os.environ['SERVICE_TOKEN'])"]\n""",
        encoding="utf-8",
    )
    (folder / ".env").write_text(f"SERVICE_TOKEN={VARIABLE}\n", encoding="utf-8")


@contextmanager
def watched_arguments() -> Iterator[set[str]]:
    """Every argument list of every process of this user that lives while the block runs."""
    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            for process in psutil.process_iter(["cmdline"]):
                seen.add(" ".join(process.info["cmdline"] or ()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _run(procedure: Procedure, parameters: dict[str, object]) -> None:
    flow = getattr(importlib.import_module(procedure.module), procedure.function)
    flow(**parameters, return_state=True)


def _parameters(procedure: Procedure, broken: Path) -> list[dict[str, object]]:
    asked = ASKED.get(procedure.name, [{}])
    return [
        {
            key: value.replace("{broken}", str(broken)) if isinstance(value, str) else value
            for key, value in one.items()
        }
        for one in asked
    ]


@pytest.mark.timeout(600)
@pytest.mark.row("P001-2", "P001-23", "W001-32", "W001-33")
@pytest.mark.usefixtures("prefect_server")
def test_no_canary_is_found_anywhere_after_every_procedure_ran(
    production, database, webhook, tmp_path, capfd, caplog, monkeypatch
):
    caplog.set_level(logging.DEBUG)
    broken = _broken_plan(tmp_path)
    procedures = read_catalogue()
    with watched_arguments() as arguments:
        _run(
            procedures["db-bootstrap"], {"mode": "all", "plan": "migrations/operations", "dsn_env": "WATCHKEEPER_DSN"}
        )
        _run(procedures["db-bootstrap"], {"mode": "all"})
        _plant_rows(database)
        for procedure in procedures.values():
            for parameters in _parameters(procedure, broken):
                _run(procedure, parameters)
        monkeypatch.setenv("POSTGRES_DSN_PROD", f"postgresql://ops:{PASSWORD}@{HOST}:9/app?hostaddr=127.0.0.1")
        for name in ("db-verify", "ops-daily", "prod-verify", "retention"):
            _run(procedures[name], ASKED.get(name, [{}])[-1])
        monkeypatch.setenv("POSTGRES_DSN_PROD", f"not a dsn but {VARIABLE}")
        monkeypatch.setenv("SLACK_WEBHOOK_URL", f"{_NOBODY}/hooks/{VARIABLE}")
        _run(procedures["db-verify"], {})
    printed = capfd.readouterr()
    found = {
        "stdout": printed.out,
        "stderr": printed.err,
        "log records": "\n".join(record.getMessage() + str(record.exc_text) for record in caplog.records),
        "argument lists": "\n".join(arguments),
        "notices": "\n".join(webhook.texts),
        "operations database": _everything_in_postgres(production),
        "prefect database": _everything_in_prefect(),
        **{f"file {path.name}": path.read_text(encoding="utf-8", errors="replace") for path in _files(tmp_path)},
    }
    assert len(found["prefect database"]) > 10_000
    assert len(found["operations database"]) > 1_000
    assert "db_verify status=fail reason=db_connect_failed" in found["stdout"]
    assert "db_verify status=fail reason=db_connect_failed" in found["notices"]
    assert "db_bootstrap status=fail mode=apply_migrations reason=migration_apply_failed" in found["stdout"]
    leaks = [(where, canary) for where, text in found.items() for canary in CANARIES if canary in text]
    assert not leaks


def test_the_search_would_have_found_a_leak(prefect_server):
    """The proof above is worth something only if a secret that does get out is seen by it."""
    from prefect import flow

    @flow(name="leaky")
    def leaky(dsn: str) -> None:
        raise RuntimeError(dsn)

    leaky(f"postgresql://u:{PASSWORD}-leaked@{HOST}/d", return_state=True)
    assert f"{PASSWORD}-leaked" in _everything_in_prefect()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "broken" not in path.relative_to(folder).parts]


def _everything_in_postgres(dsn: str) -> str:
    with psycopg.connect(dsn) as conn:
        tables = [row[0] for row in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        rows = (
            row for table in tables for row in conn.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
        )
        return "\n".join(map(str, rows))


def _everything_in_prefect() -> str:
    """Every value of every table, after the server had the time to write what it was sent; leaks of tests aside."""
    import time

    from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL

    time.sleep(3)
    path = str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value()).partition("///")[2]
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return "\n".join(str(row) for table in tables for row in database.execute(f'SELECT * FROM "{table}"'))
