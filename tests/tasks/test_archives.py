"""Archives of real folders: the same bytes each time, whole or not at all."""

import os
import subprocess
import sys
import tarfile
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.archive_check import check_archive
from tasks.archives import _header, archive_folder, pack, unfinished_folder
from tasks.rules.archiving import Caps, Entry, Reason
from tasks.rules.faults import Fault, LockHeld, Refused
from tests.full_disk import no_file_above

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "artifacts"
    (folder / "ci").mkdir(parents=True)
    (folder / "KPI_GATE.json").write_text("{}\n")
    (folder / "ci" / "run.log").write_bytes(os.urandom(300_000))
    (folder / "ci" / "run.sh").write_text("true\n")
    (folder / "ci" / "run.sh").chmod(0o700)
    return folder


def archived(source, caps=Caps(), *excluded, at=NOON):  # noqa: B008  a frozen dataclass
    return archive_folder.fn(source, source / "archive", caps, excluded, at=at)


def members_of(folder):
    with (
        (Path(folder) / "artifacts.tar.zst").open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file) as plain,
        tarfile.open(fileobj=plain, mode="r|") as tar,
    ):
        return {member.name: (member, _content(tar, member)) for member in tar}


def _content(tar, member):
    file = tar.extractfile(member)
    assert file, f"{member.name} is no file"
    return file.read()


@pytest.mark.row("W004-507")
def test_the_archive_holds_every_file_and_its_manifest_agrees(source):
    done = archived(source)
    inside = members_of(done.folder)
    assert sorted(inside) == ["KPI_GATE.json", "ci/run.log", "ci/run.sh"]
    assert inside["ci/run.log"][1] == (source / "ci" / "run.log").read_bytes()
    assert check_archive(Path(done.folder)).problems == ()
    assert check_archive(Path(done.folder)).files == 3


def test_times_owners_and_permissions_of_this_machine_do_not_reach_the_archive(source):
    for name, (member, _) in members_of(archived(source).folder).items():
        assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (0, 0, 0, "", "")
        assert member.mode == (0o755 if name.endswith(".sh") else 0o644)


@pytest.mark.row("W004-503")
def test_another_day_another_folder_and_other_times_give_the_same_bytes(source, tmp_path):
    first = archived(source)
    copy = tmp_path / "copy"
    for path in sorted(source.rglob("*"), reverse=True):
        if path.is_file() and "archive" not in path.parts:
            target = copy / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
            target.chmod(path.stat().st_mode | 0o022)
            os.utime(target, (1, 1))
    second = archived(copy, at=LATER)
    assert second.sha256 == first.sha256
    assert Path(second.folder, "MANIFEST.json").read_bytes() == Path(first.folder, "MANIFEST.json").read_bytes()


@pytest.mark.row("W004-507")
def test_the_same_contents_in_the_same_second_are_one_archive(source):
    assert archived(source).folder == archived(source).folder
    assert len(list((source / "archive").iterdir())) == 1


@pytest.mark.row("W004-504")
def test_an_archive_never_holds_an_earlier_one_wherever_it_is_put(source):
    for _ in range(3):
        done = archive_folder.fn(source, source / "kept", Caps(), at=NOON)
    assert done.files == 3
    assert done.skipped == {Reason.EXCLUDED: 1}


@pytest.mark.row("W004-505", "D004-511")
def test_a_symlink_is_refused_and_what_it_points_to_stays_outside(source, tmp_path):
    (tmp_path / "secret.json").write_text("hunter2")
    (source / "link.json").symlink_to(tmp_path / "secret.json")
    (source / "folder").symlink_to(tmp_path)
    (source / "dangling").symlink_to(tmp_path / "nowhere")
    done = archived(source)
    assert done.files == 3
    assert done.skipped == {Reason.SYMLINK: 3}
    assert b"hunter2" not in b"".join(content for _, content in members_of(done.folder).values())


