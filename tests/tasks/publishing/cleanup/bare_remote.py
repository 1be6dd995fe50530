"""The other side without a server: bare repositories that were pushed to as publishing does it."""

import subprocess
from datetime import timedelta
from pathlib import Path

from tasks.publishing.cleanup.remote import Published
from tasks.publishing.registry import remember
from tasks.rules.publishing.parity import manifest_in
from tasks.rules.publishing.registry import Entry
from tasks.splitting import split
from tasks.splitting.plumbing import Git
from tests.tasks.publishing.cleanup.repositories import NOW, Monorepo


class BareRemote:
    """A folder of bare repositories, one a project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def place(self, entry: Entry) -> Path:
        return self.folder / f"{entry.prefix.encode().hex()}.git"

    def publish(self, repo: Monorepo, name: str, source: str = "product") -> Entry:
        """Push the folder's own history and write down, verified, that it was."""
        entry = self.push(repo, name, source)
        remember.fn(repo.root, entry, NOW)
        return entry

    def push(self, repo: Monorepo, name: str, source: str = "product") -> Entry:
        (made,) = split(repo.root, source, [name], write=True)
        assert made.sha
        entry = Entry(
            source, name, "Orket/x", "main", f"{repo.root}/{source}/{name}", made.sha, made.sha, True,
            NOW - timedelta(200),
        )  # fmt: skip
        subprocess.run(["git", "init", "-q", "--bare", str(self.place(entry))], check=True)
        repo.git("push", "-q", "--force", str(self.place(entry)), f"{made.sha}:refs/heads/main")
        return entry

    def published(self, entry: Entry) -> Published:
        if not self.place(entry).exists():
            return Published(None, {})
        git = Git(str(self.place(entry)))
        head = git.ask("rev-parse", "refs/heads/main").decode().strip()
        return Published(head, manifest_in(git.ask("ls-tree", "-r", "-t", "-z", "--full-tree", head)))
