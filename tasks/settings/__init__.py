"""Everything the environment decides: `environment` reads it, one module for each family says what it may hold."""

from tasks.settings.environment import (
    OPERATIONS_DSN,
    PRODUCTION_DSN,
    Settings,
    child_environment,
    dsn_named,
    fill_in,
    is_set,
    known_secrets,
    secret_named,
    settings,
)
from tasks.settings.production import RetentionDays, TuningBounds, retention_days, tuning_bounds

__all__ = [
    "OPERATIONS_DSN",
    "PRODUCTION_DSN",
    "RetentionDays",
    "Settings",
    "TuningBounds",
    "child_environment",
    "dsn_named",
    "fill_in",
    "is_set",
    "known_secrets",
    "retention_days",
    "secret_named",
    "settings",
    "tuning_bounds",
]
