"""Runbook 002, ENV & Flags: a sample written, filled in and checked."""

import hashlib
import re

import pytest

from flows.guard.env_check import env_check
from flows.guard.env_sample import env_sample

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.mark.row("P002-150", "P002-158")
def test_a_sample_is_written_checked_filled_in_and_checked_again(capsys, tmp_path):
    path = tmp_path / "paper.env"
    assert env_sample("paper", str(path), return_state=True).is_completed()
    assert env_sample("paper", str(path), return_state=True).is_failed()
    assert env_check("paper", str(path), return_state=True).is_failed()
    filled = (
        path.read_text().replace("API_TOKEN=\n", "API_TOKEN=one\n").replace("APPROVE_TOKEN=\n", "APPROVE_TOKEN=two\n")
    )
    path.write_text(filled)
    assert env_check("paper", str(path), return_state=True).is_completed()
    lines = capsys.readouterr().out.splitlines()
    digest = hashlib.sha256(filled.encode()).hexdigest()[:16]
    lines = [re.sub(r" file=(?!" + digest + ")[0-9a-f]{16}", "", line) for line in lines]
    assert [line.partition(" hint=")[0] for line in lines] == [
        "env_sample status=ok profile=paper variables=98 secrets=2",
        "env_sample status=fail reason=file_exists",
        "env_finding severity=error code=missing variable=API_TOKEN",
        "env_finding severity=error code=missing variable=APPROVE_TOKEN",
        "env_check status=fail reason=env_findings profile=paper compared=false checked=98 errors=2 warnings=0"
        " codes=missing",
        f"env_check status=ok profile=paper file={digest} compared=false checked=98 errors=0 warnings=0",
    ]


def test_a_file_that_is_not_there_is_said(capsys, tmp_path):
    assert env_check("live", str(tmp_path / "none"), return_state=True).is_failed()
    assert capsys.readouterr().out == "env_check status=fail reason=env_file_missing\n"
