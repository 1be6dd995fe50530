"""When both sides are equal, and what is said when they are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.publishing.parity import PARITY_REASONS, Differences, Parity, compare, manifest_in

A, B = "a" * 40, "b" * 40
ENTRIES = st.tuples(
    st.sampled_from(("100644", "100755", "120000", "160000")), st.just("blob"), st.sampled_from((A, B))
)
MANIFESTS = st.dictionaries(st.binary(min_size=1, max_size=3), ENTRIES, max_size=8)


@pytest.mark.row("P003-180")
@pytest.mark.parametrize(
    ("api", "fetched", "differences", "reason"),
    [
        (A, A, Differences(), None),
        (None, None, Differences(), "parity_branch_missing"),
        (A, None, Differences(), "parity_branch_missing"),
        (None, A, Differences(), "parity_branch_missing"),
        (A, B, Differences(), "parity_views_differ"),
        (B, A, Differences(), "parity_views_differ"),
        (B, B, Differences(), "parity_head_differs"),
        (A, A, Differences(missing=1), "parity_tree_differs"),
        (A, A, Differences(extra=1), "parity_tree_differs"),
        (A, A, Differences(changed=1), "parity_tree_differs"),
    ],
)
def test_parity_needs_both_heads_and_the_whole_tree(api, fetched, differences, reason):
    parity = Parity(A, api, fetched, 3, differences)
    assert parity.reason == reason
    assert parity.holds is (reason is None)
    assert reason is None or reason in PARITY_REASONS


@given(MANIFESTS, MANIFESTS)
def test_no_difference_is_equality_and_nothing_else(one, other):
    found = compare(one, other)
    assert (found.total == 0) is (one == other)
    assert compare(other, one) == Differences(found.extra, found.missing, found.changed)


@given(MANIFESTS)
def test_a_listing_gives_back_every_entry(manifest):
    named = {path: entry for path, entry in manifest.items() if b"\0" not in path}
    listing = b"".join(" ".join(entry).encode() + b"\t" + path + b"\0" for path, entry in named.items())
    assert manifest_in(listing) == named


def test_a_mode_alone_is_a_difference():
    assert compare({b"run": ("100755", "blob", A)}, {b"run": ("100644", "blob", A)}).changed == 1
