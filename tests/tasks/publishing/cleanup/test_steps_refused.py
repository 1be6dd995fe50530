"""What stops a step: the remote, a change since the plan, a path that leads elsewhere (runbook 003)."""

import os
import subprocess
from dataclasses import replace

import psycopg
import pytest

from tasks.publishing.cleanup.contents import contents_of
from tasks.publishing.cleanup.looking import open_grounds
from tasks.publishing.cleanup.moving import discard
from tasks.publishing.cleanup.places import is_there, place_of
from tasks.publishing.cleanup.steps import archive_folder
from tasks.publishing.registry import remember
from tasks.rules.faults import Refused
from tasks.rules.publishing.cleanup import Act, Rule
from tests.tasks.publishing.cleanup.acting import ALPHA, LATER, archive, delete, restore, why
from tests.tasks.publishing.cleanup.conftest import LIMITS
from tests.tasks.publishing.cleanup.repositories import NOW


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
