"""Histories that are longer than every pipe and buffer on the way."""

import pytest

from tasks.splitting import split
from tests.tasks.splitting.raw_git import RawGit

COMMITS = 20_000
FOLDERS = 30


def imported(repo: RawGit, last_message: str) -> None:
    """One file changes a commit, in one folder after the other."""
    lines = []
    for number in range(COMMITS):
        message = last_message if number == COMMITS - 1 else "m"
        lines.append(
            f"commit refs/heads/main\ncommitter A <a@b> {1_600_000_000 + number} +0000\n"
            f"data {len(message)}\n{message}\n"
            f"M 100644 inline product/folder{number % FOLDERS}/file\ndata {len(str(number))}\n{number}\n"
        )
    repo.git("fast-import", "--quiet", given="".join(lines).encode())


@pytest.mark.timeout(120)
@pytest.mark.parametrize("message", ["m", "m\n\ngit-subtree-dir: product/elsewhere\n"], ids=["plain", "marked"])
def test_no_side_waits_for_another(repo, message):
    imported(repo, message)
    together = {one.name: one for one in split(repo.path, "product")}
    assert sum(one.commits for one in together.values()) == COMMITS
    for name in ("folder0", "folder29"):
        assert split(repo.path, "product", [name]) == [together[name]]
