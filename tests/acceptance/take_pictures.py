"""The pictures of the documentation, taken from a fresh stack: `python -m tests.acceptance.take_pictures`."""

import os
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.acceptance.browser import open_artifact, open_form, open_page, running_browser
from tests.acceptance.promotion_run import PromotionRun
from tests.acceptance.staged_runtime import enrolled, staged_runtime
from tests.stack import ROOT, Stack, own_folder

PICTURES = ROOT / "docs" / "pictures"
# A run list like a morning's: good ones, and one that asks for attention.
RUNS: tuple[tuple[str, dict[str, object]], ...] = (
    ("prod-config", {}),
    ("db-verify", {}),
    ("retention", {"mode": "report"}),
    ("ops-daily", {"mode": "prod", "min_ratio": 0.9}),
    ("ops-daily", {"mode": "prod"}),
)


def keep(page: Page, name: str) -> None:
    """The visible part of the page as a PNG of 256 colours."""
    page.wait_for_timeout(2_500)  # the UI draws its charts after its data
    with Image.open(BytesIO(page.screenshot())) as picture:
        few = picture.convert("RGB").quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(PICTURES / name, optimize=True)


def take(page: Page, stack: Stack) -> None:
    runs = [stack.ended(stack.start(procedure, asked).json()["id"]) for procedure, asked in RUNS]
    open_form(page, stack.url, "ops-daily")
    keep(page, "run-form.png")
    page.goto(f"{stack.url}/v2/runs")
    page.get_by_role("tab", name="Flow Runs").evaluate("tab => tab.scrollIntoView()")
    page.get_by_placeholder("Search by flow run name").evaluate("field => field.scrollIntoView()")
    keep(page, "run-list.png")
    open_artifact(page, stack.url, stack.artifacts(runs[-1]["id"])["ops-daily-health-trend"])
    keep(page, "health-trend.png")


def take_soak(page: Page, stack: Stack) -> None:
    """Ten days of a soak, with a slow evening, a missed night and a poor morning in them."""
    stack.by_hand("245", module="tests.acceptance.rehearsed_soak")
    run = stack.ended(stack.start("soak", {"clock": "scaled"}).json()["id"])
    page.set_viewport_size({"width": 1280, "height": 1280})
    open_artifact(page, stack.url, stack.artifacts(run["id"])["soak-rehearsal-eu-west-1"])
    keep(page, "soak.png")


def take_promotion(page: Page, stack: Stack) -> None:
    """The form of a promotion, after one of the two has signed."""
    with (
        own_folder() as folder,
        pytest.MonkeyPatch.context() as patch,
        staged_runtime(stack, folder, patch) as runtime,
    ):
        alice, _ = enrolled("alice", "bob")
        runtime.is_good_for("testnet")
        run = PromotionRun(page, stack, runtime, "testnet")
        run.signed(alice, alice.code(), run.phrase())
        page.set_viewport_size({"width": 1280, "height": 960})
        run.form()
        keep(page, "promotion-form.png")


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with own_folder() as folder, running_browser() as browser:
        stack = Stack(folder, int(os.environ.get("WATCHKEEPER_PORT", "0")))
        try:
            stack.run("deployments", "up").check_returncode()
            take(open_page(browser), stack)
            take_soak(open_page(browser), stack)
            take_promotion(open_page(browser), stack)
        finally:
            stack.run("deployments", "down")


if __name__ == "__main__":
    main()
