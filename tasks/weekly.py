"""The soak reports of the days and the ledger, as they lie in a folder of artifacts."""

import json
import re
from datetime import date, datetime
from pathlib import Path

from tasks.documents import LARGEST, read_documents
from tasks.rules.acceptance import Reading
from tasks.rules.artifacts import Json
from tasks.rules.faults import Fault, Refused
from tasks.rules.weekly import ledger_of
from tasks.step import step

_REPORT = re.compile(r"REPORT_SOAK_(\d{8})\.json")


@step
def read_reports(folder: Path) -> dict[date, Reading]:
    """Every REPORT_SOAK_<YYYYMMDD>.json by its day; a name that is no day is no report."""
    names = {day: path.name for path in folder.glob("REPORT_SOAK_*.json") if (day := _day_of(path.name))}
    readings = read_documents.fn(folder, list(names.values()))
    return {day: readings[names[day]] for day in sorted(names)}


def _day_of(name: str) -> date | None:
    found = _REPORT.fullmatch(name)
    try:
        return datetime.strptime(f"{found[1]}+0000", "%Y%m%d%z").date() if found else None
    except ValueError:
        return None


@step
def read_ledger(path: Path) -> list[dict[str, Json]]:
    """The rows of the ledger by date; none where there is no ledger."""
    try:
        if path.stat().st_size > LARGEST:
            raise Refused("artifact_too_large", f"{path.name} has more than {LARGEST >> 20} MiB")
        return [dict(row) for row in ledger_of(json.loads(path.read_bytes(), parse_constant=_refuse))]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Fault("artifact_not_read", f"{path.name} cannot be read ({type(error).__name__})") from None
    except (ValueError, RecursionError):
        raise Refused(
            "ledger_invalid", f"{path.name} is a list of rows with date, equity, fees and rebates"
        ) from None


def _refuse(constant: str) -> float:
    raise ValueError(constant)
