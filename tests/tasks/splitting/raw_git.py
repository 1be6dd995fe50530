"""Objects of git written by hand, so that a history can hold what no git command would write."""

import hashlib
import subprocess
import zlib
from pathlib import Path

Folder = dict[bytes, "bytes | Folder | Submodule"]


class Submodule(str):
    """The commit that a submodule points to."""


class RawGit:
    """A repository whose objects are made here and whose branch is set at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.git("init", "-q", "-b", "main", str(path), at=path.parent)
        for name, value in (("user.name", "T"), ("user.email", "t@example.org"), ("core.quotePath", "false")):
            self.git("config", name, value)

    def git(self, *arguments: str, at: Path | None = None, given: bytes = b"") -> bytes:
        done = subprocess.run(["git", *arguments], cwd=at or self.path, input=given, capture_output=True, check=True)
        return done.stdout.strip()

    def write(self, kind: bytes, data: bytes) -> str:
        whole = b"%s %d\0%s" % (kind, len(data), data)
        sha = hashlib.sha1(whole).hexdigest()
        file = self.path / ".git" / "objects" / sha[:2] / sha[2:]
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(zlib.compress(whole, 1))
        return sha

    def tree(self, folder: Folder) -> str:
        entries = []
        for name, content in folder.items():
            if isinstance(content, Submodule):
                entries.append((name, b"160000", str(content)))
            elif isinstance(content, dict):
                entries.append((name + b"/", b"40000", self.tree(content)))
            else:
                entries.append((name, b"100644", self.write(b"blob", content)))
        raw = b"".join(
            b"%s %s\0%s" % (mode, name.rstrip(b"/"), bytes.fromhex(sha)) for name, mode, sha in sorted(entries)
        )
        return self.write(b"tree", raw)

    def commit(
        self, tree: str, parents: list[str], author: bytes, committer: bytes, message: bytes, more: bytes = b""
    ) -> str:
        lines = [f"tree {tree}\n".encode(), *(f"parent {parent}\n".encode() for parent in parents)]
        return self.write(
            b"commit", b"%sauthor %s\ncommitter %s\n%s\n%s" % (b"".join(lines), author, committer, more, message)
        )

    def finish(self, tip: str) -> None:
        self.git("update-ref", "refs/heads/main", tip)
        self.git("reset", "-q", "--hard")


def subtree_split(repository: Path, prefix: str) -> str | None:
    """What the installed `git subtree` says; None where it gives up."""
    done = subprocess.run(
        ["git", "subtree", "split", "-q", f"--prefix={prefix}", "HEAD"],
        cwd=repository,
        capture_output=True,
        check=False,
    )
    return done.stdout.decode().strip() or None if done.returncode == 0 else None
