"""A release bundle beside the tools that would do the same by hand.

`python -m benchmarks.bundle [files] [megabytes] [rounds]`: a reproducible zip with a manifest of every SHA-256 and
the checksum of the whole, on disk; the contents are read from a folder on both sides.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.archive import fill
from benchmarks.measuring import interleaved, report
from tasks.releases import write_bundle
from tasks.rules.release import Source, manifest_of

OURS = "ours: zip, manifest, checksums, fsync"
_BY_HAND = "rm -f {0}/a.zip && find . -type f | sort > {0}/list && xargs sha256sum < {0}/list > {0}/sums"
_ZIP = " && zip -q -X {1} {0}/a.zip -@ < {0}/list && sha256sum {0}/a.zip > {0}/sum && sync {0}/a.zip"


def main(files: int = 200, megabytes: int = 20, rounds: int = 7) -> None:
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as name:
        source, out = Path(name, "inputs"), Path(name, "out")
        fill(source, files, megabytes << 20)
        out.mkdir()
        sides: dict[str, Callable[[], object]] = {OURS: partial(_bundled, source, out)}
        if shutil.which("zip"):
            for title, level in {"sha256sum, zip -0, sha256sum": "-0", "the same with zip -6": "-6"}.items():
                command = (_BY_HAND + _ZIP).format(out, level)
                sides[title] = partial(subprocess.run, ["bash", "-c", command], cwd=source, check=True)
        else:
            print("skipped, not installed (zip): everything by hand")
        interleaved(sides, 1)
        report(f"bundle of {files} files, {megabytes} MB", OURS, interleaved(sides, rounds))


def _bundled(source: Path, out: Path) -> None:
    contents = {p.relative_to(source).as_posix(): p.read_bytes() for p in source.rglob("*") if p.is_file()}
    manifest = manifest_of(Source("1.0", "a" * 40, dirty=False), contents)
    (out / write_bundle.fn(out, manifest, contents).name).unlink()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
