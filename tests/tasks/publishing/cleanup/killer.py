"""A step of a cleanup killed (SIGKILL) before every n-th thing it does to disk, index or database, and started again.

`python -m tests.tasks.publishing.cleanup.killer TEMPLATE FOLDER DEED STRIDE [ARCHIVES]`: each case is a copy of the
template. From its first word in the books on, the process counts its own renames, removals, new folders, changes of
the index and commits, and kills itself before the n-th; then the deed is started again, and the end is looked at. The
cases are over when nobody was killed any more. Prints a line for each; ends with 1 at the first end that is wrong.
"""

import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import Engine

from tasks.publishing.cleanup.looking import Grounds, look_at, open_grounds
from tasks.publishing.cleanup.memory import open_archives
from tasks.publishing.cleanup.run import finish_unfinished
from tasks.publishing.cleanup.steps import archive_folder, delete_archive, restore_folder
from tasks.publishing.registry import open_registry, remember
from tasks.rules.publishing.cleanup import Act, Limits, plan_cleanup
from tasks.rules.publishing.registry import Entry
from tests.tasks.publishing.cleanup.bare_remote import BareRemote
from tests.tasks.publishing.cleanup.repositories import NOW, Monorepo

COUNTED = ("os.rename", "os.mkdir", "os.rmdir", "os.remove", "shutil.rmtree", "shutil.copytree")
FILES = {"a.txt": "alpha", "deep/b.txt": "alpha too"}
LATER, LIMITS = NOW + timedelta(days=90), Limits()


class Case:
    """One copy of the template, and what is done in it."""

    def __init__(self, folder: Path, archives: Path | None) -> None:
        self.repo, self.remote = Monorepo(folder / "monorepo"), BareRemote(folder / "remote")
        self.archives = str(archives / folder.name) if archives else ".orket/local_archive/projects"

    @property
    def grounds(self) -> Grounds:
        return open_grounds(self.repo.root, self.archives)

    def record(self, row: Entry) -> None:
        remember.fn(self.repo.root, replace(row, local_path=f"{self.repo.root}/product/alpha"), NOW)

    def row(self) -> Entry:
        return open_registry.fn(self.repo.root, LATER)[0]

    def archive(self) -> None:
        self._clean(Act.ARCHIVE)

    def delete(self) -> None:
        self._clean(Act.DELETE)

    def _clean(self, act: Act) -> None:
        now = NOW if act is Act.ARCHIVE else LATER
        self._finish(now)
        plan = plan_cleanup(look_at(self.grounds, [self.row()], LIMITS, now), LIMITS, now)
        step = archive_folder if act is Act.ARCHIVE else delete_archive
        for one in plan.chosen(act):
            step(self.grounds, one, self.remote, LIMITS, now)

    def restore(self) -> None:
        self._finish(LATER)
        if self.row().archived_at:
            restore_folder(self.grounds, self.row(), LATER)

    def _finish(self, now: datetime) -> None:
        stuck = [one for one in finish_unfinished.fn(self.grounds, now) if one.reason]
        assert not stuck, stuck

    def check(self, deed: str) -> None:
        """Everything is as if nobody had ever been killed."""
        row, folder = self.row(), self.repo.root / "product/alpha"
        states = [kept.state.value for kept in open_archives(self.repo.root).values()]
        below = self.grounds.archives
        left = {p.relative_to(below).as_posix() for p in below.rglob("*") if ".moving" not in p.parts[-1:]}
        assert self.repo.git("status", "--porcelain") == ""
        match deed:
            case "archive":
                place = Path(str(row.archived_path))
                assert states == ["archived"], states
                assert files_in(place) == FILES
                assert left == {place.name, *(f"{place.name}/{name}" for name in (*FILES, "deep"))}, left
                assert not folder.exists()
            case "delete":
                assert (states, left, row.deleted_at) == ([], set(), LATER), (states, left)
                assert not folder.exists()
            case "restore":
                assert (states, left, row.archived_at, row.archived_path) == ([], set(), None, None), (states, left)
                assert files_in(folder) == FILES
        assert not list((self.repo.root / ".orket/local_archive").rglob(".moving/*"))


def files_in(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def kill_before(number: int) -> None:
    """Let this process end by itself before the n-th thing that it does."""
    begun, done = False, 0

    def count() -> None:
        nonlocal done
        done += begun
        if done == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def written(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal begun
        begun = begun or statement.startswith(("INSERT INTO project_archives", "UPDATE project_archives"))

    def audit(name: str, arguments: tuple[object, ...]) -> None:
        if name in COUNTED or (name == "subprocess.Popen" and "update-index" in str(arguments[1])):
            count()

    event.listen(Engine, "before_cursor_execute", written)
    event.listen(Engine, "commit", lambda _: count())
    sys.addaudithook(audit)


def apart(act: Callable[[], None]) -> int | None:
    """Do it in a process of its own, which has its own connections; the signal that killed it."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            act()
            code = 0
        except BaseException:  # noqa: BLE001  whatever it was, the parent has to know
            traceback.print_exc(file=sys.stdout)
        finally:
            sys.stdout.flush()
            os._exit(code)
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    assert os.waitstatus_to_exitcode(status) == 0
    return None


def main(template: Path, folder: Path, deed: str, stride: int, archives: Path | None = None) -> None:
    number, killed = 1 - stride, True
    row = BareRemote(template / "remote").push(Monorepo(template / "monorepo"), "alpha")
    while killed:
        number += stride
        place = folder / f"{deed}-{number}"
        for name in ("monorepo", "remote"):
            shutil.copytree(template / name, place / name, symlinks=True)
        case = Case(place, archives)

        def prepare(case: Case = case) -> None:
            case.record(row)
            if deed != "archive":
                case.archive()

        def do(case: Case = case, number: int = number) -> None:
            kill_before(number)
            getattr(case, deed)()

        def again(case: Case = case) -> None:
            getattr(case, deed)()
            case.check(deed)

        apart(prepare)
        killed = apart(do) == signal.SIGKILL
        sys.stdout.write(f"{deed} {number} {'killed' if killed else 'ended'}\n")
        apart(again)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), *map(Path, sys.argv[5:]))
