"""What a split says of its projects, and what is to be done about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.contracts.publishing import SPLIT, SPLIT_NOTE, SPLIT_PROJECT
from tasks.rules.outcome import Status
from tasks.rules.playbooks import playbook_for
from tasks.rules.publishing.contents import Inside, entries_of, inside_of, is_lfs_pointer
from tasks.rules.publishing.folders import Folder, LeftOut, Why, left_out, projects_in
from tasks.rules.publishing.splits import rows_and_notes, split_told
from tasks.rules.splitting.answer import Split
from tasks.rules.splitting.names import printable

SHA = "1f2e" * 10
TREE = "a" * 40
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


def test_rows_come_first_then_failures_and_gaps_then_what_was_left_out():
    splits = [
        Split("app", "product/app", SHA, "complete", 3, 0),
        Split("gap", "product/gap", SHA, "gap_skipped", 2, 2),
        Split("none", "product/none", None, "complete", 9, 0, "join_leaks"),
    ]
    aside = [LeftOut("link", Why.SYMLINK)]
    inside = [Inside("app", submodules=1, lfs_pointers=0, missing=2)]
    assert [said.line for said in rows_and_notes(splits, aside, inside)] == [
        f"app {SHA}",
        f"gap {SHA}",
        "split_note status=warn reason=gap_skipped name=gap",
        "split_note status=fail reason=join_leaks name=none",
        "split_note status=warn reason=symlink name=link",
        "split_note status=warn reason=holds_submodules name=app",
        "split_note status=warn reason=objects_missing name=app",
    ]
    assert split_told(SHA, splits, aside).line == (
        f"split status=fail reason=not_split head={SHA} projects=3 commits=5 new=3 gaps=1 left_out=1 not_split=1"
    )


def test_no_project_at_all_is_never_good():
    assert (split_told(SHA, [], []).status, split_told(SHA, [], []).reason) == (Status.FAIL, "no_projects")


@pytest.mark.parametrize("contract", [SPLIT, SPLIT_NOTE, SPLIT_PROJECT], ids=lambda contract: contract.token)
def test_every_reason_of_the_split_has_a_playbook(contract):
    for reason in contract.reasons:
        assert playbook_for(contract.token, reason) is not None, reason


@given(st.binary(min_size=1, max_size=255).filter(lambda name: b"\0" not in name))
def test_every_name_can_be_said_in_a_row(name):
    said = SPLIT_PROJECT.says(Status.OK, name=printable(name.decode("utf-8", "surrogateescape")), commit=SHA)
    assert len(said.line.split(" ")) == 2
    assert said.line.endswith(SHA)


def test_the_commit_decides_and_the_work_tree_is_asked_for_the_rest():
    entries = [
        (0o40000, "b", TREE),
        (0o40000, "a", TREE),
        (0o100644, "file", TREE),
        (0o120000, "link", TREE),
        (0o160000, "sub", TREE),
    ]
    assert projects_in(entries, "product") == (Folder("a", "product/a", TREE), Folder("b", "product/b", TREE))
    assert projects_in(entries[:1], "") == (Folder("b", "b", TREE),)
    on_disk = {"a": Why.NESTED_REPOSITORY, "file": Why.UNTRACKED, "new": Why.UNTRACKED, "sub": Why.EMPTY}
    assert left_out(entries, on_disk) == (
        LeftOut("link", Why.SYMLINK),
        LeftOut("new", Why.UNTRACKED),
        LeftOut("sub", Why.SUBMODULE),
    )


def test_entries_belong_to_their_project_and_files_beside_the_projects_to_none():
    listed = (
        b"100644 blob 1\tapp/a\tb\x00160000 commit 2\tapp/deep/sub\x00100644 blob 3\tfile\x00100644 blob 1\to/x\x00"
    )
    found = inside_of([("o", b"o"), ("app", b"app")], entries_of(listed), {b"1"}, {b"3"})
    assert found == (Inside("o", 0, 1, 0), Inside("app", 1, 1, 0))


@pytest.mark.parametrize(
    ("content", "is_one"),
    [(POINTER, True), (b"x" + POINTER, False), (POINTER.split(b"\n")[0], False), (b"", False)],
)
def test_a_pointer_of_git_lfs_is_known_by_its_first_lines(content, is_one):
    assert is_lfs_pointer(content) is is_one
