"""What the environment decides about the webhooks that lead to the webhook server (runbook 003)."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.settings.environment import read


class WebhookSettings(BaseSettings):
    """The repositories whose webhooks share the secret, as owner/name with blanks or commas between."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    repos: str = Field("", validation_alias="ORKET_WEBHOOK_REPOS")


def webhook_repositories() -> tuple[str, ...]:
    return tuple(read(WebhookSettings).repos.replace(",", " ").split())
