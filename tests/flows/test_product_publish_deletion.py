"""--delete-local: what is deleted after a publish, and everything that keeps a folder where it is (runbook 003)."""

import pytest

from tasks.rules.outcome import Status
from tasks.rules.publishing.registry import FILE
from tests.gitea.fixtures import commit_files, git
from tests.publishing_monorepo import results, run_publish

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"


@pytest.mark.row("P003-110", "W003-106")
def test_a_verified_folder_is_deleted_and_the_work_tree_stays_clean(gitea, monorepo):
    said = run_publish(monorepo, execute=True, verify_parity=True, delete_local=True)
    assert (said[-1].status, said[-1].fields["deleted"]) == (Status.OK, 2)
    assert not list((monorepo / "product").iterdir())
    assert git(monorepo, "status", "--porcelain") == ""
    assert '"deleted_at": "2' in (monorepo / FILE).read_text()
    again = run_publish(monorepo, execute=True)
    assert [one.fields["action"] for one in results(again).values()] == ["unchanged"] * 2
    assert '"deleted_at": null' not in (monorepo / FILE).read_text()


def change(folder):
    (folder / "a").write_text("unsaved work")


def hide_a_change(folder):
    git(folder, "update-index", "--assume-unchanged", "a")
    change(folder)


def stage_a_change(folder):
    change(folder)
    git(folder, "add", "a")
    (folder / "a").write_text("1")


HARMS = {
    "changed": change,
    "hidden": hide_a_change,
    "staged": stage_a_change,
    "untracked": lambda folder: (folder / "new").write_text("untracked"),
    "removed": lambda folder: (folder / "a").unlink(),
    "mode": lambda folder: (folder / "a").chmod(0o755),
    "ignored": lambda folder: (folder / "run.log").write_text("the only copy"),
    "nested": lambda folder: git(folder, "init", "-q", "inner"),
}


@pytest.mark.row("W003-106")
def test_a_folder_that_holds_anything_that_was_not_published_stays(gitea, monorepo):
    commit_files(monorepo, "more", **{f"product__{name}__a": "1" for name in HARMS})
    (monorepo / ".git" / "info" / "exclude").write_text("*.log\n")
    for name, harm in HARMS.items():
        harm(monorepo / "product" / name)
    said = run_publish(monorepo, execute=True, verify_parity=True, delete_local=True)
    reasons = {name: one.reason for name, one in results(said).items()}
    assert reasons == dict.fromkeys(HARMS, "folder_differs") | {
        "nested": "nested_repository",
        "alpha": None,
        "beta": None,
    }
    assert sorted(folder.name for folder in (monorepo / "product").iterdir()) == sorted(HARMS)
    assert (said[-1].reason, said[-1].fields["deleted"]) == ("not_published", 2)


@pytest.mark.row("W003-106")
def test_a_source_folder_that_became_a_link_is_not_deleted_through(gitea, monorepo, tmp_path):
    (monorepo / "product").rename(tmp_path / "elsewhere")
    (monorepo / "product").symlink_to(tmp_path / "elsewhere")
    said = run_publish(monorepo, execute=True, verify_parity=True, delete_local=True)
    assert {one.reason for one in results(said).values() if one.status is Status.FAIL} == {"unsafe_path"}
    assert (tmp_path / "elsewhere" / "alpha" / "a").read_text() == "2"


@pytest.mark.row("W003-113", "D003-107")
def test_a_folder_with_lfs_pointers_is_published_with_a_note_and_never_deleted(gitea, monorepo):
    commit_files(monorepo, "large", product__alpha__large=POINTER)
    said = run_publish(monorepo, execute=True, verify_parity=True)
    assert results(said)["alpha"].fields["holds"] == ("holds_lfs_pointers",)
    said = run_publish(monorepo, execute=True, verify_parity=True, delete_local=True)
    assert results(said)["alpha"].reason == "holds_lfs_pointers"
    assert (monorepo / "product" / "alpha" / "large").exists()


@pytest.mark.row("W003-113", "D003-106")
def test_a_submodule_inside_is_published_as_the_commit_it_names_and_noted(gitea, monorepo):
    commit = git(monorepo, "rev-parse", "HEAD")
    git(monorepo, "update-index", "--add", "--cacheinfo", f"160000,{commit},product/alpha/inner")
    git(monorepo, "commit", "-qm", "submodule")
    one = results(run_publish(monorepo, execute=True, verify_parity=True))["alpha"]
    assert (one.fields["parity"], one.fields["holds"]) == ("verified", ("holds_submodules",))
    assert gitea.repo("alpha").git("rev-parse", "main:inner").strip() == commit
