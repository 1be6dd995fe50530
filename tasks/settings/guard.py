"""What the environment decides about the trading runtime: where it is, and what it takes us for (runbook 002)."""

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.rules.faults import Misconfigured
from tasks.rules.guard.answers import not_ours
from tasks.rules.publishing.remote import Address, address_in
from tasks.settings.environment import read

RUNTIME_URL = "RUNTIME_URL"


class RuntimeSettings(BaseSettings):
    """Where the runtime is, our tokens there, its metrics file, and which signals it needs for how long."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    url: str | None = Field(None, validation_alias=RUNTIME_URL)
    api_token: SecretStr | None = Field(None, validation_alias=AliasChoices("RUNTIME_API_TOKEN", "API_TOKEN"))
    approve_token: SecretStr | None = Field(
        None, validation_alias=AliasChoices("RUNTIME_APPROVE_TOKEN", "APPROVE_TOKEN")
    )
    second_token: SecretStr | None = Field(None, validation_alias="RUNTIME_SECOND_TOKEN")
    timeout_s: float = Field(10, ge=0.1, le=120, validation_alias="RUNTIME_TIMEOUT_S", allow_inf_nan=False)
    metrics_path: str = Field(
        "data/metrics/metrics.prom", validation_alias=AliasChoices("RUNTIME_METRICS_PATH", "METRICS_PATH")
    )
    env_file: str | None = Field(None, validation_alias="RUNTIME_ENV_FILE")
    readiness_required: str = Field("", validation_alias="READINESS_REQUIRED")
    readiness_ttl_s: float = Field(30, gt=0, le=3600, validation_alias="READINESS_TTL_SEC", allow_inf_nan=False)


def runtime_settings() -> RuntimeSettings:
    return read(RuntimeSettings)


def runtime_address(given: str = "") -> Address:
    """Where the runtime is: as given, else as RUNTIME_URL says; a URL that carries a password is refused unseen."""
    url = given.strip() or runtime_settings().url
    if not url:
        raise Misconfigured("missing_runtime_url", f"set {RUNTIME_URL}, or give --base-url", env=(RUNTIME_URL,))
    address = address_in(url)
    if address is None:
        raise Misconfigured(
            "invalid_setting",
            f"{RUNTIME_URL} and --base-url are http(s)://host[:port][/path], without a user, a password or a query",
            env=(RUNTIME_URL,),
        )
    return address


def api_token(address: Address) -> SecretStr:
    """The token for writes; it goes to the runtime that RUNTIME_URL names or, without one, to this machine only."""
    found = runtime_settings()
    own = address_in(found.url) if found.url else None
    if not (own and own.root == address.root) and not (own is None and address.is_loopback):
        raise not_ours()
    return _required(found.api_token, "RUNTIME_API_TOKEN")


def second_token(address: Address) -> SecretStr:
    """The token of another operator of the runtime, who approves there; it goes where the first one goes."""
    api_token(address)
    return _required(runtime_settings().second_token, "RUNTIME_SECOND_TOKEN")


def has_second_token() -> bool:
    """Whether there are two tokens, and two different ones."""
    found = runtime_settings()
    return found.second_token is not None and found.second_token != found.api_token


def approve_token() -> SecretStr:
    """The second token, which the runtime asks for to clear a hold."""
    return _required(runtime_settings().approve_token, "RUNTIME_APPROVE_TOKEN")


def _required(value: SecretStr | None, name: str) -> SecretStr:
    if value is None:
        raise Misconfigured("missing_runtime_token", f"set {name} where this runs", env=(name,))
    return value
