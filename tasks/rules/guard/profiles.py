"""The profiles of the runtime: which word means which, what each may hold and whom it may talk to.

Runbook 002, "Profiles & Modes". The runtime takes every word it does not know for paper without saying so; here such
a word has no profile at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Profile(StrEnum):
    PAPER = "paper"
    TESTNET = "testnet"
    LIVE = "live"


PROFILE_VARIABLES = ("EXEC_PROFILE", "PROFILE", "TRADING_PROFILE", "DEFAULT_PROFILE")
"""Four variables of the runtime that mean the profile and know nothing of each other."""

STAGES: Mapping[str, Profile] = {
    "paper_only": Profile.PAPER,
    "testnet_sandbox": Profile.TESTNET,
    "live_dry_run": Profile.LIVE,
    "live_canary": Profile.LIVE,
    "live_full": Profile.LIVE,
}
"""The runtime's own words for how far a promotion has come, and the profile it expects to run then."""

PRODUCTION_HOSTS = ("fapi.binance.com", "fstream.binance.com")
TESTNET_HOSTS = ("testnet.binancefuture.com", "stream.binancefuture.com")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a profile allows at most, in USD."""

    total_notional: float
    single_position: float
    daily_loss: float


LIMITS: Mapping[Profile, Limits] = {
    Profile.PAPER: Limits(8_000, 2_000, 250),
    Profile.TESTNET: Limits(20_000, 5_000, 750),
    Profile.LIVE: Limits(50_000, 15_000, 2_000),
}


def profile_of(word: str) -> Profile | None:
    """The profile a word stands for (` LIVE `, `testnet.okx`); None for a word that stands for none."""
    plain = word.strip().lower()
    if plain.startswith("testnet"):
        return Profile.TESTNET
    return next((profile for profile in Profile if profile.value == plain), None)


def wrong_hosts(profile: Profile, text: str) -> tuple[str, ...]:
    """The hosts in a text that belong to the other side: production for paper and testnet, test hosts for live."""
    others = TESTNET_HOSTS if profile is Profile.LIVE else PRODUCTION_HOSTS
    return tuple(host for host in others if host in text.lower())
