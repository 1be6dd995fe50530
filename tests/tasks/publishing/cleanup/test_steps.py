"""Folders into the archive, back again and gone for good, with a real git, database and disk (runbook 003)."""

import os
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tasks.publishing.cleanup.contents import contents_of
from tasks.publishing.cleanup.looking import open_grounds
from tasks.publishing.cleanup.moving import discard
from tasks.publishing.cleanup.places import is_there, place_of
from tasks.publishing.cleanup.steps import archive_folder, delete_archive, restore_folder
from tasks.publishing.registry import remember
from tasks.rules.faults import Fault, Refused
from tasks.rules.publishing.cleanup import Act, Rule
from tests.tasks.publishing.cleanup.conftest import LIMITS
from tests.tasks.publishing.cleanup.repositories import NOW

LATER = NOW + timedelta(days=90)
ALPHA = {"a.txt": "alpha", "deep/b.txt": "alpha too"}


def archive(house, name="alpha", now=NOW):
    return archive_folder(house.grounds, house.judged(name, now), house.remote, LIMITS, now)


def delete(house, name="alpha", now=LATER):
    return delete_archive(house.grounds, house.judged(name, now), house.remote, LIMITS, now)


def restore(house, name="alpha", now=NOW):
    return restore_folder(house.grounds, house.rows(now)[name], now)


def why(act, *arguments, **options):
    with pytest.raises(Fault) as refused:
        act(*arguments, **options)
    return refused.value.reason


@pytest.mark.row("P003-200", "P003-205", "W003-206")
def test_a_folder_goes_to_the_archive_whole_and_git_status_stays_clean(house):
    moved = archive(house)
    place = house.root / ".orket/local_archive/projects/alpha-20261121-030000"
    assert moved.target == place
    assert house.files(place) == ALPHA
    assert not (house.root / "product/alpha").exists()
    row = house.rows()["alpha"]
    assert (row.archived_at, row.archived_path, row.deleted_at) == (NOW, str(place), None)
    assert house.repo.status == "!! .orket/"
    assert house.repo.git("status", "--porcelain") == ""


@pytest.mark.row("P003-202", "P003-206")
def test_an_archive_goes_for_good_90_days_after_the_archiving_and_not_a_second_earlier(house):
    target = archive(house).target
    early = LATER - timedelta(seconds=1)
    assert house.judged("alpha", early).rule is Rule.ARCHIVED_RECENTLY
    delete(house)
    assert not target.exists()
    assert house.rows(LATER)["alpha"].deleted_at == LATER
    assert house.judged("alpha", LATER).rule is Rule.ALREADY_DELETED
    assert [path.name for path in target.parent.rglob("*")] == [".moving"]


@pytest.mark.row("P003-207")
def test_what_was_archived_comes_back_as_it_was_and_is_not_archived_again_at_once(house):
    before = (house.root / "product/alpha/a.txt").stat().st_mtime_ns
    target = archive(house).target
    restore(house, now=NOW + timedelta(days=1))
    assert house.files(house.root / "product/alpha") == ALPHA
    assert (house.root / "product/alpha/a.txt").stat().st_mtime_ns == before
    assert not target.exists()
    assert house.repo.git("status", "--porcelain") == ""
    row = house.rows()["alpha"]
    assert (row.archived_at, row.archived_path) == (None, None)
    assert house.judged("alpha", NOW + timedelta(days=45)).rule is Rule.CHANGED_RECENTLY
    assert house.judged("alpha", NOW + timedelta(days=46)).act is Act.ARCHIVE


def test_a_change_after_the_return_is_seen_by_git_again(house):
    archive(house)
    restore(house)
    (house.root / "product/alpha/a.txt").write_text("changed")
    assert house.repo.git("status", "--porcelain") == "M product/alpha/a.txt"


@pytest.mark.row("P003-207")
@pytest.mark.parametrize("how", ["folder", "file", "link", "empty folder"])
def test_a_return_overwrites_nothing(house, how, tmp_path):
    archive(house)
    place = house.root / "product/alpha"
    match how:
        case "folder":
            place.mkdir()
            (place / "new").write_text("")
        case "file":
            place.write_text("")
        case "link":
            place.symlink_to(tmp_path)
        case _:
            place.mkdir()
    assert why(restore, house) == "folder_exists"
    assert house.files(Path(house.rows()["alpha"].archived_path)) == ALPHA


