"""What a release rests on: the KPI, the validation, and the stamp of the bundle."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from tasks.schemas.document import Count, Document, Number, Percent, Positive, Runtime


class KpiCheck(Document):
    """One number against its limit."""

    name: str
    value: Number | bool | None
    limit: Number | bool
    op: Literal[">=", "<=", "=="]
    ok: bool


class KpiGate(Document):
    """KPI_GATE.json: is the week good enough, and how ready are we? Readiness in percent unless `scale` is ratio."""

    words: ClassVar[Mapping[str, str]] = {
        "timestamp": "timestamp_type",
        "readiness": "readiness_type",
        "checks": "checks_type",
    }
    timestamp: Positive
    readiness: Percent
    checks: list[KpiCheck | dict[str, Any] | str] | dict[str, Any]
    scale: Literal["percent", "ratio"] = "percent"
    verdict: Literal["PASS", "WARN", "FAIL"] | None = None
    reasons: list[str] | None = None
    runtime: Runtime | None = None

    def contradictions(self) -> Iterator[str]:
        if self.scale == "ratio" and self.readiness > 1:
            yield "readiness"


class Section(Document):
    """One check of a validation: `details` is a word like `exit_0` or `timed_out`, never the check's own text."""

    name: str
    status: Literal["OK", "FAIL"]
    ok: bool
    details: str
    seconds: Positive | None = None


class FullStackValidation(Document):
    """FULL_STACK_VALIDATION.json: which checks ran and whether all of them were good."""

    words: ClassVar[Mapping[str, str]] = {"status": "status_value", "components": "components_type", "ts": "ts_type"}
    status: Literal["OK", "FAIL"]
    components: Annotated[list[Any], Field(min_length=1)]
    ts: Positive
    result: Literal["OK", "FAIL"] | None = None
    mode: Literal["FULL", "FAST"] | None = None
    sections: list[Section] | None = None
    runtime: Runtime | None = None

    def contradictions(self) -> Iterator[str]:
        said = [self.status, self.result or self.status]
        failed = any(not section.ok or section.status == "FAIL" for section in self.sections or [])
        if len(set(said)) > 1 or (failed and self.status == "OK"):
            yield "status"


class ReleaseStamp(Document):
    """RELEASE_STAMP.json: which bundle is in force; `evidence` is an in-toto statement about it."""

    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,40}$")]
    git_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$")]
    bundle_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    ts: Count
    bundle: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,118}\.zip$")]
    dirty: bool = False
    evidence: dict[str, Any] | None = None
    frozen_now: str | None = None
