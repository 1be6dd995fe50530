"""Notes of incidents and the shift log as an operator meets them (runbook 002, Incident Notes)."""

import json

import psycopg
import pytest

from flows.guard.incident_note import incident_note
from flows.guard.shift_log import shift_log
from tasks.approvals.operators import list_operators  # noqa: F401  its tables
from tasks.records.notes import write_into
from tasks.records.shift import record_shift
from tests.by_hand import lines_of
from tests.operations_tables import empty, shared_operations
from tests.people import KEY, App, typing

NOTE = "# What happened\n\nOrders stopped.\n\n# Decisions\n\nStay in hold.\n\n# Next steps\n\nAsk the venue.\n"


@pytest.fixture(scope="module")
def records_database(postgres):
    with shared_operations(postgres) as dsn:
        yield dsn


@pytest.fixture(autouse=True)
def place(records_database, monkeypatch, tmp_path):
    empty(
        records_database,
        *("records", "record_documents", "outcomes", "incidents"),
        *("operators", "approval_codes", "approval_requests"),
    )
    for name, value in (
        ("WATCHKEEPER_DSN", records_database),
        ("WATCHKEEPER_APPROVAL_KEY", KEY),
        ("ARTIFACTS_URL", str(tmp_path / "artifacts")),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("RUNTIME_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(flow, **parameters):
    """The last line of a procedure that was started by hand."""
    return lines_of(flow, **parameters)[-1]


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "note.md"
    path.write_text(NOTE, encoding="utf-8")
    return str(path)


@pytest.fixture
def note():
    line = ask(
        incident_note, do="draft", key="orders-stopped", profile="paper", venue="okx", why="stale-p95", logs=()
    )
    return line.split("incident=")[1].split()[0]


@pytest.mark.row("P002-403", "P002-404", "P002-410")
def test_a_draft_has_its_number_its_snapshot_and_says_what_is_wanting(monkeypatch):
    monkeypatch.setenv("WATCHKEEPER_NOW", "2026-11-21T03:00:00Z")
    asked = {
        "do": "draft",
        "key": "orders-stopped",
        "profile": "live",
        "flags": ("SAFE_MODE",),
        "logs": ("none.log",),
    }
    first = ask(incident_note, **asked)
    assert first.startswith(
        "incident_note status=ok do=draft incident=INC-20261121-01 state=draft profile=live flags=SAFE_MODE records=1"
        " snapshot="
    )
    assert " unavailable=3 wanting=venue,why,decisions,next_steps" in first
    assert ask(incident_note, **asked) == first
    assert "incident=INC-20261121-02" in ask(incident_note, **asked | {"key": "another"})


@pytest.mark.row("P002-405", "P002-406", "P002-407", "P002-411")
def test_a_note_is_written_reviewed_by_another_person_and_closed(note, text_file, monkeypatch, tmp_path):
    alice, bob = App("alice").enrolled(), App("bob")
    bob.enrolled(by="alice")
    named = {"incident": note}
    assert ask(incident_note, do="close", **named) == (
        "incident_note status=fail reason=note_incomplete wanting=decisions,next_steps"
    )
    written = ask(incident_note, do="write", operator="alice", text_file=text_file, **named)
    assert f"incident={note} state=draft" in written
    assert "wanting=" not in written
    assert ask(incident_note, do="close", **named) == "incident_note status=fail reason=note_not_reviewed"
    answers = [
        ("who asks", "alice"),
        ("code of alice", alice.code()),
        ("who approves", "bob"),
        ("code of bob", bob.code()),
    ]
    with typing(monkeypatch, *answers) as typist:
        assert ask(incident_note, do="review", **named).endswith("reviewer=bob")
    assert f"incident-review: incident={note} records=2" in typist.screen
    assert "state=closed" in ask(incident_note, do="close", **named)
    assert ask(incident_note) == "incident_note status=ok do=list notes=1 open=0"
    assert " files=2" in ask(incident_note, do="export", **named)
    page = (tmp_path / "artifacts" / "incidents" / f"{note}.md").read_text()
    for part in ("Stay in hold.", "Ask the venue.", "why: stale-p95", "Written by alice"):
        assert part in page
    assert json.loads((tmp_path / "artifacts" / "incidents" / f"{note}.json").read_text())["state"] == "closed"


@pytest.mark.row("P002-407", "W002-424")
def test_an_author_cannot_be_the_reviewer(note, text_file, monkeypatch):
    alice, bob = App("alice").enrolled(), App("bob")
    bob.enrolled(by="alice")
    ask(incident_note, do="write", incident=note, operator="bob", text_file=text_file)
    answers = [
        ("who asks", "alice"),
        ("code of alice", alice.code()),
        ("who approves", "bob"),
        ("code of bob", bob.code()),
    ]
    with typing(monkeypatch, *answers):
        assert ask(incident_note, do="review", incident=note) == "incident_note status=fail reason=reviewer_is_author"


@pytest.mark.row("P002-406")
def test_a_word_that_comes_between_voids_the_review(note, monkeypatch):
    alice, bob = App("alice").enrolled(), App("bob")
    bob.enrolled(by="alice")

    def meanwhile(_screen: str) -> str:
        write_into.fn(note, "carol", {"venue": "binance"}, {})
        return bob.code()

    first = (("who asks", "alice"), ("code of alice", alice.code()), ("who approves", "bob"))
    with typing(monkeypatch, *first, ("code of bob", meanwhile)):
        assert ask(incident_note, do="review", incident=note) == "incident_note status=fail reason=note_changed"


@pytest.mark.row("P002-412", "D002-405")
def test_a_text_is_typed_at_the_terminal_and_never_said(note, monkeypatch, records_database):
    answers = [
        ("What happened", "it stopped"),
        ("> ", "."),
        ("Decisions", "stay"),
        ("> ", "."),
        ("Next steps", "."),
    ]
    with typing(monkeypatch, *answers):
        line = ask(incident_note, do="write", incident=note, operator="alice")
    assert line.endswith("wanting=next_steps")
    assert "stopped" not in line
    with psycopg.connect(records_database) as conn:
        assert "stopped" not in str(conn.execute("SELECT * FROM outcomes").fetchall())
        assert "it stopped" in str(conn.execute("SELECT content FROM record_documents").fetchall())


@pytest.mark.row("D002-405", "D002-406")
@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"do": "draft"}, "missing_key"),
        ({"do": "draft", "key": "two words"}, "invalid_word"),
        ({"do": "draft", "key": "k", "why": "because of him"}, "invalid_word"),
        ({"do": "draft", "key": "k", "operator": "No Body"}, "missing_operator"),
        ({"do": "show"}, "missing_incident"),
        ({"do": "show", "incident": "INC-20200101-01"}, "unknown_incident"),
        ({"do": "write", "incident": "note"}, "missing_operator"),
        ({"do": "write", "incident": "note", "operator": "alice", "text_file": "missing.md"}, "text_unreadable"),
        ({"do": "write", "incident": "note", "operator": "alice", "text_file": "link.md"}, "text_unreadable"),
        ({"do": "write", "incident": "note", "operator": "alice", "text_file": "."}, "text_unreadable"),
        ({"do": "write", "incident": "note", "operator": "alice", "text_file": "latin.md"}, "text_unreadable"),
        ({"do": "write", "incident": "note", "operator": "alice", "text_file": "large.md"}, "text_unreadable"),
        ({"do": "write", "incident": "note", "operator": "alice", "text_file": "blame.md"}, "unknown_section"),
        ({"do": "write", "incident": "note", "operator": "alice", "text_file": "empty.md"}, "nothing_written"),
    ],
)
def test_what_cannot_be_taken_is_refused(note, asked, reason, place):
    (place / "latin.md").write_bytes(b"# Decisions\n\xff\xfe")
    (place / "large.md").write_text("x" * 70_000)
    (place / "blame.md").write_text("# Blame\nhim\n")
    (place / "empty.md").write_text("# Decisions\n\n")
    (place / "link.md").symlink_to("blame.md")
    if asked.get("incident") == "note":
        asked = asked | {"incident": note}
    assert ask(incident_note, **asked).startswith(f"incident_note status=fail reason={reason}")


