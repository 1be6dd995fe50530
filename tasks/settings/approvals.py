"""What the environment decides about approvals (runbook 002, "Live Guard & Confirm")."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.rules.faults import Misconfigured
from tasks.settings.environment import read

APPROVAL_KEY = "WATCHKEEPER_APPROVAL_KEY"


class ApprovalSettings(BaseSettings):
    """The key of the operators' secrets; two with a comma between while one replaces the other."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    key: SecretStr | None = Field(None, validation_alias=APPROVAL_KEY)


def approval_keys() -> list[SecretStr]:
    """The newest key first: it encrypts, and all of them decrypt."""
    given = read(ApprovalSettings).key
    keys = [SecretStr(text.strip()) for text in given.get_secret_value().split(",") if text.strip()] if given else []
    if not keys:
        raise Misconfigured(
            "missing_approval_key",
            f"set {APPROVAL_KEY} where this runs to a key that only you keep, made once with: "
            "openssl rand -base64 32 | tr '+/' '-_'",
            env=(APPROVAL_KEY,),
        )
    return keys
