"""Debian's Chromium on a stack's UI, without a way to anywhere else."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Error, Page, Route, sync_playwright

PATIENCE_MS = 30_000
_BUSY = 503
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowser(Exception):
    """Why there is none, and what to do."""


@contextmanager
def running_browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        raise NoBrowser("no Chromium on PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        except Error as error:
            raise NoBrowser(f"{path} does not start: {error.message.splitlines()[0]}") from None
        yield browser
        browser.close()


def open_page(browser: Browser) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE_MS)
    page.route("**/*", _only_here)
    return page


def _only_here(route: Route) -> None:
    if route.request.url.startswith(("http://127.0.0.1:", "data:")):
        route.continue_()
    else:
        route.abort()


def open_deployment(page: Page, url: str, procedure: str) -> None:
    """As an operator gets there: the list of deployments (a page holds ten), the name, the procedure."""
    page.goto(f"{url}/v2/deployments")
    page.get_by_role("textbox", name="Search deployments").fill(procedure)
    page.get_by_role("link", name=procedure, exact=True).first.click()
    page.get_by_role("button", name="Run", exact=True).wait_for()


def open_form(page: Page, url: str, procedure: str) -> None:
    open_deployment(page, url, procedure)
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Custom run").click()
    page.get_by_role("heading", name="Parameters").wait_for()


def choose(page: Page, parameter: str, value: str) -> None:
    page.get_by_label(f"Select {parameter}").click()
    page.get_by_role("option", name=value, exact=True).click()


def submit(page: Page) -> None:
    """Start the run of the open form and go to its page.

    The server's own answer tells the number: the notice with the link is gone after seconds. A server on SQLite
    answers 503 when it is busy, and an operator presses the button again.
    """
    for _ in range(5):
        with page.expect_response(re.compile("/create_flow_run$")) as answered:
            page.get_by_role("button", name="Submit").click()
        answer = answered.value
        if answer.status != _BUSY:
            break
    assert answer.ok, f"the form was answered with {answer.status}"
    root = page.url.partition("/v2/")[0]
    page.goto(f"{root}/v2/runs/flow-run/{answer.json()['id']}")


def open_artifact(page: Page, url: str, artifact: str) -> None:
    page.goto(f"{url}/v2/artifacts/artifact/{artifact}")
    page.get_by_role("tabpanel", name="Artifact").wait_for()
