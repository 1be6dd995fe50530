"""Deleting the local folder of a project that is safe at the remote: only what is there twice goes (runbook 003)."""

import os
from pathlib import Path

from tasks.publishing.cleanup.contents import committed_at, contents_of, is_checkout_of
from tasks.publishing.cleanup.index import check_free, mark_absent
from tasks.publishing.cleanup.moving import discard, sweep
from tasks.publishing.cleanup.places import Place, place_of
from tasks.rules.faults import Refused
from tasks.splitting.plumbing import Git
from tasks.step import step


@step(retries=0)  # a folder that half-went must be looked at, not tried again
def delete_folder(root: Path, source_dir: str, name: str, head: str) -> None:
    """Delete the folder if it is byte for byte what `head` has, with nothing else inside, and HEAD is still there.

    Refuses changed, untracked and ignored files, repositories inside and links on the way. git is told that the
    folder is left out of the work tree on purpose, so that its absence is not committed by mistake. A second start
    after a kill ends the same.
    """
    place = place_of(root, source_dir, name)
    git = Git(str(root / ".git"))
    if git.ask("rev-parse", "--verify", "HEAD^{commit}").decode().strip() != head:
        raise Refused("head_moved", "HEAD is not what was published any more: publish again")
    check_free(root)
    if os.path.lexists(place.path):
        _check_same(git, place, root, head)
        discard(place)
    sweep(place)
    mark_absent(root, prefix_of(place, root))


def prefix_of(place: Place, root: Path) -> str:
    return str(place.path.relative_to(root))


def _check_same(git: Git, place: Place, root: Path, head: str) -> None:
    prefix = prefix_of(place, root)
    staged = git.tried("--literal-pathspecs", "diff-index", "--cached", "--quiet", head, "--", prefix)
    if staged.returncode != 0 or not is_checkout_of(
        contents_of(place), committed_at(git, f"{head}:{prefix}"), root, prefix
    ):
        raise Refused("folder_differs", "the folder holds more, less or other than what was published: it stays")
