"""Steps that talk to Gitea, inside a flow: what Prefect repeats."""

import pytest
from prefect import flow

from tasks.gitea.remotes import read_remote_head
from tasks.rules.publishing.remote import Repository


@pytest.mark.row("W003-183")
def test_a_git_that_was_cut_off_is_tried_again_by_prefect(prefect_server, gitea):
    gitea.world.add_repo(gitea.owner, "one")
    there = Repository(gitea.owner, "one", False, False, False, True, "main", True)
    trouble = gitea.trouble("info/refs", status=503)

    @flow
    def look():
        return read_remote_head(there, "main")

    assert look() is None
    assert trouble.met == 1
    assert len([seen for seen in gitea.seen if "info/refs" in seen.path]) == 2
