"""What the one-command smoke of a release leaves for its checklist."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tasks.schemas.document import Document, Positive, Runtime


class SmokeStep(Document):
    """One step: `detail` is a word of the step's own line, never its text."""

    name: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    status: Literal["pass", "fail", "skipped"]
    started: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    seconds: Positive
    detail: str


class ReleaseSmoke(Document):
    """RELEASE_SMOKE.json: every step of the smoke as it ended; `pass` only if each of them did."""

    words: ClassVar[Mapping[str, str]] = {"status": "status_value", "ts": "ts_type"}
    status: Literal["pass", "partial", "fail"]
    ts: Positive
    steps: Annotated[list[SmokeStep], Field(min_length=1)]
    runtime: Runtime | None = None

    def contradictions(self) -> Iterator[str]:
        statuses = {step.status for step in self.steps}
        verdict = "fail" if "fail" in statuses else "pass" if statuses == {"pass"} else "partial"
        if verdict != self.status:
            yield "status"
