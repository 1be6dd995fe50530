"""Runbook 004, Release bundle: gate, bundle, check, and the rebuild every three to five days."""

import json
import os
from datetime import UTC, datetime

import pytest

from flows.release.bundle import bundle
from flows.release.bundle_auto import bundle_auto
from flows.release.bundle_verify import bundle_verify
from flows.release.ready_gate import ready_gate
from tests.release_folder import NOON, NOW, commit_all, make_artifacts, make_repository

pytestmark = pytest.mark.usefixtures("prefect_server")
DAY = 86_400


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A repository with artifacts that may be released, as the working folder; the clock stands still."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHKEEPER_NOW", NOON)
    with make_repository(tmp_path):
        make_artifacts(tmp_path / "artifacts")
        yield tmp_path


@pytest.fixture
def days_pass(monkeypatch, place):
    """Set the clock that many days on, with artifacts made at that time."""

    def pass_days(days, readiness=95.0):
        now = NOW + int(days * DAY)
        monkeypatch.setenv("WATCHKEEPER_NOW", datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        make_artifacts(place / "artifacts", readiness, now)

    return pass_days


def run(capsys, flow, **options):
    state = flow(return_state=True, **options)
    lines = [line.partition(" frozen_now=")[0] for line in capsys.readouterr().out.splitlines()]
    assert state.message.partition(" frozen_now=")[0] == lines[-1]
    return state, lines


def bundles(place):
    return sorted(path.name for path in (place / "dist" / "release_bundle").glob("*"))


@pytest.mark.row("P004-514")
def test_the_gate_passes_and_blocks(capsys, place, days_pass):
    assert run(capsys, ready_gate)[1] == ["event=ready_gate readiness=95 min=85 status=PASS age_sec=0"]
    days_pass(0, readiness=84.999)
    state, lines = run(capsys, ready_gate)
    assert state.is_failed()
    assert lines == [
        "event=ready_gate readiness=84 min=85 status=FAIL reason=readiness_low exact=84.999000 age_sec=0"
    ]
    assert run(capsys, ready_gate, kpi="nowhere")[1] == ["event=ready_gate min=85 status=FAIL reason=kpi_missing"]


@pytest.mark.row("D004-503", "D004-511")
def test_a_kpi_of_gigabytes_and_one_that_is_a_link_are_not_read(capsys, place):
    kpi = place / "artifacts" / "KPI_GATE.json"
    os.truncate(kpi, 3 << 30)  # sparse: it takes no room
    assert run(capsys, ready_gate)[1] == ["event=ready_gate status=FAIL reason=inputs_unreadable"]
    assert run(capsys, bundle)[1] == ["RELEASE_BUNDLE=BLOCKED reason=inputs_unreadable"]
    kpi.unlink()
    kpi.symlink_to("/etc/passwd")
    assert run(capsys, ready_gate)[1] == ["event=ready_gate status=FAIL reason=inputs_unreadable"]


@pytest.mark.row("P004-515", "P004-517")
def test_a_release_is_built_stamped_and_verified(capsys, place):
    state, lines = run(capsys, bundle)
    assert state.is_completed()
    stamp = json.loads((place / "artifacts" / "RELEASE_STAMP.json").read_bytes())
    assert lines[0].startswith("event=ready_gate readiness=95 min=85 status=PASS")
    assert lines[1] == (
        f"RELEASE_BUNDLE=READY version=1.2.3 git_hash={stamp['git_hash']} bundle_sha256={stamp['bundle_sha256']}"
        f" files=7 bundle={stamp['bundle']} dirty=false"
    )
    assert stamp["ts"] == NOW
    assert stamp["frozen_now"] == NOON
    assert stamp["evidence"]["predicate"]["gate"]["readiness"] == 95
    assert bundles(place) == [stamp["bundle"]]
    assert run(capsys, bundle_verify)[1] == [
        f"event=bundle_verify status=OK files=7 mismatched=0 version=1.2.3 git_hash={stamp['git_hash']}"
    ]


@pytest.mark.row("P004-516")
def test_two_builds_with_a_frozen_clock_are_the_same_bytes(capsys, place):
    def built():
        run(capsys, bundle)
        stamp = (place / "artifacts" / "RELEASE_STAMP.json").read_bytes()
        return stamp, (place / "dist" / "release_bundle" / json.loads(stamp)["bundle"]).read_bytes()

    first = built()
    for path in [*(place / "artifacts").iterdir(), *(place / "docs").glob("p*")]:
        path.touch()
    assert built() == first
    assert len(bundles(place)) == 1


@pytest.mark.row("P004-514", "W004-522")
def test_the_gate_blocks_and_the_old_release_stays_in_force(capsys, place, days_pass):
    run(capsys, bundle)
    before = (place / "artifacts" / "RELEASE_STAMP.json").read_bytes(), bundles(place)
    days_pass(0, readiness=84.999)
    state, lines = run(capsys, bundle)
    assert state.is_failed()
    assert lines[-1] == "RELEASE_BUNDLE=BLOCKED reason=gate_failed"
    assert ((place / "artifacts" / "RELEASE_STAMP.json").read_bytes(), bundles(place)) == before
    assert "status=OK" in run(capsys, bundle_verify)[1][-1]


@pytest.mark.row("W004-523")
def test_a_stale_kpi_blocks(capsys, place, monkeypatch):
    monkeypatch.setenv("WATCHKEEPER_NOW", "2026-11-20T09:06:40Z")
    lines = run(capsys, bundle)[1]
    assert "reason=kpi_stale" in lines[0]
    assert lines[-1] == "RELEASE_BUNDLE=BLOCKED reason=gate_failed"


def test_a_dirty_tree_is_refused_or_marked(capsys, place):
    (place / "CHANGELOG.md").write_text("not committed")
    lines = run(capsys, bundle)[1]
    assert lines[-1].startswith("RELEASE_BUNDLE=BLOCKED reason=dirty_tree version=1.2.3 git_hash=")
    assert not (place / "dist").exists()
    assert run(capsys, bundle, dirty="mark")[1][-1].endswith("dirty=true")
    assert json.loads((place / "artifacts" / "RELEASE_STAMP.json").read_bytes())["dirty"] is True


@pytest.mark.row("W004-524")
def test_missing_inputs_and_a_bad_validation_block_with_their_names(capsys, place):
    (place / "artifacts" / "READINESS_SCORE.json").unlink()
    assert run(capsys, bundle)[1][-1] == ("RELEASE_BUNDLE=BLOCKED reason=inputs_missing missing=READINESS_SCORE.json")
    make_artifacts(place / "artifacts")
    (place / "artifacts" / "FULL_STACK_VALIDATION.json").write_text('{"status":"FAIL"}')
    assert run(capsys, bundle)[1][-1].startswith("RELEASE_BUNDLE=BLOCKED reason=validation_failed")
    (place / "artifacts" / "FULL_STACK_VALIDATION.json").write_text('{"status":"OK","mode":"FAST"}')
    assert run(capsys, bundle)[1][-1].startswith("RELEASE_BUNDLE=BLOCKED reason=validation_fast")


def test_outside_a_repository_it_is_blocked(capsys, place, tmp_path_factory):
    lines = run(capsys, bundle, repository=str(tmp_path_factory.mktemp("plain")))[1]
    assert lines[-1] == "RELEASE_BUNDLE=BLOCKED reason=no_repository"


@pytest.mark.row("P004-517")
def test_a_check_names_what_does_not_match_each_in_a_line(capsys, place):
    run(capsys, bundle)
    path = place / "dist" / "release_bundle" / bundles(place)[0]
    data = bytearray(path.read_bytes())
    data[data.index(b"# Changes")] ^= 1
    path.write_bytes(data)
    state, lines = run(capsys, bundle_verify)
    assert state.is_failed()
    assert lines[-2] == "event=bundle_mismatch status=FAIL what=sha256 file=CHANGELOG.md"
    assert lines[-1].startswith("event=bundle_verify status=FAIL reason=mismatch files=7 mismatched=3")


@pytest.mark.row("P004-517")
def test_a_check_without_a_stamp_or_with_one_from_the_future_fails(capsys, place, monkeypatch):
    assert run(capsys, bundle_verify)[1] == ["event=bundle_verify status=FAIL reason=stamp_missing"]
    run(capsys, bundle)
    monkeypatch.setenv("WATCHKEEPER_NOW", "2026-11-01T00:00:00Z")
    assert "reason=stamp_from_the_future" in run(capsys, bundle_verify)[1][-1]


@pytest.mark.row("W004-525")
def test_the_first_automatic_run_builds_and_the_next_skips(capsys, place):
    lines = run(capsys, bundle_auto)[1]
    assert lines[0] == "NEED_REBUILD=1"
    assert lines[-2].startswith("RELEASE_BUNDLE=READY ")
    assert lines[-1] == "event=bundle_auto decision=DUE status=BUILT because=no_stamp"
    assert run(capsys, bundle_auto)[1] == [
        "NEED_REBUILD=0",
        "event=bundle_auto decision=SKIP age_sec=0 status=SKIP",
    ]


def test_fresh_evidence_asks_for_a_bundle_unless_only_the_commit_is_watched(capsys, place, days_pass):
    run(capsys, bundle)
    days_pass(2)
    assert run(capsys, bundle_auto, watch="commit")[1][-1] == (
        "event=bundle_auto decision=SKIP age_sec=172800 status=SKIP"
    )
    assert run(capsys, bundle_auto)[1][-1].endswith("decision=DUE age_sec=172800 status=BUILT because=inputs_changed")


@pytest.mark.row("P004-518", "W004-525")
@pytest.mark.parametrize(
    ("days", "lines"),
    [
        (2.999, ["NEED_REBUILD=0", "event=bundle_auto decision=SKIP age_sec=259113 status=SKIP"]),
        (3, ["NEED_REBUILD=1", "event=bundle_auto decision=DUE age_sec=259200 status=BUILT because=age"]),
        (5, ["NEED_REBUILD=1", "event=bundle_auto decision=DUE age_sec=432000 status=BUILT because=age"]),
        (6, ["NEED_REBUILD=1", "event=bundle_auto decision=OVERDUE age_sec=518400 status=BUILT because=age"]),
    ],
)
def test_age_decides_whether_a_new_one_is_built(capsys, place, days_pass, days, lines):
    run(capsys, bundle)
    days_pass(days)
    said = run(capsys, bundle_auto, watch="commit")[1]
    assert [said[0], said[-1]] == lines
    assert ("event=bundle_overdue status=ALERT age_sec=518400 limit_sec=432000" in said) == (days > 5)


@pytest.mark.row("P004-518")
def test_a_gate_that_says_no_keeps_a_good_bundle_and_fails_when_overdue(capsys, place, days_pass):
    run(capsys, bundle)
    days_pass(4, readiness=10)
    state, lines = run(capsys, bundle_auto, watch="commit")
    assert state.is_completed()
    assert lines[-1] == ("event=bundle_auto decision=DUE age_sec=345600 status=KEPT reason=gate_failed because=age")
    days_pass(6, readiness=10)
    state, lines = run(capsys, bundle_auto, watch="commit")
    assert state.is_failed()


@pytest.mark.row("W004-525")
def test_a_new_commit_a_damaged_bundle_and_a_stamp_from_the_future_are_due_at_once(capsys, place, monkeypatch):
    from git import Repo

    run(capsys, bundle)
    (place / "CHANGELOG.md").write_text("# More\n")
    with Repo(place) as repo:
        commit_all(repo)
    assert run(capsys, bundle_auto, watch="commit")[1][-1].endswith("status=BUILT because=inputs_changed")
    stamp = json.loads((place / "artifacts" / "RELEASE_STAMP.json").read_bytes())
    (place / "dist" / "release_bundle" / stamp["bundle"]).write_bytes(b"")
    assert run(capsys, bundle_auto)[1][-1].endswith("status=BUILT because=bundle_mismatch")
    assert "status=OK" in run(capsys, bundle_verify)[1][-1]
    future = stamp | {"ts": NOW + DAY}
    (place / "artifacts" / "RELEASE_STAMP.json").write_text(json.dumps(future))
    assert run(capsys, bundle_auto)[1][-1].endswith("status=BUILT because=stamp_from_the_future")


def test_a_tree_somebody_works_in_leaves_a_good_bundle_alone(capsys, place):
    run(capsys, bundle)
    (place / "CHANGELOG.md").write_text("half an idea")
    assert run(capsys, bundle_auto)[1][-1].endswith("decision=SKIP age_sec=0 status=SKIP")
