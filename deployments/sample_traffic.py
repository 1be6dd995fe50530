"""Sample traffic for a database that has none: a healthy service with a visible trend, made up and marked as such.

Each day is drawn from its own date and the seed alone, so the same days always hold the same rows, and loading again
later adds the missing days and nothing else. Every message comes from a device called `sample-...`; a database that
holds anything else is refused.
"""

import math
import random
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import psycopg

from tasks.databases import plain_dsn
from tasks.rules.faults import Refused

SEED = 20261121
MARK = "sample-"
_THEMES = ("hope", "loss", "work", "family", None)
_POSITIVE, _OTHER = ("helpful", "thanks", "relate"), ("seen", "not_helpful")
# Rows that do not come from here: a message of another device, or counts of a day that has no sample message.
_FOREIGN = """
    SELECT EXISTS (SELECT FROM messages WHERE origin_device_id IS NULL OR NOT starts_with(origin_device_id, %(mark)s))
        OR EXISTS (SELECT FROM mood_submissions) OR EXISTS (SELECT FROM mood_events)
        OR EXISTS (SELECT FROM second_touch_pairs)
        OR EXISTS (
            SELECT FROM (
                SELECT utc_day FROM daily_ack_aggregates
                UNION SELECT utc_day FROM second_touch_daily_aggregates
                UNION SELECT event_day_utc FROM second_touch_events
            ) AS counted (day)
            WHERE day <> ALL (%(loaded)s::date[]))
"""
_LOADED = (
    "SELECT DISTINCT (created_at AT TIME ZONE 'UTC')::date FROM messages WHERE starts_with(origin_device_id, %s)"
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One made-up message that arrived, and the answer to it, if any."""

    number: int
    theme: str | None
    created_at: datetime
    due_at: datetime
    received_at: datetime
    reaction: str | None
    answered_at: datetime

    def message_id(self, seed: int) -> uuid.UUID:
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{MARK}{seed}:{self.created_at.date()}:{self.number}")


def load_sample_traffic(dsn: str, today: date, days: int = 30, seed: int = SEED) -> int:
    """Fill the `days` UTC days up to and including `today`; returns how many messages were added (0 the second time).

    One transaction: killed in the middle, it leaves nothing.
    """
    with psycopg.connect(plain_dsn(dsn)) as conn:
        conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('sample_traffic', 0))")
        loaded = {row[0] for row in conn.execute(_LOADED, (MARK,))}
        _refuse_foreign(conn, loaded)
        wanted = [today - timedelta(days=ago) for ago in range(days)]
        return sum(_load_day(conn, day, seed) for day in sorted(wanted) if day not in loaded)


def _refuse_foreign(conn: psycopg.Connection, loaded: set[date]) -> None:
    row = conn.execute(_FOREIGN, {"mark": MARK, "loaded": sorted(loaded)}).fetchone()
    if row and row[0]:
        raise Refused("foreign_rows", "this database holds rows of its own: sample traffic goes into an empty one")


def _load_day(conn: psycopg.Connection, day: date, seed: int) -> int:
    chance = random.Random(f"{seed}:{day.isoformat()}")  # noqa: S311  made-up rows, nothing to guess
    deliveries = _deliveries(chance, day)
    _insert_messages(conn, deliveries, seed)
    _insert_aggregates(conn, day, deliveries)
    _insert_second_touch(conn, day, _second_touch(chance))
    return len(deliveries)


def _deliveries(chance: random.Random, day: date) -> list[Delivery]:
    """Fewer on weekends; the share of good answers swings over three weeks, well above the limit of 0.2.

    Early in the day, so that no row of today is dated after the moment in which people usually look.
    """
    wave = math.sin(day.toordinal() / 21 * math.tau)
    volume = chance.randint(55, 75) + round(10 * wave) - (20 if day.weekday() >= 5 else 0)
    return [_delivery(chance, number, day, 0.42 + 0.12 * wave) for number in range(volume)]


def _delivery(chance: random.Random, number: int, day: date, share: float) -> Delivery:
    created = datetime.combine(day, time(), UTC) + timedelta(seconds=chance.randint(0, 1800))
    due = created + timedelta(seconds=chance.choice((0, 0, 0, 1800)))
    received = due + timedelta(milliseconds=min(4000, round(chance.lognormvariate(6.5, 0.6))))
    mood = chance.random()
    answer = chance.choice(_POSITIVE) if mood < share else chance.choice(_OTHER) if mood < share + 0.2 else None
    answered = received + timedelta(seconds=chance.randint(30, 1200))
    return Delivery(number, chance.choice(_THEMES), created, due, received, answer, answered)


def _insert_messages(conn: psycopg.Connection, deliveries: Sequence[Delivery], seed: int) -> None:
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO messages (id, valence, intensity, emotion, created_at, origin_device_id, theme_tags,"
            " deliver_at, delivery_status, recipient_device_id)"
            " VALUES (%s, 'neutral', 'low', 'hopeful', %s, %s, %s, %s, 'delivered', %s)",
            [
                (
                    each.message_id(seed),
                    each.created_at,
                    f"{MARK}origin-{each.number}",
                    [each.theme] if each.theme else [],
                    each.due_at,
                    f"{MARK}recipient-{each.number}",
                )
                for each in deliveries
            ],
        )
        cursor.executemany(
            "INSERT INTO inbox_items (message_id, recipient_device_id, received_at) VALUES (%s, %s, %s)",
            [(each.message_id(seed), f"{MARK}recipient-{each.number}", each.received_at) for each in deliveries],
        )
        cursor.executemany(
            "INSERT INTO acknowledgements (message_id, recipient_device_id, reaction, created_at)"
            " VALUES (%s, %s, %s, %s)",
            [
                (each.message_id(seed), f"{MARK}recipient-{each.number}", each.reaction, each.answered_at)
                for each in deliveries
                if each.reaction
            ],
        )


def _insert_aggregates(conn: psycopg.Connection, day: date, deliveries: Sequence[Delivery]) -> None:
    delivered = Counter(each.theme or "unknown" for each in deliveries)
    positive = Counter(each.theme or "unknown" for each in deliveries if each.reaction in _POSITIVE)
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO daily_ack_aggregates (utc_day, theme_id, delivered_count, positive_ack_count)"
            " VALUES (%s, %s, %s, %s)",
            [(day, theme, count, positive[theme]) for theme, count in sorted(delivered.items())],
        )


def _second_touch(chance: random.Random) -> list[tuple[str, str, str | None, int]]:
    """(counter, event type, reason, count): what one day's second touch counted, far inside its limits."""
    generated, attempted = chance.randint(14, 22), chance.randint(8, 13)
    held = chance.randint(0, 2)
    return [
        ("offers_generated", "offer_generated", None, generated),
        ("offers_suppressed_cooldown_active", "offer_suppressed", "cooldown_active", chance.randint(1, 4)),
        ("offers_suppressed_rate_limited", "offer_suppressed", "rate_limited", chance.randint(0, 2)),
        ("sends_attempted", "send_attempted", None, attempted),
        ("sends_queued", "send_queued", None, attempted - held),
        ("sends_held_rate_limited", "send_held", "rate_limited", held),
        ("disables_negative_ack", "disable_negative_ack", None, chance.randint(0, 1)),
    ]


def _insert_second_touch(
    conn: psycopg.Connection, day: date, counted: Sequence[tuple[str, str, str | None, int]]
) -> None:
    for key, event, reason, count in counted:
        if not count:
            continue
        conn.execute("INSERT INTO second_touch_daily_aggregates VALUES (%s, %s, %s)", (day, key, count))
        conn.execute(
            "INSERT INTO second_touch_events (event_day_utc, event_type, reason, created_at)"
            " SELECT %s, %s, %s, %s FROM generate_series(1, %s)",
            (day, event, reason, datetime.combine(day, time(0, 30), UTC), count),
        )
