"""The daily procedure as an operator sees it in the Prefect UI: note, form, run, line, artifacts (a real browser)."""

import re
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests.acceptance.browser import (
    PATIENCE_MS,
    NoBrowser,
    choose,
    open_artifact,
    open_deployment,
    open_form,
    open_page,
    running_browser,
    submit,
)

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(600)]
expect.set_options(timeout=PATIENCE_MS)
LINE = re.compile(r"ops_daily status=healthy mode=prod day=\d{4}-\d\d-\d\d")


@pytest.fixture(scope="module")
def browser():
    try:
        with running_browser() as started:
            yield started
    except NoBrowser as reason:
        pytest.skip(str(reason))


@pytest.fixture
def page(browser, stack):
    opened = open_page(browser)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def started_run(browser, stack):
    """The number of a run in prod mode that was chosen and started in the form and has ended there."""
    page = open_page(browser)
    open_form(page, stack.url, "ops-daily")
    choose(page, "mode", "prod")
    submit(page)
    run_id = page.url.partition("flow-run/")[2][:36]
    stack.ended(run_id)  # the page shows Completed already for a step
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible()
    page.close()
    return run_id


def test_the_note_of_the_procedure_stands_beside_its_button(page, stack):
    open_deployment(page, stack.url, "ops-daily")
    page.get_by_role("tab", name="Description").click()
    note = page.get_by_role("tabpanel", name="Description")
    for part in ("Runbook 001, Routine operations, Daily", "Refuses to run", "If it fails: read", "Safety: "):
        expect(note).to_contain_text(part)


def test_the_form_has_every_parameter_with_its_help_its_bounds_and_its_default(page, stack):
    open_form(page, stack.url, "ops-daily")
    expect(page.get_by_text("Window in UTC days, today included. 1 to 365.")).to_be_visible()
    expect(page.get_by_text("Least healthy share of positive acknowledgements per delivery. 0 to 1.")).to_be_visible()
    expect(page.get_by_text("ci touches no database; prod judges the production database.")).to_be_visible()
    expect(page.get_by_text("Narrow the metrics lines and the snapshot to one theme")).to_be_visible()
    expect(page.get_by_text("As the schedule runs it")).to_be_visible()
    expect(page.get_by_role("spinbutton", name="days")).to_have_value("7")
    expect(page.get_by_role("spinbutton", name="min_ratio")).to_have_value("0.2")
    expect(page.get_by_role("switch", name="scheduled")).not_to_be_checked()
    page.get_by_label("Select mode").click()
    assert page.get_by_role("option").all_inner_texts() == ["ci", "prod"]


def test_the_form_lets_nothing_out_of_bounds_through(page, stack):
    runs = stack.api("POST", "/flow_runs/count", {"deployments": {"name": {"any_": ["ops-daily"]}}})
    open_form(page, stack.url, "ops-daily")
    for parameter, values, good in (("days", ("400", "0", "-5"), "7"), ("min_ratio", ("1.5", "-1"), "0.2")):
        field = page.get_by_role("spinbutton", name=parameter)
        for value in values:
            field.fill(value)
            page.get_by_role("button", name="Submit").click()
            assert "must be" in field.evaluate("field => field.validationMessage"), (parameter, value)
        field.fill(good)
    assert stack.api("POST", "/flow_runs/count", {"deployments": {"name": {"any_": ["ops-daily"]}}}) == runs


def test_the_run_of_the_form_has_a_telling_name_and_its_line_as_message(page, stack, started_run):
    run = stack.api("GET", f"/flow_runs/{UUID(started_run)}")
    assert re.fullmatch(r"ops-daily prod \d{4}-\d\d-\d\d \d\d:\d\d", run["name"])
    assert LINE.fullmatch(run["state"]["message"])
    page.goto(f"{stack.url}/v2/runs")
    page.locator(f'a[href*="{started_run}"]', has_text=run["name"]).first.click()
    page.get_by_role("tab", name="Details").click()
    expect(page.get_by_role("tabpanel", name="Details")).to_contain_text(run["state"]["message"])


def test_the_run_shows_what_it_left_for_the_eyes(page, stack, started_run):
    page.goto(f"{stack.url}/v2/runs/flow-run/{started_run}")
    page.get_by_role("tab", name="Artifacts").click()
    for key in ("ops-daily-lines", "ops-daily-metrics", "ops-daily-health-trend"):
        expect(page.get_by_role("heading", name=key, exact=True)).to_be_visible()


def test_the_lines_are_an_artifact_exactly_as_they_were_said(page, stack, started_run):
    open_artifact(page, stack.url, stack.artifacts(started_run)["ops-daily-lines"])
    lines = page.get_by_role("code").first.inner_text().splitlines()
    assert lines[0] == "prod_config status=ok required=1"
    assert LINE.fullmatch(lines[-1])
    assert sum(line.startswith("ops_daily_metrics day=") for line in lines) == 7


def test_the_metrics_are_a_table_with_a_row_for_each_day(page, stack, started_run):
    open_artifact(page, stack.url, stack.artifacts(started_run)["ops-daily-metrics"])
    table = page.get_by_role("table").first
    expect(table.get_by_role("columnheader")).to_have_text(["day", "delivered", "positive", "h", "status", "reason"])
    expect(table.get_by_role("row")).to_have_count(1 + 7)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d\s+\d+\s+\d+\s+0\.\d\d\s+ok", table.get_by_role("row").nth(1).inner_text().strip()
    )


def test_the_health_trend_is_a_picture_that_the_browser_draws(page, stack, started_run):
    open_artifact(page, stack.url, stack.artifacts(started_run)["ops-daily-health-trend"])
    picture = page.get_by_role("img", name="Health trend")
    expect(picture).to_be_visible()
    assert picture.evaluate("picture => [picture.naturalWidth > 500, picture.complete]") == [True, True]


@pytest.mark.row("P004-407")
def test_a_soak_is_a_page_with_phase_ladder_head_and_a_picture(page, stack):
    stack.by_hand("33", module="tests.acceptance.rehearsed_soak")
    run = stack.ended(stack.start("soak", {"clock": "scaled"}).json()["id"])
    open_artifact(page, stack.url, stack.artifacts(run["id"])["soak-rehearsal-eu-west-1"])
    shown = page.get_by_role("tabpanel", name="Artifact")
    for words in ("shadow, 33 of 120 hours", "REGION_STEP_DOWN (3 failed", "303 hours", "line 36, "):
        expect(shown).to_contain_text(words)
    picture = shown.get_by_role("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 800
