"""Files of variables on a real disk: private, whole, never over what is there (runbook 002, "ENV & Flags")."""

import json
import stat

import pytest

from tasks.rules.faults import Fault, Refused
from tasks.rules.guard.environment import findings
from tasks.rules.guard.profiles import Profile
from tasks.rules.guard.sample import sample_of
from tasks.runtime.environment_files import read_environment, write_private


def private(path, text):
    path.write_text(text)
    path.chmod(0o600)
    return path


def codes(path, profile=Profile.PAPER, **where):
    return {(one.code, one.variable) for one in findings(profile, read_environment.fn(path, profile, **where))}


@pytest.mark.row("P002-151")
def test_a_sample_is_for_its_owner_alone_and_goes_over_nothing_unless_told(tmp_path):
    path = tmp_path / "deep" / "paper.env"
    write_private.fn(path, sample_of(Profile.PAPER), overwrite=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Refused, match="file_exists"):
        write_private.fn(path, "other", overwrite=False)
    assert path.read_text() == sample_of(Profile.PAPER)
    path.chmod(0o644)
    write_private.fn(path, "other", overwrite=True)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("other", 0o600)
    assert [one.name for one in path.parent.iterdir()] == ["paper.env"]


def test_a_link_that_points_nowhere_is_a_file_that_is_there(tmp_path):
    (tmp_path / "x.env").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="file_exists"):
        write_private.fn(tmp_path / "x.env", "a", overwrite=False)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.row("P002-150")
@pytest.mark.parametrize("profile", Profile)
def test_a_written_sample_read_again_lacks_its_secrets_and_nothing_else(tmp_path, profile):
    path = tmp_path / "x.env"
    write_private.fn(path, sample_of(profile), overwrite=False)
    assert {code for code, _ in codes(path, profile)} - {"store_missing"} == {"missing"}


@pytest.mark.row("D002-462")
def test_a_live_start_needs_its_store_of_secrets_with_every_key_in_it(tmp_path):
    path = private(tmp_path / "x.env", "SECRETS_STORE_PATH=store.json\n")
    assert ("store_missing", "SECRETS_STORE_PATH") in codes(path, Profile.LIVE)
    assert not any(name == "SECRETS_STORE_PATH" for _, name in codes(path, Profile.TESTNET))
    private(tmp_path / "store.json", json.dumps({"binance_key": "a", "binance_secret": "b", "okx_key": "c"}))
    hints = {one.hint for one in findings(Profile.LIVE, read_environment.fn(path, Profile.LIVE))}
    assert "the store lacks okx_secret, okx_passphrase" in hints


@pytest.mark.row("D002-150")
def test_lines_that_assign_nothing_are_named_by_number_and_their_text_is_not_shown(tmp_path):
    path = private(tmp_path / "x.env", "A=1\nsk-torn-secret\nexport SAFE_MODE='1'\nc2VjcmV0==\nB\n")
    given = read_environment.fn(path, Profile.PAPER)
    assert given.bad_lines == (2, 4, 5)
    assert [(one.name, one.value) for one in given.assignments] == [("A", "1"), ("SAFE_MODE", "1")]


def test_nothing_is_filled_in_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SAFE_MODE", "0")
    path = private(tmp_path / "x.env", "DRY_RUN_MODE=${SAFE_MODE}\n")
    assert ("bad_bool", "DRY_RUN_MODE") in codes(path)


@pytest.mark.row("P002-154")
def test_a_path_below_a_file_or_that_is_a_folder_cannot_be_written(tmp_path):
    (tmp_path / "plain").touch()
    (tmp_path / "data").mkdir()
    text = "METRICS_PATH=plain/metrics.prom\nHEDGE_LOG_PATH=data\nPNL_HISTORY_PATH=data/new/pnl.json\n"
    path = private(tmp_path / "x.env", text)
    bad = {name for code, name in codes(path) if code == "path_not_writable"}
    assert bad == {"METRICS_PATH", "HEDGE_LOG_PATH"}
    assert not (tmp_path / "data" / "new").exists()


@pytest.mark.row("P002-156", "W002-156")
def test_test_keys_are_compared_with_the_keys_of_another_file_and_of_its_store(tmp_path):
    private(tmp_path / "store.json", json.dumps({"binance_key": "aa-live", "okx_secret": "bb-live"}))
    other = private(tmp_path / "live.env", "EXEC_PROFILE=live\nSECRETS_STORE_PATH=store.json\nOKX_API_KEY=cc-live\n")
    text = "BINANCE_UM_API_KEY_TESTNET=cc-live\nOKX_API_SECRET_TESTNET=aa-live\nOKX_API_KEY_TESTNET=dd-test\n"
    path = private(tmp_path / "test.env", text)
    reused = {name for code, name in codes(path, Profile.TESTNET, other=other) if code == "key_reuse"}
    assert reused == {"BINANCE_UM_API_KEY_TESTNET", "OKX_API_SECRET_TESTNET"}
    assert not any(code == "key_reuse" for code, _ in codes(path, Profile.TESTNET))


def test_secrets_that_others_may_read_are_a_finding(tmp_path):
    (tmp_path / "store.json").write_text("{}")
    path = private(tmp_path / "x.env", "API_TOKEN=abcabc\nSECRETS_STORE_PATH=store.json\n")
    path.chmod(0o644)
    assert {("readable_by_others", "file"), ("readable_by_others", "SECRETS_STORE_PATH")} <= codes(path)


@pytest.mark.row("D002-151")
def test_a_file_that_is_not_there_or_is_no_text_is_refused_without_its_content(tmp_path):
    with pytest.raises(Refused, match="env_file_missing"):
        read_environment.fn(tmp_path / "none", Profile.PAPER)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(Fault, match="env_file_unreadable"):
        read_environment.fn(tmp_path / "bytes", Profile.PAPER)
    (tmp_path / "large").write_bytes(b"A" * (1 << 21))
    with pytest.raises(Refused, match="env_file_unreadable"):
        read_environment.fn(tmp_path / "large", Profile.PAPER)
    (tmp_path / "store").write_text("{secret")
    with pytest.raises(Fault, match="store_unreadable"):
        read_environment.fn(private(tmp_path / "x.env", "SECRETS_STORE_PATH=store\n"), Profile.LIVE)