def test_what_became_a_link_a_folder_or_a_pipe_or_went_after_the_walk_is_skipped_with_a_reason(source, tmp_path):
    (tmp_path / "secret.json").write_text("hunter2")
    (source / "link.json").symlink_to(tmp_path / "secret.json")
    os.mkfifo(source / "pipe.json")
    names = ("KPI_GATE.json", "ci", "gone.json", "link.json", "pipe.json")
    chosen = [Entry(name) for name in names]
    with unfinished_folder(tmp_path / "out") as folder:
        done = pack(source, folder, chosen, (), Caps())
        assert sorted(members_of(folder)) == ["KPI_GATE.json"]
        assert check_archive(folder).problems == ()
    assert done.skipped == {Reason.SYMLINK: 1, Reason.VANISHED: 1, Reason.NOT_A_FILE: 2}


@pytest.mark.row("D004-511")
def test_a_pipe_and_a_name_that_is_not_utf8_are_skipped_with_a_reason(source):
    os.mkfifo(source / "pipe.json")
    Path(os.fsdecode(os.fsencode(source) + b"/\xff.json")).write_text("x")
    assert archived(source).skipped == {Reason.NOT_A_FILE: 1, Reason.NAME_NOT_UTF8: 1}


def test_long_and_non_ascii_names_survive(source):
    long = source / ("d" * 120) / ("n" * 150 + ".json")
    long.parent.mkdir()
    long.write_text("1")
    (source / "ünïcode ☃.json").write_text("2")
    done = archived(source)
    assert check_archive(Path(done.folder)).problems == ()
    assert {"ünïcode ☃.json", f"{'d' * 120}/{'n' * 150}.json"} <= set(members_of(done.folder))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.text("abz.é", min_size=1, max_size=8).filter(lambda n: n.strip(".")), st.binary(), min_size=1)
)
def test_whatever_is_in_the_folder_comes_back(tmp_path, contents):
    source = tmp_path / f"{time.monotonic_ns()}"
    source.mkdir()
    for name, content in contents.items():
        (source / name).write_bytes(content)
    inside = members_of(archived(source).folder)
    assert {name: content for name, (_, content) in inside.items()} == contents


def test_plain_names_have_the_header_that_the_general_form_would_give():
    for name, size in {"a": 0, "d/" * 49 + "ab": 8**11 - 1}.items():
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o755
        assert _header(name, size, executable=True) == member.tobuf(tarfile.PAX_FORMAT)


def test_a_file_larger_than_what_is_read_at_once_comes_back_whole(source):
    content = os.urandom(1000) * 5000
    (source / "large.bin").write_bytes(content)
    done = archived(source)
    assert members_of(done.folder)["large.bin"][1] == content
    assert check_archive(Path(done.folder)).problems == ()


@pytest.mark.row("W004-506")
def test_caps_say_what_they_cut(source):
    done = archived(source, Caps(max_files=1, max_bytes=1000))
    assert done.files == 1
    assert done.skipped == {Reason.FILE_OVER_MAX_MB: 1, Reason.OVER_MAX_FILES: 1}


@pytest.mark.parametrize("name", ["nowhere", "KPI_GATE.json"])
def test_a_source_that_is_no_folder_is_refused(source, name):
    with pytest.raises(Refused, match="source_missing"):
        archived(source / name)


def test_an_archive_of_nothing_is_refused_and_leaves_nothing(source):
    with pytest.raises(Refused, match="nothing_to_archive"):
        archived(source, Caps(suffixes=(".xml",)))
    assert list((source / "archive").iterdir()) == []


def test_the_second_of_two_at_a_time_is_refused(source):
    with unfinished_folder(source / "archive"), pytest.raises(LockHeld):
        archived(source)


def test_what_a_killed_run_left_behind_is_removed_by_the_next(source):
    left = source / "archive" / ".unfinished-0"
    left.mkdir(parents=True)
    (left / "artifacts.tar.zst").write_bytes(b"half")
    archived(source)
    assert not left.exists()


@pytest.mark.row("W004-507")
@pytest.mark.row("D004-503")
def test_a_file_of_gigabytes_goes_in_only_under_the_caps(source):
    with (source / "huge.json").open("wb") as file:
        file.truncate(3 << 30)  # sparse: it takes no room
    done = archived(source, Caps(max_bytes=5 << 20))
    assert (done.files, done.skipped) == (3, {Reason.FILE_OVER_MAX_MB: 1})


