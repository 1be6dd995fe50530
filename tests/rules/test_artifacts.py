"""Names that stay inside the artifacts, and bytes that are always the same (design, rule 8)."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.artifacts import canonical_json, is_artifact_name

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize("name", ["a.json", "regression_baseline_latest.json", "soak/2026-11-21/tick-1.json"])
def test_plain_parts_are_a_name(name):
    assert is_artifact_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../a",
        "a/../b",
        "/etc/passwd",
        "a//b",
        "a/",
        ".hidden",
        "a b",
        "a\n",
        "a\\b",
        "s3://b/c",
        "~/a",
    ],
)
def test_a_name_that_leaves_the_artifacts_is_none(name):
    assert not is_artifact_name(name)


@given(st.text(max_size=30))
def test_no_name_ever_has_an_empty_hidden_or_parent_part(name):
    if is_artifact_name(name):
        assert all(part and not part.startswith(".") for part in name.split("/"))


@given(VALUES)
def test_json_reads_back_and_writing_it_again_changes_no_byte(document):
    written = canonical_json(document)
    assert canonical_json(json.loads(written)) == written
    assert written.endswith(b"\n")


def test_keys_are_sorted():
    assert canonical_json({"b": 1, "a": 2}) == b'{\n  "a": 2,\n  "b": 1\n}\n'


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_have_is_refused(number):
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"h": number})
