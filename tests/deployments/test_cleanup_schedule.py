"""When published folders are cleaned up without anybody (runbook 003, Scheduled automation)."""

from pathlib import Path

import pytest
import yaml

FILE = Path(__file__).parents[2] / "prefect.yaml"


@pytest.fixture(scope="module")
def deployments():
    return {entry["name"]: entry for entry in yaml.safe_load(FILE.read_text(encoding="utf-8"))["deployments"]}


@pytest.mark.row("P003-217")
def test_the_cleanup_runs_every_day_at_03_20_for_real_and_one_at_a_time(deployments):
    entry = deployments["project-cleanup"]
    assert [(when["cron"], when["timezone"], when["parameters"]) for when in entry["schedules"]] == [
        ("20 3 * * *", "UTC", {"execute": True})
    ]
    assert entry["concurrency_limit"]["limit"] == 1
    assert entry["concurrency_limit"]["collision_strategy"] == "CANCEL_NEW"


@pytest.mark.row("P003-217")
def test_the_return_from_the_archive_is_nobodys_schedule(deployments):
    assert "schedules" not in deployments["project-restore"]
