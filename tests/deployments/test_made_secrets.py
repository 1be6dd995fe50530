"""The secrets that `make up` makes where there are none."""

import pytest
from cryptography.fernet import Fernet

from deployments.made_secrets import made_secrets

NAMES = ["GITEA_WEBHOOK_SECRET", "WATCHKEEPER_APPROVAL_KEY"]


@pytest.fixture(autouse=True)
def _bare(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.row("P003-309")
def test_they_are_made_once_and_only_for_the_owner_of_the_folder(tmp_path):
    made = made_secrets(tmp_path)
    assert list(made) == NAMES
    assert made_secrets(tmp_path) == made
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o600
    assert Fernet(made["WATCHKEEPER_APPROVAL_KEY"])
    assert len(set(made.values())) == 2


@pytest.mark.row("P003-309")
def test_what_the_operator_has_goes_first_and_is_not_written_down(tmp_path, monkeypatch):
    monkeypatch.setenv("GITEA_WEBHOOK_SECRET", "the-operators-own")
    assert list(made_secrets(tmp_path)) == NAMES[1:]
    assert "the-operators-own" not in (tmp_path / "secrets").read_text()


def test_a_shell_that_has_read_them_still_leaves_them_ours(tmp_path, monkeypatch):
    made = made_secrets(tmp_path)
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    assert made_secrets(tmp_path) == made
