"""What the redactor takes away and what it leaves alone (runbook 001, "Escalation")."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.redaction import looks_secret, scrub

SECRETS = {
    "short scheme": "postgres://ops:s3cret@db/app",
    "long scheme": "postgresql://ops:s3cret@db/app",
    "scheme with driver": "postgresql+psycopg://ops:s3cret@db/app",
    "no password but a host": "postgresql://db.internal/app",
    "http with a password": "https://boss:s3cret@git.example/x.git",
    "key=value DSN": "host=db user=ops password=s3cret dbname=app",
    "quoted password": "password='s3 cret' host=db",
    "RSA key": "-----BEGIN RSA PRIVATE KEY-----\ns3cret\n-----END RSA PRIVATE KEY-----",
    "OPENSSH key": "-----BEGIN OPENSSH PRIVATE KEY-----\ns3cret",
    "authorization header": "Authorization: Basic czNjcmV0OnMzY3JldA==",
    "bearer": "Bearer s3cret.s3cret-s3cret",
    "sk key": "sk-s3crets3cret",
    "AWS key": "AKIAS3CRETS3CRETS3CR",
    "GitHub token": "ghp_s3crets3crets3crets3cret",
    "Slack URL": "https://hooks.slack.com/services/T000/B000/s3cret",
    "e-mail": "s3cret@example.org",
}


@pytest.mark.row("W001-21", "W001-22")
@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS.keys())
def test_every_known_shape_is_found_and_removed(text):
    assert looks_secret(text)
    assert "s3cret" not in scrub(f"before {text} after").lower()


@pytest.mark.row("W001-22")
def test_a_line_with_a_masked_value_is_not_excused():
    assert "s3cret" not in scrub("a=*** b=postgres://u:s3cret@h/d [redacted]")


@pytest.mark.parametrize(
    "text",
    [
        "bearer of bad news",
        "tasks.rules.outcome.Outcome",
        "status=ok applied=17",
        "https://example.org/docs",
        "a1b2c3d",
    ],
)
def test_ordinary_text_is_left_alone(text):
    assert not looks_secret(text)
    assert scrub(text) == text


def test_a_known_value_goes_wherever_it_stands_and_the_longest_first():
    assert scrub("x hunter2hunter2 y hunter2", ["hunter2", "hunter2hunter2"]) == "x [redacted] y [redacted]"


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=8), st.text(), st.text())
def test_no_known_secret_survives(secret, before, after):
    cleaned = scrub(before + secret + after, [secret])
    assert secret not in cleaned or secret in "[redacted]"