@pytest.mark.row("W004-507")
@pytest.mark.parametrize("after_s", [0.02, 0.1, 0.3])
def test_a_run_that_is_killed_leaves_nothing_that_looks_finished_and_the_next_one_works(source, after_s):
    with (source / "large.json").open("wb") as file:
        file.truncate(3 << 30)
    program = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from tasks.archives import archive_folder; from tasks.rules.archiving import Caps\n"
        "folder = Path(sys.argv[1]); print('ready', flush=True)\n"
        "archive_folder.fn(folder, folder / 'archive', Caps(), at=datetime(2026, 1, 1, tzinfo=UTC))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(source)], stdout=subprocess.PIPE) as run:
        assert run.stdout
        run.stdout.readline()
        time.sleep(after_s)
        run.kill()
    left = [path.name for path in (source / "archive").glob("*")]
    assert all(name.startswith(".unfinished-") for name in left)
    (source / "large.json").unlink()
    assert archived(source).files == 3
    assert len(list((source / "archive").iterdir())) == 1


@pytest.mark.row("D004-505")
@pytest.mark.parametrize("limit", [0, 1, 4096, 200_000])
def test_a_full_disk_is_named_and_leaves_nothing_half_done(source, limit):
    with no_file_above(limit), pytest.raises(Fault, match="disk_full"):
        archived(source)
    assert list((source / "archive").iterdir()) == []
    assert archived(source).files == 3


@pytest.mark.row("D004-512")
@pytest.mark.skipif(os.geteuid() != 0, reason="root may read everything, so another user is asked; only root can")
def test_what_may_not_be_read_is_skipped_with_a_reason():
    program = (
        "import os, sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from tasks.archives import archive_folder; from tasks.rules.archiving import Caps\n"
        "folder = Path(sys.argv[1]); os.setgid(65534); os.setuid(65534)\n"
        "done = archive_folder.fn(folder, folder / 'archive', Caps(), at=datetime(2026, 1, 1, tzinfo=UTC))\n"
        "print(done.files, {str(reason): count for reason, count in done.skipped.items()})\n"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        (folder / "closed").mkdir(mode=0o700)
        (folder / "open.json").write_text("{}")
        (folder / "secret.json").write_text("{}")
        (folder / "secret.json").chmod(0o600)
        done = subprocess.run([sys.executable, "-c", program, name], capture_output=True, text=True, check=False)
    assert done.stdout == "1 {'unreadable': 2}\n", done.stderr


@pytest.mark.row("P004-503")
@pytest.mark.parametrize("place", [0, 40, 100_000, -5])
def test_a_flipped_byte_anywhere_is_found(source, place):
    folder = Path(archived(source).folder)
    data = bytearray((folder / "artifacts.tar.zst").read_bytes())
    data[place] ^= 0x10
    (folder / "artifacts.tar.zst").write_bytes(data)
    assert "sha256:artifacts.tar.zst" in check_archive(folder).problems


@pytest.mark.row("P004-503")
def test_a_cut_archive_a_changed_and_a_missing_manifest_are_found(source):
    folder = Path(archived(source).folder)
    whole = (folder / "artifacts.tar.zst").read_bytes()
    (folder / "artifacts.tar.zst").write_bytes(whole[: len(whole) // 2])
    assert "bytes:artifacts.tar.zst" in check_archive(folder).problems
    (folder / "artifacts.tar.zst").write_bytes(whole)
    manifest = (folder / "MANIFEST.json").read_text()
    (folder / "MANIFEST.json").write_text(manifest.replace("ci/run.log", "ci/other.log"))
    assert check_archive(folder).problems == ("missing:ci/other.log", "extra:ci/run.log")
    (folder / "MANIFEST.json").write_text("{")
    assert check_archive(folder).problems == ("unreadable:MANIFEST.json",)
    (folder / "MANIFEST.json").unlink()
    with pytest.raises(Refused, match="archive_missing"):
        check_archive(folder)
