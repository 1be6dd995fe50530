"""Releases made from real git repositories."""

import json
import os
import zipfile

import pytest

from tasks.folders import alone_in
from tasks.release_evidence import gather_evidence
from tasks.releases import (
    look_at_release,
    read_commit,
    read_evidence,
    read_source,
    write_bundle,
    write_stamp,
    zip_of,
)
from tasks.rules.contracts.release import READY_GATE
from tasks.rules.faults import Fault, LockHeld, Refused
from tasks.rules.outcome import Status
from tasks.rules.release import Source, manifest_of, stamp_of
from tests.full_disk import no_file_above
from tests.release_folder import NOW, commit_all, make_artifacts, make_repository


@pytest.fixture
def repo(tmp_path):
    with make_repository(tmp_path) as repo:
        yield repo


@pytest.fixture
def released(tmp_path):
    """The folder of bundles and the stamp of one small release."""
    contents = {"README.md": b"hello\n" * 50, "artifacts/KPI_GATE.json": b"{}"}
    manifest = manifest_of(Source("1.2.3", "a" * 40, dirty=False), contents)
    bundle = write_bundle.fn(tmp_path / "dist", manifest, contents)
    stamp = stamp_of(manifest.source, bundle.name, bundle.sha256, ts=NOW, frozen_now=None, evidence={})
    write_stamp.fn(tmp_path / "RELEASE_STAMP.json", stamp)
    return tmp_path / "RELEASE_STAMP.json", tmp_path / "dist", bundle


def test_a_source_is_the_commit_and_its_version(repo, tmp_path):
    assert read_source.fn(tmp_path) == Source("1.2.3", repo.head.commit.hexsha, dirty=False)
    assert read_source.fn(tmp_path, "2.0").version == "2.0"


