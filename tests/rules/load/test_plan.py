"""What a load validation asks for (runbook 003, Load/Performance Validation)."""

from dataclasses import replace

import pytest

from tasks.rules.faults import Refused
from tasks.rules.load.plan import (
    Amounts,
    Name,
    Phase,
    Route,
    Targets,
    left_out,
    phases_of,
    refuse_too_long,
)

TARGETS = Targets("http://127.0.0.1:8080/", "http://127.0.0.1:8082", "ws://127.0.0.1:8082/ws/events")
AMOUNTS = Amounts(
    webhook_total=100,
    webhook_concurrency=25,
    webhook_rate=50,
    api_total=200,
    api_concurrency=50,
    api_rate=100,
    epic_total=10,
    epic_concurrency=10,
    epic_rate=10,
    ws_clients=50,
    ws_rate=50,
    ws_hold_s=2,
    timeout_s=10,
)


def names(amounts=AMOUNTS, *, has_secret=True):
    return [phase.name for phase in phases_of(TARGETS, amounts, has_secret=has_secret)]


def test_the_phases_are_the_runbooks_in_its_order():
    assert names() == [Name.WEBHOOK, Name.SIGNED, Name.HEARTBEAT, Name.EPIC, Name.CONNECT]
    urls = [phase.url for phase in phases_of(TARGETS, AMOUNTS, has_secret=True)]
    assert urls[:2] == ["http://127.0.0.1:8080/webhook/test", "http://127.0.0.1:8080/webhook/gitea"]


@pytest.mark.parametrize(
    ("route", "has_secret", "webhooks"),
    [
        (Route.AUTO, True, [Name.WEBHOOK, Name.SIGNED]),
        (Route.AUTO, False, [Name.WEBHOOK]),
        (Route.TEST, True, [Name.WEBHOOK]),
        (Route.GITEA, True, [Name.SIGNED]),
        (Route.BOTH, True, [Name.WEBHOOK, Name.SIGNED]),
    ],
)
def test_the_route_says_which_webhooks_are_sent(route, has_secret, webhooks):
    assert names(replace(AMOUNTS, webhook_route=route), has_secret=has_secret)[:-3] == webhooks


def test_what_is_not_asked_for_is_named():
    phases = phases_of(TARGETS, replace(AMOUNTS, epic_total=0), has_secret=False)
    assert left_out(phases) == (Name.SIGNED, Name.EPIC)
    assert left_out(phases_of(TARGETS, AMOUNTS, has_secret=True)) == ()


def test_each_request_is_due_at_its_own_moment_whatever_became_of_the_others():
    phase = Phase(Name.HEARTBEAT, "", 10, 4.0, 1, 1.0)
    assert [phase.due_ns(number) for number in (0, 1, 4)] == [0, 250_000_000, 1_000_000_000]


def test_a_duration_takes_the_place_of_the_totals_but_not_of_a_zero():
    phases = phases_of(TARGETS, replace(AMOUNTS, duration_s=3, epic_total=0, api_rate=0.5), has_secret=False)
    assert [(phase.name, phase.total) for phase in phases[:2]] == [(Name.WEBHOOK, 150), (Name.HEARTBEAT, 2)]
    assert phases[-1].total == 50


def test_more_than_an_hour_is_refused_before_it_begins():
    long = [Phase(Name.HEARTBEAT, "", 3601, 1.0, 1, 1.0)]
    with pytest.raises(Refused, match="load_too_long"):
        refuse_too_long(long)
    refuse_too_long([Phase(Name.HEARTBEAT, "", 3600, 1.0, 1, 1.0)])
