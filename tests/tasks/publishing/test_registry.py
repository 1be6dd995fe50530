"""The registry in a real database and as a real file: what is stored, written, learned and refused (runbook 003)."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tasks.publishing.registry import open_registry, read_registry, remember, sole_publisher
from tasks.rules.faults import Fault, LockHeld, Refused
from tasks.rules.publishing.registry import FILE, Entry, rendered
from tasks.step import without_server

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
A, B = "a" * 40, "b" * 40


@pytest.fixture(autouse=True)
def by_hand():
    with without_server():
        yield


@pytest.fixture
def root(tmp_path, operations_database):
    return made_repository(tmp_path / "monorepo")


def made_repository(folder):
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder.resolve()


def entry(root, name="alpha", **fields):
    row = Entry("product", name, f"Orket/{name}", "main", f"{root}/product/{name}", A, A, True, NOW)
    return replace(row, **fields)


def in_file(root):
    return json.loads((root / FILE).read_text("utf-8"))["projects"]


def put(root, content):
    (root / FILE).parent.mkdir(exist_ok=True)
    (root / FILE).write_bytes(content)


@pytest.mark.row("P003-120")
def test_a_row_is_stored_and_stands_in_the_file_with_the_fields_of_the_runbook(root):
    remember(root, entry(root), NOW)
    assert open_registry(root, NOW) == [entry(root)]
    assert in_file(root) == [
        {
            "source_dir": "product",
            "project_name": "alpha",
            "prefix": "product/alpha",
            "repo": "Orket/alpha",
            "branch": "main",
            "local_path": f"{root}/product/alpha",
            "last_published_sha": A,
            "last_remote_sha": A,
            "parity_verified": True,
            "last_published_at": "2026-11-21T03:00:00+00:00",
            "archived_at": None,
            "archived_path": None,
            "deleted_at": None,
        }
    ]


def test_a_row_is_replaced_and_two_monorepos_do_not_mix(root, tmp_path):
    other = made_repository(tmp_path / "other")
    remember(root, entry(root), NOW)
    remember(other, entry(other, "beta"), NOW)
    remember(root, entry(root, last_published_sha=B), NOW)
    assert open_registry(root, NOW) == [entry(root, last_published_sha=B)]
    assert open_registry(other, NOW) == [entry(other, "beta")]


@pytest.mark.row("P003-121")
def test_a_file_of_an_earlier_program_is_learned_and_looking_alone_writes_nothing(root, operations_database):
    put(root, rendered([entry(root), entry(root, "beta")]))
    assert [row.project_name for row in read_registry(root, NOW)] == ["alpha", "beta"]
    with psycopg.connect(operations_database) as conn:
        assert conn.execute("SELECT count(*) FROM published_projects").fetchone() == (0,)
    assert [row.project_name for row in open_registry(root, NOW)] == ["alpha", "beta"]
    (root / FILE).unlink()
    assert [row.project_name for row in open_registry(root, NOW)] == ["alpha", "beta"]


def test_without_an_operations_database_the_file_alone_is_read(root, monkeypatch):
    put(root, rendered([entry(root)]))
    monkeypatch.delenv("WATCHKEEPER_DSN")
    assert read_registry(root, NOW) == [entry(root)]
    (root / FILE).unlink()
    assert read_registry(root, NOW) == []


def test_a_file_with_later_news_is_learned_and_an_older_one_is_not(root):
    remember(root, entry(root), NOW)
    archived = entry(root, archived_at=NOW + timedelta(days=1), archived_path=f"{root}/.orket/archive/alpha-1")
    put(root, rendered([archived]))
    assert open_registry(root, NOW + timedelta(days=2)) == [archived]
    put(root, rendered([entry(root, parity_verified=False)]))
    assert open_registry(root, NOW + timedelta(days=2)) == [archived]


@pytest.mark.row("W003-130")
@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"version": 2, "projects": []}', b'{"version": 1, "projects": [1]}']
)
def test_an_invalid_file_is_refused_and_never_overwritten(root, content):
    remember(root, entry(root), NOW)
    put(root, content)
    for act in (lambda: open_registry(root, NOW), lambda: read_registry(root, NOW)):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.reason == "registry_invalid"
    with pytest.raises(Refused):
        remember(root, entry(root, "beta"), NOW)
    assert (root / FILE).read_bytes() == content
    (root / FILE).unlink()
    assert open_registry(root, NOW) == [entry(root)]


def test_a_refusal_names_every_problem_up_to_twenty(root):
    put(root, json.dumps({"version": 1, "projects": [1] * 30}).encode())
    with pytest.raises(Refused) as refused:
        open_registry(root, NOW)
    assert refused.value.fields["problems"] == tuple(f"{row}:not_an_object" for row in range(1, 21))
    assert refused.value.fields["problem_count"] == 30


@pytest.mark.row("D003-121")
def test_a_link_in_place_of_the_file_or_its_folder_is_not_followed(root, tmp_path):
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (root / ".orket").symlink_to(outside)
    with pytest.raises(Refused) as refused:
        remember(root, entry(root), NOW)
    assert refused.value.fields["problems"] == ("link",)
    assert not list(outside.iterdir())


@pytest.mark.row("W003-131")
def test_a_file_that_cannot_be_written_leaves_the_database_as_it_was(root):
    (root / ".orket").write_text("in the way")
    with pytest.raises(Fault) as fault:
        remember(root, entry(root), NOW)
    assert fault.value.reason in ("registry_not_written", "registry_invalid")
    (root / ".orket").unlink()
    assert open_registry(root, NOW) == []


@pytest.mark.row("W003-133")
def test_the_registry_does_not_make_the_work_tree_dirty_and_the_rest_of_the_exclude_file_stays(root):
    exclude = root / ".git" / "info" / "exclude"
    exclude.write_text("*.tmp")
    for _ in range(2):
        open_registry(root, NOW)
    remember(root, entry(root), NOW)
    assert exclude.read_text() == "*.tmp\n/.orket/\n"
    status = subprocess.run(["git", "-C", str(root), "status", "--porcelain"], capture_output=True, check=True)
    assert status.stdout == b""


@pytest.mark.row("W003-113")
def test_a_second_publisher_is_refused_with_the_name_of_the_first_and_another_monorepo_is_free(root, tmp_path):
    with sole_publisher(root, "product-publish"):
        with pytest.raises(LockHeld) as refused, sole_publisher(root, "project-cleanup"):
            pass
        assert refused.value.fields["held_by"] == "product-publish"
        with sole_publisher(tmp_path / "other", "product-publish"):
            pass


@pytest.mark.row("W003-131")
def test_rows_that_are_stored_at_once_are_all_in_the_file(root):
    names = [f"p{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: remember.fn(root, entry(root, name), NOW), names))
    assert sorted(row["project_name"] for row in in_file(root)) == sorted(names)
    assert len(open_registry(root, NOW)) == len(names)
