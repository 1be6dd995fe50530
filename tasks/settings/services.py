"""What the environment decides about the services: their secrets (runbook 003, Prerequisites)."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.rules.services.health import Target
from tasks.settings.environment import read

WEBHOOK_SECRET = "GITEA_WEBHOOK_SECRET"


class LoadSecrets(BaseSettings):
    """What a load validation must know so that the services take it for one of their own."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    api_key: SecretStr | None = Field(None, validation_alias="ORKET_API_KEY")
    webhook_secret: SecretStr | None = Field(None, validation_alias=WEBHOOK_SECRET)
    test_token: SecretStr | None = Field(None, validation_alias="ORKET_WEBHOOK_TEST_TOKEN")


def load_secrets() -> LoadSecrets:
    return read(LoadSecrets)


class ServiceSettings(BaseSettings):
    """Where the services answer and where their databases are; what is not set is not watched."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    api_url: str | None = Field(None, validation_alias="ORKET_API_URL")
    webhook_url: str | None = Field(None, validation_alias="ORKET_WEBHOOK_URL")
    runtime_db: str | None = Field(None, validation_alias="ORKET_RUNTIME_DB")
    webhook_db: str | None = Field(None, validation_alias="ORKET_WEBHOOK_DB")


def service_settings() -> ServiceSettings:
    return read(ServiceSettings)


def watched() -> dict[Target, str]:
    """Address or path of each service and database whose variable is set, services first."""
    found = service_settings()
    places = {
        Target.API: found.api_url,
        Target.WEBHOOK: found.webhook_url,
        Target.RUNTIME_DB: found.runtime_db,
        Target.WEBHOOK_DB: found.webhook_db,
    }
    return {target: place for target, place in places.items() if place}
