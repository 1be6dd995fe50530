"""The catalogue of procedures as data, so that the command line starts without importing Prefect.

`python -m flows.catalogue` writes `flows/catalogue.json` from the flows themselves: the parameters are Prefect's own
schema, the text is the docstring, the last line is the contract. A test fails while the file differs from the flows.
"""

import importlib
import inspect
import json
import pkgutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).with_suffix(".json")


@dataclass(frozen=True, slots=True)
class Procedure:
    """One procedure: its command and flow name, where it lives, what it says and what it takes."""

    name: str
    module: str
    function: str
    token: str
    summary: str
    note: str
    parameters: dict[str, dict[str, Any]]

    @property
    def family(self) -> str:
        return self.module.split(".")[1]


def read_catalogue() -> dict[str, Procedure]:
    """Every procedure by name, in the order of the runbooks' families; reads one file, imports no flow."""
    return {entry["name"]: Procedure(**entry) for entry in json.loads(CATALOGUE.read_text(encoding="utf-8"))}


def build_catalogue() -> list[Procedure]:
    """The same from the flows; imports all of them and Prefect."""
    import flows

    modules = [
        found.name
        for found in pkgutil.walk_packages(flows.__path__, "flows.")
        if not found.ispkg and found.name.count(".") > 1
    ]
    return [entry for module in sorted(modules) if (entry := _procedure_in(module))]


def _procedure_in(module: str) -> Procedure | None:
    """A procedure's flow has the name of its file; a module without one holds parts of procedures."""
    from prefect import Flow

    from tasks.procedure import PROCEDURES

    function = module.rpartition(".")[2]
    flow = getattr(importlib.import_module(module), function, None)
    if not isinstance(flow, Flow):
        return None
    note = inspect.getdoc(flow.fn) or ""
    schema = flow.parameters.model_dump()
    parameters = {name: _resolved(field, schema["definitions"]) for name, field in schema["properties"].items()}
    return Procedure(
        name=flow.name,
        module=module,
        function=function,
        token=PROCEDURES[flow.name].token,
        summary=note.partition("\n")[0],
        note=note,
        parameters=parameters,
    )


def _resolved(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The field without references and without the `null` of an optional one."""
    kept = {name: value for name, value in field.items() if name not in ("position", "title", "anyOf", "$ref")}
    branches = [branch for branch in field.get("anyOf", []) if branch.get("type") != "null"]
    for part in (*branches[:1], {"$ref": field["$ref"]} if "$ref" in field else {}):
        target = definitions[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        kept = {**{key: value for key, value in target.items() if key not in ("title", "description")}, **kept}
    return kept


def rendered() -> str:
    entries = [asdict(entry) for entry in build_catalogue()]
    return json.dumps(entries, indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    CATALOGUE.write_text(rendered(), encoding="utf-8")
    sys.stderr.write(f"wrote {CATALOGUE.name}\n")