def test_a_changed_file_makes_the_tree_dirty_and_an_untracked_one_does_not(repo, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert not read_source.fn(tmp_path).dirty
    (tmp_path / "CHANGELOG.md").write_text("changed")
    assert read_source.fn(tmp_path).dirty
    repo.git.add("CHANGELOG.md")
    assert read_source.fn(tmp_path).dirty


def test_without_a_version_file_the_project_file_says_it(repo, tmp_path):
    (tmp_path / "VERSION").unlink()
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "0.9"\n')
    commit_all(repo)
    assert read_source.fn(tmp_path).version == "0.9"


@pytest.mark.parametrize("text", ["", "[project]\nname='x'\n", "project = 3\n", "= nonsense"])
def test_a_release_without_a_version_is_refused(repo, tmp_path, text):
    (tmp_path / "VERSION").unlink()
    (tmp_path / "pyproject.toml").write_text(text)
    commit_all(repo)
    with pytest.raises(Refused, match="version_unknown"):
        read_source.fn(tmp_path)


def test_a_version_that_would_leave_the_folder_is_refused(repo, tmp_path):
    with pytest.raises(Refused, match="version_invalid"):
        read_source.fn(tmp_path, "../../x")


def test_what_is_no_repository_or_has_no_commit_is_refused(tmp_path):
    from git import Repo

    (tmp_path / "plain").mkdir()
    for folder in ("plain", "nowhere"):
        with pytest.raises(Refused, match="no_repository"):
            read_source.fn(tmp_path / folder)
    Repo.init(tmp_path / "fresh").close()
    with pytest.raises(Refused, match="no_commit"):
        read_source.fn(tmp_path / "fresh")


def test_files_come_from_the_commit_and_links_stay_out(repo, tmp_path):
    (tmp_path / "CHANGELOG.md").write_text("not committed")
    found = read_commit.fn(tmp_path, repo.head.commit.hexsha)
    assert found == {"CHANGELOG.md": b"# Changes\n", "VERSION": b"1.2.3\n", "docs/página.md": b"x\n"}


def test_evidence_that_is_not_there_is_none(tmp_path):
    artifacts = make_artifacts(tmp_path / "artifacts")
    evidence = read_evidence.fn(artifacts)
    assert json.loads(evidence["KPI_GATE.json"] or b"")["readiness"] == 95.0
    assert evidence["EDGE_REPORT.json"] is None
    assert set(read_evidence.fn(tmp_path / "nowhere").values()) == {None}


@pytest.mark.row("D004-511")
def test_evidence_that_is_no_plain_file_is_refused(tmp_path):
    artifacts = make_artifacts(tmp_path / "artifacts")
    (artifacts / "KPI_GATE.json").unlink()
    (artifacts / "KPI_GATE.json").symlink_to("/etc/passwd")
    with pytest.raises(Refused, match="inputs_unreadable"):
        read_evidence.fn(artifacts)
    (artifacts / "KPI_GATE.json").unlink()
    os.mkfifo(artifacts / "KPI_GATE.json")
    with pytest.raises(Refused, match="inputs_unreadable"):
        read_evidence.fn(artifacts)


@pytest.mark.row("P004-516")
def test_the_zip_has_no_time_no_owner_and_no_compression():
    contents = {"b": b"1" * 999, "a/ü": b""}
    data = zip_of(manifest_of(Source("1", "a" * 40, dirty=False), contents), contents)
    assert data == zip_of(manifest_of(Source("1", "a" * 40, dirty=False), dict(reversed(contents.items()))), contents)
    import io

    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        assert bundle.testzip() is None
        assert [entry.filename for entry in bundle.infolist()] == ["RELEASE_BUNDLE_manifest.json", "a/ü", "b"]
        for entry in bundle.infolist():
            assert (entry.date_time, entry.external_attr >> 16, entry.compress_type) == (
                (1980, 1, 1, 0, 0, 0),
                0o100644,
                zipfile.ZIP_STORED,
            )


def test_a_release_as_it_was_made_has_no_mismatch(released):
    stamp, dist, bundle = released
    release = look_at_release.fn(stamp, dist)
    assert release.stamp
    assert release.stamp.bundle_sha256 == bundle.sha256
    assert release.mismatches == ()


def test_a_flipped_byte_is_named_with_its_file(released):
    stamp, dist, bundle = released
    data = bytearray((dist / bundle.name).read_bytes())
    data[data.index(b"hello")] ^= 1
    (dist / bundle.name).write_bytes(data)
    what = look_at_release.fn(stamp, dist).mismatches
    assert what == (f"bundle_sha256:{bundle.name}", f"evidence:{bundle.name}", "sha256:README.md")


@pytest.mark.parametrize("keep", [0, 10, 100, -30])
def test_a_cut_bundle_is_unreadable_and_no_crash(released, keep):
    stamp, dist, bundle = released
    (dist / bundle.name).write_bytes((dist / bundle.name).read_bytes()[:keep])
    assert look_at_release.fn(stamp, dist).mismatches == (f"unreadable:{bundle.name}",)


def test_a_bundle_that_is_gone_is_named(released):
    stamp, dist, bundle = released
    (dist / bundle.name).unlink()
    assert look_at_release.fn(stamp, dist).mismatches == (f"missing:{bundle.name}",)


def test_another_bundle_under_the_stamped_name_is_named_in_every_field(released):
    stamp, dist, bundle = released
    contents = {"README.md": b"evil"}
    data = zip_of(manifest_of(Source("6.6.6", "e" * 40, dirty=True), contents), contents)
    (dist / bundle.name).write_bytes(data)
    fields = [mismatch.partition(":")[0] for mismatch in look_at_release.fn(stamp, dist).mismatches]
    assert fields == ["bundle_sha256", "evidence", "version", "git_hash", "dirty"]


def test_a_stamp_that_is_missing_or_garbage_says_so(released, tmp_path):
    stamp, dist, _ = released
    assert look_at_release.fn(tmp_path / "nowhere.json", dist).why_not == "stamp_missing"
    stamp.write_bytes(b"\xff")
    assert look_at_release.fn(stamp, dist).why_not == "stamp_invalid"
    assert look_at_release.fn(tmp_path, dist).why_not == "stamp_invalid"


def test_the_second_build_at_a_time_is_refused(released, tmp_path):
    _, dist, _ = released
    with alone_in(dist), pytest.raises(LockHeld):
        write_bundle.fn(dist, manifest_of(Source("1", "a" * 40, dirty=False), {}), {})


@pytest.mark.row("D004-505")
def test_a_full_disk_leaves_the_old_bundle_and_no_half_of_a_new_one(released):
    stamp, dist, _bundle = released
    before = sorted(path.name for path in dist.iterdir())
    contents = {"README.md": b"x" * 50_000}
    with no_file_above(10_000), pytest.raises(Fault, match="disk_full"):
        write_bundle.fn(dist, manifest_of(Source("1", "a" * 40, dirty=False), contents), contents)
    assert sorted(path.name for path in dist.iterdir()) == before
    assert look_at_release.fn(stamp, dist).mismatches == ()


def gathered(journal):
    return gather_evidence.fn(READY_GATE.says(Status.OK, readiness=95, min=85), journal)


def test_what_cannot_be_shown_is_unproven_with_its_reason(tmp_path):
    evidence = gathered(tmp_path / "nowhere.jsonl")
    assert evidence["gate"]["status"] == "PASS"
    assert evidence["outcomes"] == {"unproven": "missing_dsn"}
    assert evidence["soak_head"] == {"unproven": "journal_missing"}


@pytest.mark.parametrize("torn", [b"", b'{"ts":"2026'])
def test_the_soak_head_is_the_last_whole_line_even_of_a_torn_journal(tmp_path, torn):
    whole = b'{"hash":"1"}\n{"hash":"' + b"c" * 64 + b'"}\n'
    (tmp_path / "j.jsonl").write_bytes(whole + torn)
    assert gathered(tmp_path / "j.jsonl")["soak_head"] == {"hash": "c" * 64, "journal_bytes": len(whole)}


@pytest.mark.parametrize("content", [b"", b"\n", b"torn", b"[]\n", b"{}\n", b"\xff\n", b"x" * 100_000 + b"\n"])
def test_a_journal_without_a_head_is_unproven(tmp_path, content):
    (tmp_path / "j.jsonl").write_bytes(content)
    assert gathered(tmp_path / "j.jsonl")["soak_head"] == {"unproven": "journal_unreadable"}


def test_stored_outcomes_are_part_of_the_evidence(tmp_path, operations_database):
    from datetime import UTC, datetime
    from uuid import uuid4

    from tasks import operations
    from tasks.rules.contracts.database import DB_VERIFY

    run = uuid4()
    said = DB_VERIFY.says(Status.OK)
    operations.store_outcome(
        "db-verify", said, [said.line], at=datetime(2026, 11, 18, tzinfo=UTC), frozen=False, flow_run_id=run
    )
    outcomes = gathered(tmp_path / "j.jsonl")["outcomes"]
    assert outcomes["db-verify"] == {
        "at": "2026-11-18T00:00:00Z",
        "line": "db_verify status=ok",
        "status": "ok",
        "flow_run_id": str(run),
    }
    assert outcomes["full-accept"] == {"unproven": "never_run"}
