"""One schema for every JSON that a gate reads: its producer is held to it when it writes, its readers when they read.

The models (`tasks.schemas`) accept the smallest files that are good (runbook 004) and everything our
producers add. What is not in a model is left alone; NaN and infinity, truth values in place of numbers, a key twice
and letters outside ASCII are refused wherever they stand. `docs/schemas` has the same as JSON Schema.
"""

from tasks.rules.artifacts import Json
from tasks.schemas.days import ReadinessScore, ReportSoak, WeeklyRollup
from tasks.schemas.document import Document
from tasks.schemas.edges import EdgeReport, EdgeSentinel
from tasks.schemas.gates import FullStackValidation, KpiGate, ReleaseStamp
from tasks.schemas.load import LoadEvidence
from tasks.schemas.smoke import ReleaseSmoke

SCHEMAS: dict[str, type[Document]] = {
    "KPI_GATE.json": KpiGate,
    "FULL_STACK_VALIDATION.json": FullStackValidation,
    "EDGE_REPORT.json": EdgeReport,
    "EDGE_SENTINEL.json": EdgeSentinel,
    "WEEKLY_ROLLUP.json": WeeklyRollup,
    "READINESS_SCORE.json": ReadinessScore,
    "REPORT_SOAK.json": ReportSoak,
    "RELEASE_STAMP.json": ReleaseStamp,
    "PHASE5_LOAD.json": LoadEvidence,
    "RELEASE_SMOKE.json": ReleaseSmoke,
}


def schema_named(name: str) -> type[Document]:
    """The schema of a file; every REPORT_SOAK_<YYYYMMDD>.json has the same, and every <time>_phase5_load.json."""
    if name.endswith("_phase5_load.json"):
        return LoadEvidence
    return SCHEMAS["REPORT_SOAK.json" if name.startswith("REPORT_SOAK_") else name]


def published_schema(name: str) -> Json:
    """The JSON Schema of a file, for programs that are not ours."""
    schema: Json = schema_named(name).model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}  # type: ignore[dict-item]
