"""What the registry keeps of a publish, and which files of it are believed (runbook 003)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.publishing.registry import Entry, Publication, folder_deleted, merged, published, rendered
from tasks.rules.publishing.registry_file import read

ROOT = PurePosixPath("/srv/monorepo")
NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
A, B = "a" * 40, "b" * 40
ENTRY = Entry("product", "alpha", "Orket/alpha", "main", f"{ROOT}/product/alpha", A, A, True, NOW)
NEW = Publication("product", "alpha", "Orket/alpha", "main", f"{ROOT}/product/alpha", A, A, None, NOW)


def problems_of(change=None, **fields):
    document = json.loads(rendered([ENTRY]))
    document["projects"][0].update(fields)
    if change:
        change(document)
    return read(json.dumps(document).encode(), ROOT, NOW)[1]


def drop(name):
    return lambda document: document["projects"][0].pop(name)


names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1).filter(
    lambda name: name not in (".", "..")
)
moments = st.integers(0, int(NOW.timestamp())).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(st.lists(names, unique=True, max_size=5), moments, st.booleans())
def test_what_is_written_is_read_back_the_same(folders, at, verified):
    entries = [
        replace(ENTRY, project_name=name, local_path=f"{ROOT}/product/{name}", last_published_at=at)
        for name in sorted(folders)
    ]
    entries = [replace(entry, parity_verified=verified, deleted_at=at) for entry in entries]
    content = rendered(entries)
    assert read(content, ROOT, NOW) == (entries, [])
    assert rendered(read(content, ROOT, NOW)[0]) == content


@given(st.binary())
def test_whatever_the_bytes_are_nothing_is_raised_and_a_wrong_file_has_a_reason(content):
    entries, problems = read(content, ROOT, NOW)
    assert not entries
    assert problems


@pytest.mark.row("W003-130", "D003-120")
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff{}", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[]", "not_an_object"),
        (b'{"projects": []}', "version"),
        (b'{"version": 2, "projects": []}', "version"),
        (b'{"version": true, "projects": []}', "version"),
        (b'{"version": "1", "projects": []}', "version"),
        (b'{"version": 1, "projects": {}}', "projects_not_a_list"),
        (b'{"version": 1, "projects": [], "more": 1}', "unknown_field"),
        (b'{"version": 1, "projects": [7]}', "1:not_an_object"),
    ],
)
def test_a_file_of_another_shape_is_not_believed(content, problem):
    assert read(content, ROOT, NOW) == ([], [problem])


@pytest.mark.row("W003-132", "D003-121")
@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"parity_verified": "false"}, ["1:wrong_parity_verified"]),
        ({"parity_verified": 1}, ["1:wrong_parity_verified"]),
        ({"parity_verified": None}, ["1:wrong_parity_verified"]),
        ({"project_name": "../x"}, ["1:wrong_project_name"]),
        ({"project_name": ".."}, ["1:wrong_project_name"]),
        ({"project_name": ""}, ["1:wrong_project_name"]),
        ({"project_name": "\udc80"}, ["1:wrong_project_name"]),
        ({"source_dir": "/product"}, ["1:wrong_source_dir"]),
        ({"source_dir": "product/../.."}, ["1:wrong_source_dir"]),
        ({"source_dir": "./product"}, ["1:wrong_source_dir"]),
        ({"source_dir": "two\nlines"}, ["1:wrong_source_dir"]),
        ({"source_dir": ""}, ["1:wrong_source_dir"]),
        ({"prefix": "product/beta"}, ["1:prefix_differs"]),
        ({"local_path": "/etc"}, ["1:local_path_outside"]),
        ({"local_path": f"{ROOT}/product/alpha/../../../x"}, ["1:local_path_outside"]),
        ({"local_path": str(ROOT)}, ["1:local_path_outside"]),
        ({"local_path": f"{ROOT}/product/beta"}, ["1:local_path_differs"]),
        ({"local_path": "product/alpha"}, ["1:local_path_outside"]),
        ({"local_path": ""}, ["1:wrong_local_path"]),
        ({"repo": "Orket"}, ["1:wrong_repo"]),
        ({"repo": "Orket/.."}, ["1:wrong_repo"]),
        ({"last_published_sha": "abc"}, ["1:wrong_last_published_sha"]),
        ({"last_published_at": "2026-11-21T03:00:00"}, ["1:wrong_last_published_at"]),
        ({"last_published_at": "2026-11-22T03:00:00+00:00"}, ["1:future_last_published_at"]),
        ({"deleted_at": "tomorrow"}, ["1:wrong_deleted_at"]),
        ({"deleted_at": "9999-12-31T23:59:59-12:00"}, ["1:wrong_deleted_at"]),
        ({"archived_at": "2026-11-20T03:00:00Z"}, ["1:half_archived"]),
        ({"archived_path": "/srv/archive/alpha"}, ["1:half_archived"]),
        ({"unheard_of": 1}, ["1:unknown_field"]),
    ],
)
def test_a_row_that_is_not_as_expected_makes_the_file_unbelievable(fields, problems):
    assert problems_of(**fields) == problems


@pytest.mark.row("W003-132")
@pytest.mark.parametrize(
    ("path", "problem"),
    [
        (str(ROOT), "archived_path_outside"),
        ("/srv", "archived_path_outside"),
        ("/", "archived_path_outside"),
        ("/srv/archive/../monorepo/product", "archived_path_outside"),
        ("archive/alpha", "archived_path_outside"),
        (f"{ROOT}/product", "archived_path_in_source"),
        (f"{ROOT}/product/alpha", "archived_path_in_source"),
        (f"{ROOT}/product/alpha/inner", "archived_path_in_source"),
    ],
)
def test_an_archive_that_is_the_repository_or_the_folder_itself_is_refused(path, problem):
    assert problems_of(archived_at="2026-11-20T03:00:00Z", archived_path=path) == [f"1:{problem}"]


def test_an_archive_may_have_any_name_that_a_folder_can_have():
    assert (
        problems_of(archived_at="2026-11-20T03:00:00Z", archived_path="/srv/archive/two\nlines-20261120-030000") == []
    )


def test_a_row_without_local_path_is_refused_and_every_reason_is_named():
    assert problems_of(drop("local_path")) == ["1:missing_local_path"]
    assert problems_of(drop("local_path"), parity_verified="false", version=1, repo="x") == [
        "1:wrong_repo",
        "1:missing_local_path",
        "1:wrong_parity_verified",
        "1:unknown_field",
    ]


def test_two_rows_of_one_folder_are_refused():
    document = json.loads(rendered([ENTRY, ENTRY]))
    assert read(json.dumps(document).encode(), ROOT, NOW)[1] == ["2:duplicate"]


@pytest.mark.row("W003-112")
def test_publishing_again_without_a_look_keeps_verified_parity_only_while_nothing_changed():
    assert published(ENTRY, NEW).parity_verified
    for change in ({"sha": B}, {"remote_sha": B}, {"repo": "Orket/beta"}, {"branch": "dev"}, {"parity": False}):
        assert not published(ENTRY, replace(NEW, **change)).parity_verified
    assert published(replace(ENTRY, parity_verified=False), NEW).parity_verified is False
    assert published(replace(ENTRY, parity_verified=False), replace(NEW, parity=True)).parity_verified


@pytest.mark.row("W003-112")
def test_publishing_again_never_forgets_an_archive():
    archived = replace(ENTRY, archived_at=NOW, archived_path="/srv/archive/alpha-1", deleted_at=NOW)
    after = published(archived, replace(NEW, sha=B, at=NOW + timedelta(days=1)))
    assert (after.archived_at, after.archived_path, after.deleted_at) == (NOW, "/srv/archive/alpha-1", None)


def test_a_deleted_folder_stays_deleted_until_it_is_there_again():
    deleted = replace(ENTRY, deleted_at=NOW)
    assert published(deleted, replace(NEW, sha=B, folder_is_here=False)).deleted_at == NOW
    assert published(deleted, NEW).deleted_at is None


def test_a_deleted_folder_that_has_an_archive_stays_archived():
    archived = replace(ENTRY, archived_at=NOW, archived_path="/srv/archive/alpha-1")
    assert folder_deleted(archived, NOW) == archived
    assert folder_deleted(ENTRY, NOW).deleted_at == NOW
    later = NOW + timedelta(days=1)
    assert folder_deleted(folder_deleted(ENTRY, NOW), later).deleted_at == NOW


def test_since_when_a_project_is_published_moves_only_with_what_is_published():
    later = NOW + timedelta(days=1)
    assert published(ENTRY, replace(NEW, at=later)).last_published_at == NOW
    assert published(ENTRY, replace(NEW, at=later, sha=B)).last_published_at == later


def test_of_a_file_only_what_is_unknown_or_later_is_learned():
    later = replace(ENTRY, archived_at=NOW + timedelta(days=1), archived_path="/srv/archive/alpha-1")
    unknown = replace(ENTRY, project_name="beta")
    changed = replace(ENTRY, parity_verified=False)
    assert merged([ENTRY], [changed]) == []
    assert merged([ENTRY], [later, unknown]) == [later, unknown]
    assert merged([later], [ENTRY]) == []