@pytest.mark.row("P002-413")
def test_what_looks_like_a_secret_is_in_no_note(monkeypatch, place, records_database):
    monkeypatch.setenv("SOME_API_TOKEN", "c4nary-token-value")
    secrets = ["c4nary-token-value", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "hunter2"]
    (place / "app.log").write_text(f"start {secrets[0]}\nsigned with {secrets[1]}\nAuthorization: Basic hunter2\n")
    (place / "note.md").write_text(f"# Decisions\n\nrotate {secrets[0]}\n")
    line = ask(incident_note, do="draft", key="k", logs=("app.log",))
    incident = line.split("incident=")[1].split()[0]
    ask(incident_note, do="write", incident=incident, operator="alice", text_file="note.md")
    ask(incident_note, do="export", incident=incident)
    exported = "".join(path.read_text() for path in (place / "artifacts").rglob("INC-*"))
    assert "signed with [redacted run]" in exported
    with psycopg.connect(records_database) as conn:
        kept = str(
            conn.execute("SELECT * FROM records").fetchall()
            + conn.execute("SELECT * FROM record_documents").fetchall()
        )
    assert not [secret for secret in secrets if secret in exported + kept]


@pytest.mark.row("P002-400", "P002-403", "P002-414")
def test_the_shift_log_is_shown_exported_and_verified(place):
    record_shift.fn("live-confirm", subject="live", operator="alice")
    assert ask(shift_log).startswith("shift_log status=ok do=show chain=shift-log records=1 head=")
    assert ask(shift_log, do="verify").startswith(
        "shift_log status=insufficient_data reason=unproven do=verify chain=shift-log records=1 head="
    )
    assert ask(shift_log, do="export").endswith(" files=2")
    first = {path.name: path.read_bytes() for path in (place / "artifacts" / "records").iterdir()}
    assert ask(shift_log, do="export").endswith(" known=1 files=2")
    assert first == {path.name: path.read_bytes() for path in (place / "artifacts" / "records").iterdir()}
    assert ask(shift_log, do="verify").endswith(" known=1")


