"""What the environment decides about publishing products to Gitea and clearing them away (runbook 003)."""

from typing import TypeVar

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.rules.faults import Misconfigured
from tasks.rules.publishing.remote import Address, address_in
from tasks.settings.environment import read

T = TypeVar("T")
_FROM_ENVIRONMENT = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)


class GiteaSettings(BaseSettings):
    """Where Gitea is, who we are there and who owns the products; a token goes before the password."""

    model_config = _FROM_ENVIRONMENT

    url: str | None = Field(None, validation_alias="GITEA_URL")
    admin_user: str | None = Field(None, validation_alias="GITEA_ADMIN_USER")
    admin_password: SecretStr | None = Field(None, validation_alias="GITEA_ADMIN_PASSWORD")
    token: SecretStr | None = Field(None, validation_alias="GITEA_TOKEN")
    product_owner: str | None = Field(None, validation_alias="GITEA_PRODUCT_OWNER")
    timeout_s: float = Field(30, ge=0.1, le=600, validation_alias="GITEA_TIMEOUT_S", allow_inf_nan=False)


class PublishSettings(BaseSettings):
    """What is published, to which branch and under which names, when the command does not say."""

    model_config = _FROM_ENVIRONMENT

    enabled: bool = Field(False, validation_alias="ENABLE_PRODUCT_REPO_PUBLISH")
    source_dir: str = Field(
        "product", validation_alias=AliasChoices("PRODUCT_PUBLISH_SOURCE_DIR", "GITEA_PROJECT_SOURCE_DIR")
    )
    target_branch: str | None = Field(None, validation_alias="PRODUCT_PUBLISH_TARGET_BRANCH")
    repo_prefix: str = Field("", validation_alias="PRODUCT_PUBLISH_REPO_PREFIX")
    repo_root: str = Field(".", validation_alias="PRODUCT_PUBLISH_REPO_ROOT")


class ProjectCleanupSettings(BaseSettings):
    """When published folders may be put away and when their archives may go, in whole days."""

    model_config = _FROM_ENVIRONMENT

    enabled: bool = Field(False, validation_alias="ENABLE_PROJECT_LOCAL_CLEANUP")
    source_dir: str | None = Field(None, validation_alias="PROJECT_CLEANUP_SOURCE_DIR")
    archive_days: int = Field(45, ge=1, le=3650, validation_alias="PROJECT_CLEANUP_ARCHIVE_DAYS")
    archive_dir: str = Field(".orket/local_archive/projects", validation_alias="PROJECT_CLEANUP_ARCHIVE_DIR")
    hard_delete_days: int = Field(90, ge=1, le=3650, validation_alias="PROJECT_CLEANUP_HARD_DELETE_DAYS")


def publish_settings() -> PublishSettings:
    return read(PublishSettings)


def project_cleanup_settings() -> ProjectCleanupSettings:
    return read(ProjectCleanupSettings)


def gitea_owner() -> str:
    """The owner of the product repositories: an organisation or a user."""
    return _required(read(GiteaSettings).product_owner, "GITEA_PRODUCT_OWNER")


def gitea_address() -> Address:
    """Where Gitea is; a URL that carries a password, or is none, is refused and not shown."""
    address = address_in(_required(read(GiteaSettings).url, "GITEA_URL"))
    if address is None:
        raise Misconfigured(
            "invalid_setting",
            "GITEA_URL is http(s)://host[:port][/path], without a user, a password or a query",
            env=("GITEA_URL",),
        )
    return address


def gitea_login() -> SecretStr:
    """`user:password` before HTTP Basic encodes it; a token stands in the place of the user."""
    found = read(GiteaSettings)
    if found.token:
        return SecretStr(f"{found.token.get_secret_value()}:x-oauth-basic")
    user = _required(found.admin_user, "GITEA_ADMIN_USER")
    if ":" in user:
        raise Misconfigured("invalid_setting", "a user name has no colon", env=("GITEA_ADMIN_USER",))
    password = _required(found.admin_password, "GITEA_ADMIN_PASSWORD")
    return SecretStr(f"{user}:{password.get_secret_value()}")


def gitea_timeout_s() -> float:
    """How long one request may take, in seconds."""
    return read(GiteaSettings).timeout_s


def missing_gitea_settings() -> tuple[str, ...]:
    """The names of the variables that a run which talks to Gitea still needs, in the runbook's order."""
    found = read(GiteaSettings)
    needed = {
        "GITEA_URL": found.url,
        "GITEA_ADMIN_USER": found.token or found.admin_user,
        "GITEA_ADMIN_PASSWORD": found.token or found.admin_password,
        "GITEA_PRODUCT_OWNER": found.product_owner,
    }
    return tuple(name for name, value in needed.items() if not value)


def _required(value: T | None, name: str) -> T:
    """The value, or a refusal that names all that is missing, not the first."""
    if not value:
        missing = missing_gitea_settings() or (name,)
        raise Misconfigured("missing_env", f"set {', '.join(missing)} in the environment", env=missing)
    return value
