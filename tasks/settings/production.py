"""What the environment decides about the production database (runbook 001)."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.settings.environment import read


class RetentionDays(BaseSettings):
    """How long the rows of each table are kept, in days (runbook 001).

    The program that this one follows put a value out of bounds silently back to the nearest bound and one that is no
    integer to the default; here both are refused by name, because a wrong TTL deletes or keeps the wrong rows.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    security_events: int = Field(30, ge=1, le=365, validation_alias="SECURITY_EVENTS_RETENTION_DAYS")
    second_touch_events: int = Field(90, ge=1, le=365, validation_alias="SECOND_TOUCH_EVENTS_RETENTION_DAYS")
    second_touch_daily_aggregates: int = Field(180, ge=1, le=365, validation_alias="SECOND_TOUCH_AGG_RETENTION_DAYS")
    daily_ack_aggregates: int = Field(180, ge=1, le=365, validation_alias="DAILY_ACK_RETENTION_DAYS")


class TuningBounds(BaseSettings):
    """Where matching starts, how far one day may move it and where it stops (runbook 001)."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="MATCH_TUNING_", allow_inf_nan=False
    )

    low_intensity_band: int = Field(0, ge=0, le=2)
    high_intensity_band: int = Field(2, ge=0, le=2)
    pool_multiplier_low: float = Field(-0.5, ge=-1, le=1)
    pool_multiplier_high: float = Field(0.5, ge=-1, le=1)
    allow_theme_relax_high: bool = True
    intensity_step: int = Field(1, ge=1, le=2)
    intensity_min: int = Field(0, ge=0, le=2)
    intensity_max: int = Field(2, ge=0, le=2)
    pool_step: float = Field(0.1, gt=0, le=0.5)
    pool_min: float = Field(-0.7, ge=-1, le=1)
    pool_max: float = Field(0.7, ge=-1, le=1)


def retention_days() -> dict[str, int]:
    """Days to keep, by table."""
    return read(RetentionDays).model_dump()


def tuning_bounds() -> TuningBounds:
    return read(TuningBounds)
