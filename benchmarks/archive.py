"""An archive with its manifest beside the tools an operator would use for the same work.

`python -m benchmarks.archive [files] [megabytes] [rounds]`. The same work is: one deterministic archive, the SHA-256
of every file in it and of the archive itself, all on disk. `tar | zstd` alone does half of it: the limit.
"""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.measuring import interleaved, report
from tasks.archives import archive_folder, pack, unfinished_folder
from tasks.folders import walk
from tasks.rules.archiving import Caps, select

AT = datetime(2026, 11, 21, tzinfo=UTC)
OURS = "ours: archive, manifest, checksums, fsync"
_TAR = "tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=go-w -cf - ."
_SUMS = "find . -type f -print0 | sort -z | xargs -0 sha256sum"


def main(files: int = 2400, megabytes: int = 91, rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as name:
        source, out = Path(name, "artifacts"), Path(name, "out")
        fill(source, files, megabytes << 20)
        out.mkdir()
        sides: dict[str, Callable[[], object]] = {
            OURS: partial(_packed, source, out),
            "ours, read back and verified": partial(_archived, source, out),
            **_peers(source, out),
        }
        interleaved(sides, 1)
        report(f"archive of {files} files, {megabytes} MB", OURS, interleaved(sides, rounds))


def _packed(source: Path, out: Path) -> None:
    with unfinished_folder(out) as folder:
        selection = select(walk(source), Caps())
        pack(source, folder, selection.chosen, selection.skipped, Caps())


def _archived(source: Path, out: Path) -> None:
    shutil.rmtree(archive_folder.fn(source, out, Caps(), at=AT).folder)


def _peers(source: Path, out: Path) -> dict[str, Callable[[], object]]:
    programs = {
        "tar | zstd -T2 -3, sha256sum all, sum": (
            ("tar", "zstd", "sha256sum"),
            f"{_TAR} | zstd -q -f -T2 -3 -o {out}/a.zst && {{ {_SUMS}; }} > {out}/sums"
            f" && sha256sum {out}/a.zst > {out}/sum && sync {out}/a.zst {out}/sums",
        ),
        "tar | zstd -T2 -3 alone: no checksums": (
            ("tar", "zstd"),
            f"{_TAR} | zstd -q -f -T2 -3 -o {out}/b.zst && sync {out}/b.zst",
        ),
        "zip -r": (("zip",), f"rm -f {out}/c.zip && zip -q -r {out}/c.zip . && sync {out}/c.zip"),
    }
    sides: dict[str, Callable[[], object]] = {}
    for title, (needed, command) in programs.items():
        if missing := [program for program in needed if not shutil.which(program)]:
            print(f"skipped, not installed ({', '.join(missing)}): {title}")
            continue
        sides[title] = partial(subprocess.run, ["bash", "-o", "pipefail", "-c", command], cwd=source, check=True)
    return sides


def fill(folder: Path, files: int, size: int) -> None:
    """Reports and logs as they are: text that repeats itself with numbers that do not; a fixed seed."""
    numbers = random.Random(4)
    each = max(1, size // files)
    for number in range(files):
        path = folder / f"day-{number % 60:02d}" / f"report-{number:06d}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_text(numbers, each))


def _text(numbers: random.Random, size: int) -> bytes:
    lines: list[bytes] = []
    length = 0
    while length < size:
        seed = hashlib.sha256(numbers.randbytes(8)).hexdigest()
        line = f'{{"net_bps":{numbers.random() * 5:.6f},"phase":"canary","status":"CONTINUE","hash":"{seed}"}}\n'
        lines.append(line.encode())
        length += len(line)
    return b"".join(lines)[:size]


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C")
    main(*map(int, sys.argv[1:4]))
