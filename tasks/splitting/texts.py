"""The text of a new commit: plain ones by the rules, the odd ones by asking git what it would write."""

import os
from dataclasses import dataclass, field

from tasks.rules.splitting.mapping import Commit
from tasks.rules.splitting.texts import Person, Record, commit_text, read_by_shell
from tasks.splitting.plumbing import Git

_SOME_DATE = "1000000000 +0000"


@dataclass(slots=True)
class Texts:
    """Remembers each odd name, since asking costs a process."""

    git: Git
    _names: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)

    def of(self, commit: Commit) -> bytes:
        record = Record.of(commit.record)
        author = self._named(record.author) + b" " + self._dated(record.author, commit, "%aD")
        committer = self._named(record.committer) + b" " + self._dated(record.committer, commit, "%cD")
        return commit_text(author, committer, record.message)

    def _named(self, person: Person) -> bytes:
        key = (person.name, person.mail)
        if key not in self._names:
            self._names[key] = _joined(*key) if person.has_plain_name else self._cleaned(*key)
        return self._names[key]

    def _cleaned(self, name: bytes, mail: bytes) -> bytes:
        """Name and mail as git writes them; one that git refuses stays as it was, so that history stays whole."""
        name, mail = read_by_shell(name), read_by_shell(mail)
        written = self._ident(name, mail, _SOME_DATE)
        return written.rsplit(b" ", 2)[0] if written else _joined(name, mail)

    def _dated(self, person: Person, commit: Commit, shown: str) -> bytes:
        """The date as git writes it; one that git can neither show nor read stays as it was."""
        if person.has_plain_date:
            return person.date
        asked = self.git.tried("log", "-1", "--no-show-signature", f"--format={shown}", commit.sha.decode()).stdout
        written = self._ident(b"A", b"a", asked.decode("ascii", "replace").strip()) if asked.strip() else b""
        return b" ".join(written.rsplit(b" ", 2)[1:]) or person.date or b"0 +0000"

    def _ident(self, name: bytes, mail: bytes, date: str) -> bytes:
        """What `git var` prints for the person, or nothing where git refuses it."""
        done = self.git.tried(
            "var",
            "GIT_AUTHOR_IDENT",
            GIT_AUTHOR_NAME=os.fsdecode(name),
            GIT_AUTHOR_EMAIL=os.fsdecode(mail),
            GIT_AUTHOR_DATE=date,
        )
        return done.stdout.rstrip(b"\n") if done.returncode == 0 else b""


def _joined(name: bytes, mail: bytes) -> bytes:
    return b"%s <%s>" % (name, mail)
