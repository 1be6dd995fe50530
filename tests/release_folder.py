"""A real repository with a commit, and the artifacts a release rests on."""

import json
from pathlib import Path

from git import Actor, Repo

NOW = 1_795_000_000  # 2026-11-18T11:06:40Z
NOON = "2026-11-18T11:06:40Z"
AUTHOR = Actor("Release", "release@example.invalid")


def make_repository(folder: Path) -> Repo:
    """A repository with version 1.2.3, a page of docs, a link, and something that no release holds."""
    repo = Repo.init(folder)
    (folder / "docs").mkdir()
    for name, text in {
        "VERSION": "1.2.3\n",
        "CHANGELOG.md": "# Changes\n",
        "docs/página.md": "x\n",
        "secret.py": "x = 1\n",
        ".gitignore": "artifacts/\ndist/\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "docs" / "link.md").symlink_to("/etc/passwd")
    commit_all(repo)
    return repo


def commit_all(repo: Repo) -> str:
    repo.git.add("-A")
    return repo.index.commit(
        "state", author=AUTHOR, committer=AUTHOR, author_date=f"{NOW} +0000", commit_date=f"{NOW} +0000"
    ).hexsha


def make_artifacts(folder: Path, readiness: float = 95.0, timestamp: int = NOW) -> Path:
    folder.mkdir(exist_ok=True)
    documents = {
        "KPI_GATE.json": {"checks": [], "readiness": readiness, "timestamp": timestamp},
        "FULL_STACK_VALIDATION.json": {"status": "OK", "components": ["linters"], "ts": timestamp},
        "READINESS_SCORE.json": {"score": readiness, "ts": timestamp},
        "WEEKLY_ROLLUP.json": {"verdict": "GO", "ts": timestamp},
    }
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document))
    return folder
