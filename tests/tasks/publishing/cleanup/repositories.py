"""A monorepo whose commits and files are as old as a test wants them."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
DAY = 86_400


class Monorepo:
    """Folders below `product`, committed and dated by days before `NOW`."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        if not root.exists():
            subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)

    def git(self, *arguments: str, **variables: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, check=True, capture_output=True, env={**os.environ, **variables}
        )
        return os.fsdecode(done.stdout).strip()

    def commit(self, days: float, files: dict[str, str], *options: str, committed: float | None = None) -> str:
        """Write the files, all of them `days` old, and commit them at that age (or `committed` days ago)."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        moment = f"{int(NOW.timestamp() - (days if committed is None else committed) * DAY)} +0000"
        self.git(
            *("-c", "user.name=Ada", "-c", "user.email=ada@example.org"),
            *("commit", "-q", "--allow-empty", "-m", f"{days} days ago", *options),
            GIT_AUTHOR_DATE=moment,
            GIT_COMMITTER_DATE=moment,
        )
        for name in files:
            self.age(name, days)
        return self.git("rev-parse", "HEAD")

    def age(self, name: str, days: float) -> None:
        os.utime(self.root / name, (NOW.timestamp() - days * DAY,) * 2, follow_symlinks=False)

    def project(self, name: str, days: float = 100) -> None:
        self.commit(days, {f"product/{name}/a.txt": name, f"product/{name}/deep/b.txt": f"{name} too"})

    @property
    def status(self) -> str:
        return self.git("status", "--porcelain", "--ignored")
