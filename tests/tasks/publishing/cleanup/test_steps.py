"""Folders into the archive, back again and gone for good, with a real git, database and disk (runbook 003)."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.publishing.cleanup.steps import archive_folder
from tasks.publishing.registry import remember
from tasks.rules.publishing.cleanup import Act, Rule
from tests.tasks.publishing.cleanup.acting import ALPHA, LATER, archive, delete, restore, why
from tests.tasks.publishing.cleanup.conftest import LIMITS
from tests.tasks.publishing.cleanup.repositories import NOW


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
