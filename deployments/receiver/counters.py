"""What the receiver counts about itself, for `GET /metrics`: numbers by verdict, nothing of what was sent."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_PREFIX = "watchkeeper_receiver"
_SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 1, 2.5, 5)


class Counters:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(f"{_PREFIX}_requests", "Webhook requests.", ["verdict"], registry=self._registry)
        self.seconds = Histogram(
            f"{_PREFIX}_request_seconds", "Time to answer one.", buckets=_SECONDS, registry=self._registry
        )
        self.started_at = Gauge(
            f"{_PREFIX}_last_start_timestamp_seconds", "When a publish was last started.", registry=self._registry
        )

    def text(self) -> bytes:
        return generate_latest(self._registry)