@pytest.mark.row("P003-207", "W003-203")
@pytest.mark.parametrize("act", [restore, delete])
@pytest.mark.parametrize("soil", ["change", "more", "less", "mode", "link"])
def test_an_archive_that_somebody_touched_is_neither_returned_nor_deleted(house, act, soil):
    place = archive(house).target
    match soil:
        case "change":
            (place / "a.txt").write_text("ALPHA")
        case "more":
            (place / "more").write_text("")
        case "less":
            (place / "a.txt").unlink()
        case "mode":
            (place / "a.txt").chmod(0o755)
        case "link":
            (place / "a.txt").unlink()
            (place / "a.txt").symlink_to("deep/b.txt")
    assert why(act, house) == "archive_changed"
    assert place.exists()


def push_foreign(house, name="alpha", message="foreign"):
    """A commit that publishing did not make, on top of what it pushed."""
    place = house.remote.place(house.entries[name])
    git = ["git", "-C", str(place), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    done = subprocess.run(
        [*git, "commit-tree", "main^{tree}", "-p", "main", "-m", message], check=True, capture_output=True, text=True
    )
    subprocess.run([*git, "update-ref", "refs/heads/main", done.stdout.strip()], check=True)


@pytest.mark.row("P003-209", "W003-203")
@pytest.mark.parametrize("act", [archive, delete])
def test_right_before_the_step_the_remote_must_be_where_publishing_left_it(house, act):
    if act is delete:
        archive(house)
    push_foreign(house)
    assert why(act, house) == "remote_moved"
    house.remote.place(house.entries["alpha"]).rename(house.root / "gone.git")
    assert why(act, house) == "remote_missing"
    assert (house.root / "product/alpha").exists() is (act is archive)


@pytest.mark.row("P003-209", "W003-203")
@pytest.mark.parametrize("act", [archive, delete])
def test_a_remote_that_holds_something_else_stops_the_step(house, act):
    """A row that claims to be verified, and is not: the commit it names has other files."""
    if act is delete:
        archive(house)
    other = house.entries["beta"].last_published_sha
    house.repo.git(
        "push", "-q", "--force", str(house.remote.place(house.entries["alpha"])), f"{other}:refs/heads/main"
    )
    remember.fn(house.root, replace(house.rows()["alpha"], last_published_sha=other, last_remote_sha=other), NOW)
    assert why(act, house) == "parity_differs"


@pytest.mark.row("P003-209", "W003-203")
def test_commits_after_the_last_publish_stop_the_archiving(house):
    house.repo.commit(100, {"product/alpha/a.txt": "newer"})
    assert why(archive, house) == "parity_differs"


@pytest.mark.row("P003-210")
def test_what_changed_between_plan_and_step_stops_the_step(house):
    planned = house.judged("alpha")
    step = lambda: archive_folder(house.grounds, planned, house.remote, LIMITS, NOW)  # noqa: E731
    (house.root / "product/alpha/new").write_text("")
    assert why(step) == "folder_changed"
    (house.root / "product/alpha/new").unlink()
    remember.fn(house.root, replace(planned.entry, parity_verified=False), NOW)
    assert why(step) == "row_changed"
    assert house.files(house.root / "product/alpha") == ALPHA


@pytest.mark.row("W003-205")
def test_a_change_that_the_index_was_told_to_overlook_is_found(house):
    house.repo.git("update-index", "--assume-unchanged", "product/alpha/a.txt")
    (house.root / "product/alpha/a.txt").write_text("precious")
    house.repo.age("product/alpha/a.txt", 100)
    assert house.judged("alpha").act is Act.ARCHIVE
    assert why(archive, house) == "folder_changed"


def test_line_ends_that_git_converts_are_no_difference(house):
    house.repo.commit(100, {".gitattributes": "*.txt text eol=crlf\n", "product/beta/a.txt": "one\ntwo\n"})
    house.entries["beta"] = house.remote.publish(house.repo, "beta")
    (house.root / "product/beta/a.txt").unlink()
    house.repo.git("checkout", "product/beta/a.txt")
    house.repo.age("product/beta/a.txt", 100)
    assert b"\r\n" in (house.root / "product/beta/a.txt").read_bytes()
    archive(house, "beta")
    restore(house, "beta")
    assert (house.root / "product/beta/a.txt").read_bytes() == b"one\r\ntwo\r\n"


@pytest.mark.row("W003-207")
def test_two_of_one_name_in_the_same_second_do_not_meet(house):
    house.repo.commit(100, {"bin/alpha/x": "bin"})
    house.remote.publish(house.repo, "alpha", "bin")
    first, second = (one for one in house.plan().going if one.entry.project_name == "alpha")
    targets = [archive_folder(house.grounds, one, house.remote, LIMITS, NOW).target for one in (first, second)]
    assert [path and path.name for path in targets] == ["alpha-20261121-030000", "alpha-20261121-030000-2"]
    assert house.files(targets[0]) == {"x": "bin"}
    assert house.files(targets[1]) == ALPHA


@pytest.mark.row("W003-207")
def test_a_folder_that_came_back_beside_its_archive_is_left_alone(house):
    archive(house)
    house.repo.git("update-index", "--no-skip-worktree", "product/alpha/a.txt", "product/alpha/deep/b.txt")
    house.repo.git("checkout", "--", "product/alpha")
    for name in ("product/alpha/a.txt", "product/alpha/deep/b.txt"):
        house.repo.age(name, 100)
    assert house.judged("alpha").rule is Rule.FOLDER_CAME_BACK


def test_while_another_git_holds_the_index_nothing_is_moved(house):
    (house.root / ".git/index.lock").write_text("")
    assert why(archive, house) == "index_locked"
    assert house.files(house.root / "product/alpha") == ALPHA


def other_disk():
    far, near = Path("/dev/shm"), Path("/tmp")
    return far if far.is_dir() and far.stat().st_dev != near.stat().st_dev else None


@pytest.fixture
def far_house(make_house):
    """The archive on another disk."""
    import tempfile

    if other_disk() is None:
        pytest.skip("one disk only")
    with tempfile.TemporaryDirectory(dir=other_disk()) as far:
        yield make_house(str(Path(far) / "archive"))


@pytest.mark.row("P003-205", "W003-206")
def test_to_another_disk_a_folder_is_copied_compared_and_then_removed_and_comes_back_so(far_house):
    before = (far_house.root / "product/alpha/a.txt").stat().st_mtime_ns
    target = archive(far_house).target
    assert target.stat().st_dev != far_house.root.stat().st_dev
    assert far_house.files(target) == ALPHA
    assert not (far_house.root / "product/alpha").exists()
    restore(far_house)
    assert far_house.files(far_house.root / "product/alpha") == ALPHA
    assert (far_house.root / "product/alpha/a.txt").stat().st_mtime_ns == before
    assert not target.exists()
    assert far_house.repo.git("status", "--porcelain") == ""


@pytest.mark.row("W003-200", "D003-200")
@pytest.mark.parametrize(
    "path",
    ["/etc", "{root}", "{root}/product", "{root}/.orket/local_archive/projects", "{root}/.git",
     "{root}/.orket/local_archive/projects/beta-20261121-030000",
     "{root}/.orket/local_archive/projects/alpha-20261121-030000/../../../../product"],
)  # fmt: skip
def test_a_row_that_names_a_path_no_archive_can_have_is_unsafe_and_nothing_is_touched(house, path, memory):
    archive(house, "alpha")
    path = path.replace("{root}", str(house.root))
    with psycopg.connect(memory, autocommit=True) as conn:
        conn.execute("UPDATE published_projects SET archived_path = %s WHERE project_name = 'alpha'", (path,))
    assert house.judged("alpha", LATER).rule is Rule.UNSAFE_PATH
    assert why(restore, house) == "unsafe_path"
    assert len(house.files(house.root / "product")) == 4


@pytest.mark.row("W003-200", "D003-200")
@pytest.mark.parametrize(
    ("source", "name"),
    [(".", "product"), ("..", "x"), ("product/..", "product"), ("product", ".."), ("product", "."), ("product", ""),
     ("", "product"), ("/etc", "x"), (".git", "hooks"), ("product", ".git"), (".orket", "local_archive"),
     ("product/../..", "x"), ("product", "alpha/../../.."), ("product//", "alpha")],
)  # fmt: skip
def test_a_row_that_leads_out_of_the_repository_or_to_its_own_parts_is_unsafe(house, source, name, memory):
    with psycopg.connect(memory, autocommit=True) as conn:
        conn.execute(
            "UPDATE published_projects SET source_dir = %s, project_name = %s WHERE project_name = 'alpha'",
            (source, name),
        )
    assert house.judged(name).rule is Rule.UNSAFE_PATH


@pytest.mark.row("W003-200", "D003-202")
def test_a_link_slipped_in_after_the_plan_is_not_followed(house, tmp_path):
    planned = house.judged("alpha")
    (house.root / "product").rename(tmp_path / "elsewhere")
    (house.root / "product").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused):
        archive_folder(house.grounds, planned, house.remote, LIMITS, NOW)
    assert house.files(tmp_path / "elsewhere/alpha") == ALPHA


