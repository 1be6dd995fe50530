"""How old and how clean folders are, asked of the real git for all of them at once."""

import os
from datetime import timedelta

import pytest

from tasks.publishing.cleanup.scan import Scan, scan_folders
from tasks.rules.publishing.cleanup import Rule
from tests.tasks.publishing.cleanup.repositories import DAY, NOW, Monorepo

NOW_S = int(NOW.timestamp())


@pytest.fixture
def repo(tmp_path):
    made = Monorepo(tmp_path / "monorepo")
    for name in ("alpha", "beta", "ga mma"):
        made.project(name)
    return made


def scan(repo, *names, source="product", days=45):
    names = names or ("alpha", "beta", "ga mma")
    keys = tuple((source, name) for name in names)
    head = repo.git("rev-parse", "HEAD")
    found = scan_folders(Scan(repo.root, head, keys, NOW - timedelta(days=days), NOW))
    return {name: found[key] for key, name in zip(keys, names, strict=True) if key in found}


def test_a_folder_is_as_old_as_its_newest_file_and_links_are_not_followed(repo, tmp_path):
    (tmp_path / "new").write_text("")
    repo.age("product/alpha/a.txt", 60)
    (repo.root / "product/beta/link").symlink_to(tmp_path / "new")
    repo.age("product/beta/link", 70)
    found = scan(repo)
    assert (NOW_S - found["alpha"].newest_ns // 10**9) / DAY == 60
    assert (NOW_S - found["beta"].newest_ns // 10**9) / DAY == 70
    assert (NOW_S - found["ga mma"].newest_ns // 10**9) / DAY == 100


@pytest.mark.row("W003-204")
def test_a_commit_of_today_is_seen_behind_files_that_look_old(repo):
    repo.commit(100, {"product/alpha/a.txt": "new"}, committed=1)
    assert scan(repo)["alpha"].committed_s == NOW_S - DAY
    assert scan(repo)["beta"].committed_s is None


@pytest.mark.row("W003-204")
def test_a_commit_by_a_clock_that_was_behind_is_no_older_than_its_parent(repo):
    repo.commit(10, {"readme": "1"})
    repo.commit(100, {"product/beta/a.txt": "new"}, committed=3000)
    assert scan(repo)["beta"].committed_s == NOW_S - 10 * DAY


def test_a_recent_commit_below_old_ones_is_seen(repo):
    repo.commit(100, {"product/alpha/a.txt": "new"}, committed=5)
    repo.commit(0, {"readme": "1"}, committed=2000)
    assert scan(repo)["alpha"].committed_s == NOW_S - 5 * DAY


@pytest.mark.row("W003-208")
def test_a_commit_dated_in_the_future_touches_its_own_folders_only(repo):
    repo.commit(100, {"product/alpha/a.txt": "new"}, committed=-400)
    repo.commit(100, {"product/beta/a.txt": "new"}, committed=90)
    found = scan(repo)
    assert found["alpha"].committed_s == NOW_S + 400 * DAY
    assert found["beta"].committed_s is None


def test_what_a_merge_brought_counts_from_the_merge(repo):
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(90, {"product/alpha/a.txt": "side"})
    repo.git("checkout", "-q", "main")
    repo.commit(80, {"readme": "1"})
    repo.git(
        *("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "merge", "-q", "--no-ff", "--no-edit", "side"),
        GIT_COMMITTER_DATE=f"{NOW_S - 3 * DAY} +0000",
        GIT_AUTHOR_DATE=f"{NOW_S - 3 * DAY} +0000",
    )
    found = scan(repo)
    assert found["alpha"].committed_s == NOW_S - 3 * DAY
    assert found["beta"].committed_s is None


def test_the_first_commit_of_all_counts(tmp_path):
    repo = Monorepo(tmp_path / "young")
    repo.commit(100, {"product/alpha/a.txt": "1"}, committed=3)
    assert scan(repo, "alpha")["alpha"].committed_s == NOW_S - 3 * DAY


def _changed(repo):
    (repo.root / "product/alpha/a.txt").write_text("changed")


def _deleted(repo):
    (repo.root / "product/alpha/a.txt").unlink()


def _staged(repo):
    _changed(repo)
    repo.git("add", "-A")


def _untracked(repo):
    (repo.root / "product/alpha/deep/new.txt").write_text("")


def _ignored(repo):
    repo.commit(100, {".gitignore": "*.log\n"})
    (repo.root / "product/alpha/deep/x.log").write_text("")


@pytest.mark.row("P003-204", "W003-205")
@pytest.mark.parametrize("soil", [_changed, _deleted, _staged, _untracked, _ignored])
def test_changed_deleted_staged_untracked_and_ignored_files_make_a_folder_dirty_and_no_other(repo, soil):
    soil(repo)
    assert {name for name, found in scan(repo).items() if found.dirty} == {"alpha"}


@pytest.mark.row("W003-205")
@pytest.mark.parametrize("where", ["product/alpha/inner", "product/alpha/deep", "product/alpha"])
def test_a_repository_inside_is_seen_however_git_looks_at_it(repo, where):
    repo.git("init", "-q", where)
    assert {name for name, found in scan(repo).items() if found.nested} == {"alpha"}


def test_a_source_folder_that_is_ignored_as_a_whole_makes_all_its_folders_dirty(repo):
    repo.commit(100, {".gitignore": "/bin/\n"})
    (repo.root / "bin/one").mkdir(parents=True)
    (repo.root / "bin/one/x").write_text("")
    assert scan(repo, "one", source="bin")["one"].dirty


def test_a_conflict_makes_a_folder_dirty(repo):
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(90, {"product/alpha/a.txt": "side"})
    repo.git("checkout", "-q", "main")
    repo.commit(80, {"product/alpha/a.txt": "main"})
    with pytest.raises(Exception, match="returned non-zero"):
        repo.git("-c", "user.name=A", "-c", "user.email=a@b.c", "merge", "-q", "side")
    assert {name for name, found in scan(repo).items() if found.dirty} == {"alpha"}


def test_names_that_look_like_patterns_options_or_lines_are_names(repo):
    odd = ["-rf", "*", ":(top)x", 'q"uote', "new\nline", "ü", "back\\slash", "a", "? x"]
    for name in odd:
        repo.project(name)
    repo.git("status")
    (repo.root / "product/*/a.txt").write_text("changed")
    (repo.root / "product/new\nline/new").write_text("")
    found = scan(repo, *odd)
    assert {name for name in odd if found[name].dirty} == {"*", "new\nline"}
    assert len(found) == len(odd)


@pytest.mark.row("W003-200", "D003-202")
def test_a_folder_that_is_a_link_or_reached_by_one_is_unsafe_and_not_entered(repo, tmp_path):
    (tmp_path / "elsewhere/inner").mkdir(parents=True)
    (repo.root / "product/link").symlink_to(tmp_path / "elsewhere")
    (repo.root / "linked").symlink_to(tmp_path / "elsewhere")
    assert scan(repo, "link")["link"].problem is Rule.UNSAFE_PATH
    repo.commit(100, {})
    assert scan_linked(repo).problem is Rule.UNSAFE_PATH


def scan_linked(repo):
    keys = (("linked", "inner"),)
    return scan_folders(Scan(repo.root, repo.git("rev-parse", "HEAD"), keys, NOW, NOW))[keys[0]]


def test_a_folder_that_is_not_there_is_left_out_and_nothing_is_asked_for_nothing(repo):
    assert scan(repo, "nowhere") == {}
    assert scan_folders(Scan(repo.root, "HEAD", (), NOW, NOW)) == {}


def test_the_scan_writes_nothing(repo):
    index = repo.root / ".git/index"
    os.utime(repo.root / "product/alpha/a.txt")  # git would refresh its index now
    before = index.read_bytes(), index.stat().st_mtime_ns
    scan(repo)
    assert (index.read_bytes(), index.stat().st_mtime_ns) == before
