"""git over HTTP with Gitea: pushes that lose nothing, and what comes back when they are not taken."""

from tasks.gitea.api import check_server, ensure_repository, find_owner, find_repository, read_head
from tasks.gitea.remotes import count_lost_commits, fetch_manifest, push_branch, read_remote_head
from tasks.rules.publishing.remote import OwnerKind, Push
from tasks.step import without_server
from tests.gitea.fixtures import commit_files


def test_slice(gitea, tmp_path):
    with without_server():
        assert check_server().startswith("1.21")
        owner = find_owner(gitea.owner)
        assert owner.kind is OwnerKind.ORG
        assert find_repository(owner, "one") is None
        made = ensure_repository(owner, "one", private=True)
        assert made.created and made.repository.private and made.repository.empty
        sha = commit_files(tmp_path / "mono", a="1", b__c="2")
        pushed = push_branch(tmp_path / "mono", made.repository, "main", sha, seen=None)
        assert (pushed.result, pushed.head) == (Push.PUSHED, sha)
        assert read_head(made.repository, "main") == sha == read_remote_head(made.repository, "main")
        assert len(fetch_manifest(made.repository, "main").manifest) == 3
        assert count_lost_commits(tmp_path / "mono", made.repository, "main", sha) == 0