@pytest.mark.row("W003-200", "D003-202")
@pytest.mark.parametrize("act", [contents_of, discard, is_there])
def test_no_step_goes_through_a_link_whoever_put_it_there_last(house, tmp_path, act):
    (house.root / "product").rename(tmp_path / "elsewhere")
    (house.root / "product").symlink_to(tmp_path / "elsewhere")
    assert why(act, place_of(house.root, "product", "alpha")) == "unsafe_path"
    assert house.files(tmp_path / "elsewhere/alpha") == ALPHA


@pytest.mark.row("W003-200", "D003-203")
@pytest.mark.parametrize("place", [".", "..", "product", "product/x", ".git/x", "/", "/tmp/..", ".orket/../product"])
def test_an_archive_in_the_repository_is_below_orket_and_an_outer_one_does_not_hold_the_repository(house, place):
    assert why(open_grounds, house.root, place) == "unsafe_archive_dir"


def test_a_link_on_the_way_to_the_archive_is_refused(house, tmp_path):
    (house.root / ".orket/local_archive").symlink_to(tmp_path)
    assert why(open_grounds, house.root, ".orket/local_archive/projects") == "unsafe_archive_dir"


@pytest.mark.row("W003-207")
def test_an_archive_of_an_earlier_program_is_measured_against_the_commit_that_was_published(house):
    place = house.root / ".orket/local_archive/projects/alpha-20260801-120000"
    place.parent.mkdir(parents=True)
    (house.root / "product/alpha").rename(place)
    row = replace(house.rows()["alpha"], archived_at=NOW - timedelta(days=112), archived_path=str(place))
    remember.fn(house.root, row, NOW)
    (place / "a.txt").write_text("changed")
    assert why(delete, house, now=NOW) == "archive_unproven"
    (place / "a.txt").write_text("alpha")
    delete(house, now=NOW)
    assert not place.exists()
    assert house.rows()["alpha"].deleted_at == NOW