@pytest.mark.row("P002-403")
def test_a_damaged_log_is_not_exported_over_a_good_one(place, records_database):
    for number in range(3):
        record_shift.fn("step", number=number)
    ask(shift_log, do="export")
    before = (place / "artifacts" / "records" / "shift-log.json").read_bytes()
    with psycopg.connect(records_database) as conn:
        conn.execute("DELETE FROM records WHERE seq = 3")
    assert "status=fail reason=truncated do=export" in ask(shift_log, do="export")
    assert (place / "artifacts" / "records" / "shift-log.json").read_bytes() == before


def test_a_remark_is_handed_over_by_a_file(place):
    (place / "remark.txt").write_text("Keep an eye on okx.\n")
    asked = {"do": "add", "text_file": "remark.txt"}
    assert ask(shift_log, **asked) == "shift_log status=fail reason=missing_operator"
    assert " records=1 " in ask(shift_log, **asked, operator="alice")
    ask(shift_log, do="export")
    assert "Keep an eye on okx." in (place / "artifacts" / "records" / "shift-log.md").read_text()
    assert "status=ok" in ask(shift_log)


def test_a_draft_from_a_deployment_shows_its_lines(prefect_server, capsys):
    state = incident_note(do="draft", key="in-prefect", logs=(), return_state=True)
    assert state.is_completed()
    assert "wanting=profile,venue,why,decisions,next_steps" in str(state.message)
