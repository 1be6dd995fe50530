"""The only place that reads the environment; what one family of procedures needs is declared in a module beside it.

Values that may be secret are `SecretStr`; nothing here is ever a flow parameter. A DSN is always asked for by the
name of its variable, so that flags, lines and forms carry names and never values.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.rules.faults import Misconfigured

PRODUCTION_DSN = "POSTGRES_DSN_PROD"
OPERATIONS_DSN = "WATCHKEEPER_DSN"
_SECRET_WORDS = ("DSN", "PASSWORD", "SECRET", "TOKEN", "KEY", "WEBHOOK", "AUTH_STRING", "CREDENTIAL")
S = TypeVar("S", bound=BaseSettings)
_NOT_SECRET = ("1", "0", "true", "false", "yes", "no", "on", "off", "none")


def _utc(text: object) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    if moment.tzinfo is None or moment.utcoffset() != UTC.utcoffset(None):
        raise ValueError("must be UTC, for example 2026-11-21T03:00:00Z")
    return moment.astimezone(UTC).replace(microsecond=0)


class Settings(BaseSettings):
    """Everything the environment decides, read once per use so that a changed variable is seen."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    artifacts_url: str = Field("artifacts", validation_alias="ARTIFACTS_URL")
    alert_webhook_url: SecretStr | None = Field(
        None, validation_alias=AliasChoices("WATCHKEEPER_ALERT_WEBHOOK_URL", "SLACK_WEBHOOK_URL")
    )
    frozen_now: Annotated[datetime | None, BeforeValidator(_utc)] = Field(None, validation_alias="WATCHKEEPER_NOW")
    prefect_api_url: str | None = Field(None, validation_alias="PREFECT_API_URL")
    prefect_ui_url: str | None = Field(None, validation_alias="PREFECT_UI_URL")
    port: int = Field(4200, ge=1024, le=65535, validation_alias="WATCHKEEPER_PORT")

    @property
    def ui_url(self) -> str:
        """Where a browser finds the UI: as it is said, else beside the API."""
        return (self.prefect_ui_url or (self.prefect_api_url or "").removesuffix("/api")).rstrip("/")


def settings() -> Settings:
    """The settings of this moment; a value that does not parse names its variable, never itself."""
    return read(Settings)


def read(kind: type[S]) -> S:
    """The settings of one family; a value that does not parse names its variable, never itself."""
    try:
        return kind()
    except ValidationError as invalid:
        prefix = kind.model_config.get("env_prefix", "")
        names = tuple(sorted({f"{prefix}{error['loc'][0]}".upper() for error in invalid.errors()}))
        raise Misconfigured("invalid_setting", f"correct {', '.join(names)} in the environment", env=names) from None


def dsn_named(name: str) -> SecretStr:
    """The DSN in the variable of that name; blank counts as missing (runbook 001, playbook missing_env)."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise Misconfigured("missing_dsn", f"set {name}, or start with --local", env=(name,))
    return SecretStr(value)


def secret_named(name: str) -> SecretStr | None:
    """The secret in the variable of that name; None if it is not set."""
    value = os.environ.get(name, "").strip()
    return SecretStr(value) if value else None


def fill_in(values: Mapping[str, str]) -> None:
    """Set the variables that the environment leaves open, before anything reads them."""
    for name, value in values.items():
        os.environ.setdefault(name, value)


def is_set(name: str) -> bool:
    return bool(os.environ.get(name, "").strip())


def known_secrets() -> list[str]:
    """Every value of this environment that must never be shown, for the redactor."""
    return [
        value
        for name, value in os.environ.items()
        if any(word in name.upper() for word in _SECRET_WORDS) and value.lower() not in _NOT_SECRET
    ]


def child_environment(**extra: str) -> dict[str, str]:
    """This environment with a few variables more, for a program that takes them from there and not as arguments."""
    return {**os.environ, **extra}
