"""Readiness is what everything says together: nothing missing, nothing old, nothing contradicting itself."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.guard.readiness import (
    DEFAULT_REQUIRED,
    NotSignals,
    Signal,
    pushed_signals,
    required_in,
    result_of,
    signals_of,
)
from tasks.rules.guard.readiness_verdict import Demand, Probe, Probes, judge

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
DETAILS = {
    "config_loaded": True,
    "db_ok": True,
    "metrics_ok": True,
    "md_connected": True,
    "md_staleness_ok": True,
    "watchdog_state": "OK",
    "recon_divergence_ok": True,
    "pretrade_throttled": False,
    "risk_throttled": False,
    "router_ready": True,
    "state": "RUN",
}
DEMAND = Demand(DEFAULT_REQUIRED, 30)


def signal(name, ok=True, reason="", age_s=0.0):
    return Signal(name, ok, reason, NOW - timedelta(seconds=age_s), "pushed")


def result(*signals, required=DEFAULT_REQUIRED, ttl=30.0):
    return result_of(required, signals, ttl, NOW)


def probes(*, ready=True, http=200, reasons=(), status="GREEN", colours=(), health=True, details=None, **more):
    said = {"ready": ready, "reasons": list(reasons), **more.pop("ready_more", {})}
    coloured = {"status": status, "reasons": list(colours), "details": details or DETAILS}
    return Probes(
        live_readiness=Probe(http, said),
        live_slash_readiness=Probe(200, coloured),
        healthz=Probe(200 if health else 503, {"ok": health}),
        status_full=Probe(200, {"readiness": {"live_ready": True, "last_check_ts": None}}),
        observed_at=NOW,
        **more,
    )


def codes(verdict):
    return [one.reason for one in verdict.blockers]


@pytest.mark.row("P002-201")
def test_the_recorded_table_of_results():
    good = [signal(name) for name in DEFAULT_REQUIRED]
    assert result() == "readiness-missing:adapters,market,recon"
    assert result(signal("market")) == "readiness-missing:adapters,recon"
    assert (
        result(signal("market"), signal("recon", False, "lag"), signal("adapters", False))
        == "readiness-bad:adapters:fail,recon:lag"
    )
    assert result(*good[:2], signal("recon", age_s=31)) == "readiness-missing:recon"
    assert result(*good) == "ok"


@pytest.mark.row("P002-201", "W002-210")
def test_a_signal_as_old_as_its_time_to_live_still_counts():
    others = [signal("market"), signal("adapters")]
    assert result(*others, signal("recon", age_s=30)) == "ok"
    assert result(*others, signal("recon", age_s=30.001)) == "readiness-missing:recon"


@pytest.mark.row("P002-201")
def test_missing_goes_before_bad():
    assert result(signal("market", False, "lag")) == "readiness-missing:adapters,recon"


@pytest.mark.row("D002-201")
def test_a_signal_from_the_future_is_bad_and_a_little_ahead_is_not():
    others = [signal("market"), signal("adapters")]
    assert result(*others, signal("recon", age_s=-6)) == "readiness-bad:recon:future"
    assert result(*others, signal("recon", age_s=-4)) == "ok"


@pytest.mark.row("P002-201")
@pytest.mark.parametrize(
    ("text", "names"),
    [(" , ", DEFAULT_REQUIRED), ("", DEFAULT_REQUIRED), ("recon, market,recon", ("market", "recon"))],
)
def test_required_names_are_sorted_and_blank_ones_are_the_default(text, names):
    assert required_in(text) == names


@pytest.mark.row("W002-209")
@given(st.lists(st.sampled_from(DEFAULT_REQUIRED), max_size=2))
def test_fewer_signals_than_required_are_never_ready(names):
    assert result(*(signal(name) for name in names)) != "ok"


@pytest.mark.row("W002-209")
def test_nothing_required_is_not_ready_either():
    assert result(required=()) != "ok"


@pytest.mark.row("P002-202")
def test_everything_good_is_ready():
    verdict = judge(probes(), DEMAND, NOW)
    assert (verdict.is_ready, verdict.result, verdict.status) == (True, "ok", "GREEN")


@pytest.mark.row("P002-202", "W002-209")
def test_endpoints_that_contradict_each_other_are_a_reason_of_their_own():
    details = DETAILS | {"md_connected": False, "md_staleness_ok": False}
    verdict = judge(probes(status="RED", colours=["md_disconnected", "md_staleness"], details=details), DEMAND, NOW)
    assert codes(verdict) == ["status", "md_disconnected", "md_staleness", "disagreement", "signal_bad:market"]
    assert [one.value for one in verdict.blockers if one.reason == "disagreement"] == ["ready:true+status:RED"]


@pytest.mark.row("W002-209")
@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"ready": False, "http": 503}, "ready:false+status:GREEN"),
        ({"health": False}, "ready:true+healthz:false"),
        ({"ready_more": {"watchdog": {"overall": "fail"}}}, "ready:true+watchdog:fail"),
        ({"http": 503}, "ready:true+http:503"),
    ],
)
def test_each_contradiction_is_named(seen, said):
    verdict = judge(probes(**seen), DEMAND, NOW)
    assert said in [one.value for one in verdict.blockers if one.reason == "disagreement"]
    assert not verdict.is_ready


@pytest.mark.row("P002-203")
def test_every_reason_comes_with_its_value_and_limit():
    seen = probes(ready=False, http=503, reasons=["watchdog:auto_hold", "journal:not_ok"], health=False)
    said = {one.reason: (one.value, one.limit) for one in judge(seen, DEMAND, NOW).blockers}
    assert said["live_readiness_http"] == ("503", "200")
    assert said["watchdog:auto_hold"] == ("true", "false")
    assert said["journal:not_ok"] == ("true", "false")
    assert said["healthz_http"] == ("503", "200")


@pytest.mark.row("P002-204")
def test_a_hold_of_an_operator_may_stand_before_a_canary_and_nothing_else_may():
    before = Demand(DEFAULT_REQUIRED, 30, hold_may_stand=True)
    held = {"status": "YELLOW", "colours": ["manual_hold"], "details": DETAILS | {"state": "HOLD"}}
    assert judge(probes(**held), before, NOW).is_ready
    assert codes(judge(probes(**held), DEMAND, NOW)) == ["status", "manual_hold"]
    degraded = held | {"colours": ["watchdog_degraded", "manual_hold"]}
    assert codes(judge(probes(**degraded), before, NOW)) == ["status", "watchdog_degraded"]


@pytest.mark.row("D002-202")
def test_answers_without_content_are_not_ready():
    nothing = Probe(200, None)
    verdict = judge(Probes(nothing, nothing, nothing, nothing, NOW), DEMAND, NOW)
    assert verdict.result == "readiness-missing:adapters,market,recon"
    assert codes(verdict)[:3] == ["no_data", "no_data", "healthz_not_ok"]


@pytest.mark.row("D002-203")
@pytest.mark.parametrize(("skew", "blocks"), [(4.9, False), (-5.1, True), (120, True), (None, False)])
def test_a_clock_that_is_off_is_a_reason(skew, blocks):
    assert ("clock_skew" in codes(judge(probes(skew_s=skew), DEMAND, NOW))) is blocks


@pytest.mark.row("W002-220")
def test_an_absent_metrics_file_blocks_only_who_asks_for_it():
    asked = Demand(DEFAULT_REQUIRED, 30, most_textfile_age_s=60)
    assert judge(probes(), DEMAND, NOW).is_ready
    assert codes(judge(probes(), asked, NOW)) == ["textfile_age"]
    assert judge(probes(textfile_age_s=60), asked, NOW).is_ready


@pytest.mark.row("P002-201")
def test_a_pushed_signal_counts_beside_the_runtimes_own():
    pushed = (signal("market", False, "lag"),)
    assert judge(probes(pushed=pushed), DEMAND, NOW).result == "readiness-bad:market:lag"
    pushed = (signal("market", age_s=31),)
    assert judge(probes(pushed=pushed), DEMAND, NOW).result == "readiness-missing:market"


def test_a_name_of_ones_own_is_missing_until_it_is_pushed():
    demand = Demand(("funding", "market"), 30)
    assert judge(probes(), demand, NOW).result == "readiness-missing:funding"
    assert judge(probes(pushed=(signal("funding"),)), demand, NOW).is_ready


@pytest.mark.row("D002-204")
@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        {"signals": {}},
        {"signals": [{"name": "x"}]},
        {"signals": [{"name": "x", "ok": "yes", "ts": "2026-11-21T03:00:00Z"}]},
        {"signals": [{"name": "x", "ok": True, "ts": "2026-11-21T03:00:00"}]},
    ],
)
def test_a_file_of_signals_of_another_form_is_refused(data):
    with pytest.raises(NotSignals):
        pushed_signals(data)


def test_a_detail_that_is_not_there_says_nothing():
    assert [one.name for one in signals_of({"md_connected": True}, NOW)] == []


@given(st.text(max_size=60))
def test_whatever_the_runtime_calls_its_reasons_they_fit_a_line(text):
    from tasks.rules.contracts.runtime import READINESS_BLOCKER
    from tasks.rules.outcome import Status, checked

    seen = probes(ready=False, http=503, reasons=[text], status="RED", colours=[text])
    for one in judge(seen, DEMAND, NOW).blockers:
        said = READINESS_BLOCKER.says(
            Status.FAIL, code=one.reason, source=one.source, value=one.value, limit=one.limit
        )
        assert checked(said) is said or checked(said).reason == "sensitive_value_detected"
