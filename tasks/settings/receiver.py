"""What the environment decides about the webhook receiver (runbook 003, Push Automation)."""

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.rules.faults import Misconfigured
from tasks.settings.environment import read, settings

WEBHOOK_SECRET = "GITEA_WEBHOOK_SECRET"
RECEIVER_PORT = "WATCHKEEPER_RECEIVER_PORT"


class ReceiverSettings(BaseSettings):
    """Where it listens, what it takes and how much of it, and what it starts."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    host: str = Field("127.0.0.1", validation_alias="WATCHKEEPER_RECEIVER_HOST")
    port: int | None = Field(None, ge=1024, le=65535, validation_alias=RECEIVER_PORT)
    secret: SecretStr | None = Field(
        None, validation_alias=AliasChoices("PRODUCT_PUBLISH_WEBHOOK_SECRET", WEBHOOK_SECRET)
    )
    branch: str = Field("main", min_length=1, validation_alias="PRODUCT_PUBLISH_WEBHOOK_BRANCH")
    repository: str | None = Field(None, validation_alias="PRODUCT_PUBLISH_WEBHOOK_REPOSITORY")
    deployment: str = Field(
        "product-publish/product-publish",
        pattern=r"[^/]+/[^/]+",
        validation_alias="PRODUCT_PUBLISH_WEBHOOK_DEPLOYMENT",
    )
    per_minute: int = Field(60, ge=1, le=100_000, validation_alias="ORKET_RATE_LIMIT")
    per_minute_of_all: int = Field(240, ge=1, le=100_000, validation_alias="ORKET_RATE_LIMIT_OF_ALL")


def receiver_settings() -> ReceiverSettings:
    return read(ReceiverSettings)


def receiver_port() -> int:
    """Where it listens: the port that was asked for, else the one after the Prefect server's."""
    return receiver_settings().port or min(settings().port + 1, 65_535)


def webhook_secret() -> SecretStr:
    """The secret that Gitea signs with; without one nothing could be believed, so nothing is taken."""
    secret = receiver_settings().secret
    if secret is None or not secret.get_secret_value().strip():
        raise Misconfigured(
            "missing_env",
            f"set {WEBHOOK_SECRET}, at Gitea's webhook and here: openssl rand -hex 32",
            env=(WEBHOOK_SECRET,),
        )
    return secret
