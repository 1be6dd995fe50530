"""What of a log goes into a note: its last lines, whole ones, none too long, not more than may be read."""

MOST_BYTES = 64 << 10
MOST_LINES = 40
LONGEST_LINE = 500


def last_lines(block: bytes, *, whole: bool) -> list[str]:
    """The last lines of what was read from the end of a log; `whole` if the block begins where the log does."""
    lines = block.split(b"\n")
    if not whole:
        lines = lines[1:]
    texts = [line.decode("utf-8", "replace").rstrip("\r") for line in lines[-MOST_LINES - 1 :] if line.strip()]
    return [_shortened("".join(char if char.isprintable() else " " for char in text)) for text in texts][-MOST_LINES:]


def _shortened(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]} [{len(line) - LONGEST_LINE} more]"


def samples(textfile: str) -> list[str]:
    """The samples of the key metrics in a Prometheus textfile: orders, routing latency, readiness, blocks."""
    return [line for line in textfile.splitlines() if line.startswith(_KEY_METRICS)][: MOST_LINES * 5]


_KEY_METRICS = (
    "propbot_orders_",
    "propbot_router_latency_ms",
    "propbot_health_watchdog_",
    "propbot_md_staleness_p95_ms",
    "readiness_",
    "live_trading_guard_state",
)
