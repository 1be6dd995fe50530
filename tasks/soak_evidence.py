"""A soak for the eyes: its page and its picture in the Prefect UI, the picture also as a file among the artifacts."""

from collections.abc import Sequence

from tasks import evidence
from tasks.files import write_artifact
from tasks.rules.soak_course import soak_page
from tasks.rules.soak_record import REAL_CLOCK
from tasks.rules.soak_standing import Point, Standing
from tasks.soak_pictures import draw_soak
from tasks.step import step


@step(retries=0)  # safe to repeat: it replaces the picture as a whole
def show_soak(standing: Standing, points: Sequence[Point]) -> str:
    """Draw the soak and say where the picture is: phase, ladder, journal head, net and latency with their limits."""
    png = draw_soak(standing, points)
    place = write_artifact(f"soak/{standing.soak.replace(':', '-')}.png", png)
    evidence.show_picture(
        key_of(standing), png, f"Soak {standing.soak}: {standing.phase.value}", soak_page(standing, points)
    )
    return place


def key_of(standing: Standing) -> str:
    """One key for each region, so that the UI has its soaks in a row; a rehearsal has one of its own."""
    kind = "soak" if standing.clock == REAL_CLOCK else "soak-rehearsal"
    return f"{kind}-{standing.region.lower()}"
