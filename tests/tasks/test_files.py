"""The artifacts door on a real folder and on another store of fsspec's."""

import threading

import pytest

from tasks.files import read_artifact, write_artifact
from tasks.rules.faults import Fault, Refused


@pytest.fixture(autouse=True)
def artifacts(tmp_path, monkeypatch):
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path / "artifacts"))
    return tmp_path / "artifacts"


def test_what_was_written_is_read_back_and_nothing_else_is_left(artifacts):
    where = write_artifact("daily/summary.json", "{}\n")
    assert where == str(artifacts / "daily" / "summary.json")
    assert read_artifact("daily/summary.json") == b"{}\n"
    assert [path.name for path in (artifacts / "daily").iterdir()] == ["summary.json"]


def test_an_artifact_that_is_not_there_is_none():
    assert read_artifact("nothing.json") is None


def test_a_name_that_leads_out_of_the_folder_is_refused(artifacts):
    with pytest.raises(Refused) as refused:
        write_artifact("../outside.json", b"")
    assert refused.value.reason == "invalid_artifact_name"
    with pytest.raises(Refused):
        read_artifact("../outside.json")
    assert not (artifacts.parent / "outside.json").exists()


@pytest.mark.row("W004-528")
def test_a_reader_sees_one_whole_version_while_writers_replace_it():
    versions = [bytes([letter]) * 200_000 for letter in b"abcd"]
    write_artifact("shared.bin", versions[0])
    seen = set()
    done = threading.Event()

    def watch():
        while not done.is_set():
            seen.add(read_artifact("shared.bin"))

    reader = threading.Thread(target=watch)
    reader.start()
    writers = [
        threading.Thread(target=lambda data=data: [write_artifact("shared.bin", data) for _ in range(20)])
        for data in versions
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    reader.join()
    assert seen <= set(versions)


@pytest.mark.row("W004-528")
def test_a_failed_write_keeps_the_old_file_and_leaves_no_other(artifacts, monkeypatch):
    write_artifact("a.json", b"old")
    (artifacts / "b").write_bytes(b"a file where a folder should be")
    with pytest.raises(Fault) as fault:
        write_artifact("b/c.json", b"new")
    assert fault.value.reason == "artifact_not_written"
    assert str(artifacts) not in str(fault.value)
    assert sorted(path.name for path in artifacts.iterdir()) == ["a.json", "b"]


def test_another_store_is_one_variable_away(monkeypatch):
    monkeypatch.setenv("ARTIFACTS_URL", "memory://bucket/ops")
    assert write_artifact("a.json", b"1") == "memory:///bucket/ops/a.json"
    assert read_artifact("a.json") == b"1"
    assert read_artifact("b.json") is None


def test_a_store_that_nobody_knows_is_a_fault_of_the_variable(monkeypatch):
    monkeypatch.setenv("ARTIFACTS_URL", "nowhere://x")
    with pytest.raises(Fault) as fault:
        write_artifact("a.json", b"1")
    assert fault.value.fields["env"] == ("ARTIFACTS_URL",)
