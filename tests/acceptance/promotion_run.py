"""A promotion as people meet it in the UI: its form is opened, the plan read, signed, and the refusals are seen."""

import re
import time
from datetime import UTC, datetime

from playwright.sync_api import Locator, Page, expect

from tests.acceptance.browser import PATIENCE_MS, choose, open_form, submit
from tests.acceptance.staged_runtime import StagedRuntime
from tests.people import App
from tests.stack import Stack


class PromotionRun:
    """One run of live-promotion, started by its form and answered in its own one."""

    def __init__(self, page: Page, stack: Stack, runtime: StagedRuntime, to: str, **more: str) -> None:
        self.page, self.stack, self.seen = page, stack, ""
        open_form(page, stack.url, "live-promotion")
        choose(page, "to", to)
        page.get_by_role("switch", name="execute").click()
        folder = runtime.folder
        files = {"config": f"{folder}/services.toml", "checklist": f"{folder}/promotion.toml"}
        for name, value in {"base_url": runtime.url, **files, **more}.items():
            page.get_by_role("textbox", name=name).or_(page.get_by_role("spinbutton", name=name)).fill(value)
        submit(page)
        self.id = page.url.partition("flow-run/")[2][:36]
        self.waits()

    def waits(self) -> None:
        """Until the run waits for an answer that nobody has given yet."""
        deadline = time.monotonic() + 90
        while (run := self.stack.api("GET", f"/flow_runs/{self.id}"))["state_id"] == self.seen or (
            run["state_name"] != "Suspended"
        ):
            assert run["state_type"] not in ("FAILED", "CRASHED", "COMPLETED"), run["state"]["message"]
            assert time.monotonic() < deadline, run["state_name"]
            time.sleep(0.5)
        self.seen = run["state_id"]

    def form(self) -> Locator:
        """Resume in the menu of the run, as soon as the page shows it suspended; or the form that is open."""
        dialog = self.page.get_by_role("dialog")
        if dialog.is_visible():
            return dialog
        self.page.goto(f"{self.stack.url}/v2/runs/flow-run/{self.id}")
        expect(self.page.get_by_text("Suspended", exact=True).first).to_be_visible()
        self.page.get_by_role("button", name="Open menu").first.click()
        self.page.get_by_role("menuitem", name="Resume").click()
        expect(dialog.get_by_text("LIVE_CONFIRM", exact=True)).to_be_visible()
        return dialog

    def says(self, *words: str) -> None:
        """What stands above the form that waits now."""
        form = self.form()
        for word in words:
            expect(form).to_contain_text(word)

    def let_it_expire(self) -> None:
        """Wait until the moment that the form names is over."""
        shown = self.form().get_by_text(re.compile(r"until \d{4}-\d\d-\d\dT")).inner_text()
        until = datetime.fromisoformat(shown.partition("until ")[2][:20])
        time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()) + 0.1)

    def plan(self) -> Locator:
        """The page that the form leads to."""
        self.form().get_by_role("link", name="Read the plan first").click()
        return self.page.get_by_role("tabpanel", name="Artifact")

    def phrase(self) -> str:
        shown = self.plan().get_by_role("code").first
        expect(shown).to_have_text(re.compile("^[A-Z-]+-[0-9a-f]{8}$"), timeout=3 * PATIENCE_MS)
        return shown.inner_text()

    def answers(self, app: App, code: str, phrase: str) -> None:
        """Type name, code and confirmation, and press Resume."""
        form = self.form()
        for name, value in (("Operator", app.name), ("Code", code), ("LIVE_CONFIRM", phrase)):
            form.get_by_role("textbox", name=name).fill(value)
        for _ in range(5):  # a server on SQLite answers 503 when it is busy, and a person presses again
            with self.page.expect_response(re.compile("/resume$")) as answered:
                form.get_by_role("button", name="Resume", exact=True).click()
            if answered.value.ok:
                break
        expect(form).to_be_hidden()

    def signed(self, app: App, code: str, phrase: str) -> None:
        """The same, by somebody after whom the run waits on."""
        self.answers(app, code, phrase)
        self.waits()

    def line(self) -> str:
        """How it ended, as the run's page says it."""
        ended = self.stack.ended(self.id)
        self.page.goto(f"{self.stack.url}/v2/runs/flow-run/{self.id}")
        expect(self.page.get_by_text(ended["state_name"], exact=True).first).to_be_visible()
        self.page.get_by_role("tab", name="Details").click()
        details = self.page.get_by_role("tabpanel", name="Details")
        expect(details).to_contain_text(ended["state"]["message"])
        return str(ended["state"]["message"])
