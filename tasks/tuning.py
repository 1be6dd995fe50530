"""The tuning of matching in the production database: read with its health, changed under a lock (runbook 001)."""

from dataclasses import asdict
from datetime import date, datetime

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from tasks.databases import connection
from tasks.production import DAY_COUNTS
from tasks.rules.daily_health import DayCount, first_day, window_of
from tasks.rules.faults import Misconfigured, Refused
from tasks.rules.tuning import Bounds, Change, Facts, Tuning
from tasks.settings import tuning_bounds
from tasks.step import step

_COLUMNS = (
    "low_intensity_band, high_intensity_band, pool_multiplier_low, pool_multiplier_high, allow_theme_relax_high"
)
_CURRENT = f"SELECT {_COLUMNS} FROM matching_tuning WHERE id = 1"  # noqa: S608  constants of this module
_SEED = f"""
    INSERT INTO matching_tuning (id, {_COLUMNS})
    VALUES (1, %(low_intensity_band)s, %(high_intensity_band)s, %(pool_multiplier_low)s, %(pool_multiplier_high)s,
            %(allow_theme_relax_high)s)
    ON CONFLICT (id) DO NOTHING
"""  # noqa: S608  constants of this module
_UPDATE = """
    UPDATE matching_tuning
    SET low_intensity_band = %(low_intensity_band)s, high_intensity_band = %(high_intensity_band)s,
        pool_multiplier_low = %(pool_multiplier_low)s, pool_multiplier_high = %(pool_multiplier_high)s,
        allow_theme_relax_high = %(allow_theme_relax_high)s, updated_at = %(at)s
    WHERE id = 1
"""
_HISTORY = """
    INSERT INTO matching_tuning_history (utc_day, tuned_at, delivered, ratio, before, after)
    VALUES (%(day)s, %(at)s, %(delivered)s, %(ratio)s, %(before)s, %(after)s)
    ON CONFLICT (utc_day) DO NOTHING
"""


def bounds_from_settings() -> Bounds:
    """The MATCH_TUNING_* variables as one value; a minimum above its maximum is refused by name."""
    found = tuning_bounds()
    for low, high in (("intensity_min", "intensity_max"), ("pool_min", "pool_max")):
        if getattr(found, low) > getattr(found, high):
            names = (f"MATCH_TUNING_{low.upper()}", f"MATCH_TUNING_{high.upper()}")
            raise Misconfigured("invalid_setting", f"{names[0]} is above {names[1]}", env=names)
    start = Tuning(
        found.low_intensity_band,
        found.high_intensity_band,
        found.pool_multiplier_low,
        found.pool_multiplier_high,
        found.allow_theme_relax_high,
    )
    return Bounds(
        start,
        found.intensity_step,
        found.intensity_min,
        found.intensity_max,
        found.pool_step,
        found.pool_min,
        found.pool_max,
    )


@step
def read_tuning(dsn_env: str, today: date, days: int, start: Tuning) -> Facts:
    """Health over the daily window, the tuning of now (`start` if there is none), and when it was last changed."""
    with connection(dsn_env, read_only=True) as conn:
        with conn.cursor(row_factory=class_row(DayCount)) as cursor:
            window = {"first": first_day(today, days), "today": today, "theme": None}
            rows = cursor.execute(DAY_COUNTS, window).fetchall()
        last = conn.execute("SELECT max(utc_day) FROM matching_tuning_history").fetchone()
        return Facts(window_of(rows, today, days), _current(conn) or start, last[0] if last else None)


def _current(conn: psycopg.Connection, *, lock: bool = False) -> Tuning | None:
    with conn.cursor(row_factory=class_row(Tuning)) as cursor:
        return cursor.execute(_CURRENT + (" FOR UPDATE" if lock else "")).fetchone()


@step(retries=0)  # a commit that was lost on the way back may have happened: the next start sees it in the history
def apply_tuning(dsn_env: str, change: Change, at: datetime) -> bool:
    """Make the change and its row of history, in one transaction; False if another run changed it on this day.

    Refused if the tuning is not what the change was decided on: somebody moved it since.
    """
    with connection(dsn_env) as conn, conn.transaction():
        conn.execute(_SEED, asdict(change.before))
        current = _current(conn, lock=True)
        written = conn.execute(
            _HISTORY,
            {
                "day": change.day,
                "at": at,
                "delivered": change.delivered,
                "ratio": change.ratio,
                "before": Jsonb(asdict(change.before)),
                "after": Jsonb(asdict(change.after)),
            },
        ).rowcount
        if not written:
            return False
        if current != change.before:
            raise Refused("tuning_moved", "somebody changed matching_tuning since the plan was made: start again")
        conn.execute(_UPDATE, asdict(change.after) | {"at": at})
    return True