@pytest.mark.row("D003-205")
@pytest.mark.parametrize(
    "name", ["-rf", "*", 'q"uote', "new\nline", "ü é", "back\\slash", " blank ", ":(top)x", "a,b"]
)
def test_a_name_of_any_kind_goes_to_the_archive_and_comes_back(house, name):
    house.repo.project(name)
    house.remote.publish(house.repo, name)
    target = archive(house, name).target
    assert target.name == f"{name}-20261121-030000"
    assert house.repo.git("status", "--porcelain") == ""
    restore(house, name)
    assert house.files(house.root / "product" / name) == {"a.txt": name, "deep/b.txt": f"{name} too"}
    assert house.repo.git("status", "--porcelain") == ""


@pytest.mark.row("D003-205")
def test_links_executables_and_empty_folders_come_back_as_they_were(house):
    place = house.root / "product/beta"
    (place / "run").write_text("#!/bin/sh")
    (place / "run").chmod(0o755)
    (place / "link").symlink_to("/nowhere")
    (place / "folder link").symlink_to("deep")
    house.repo.commit(100, {})
    house.remote.publish(house.repo, "beta")
    (place / "empty").mkdir()
    for name in ("run", "link", "folder link"):
        house.repo.age(f"product/beta/{name}", 100)
    archive(house, "beta")
    restore(house, "beta")
    assert (place / "run").stat().st_mode & 0o777 == 0o755
    assert [(place / name).readlink().as_posix() for name in ("link", "folder link")] == ["/nowhere", "deep"]
    assert (place / "empty").is_dir()


@pytest.mark.row("D003-206")
def test_a_submodule_or_a_pipe_inside_keeps_the_folder_where_it_is(house):
    os.mkfifo(house.root / "product/alpha/deep/pipe")
    assert why(archive, house) in ("folder_changed", "unsafe_path")
    (house.root / "product/alpha/deep/pipe").unlink()
    head = house.repo.git("rev-parse", "HEAD")
    house.repo.git("update-index", "--add", "--cacheinfo", f"160000,{head},product/alpha/module")
    house.repo.git(
        "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qm", "module", "--date=2020-01-01T00:00Z"
    )
    assert house.judged("alpha").act is Act.KEEP or why(archive, house) == "folder_changed"
    assert house.files(house.root / "product/alpha") == ALPHA
