"""Golden documents value by value (runbook 002, "Smoke & Acceptance")."""

import pytest

from tasks.rules.guard.golden import Tolerance, Tolerances, compare, hash_of, to_change, tolerances_of, update_plan
from tasks.rules.guard.golden_verdict import case_said, golden_said

GOLDEN = {
    "final_state": "FILLED",
    "blocked_reason": None,
    "metrics": {"sum": 10.0, "count": 3},
    "at": "x",
    "list": [1],
}


def verdict(observed, tolerances=None, golden=GOLDEN):
    (case,) = compare({"happy": golden}, {"happy": observed}, tolerances or Tolerances())
    return case


@pytest.mark.row("P002-320", "W002-320")
@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"metrics": {"sum": 10.0, "count": 4}}, ("metrics.count",)),
        ({"blocked_reason": "safe-mode"}, ("blocked_reason",)),
        ({"metrics": {"sum": 10.0}}, ("metrics.count",)),
        ({"more": 1}, ("more",)),
        ({"list": [1, 2]}, ("list.1",)),
        ({"list": []}, ("list", "list.0")),
        ({"metrics": {"sum": 10.0, "count": True}}, ("metrics.count",)),
        ({"final_state": "REJECTED", "at": "y"}, ("at", "final_state")),
    ],
)
def test_each_value_that_differs_is_named(changed, fields):
    case = verdict(GOLDEN | changed)
    assert (case.verdict, case.fields) == ("differs", fields)
    assert case_said(case).line.startswith(f"golden_case status=fail reason=differs case=happy fields={len(fields)} ")
    assert any(line.startswith("+") for line in case.diff)


@pytest.mark.row("P002-320")
@pytest.mark.parametrize(
    ("changed", "tolerances", "same"),
    [
        ({}, Tolerances(), True),
        ({"metrics": {"sum": 10.4, "count": 3}}, Tolerances(close=(Tolerance("metrics.sum", 0.5),)), True),
        ({"metrics": {"sum": 10.6, "count": 3}}, Tolerances(close=(Tolerance("metrics.sum", 0.5),)), False),
        ({"metrics": {"sum": 10.9, "count": 3}}, Tolerances(close=(Tolerance("metrics.*", 0, 0.1),)), True),
        ({"metrics": {"sum": 10.4, "count": 3}}, Tolerances(close=(Tolerance("sum", 0.5),)), False),
        ({"at": "y"}, Tolerances(volatile=("at",)), True),
        ({"final_state": "y"}, Tolerances(close=(Tolerance("final_state", 99),)), False),
    ],
)
def test_a_value_may_be_off_only_where_and_as_far_as_that_is_declared(changed, tolerances, same):
    assert (verdict(GOLDEN | changed, tolerances).verdict == "same") is same


def test_true_is_not_the_number_one():
    assert verdict({"x": True}, golden={"x": 1}).fields == ("x",)


def test_what_is_volatile_must_still_be_there():
    assert verdict({k: v for k, v in GOLDEN.items() if k != "at"}, Tolerances(("at",))).fields == ("at",)


@pytest.mark.row("W002-321")
def test_a_case_that_one_side_does_not_have_has_failed():
    cases = compare({"a": GOLDEN, "b": None}, {"c": GOLDEN, "b": None}, Tolerances())
    assert [(case.name, case.verdict) for case in cases] == [
        ("a", "observed_missing"),
        ("b", "same"),
        ("c", "golden_missing"),
    ]
    assert golden_said(cases).line == "golden_check status=fail reason=golden_missing cases=3 differ=0 missing=2"
    assert golden_said(()).line == "golden_check status=fail reason=golden_missing cases=0 differ=0 missing=0"
    assert golden_said(cases[1:2]).line == "golden_check status=ok cases=1 differ=0 missing=0"


def test_only_what_differs_and_was_chosen_is_changed_and_the_plan_names_both_hashes_and_the_reason():
    cases = compare({"a": 1, "b": 1, "d": 1}, {"a": 2, "b": 1, "c": 3}, Tolerances())
    assert [case.name for case in to_change(cases, [])] == ["a", "c"]
    assert [case.name for case in to_change(cases, ["c"])] == ["c"]
    plan = update_plan(to_change(cases, ["a"]), "why")
    assert isinstance(plan, dict)
    assert plan["golden"] == {"a": {"old": hash_of(1), "new": hash_of(2)}}
    assert plan != update_plan(to_change(cases, ["a"]), "another why")


@pytest.mark.row("D002-320")
@pytest.mark.parametrize(
    "document",
    [
        {"other": 1},
        {"volatile": "at"},
        {"volatile": ["*"]},
        {"tolerance": [{"field": "a"}]},
        {"tolerance": [{"field": "*.*", "absolute": 1}]},
        {"tolerance": [{"absolute": 1}]},
        {"tolerance": [{"field": "a", "absolute": -1}]},
        {"tolerance": [{"field": "a", "relative": True}]},
        {"tolerance": [{"field": "a", "relative": float("inf")}]},
    ],
)
def test_a_tolerance_that_says_nothing_clear_is_refused(document):
    with pytest.raises(ValueError, match=r"volatile|tolerance|absolute"):
        tolerances_of(document)
