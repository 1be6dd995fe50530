"""Looking into the project folders of a commit for what a push would not bring along (runbook 003, Publishing)."""

import os
from collections.abc import Sequence

from tasks.publishing.folders import Found
from tasks.rules.publishing.contents import LARGEST_POINTER, Inside, entries_of, inside_of, is_lfs_pointer
from tasks.rules.publishing.folders import SUBMODULE_MODE
from tasks.splitting.plumbing import Git
from tasks.step import step


@step
def look_inside(found: Found) -> tuple[Inside, ...]:
    """Submodules, LFS pointers and missing files of each folder that was found, in its order; reads only.

    The commit of a submodule and the content of an LFS file are elsewhere; of a missing file (a partial clone) only
    the id is here, so it cannot be pushed. None of them changes what `split_folders` answers.
    """
    git = Git(str(found.git_dir))
    source = f"{found.head}:{found.source_dir}"
    entries = entries_of(git.ask("ls-tree", "-r", "-z", "--full-tree", source))
    # rev-list alone may look for what is not there: in a partial clone every other command fails at the first of them
    lacking = git.ask("rev-list", "--objects", "--no-object-names", "--missing=print", source, "--")
    missing = {line[1:] for line in lacking.splitlines() if line.startswith(b"?")}
    here = sorted({entry.id for entry in entries if entry.mode != SUBMODULE_MODE} - missing)
    sizes = git.ask("cat-file", "--buffer", "--batch-check=%(objectsize)", given=_lines(here)).split()
    small = [id_ for id_, size in zip(here, sizes, strict=True) if int(size) <= LARGEST_POINTER]
    names = [(folder.name, os.fsencode(folder.name)) for folder in found.folders]
    return inside_of(names, entries, _pointers(git, small), missing)


def _pointers(git: Git, small: Sequence[bytes]) -> set[bytes]:
    """Which of these small files are LFS pointers."""
    content = git.ask("cat-file", "--buffer", "--batch=%(objectsize)", given=_lines(small))
    found = set()
    at = 0
    for id_ in small:
        begin = content.index(b"\n", at) + 1
        end = begin + int(content[at:begin])
        if is_lfs_pointer(content[begin:end]):
            found.add(id_)
        at = end + 1
    return found


def _lines(ids: Sequence[bytes]) -> bytes:
    return b"".join(id_ + b"\n" for id_ in ids)
