"""The generated parts of the documentation: catalogue, README table, contract page, schemas of the artifacts.

`python -m flows.pages` writes them, `python -m flows.pages --check` names what is out of date and ends with 1.
"""

import sys
from pathlib import Path

import yaml

from flows.catalogue import CATALOGUE, Procedure, build_catalogue, rendered
from flows.command_line import exit_codes, safety_of
from tasks.artifact_schemas import SCHEMAS, published_schema
from tasks.rules.artifacts import canonical_json
from tasks.rules.contracts import REGISTRY
from tasks.rules.outcome import COMMON_KEYS, COMMON_REASONS, Contract

ROOT = Path(__file__).parents[1]
README, CONTRACT_PAGE, PREFECT_YAML = ROOT / "README.md", ROOT / "docs" / "contract.md", ROOT / "prefect.yaml"
SCHEMA_FOLDER = ROOT / "docs" / "schemas"
_BEGIN, _END = "<!-- procedures: made by `make docs` -->", "<!-- end of procedures -->"
_FAMILIES = {
    "production": "001",
    "guard": "002",
    "publishing": "003",
    "services": "003",
    "soak": "004",
    "daily": "004",
    "release": "004",
}


def pages() -> dict[Path, str]:
    """Every generated file with the text it should have."""
    procedures = build_catalogue()
    return {
        CATALOGUE: rendered(),
        CONTRACT_PAGE: _contract_page(),
        README: _with_table(README.read_text(encoding="utf-8"), procedures),
        **{SCHEMA_FOLDER / name: _schema(name) for name in SCHEMAS},
    }


def _schema(name: str) -> str:
    return canonical_json(published_schema(name)).decode()


def _with_table(readme: str, procedures: list[Procedure]) -> str:
    before, _, rest = readme.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{_table(procedures)}\n{_END}{after}"


def _table(procedures: list[Procedure]) -> str:
    when = _schedules()
    rows = [
        f"| `{p.name}` | {_FAMILIES[p.family]} | {p.summary} | {when.get(p.name, 'by hand')} | {safety_of(p.note)} |"
        for p in procedures
    ]
    return "\n".join(["| procedure | runbook | what it does | when | safety |", "|---|---|---|---|---|", *rows])


def _schedules() -> dict[str, str]:
    deployments = yaml.safe_load(PREFECT_YAML.read_text(encoding="utf-8"))["deployments"]
    return {
        entry["name"]: ", ".join(
            f"`{schedule.get('cron') or schedule.get('interval')}` {schedule.get('timezone', 'UTC')}"
            for schedule in entry["schedules"]
        )
        for entry in deployments
        if entry.get("schedules")
    }


def _contract_page() -> str:
    head = (
        "# Tokens\n\nMade by `make docs` from the registry that every line is checked against"
        " (`tasks/rules/contracts`); `watchkeeper contract` prints the same.\n\n"
        "A line is `token key=value ...`: ASCII, one line, keys in the order given here, absent keys left out.\n"
        "Every token may also end with status `error` (exit code 1) and with these reasons, which mean the same"
        " everywhere: " + ", ".join(f"`{reason}`" for reason in COMMON_REASONS) + ".\n"
        "Keys that any line may carry: " + "; ".join(f"`{key.name}` ({key.meaning})" for key in COMMON_KEYS) + ".\n"
    )
    return head + "".join(_section(REGISTRY[token]) for token in sorted(REGISTRY))


def _section(contract: Contract) -> str:
    reasons = ", ".join(f"`{reason}`" for reason in contract.reasons) or "none of its own"
    keys = "".join(
        f"- `{key.name}` {key.kind.name.lower()}{': ' + key.meaning if key.meaning else ''}\n"
        for key in contract.keys
    )
    return (
        f"\n## `{contract.token}`\n\nRunbook {contract.section}. Exit codes: {exit_codes(contract)}.\n\n"
        f"Reasons: {reasons}.\n" + (f"\n{keys}" if keys else "")
    )


def main(arguments: list[str]) -> int:
    stale = [
        (path, text)
        for path, text in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        sys.stderr.write(f"{'out of date' if '--check' in arguments else 'wrote'}: {path.relative_to(ROOT)}\n")
        if "--check" not in arguments:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
