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
PROCEDURES_PAGE = ROOT / "docs" / "procedures.md"
SCHEMA_FOLDER = ROOT / "docs" / "schemas"
_BEGIN, _END = "<!-- procedures: made by `make docs` -->", "<!-- end of procedures -->"
_FAMILIES = {
    "production": "The production database (runbook 001)",
    "guard": "The live guard (runbook 002)",
    "publishing": "Publishing (runbook 003)",
    "services": "Services (runbook 003)",
    "daily": "The daily routine (runbook 004)",
    "soak": "The soak (runbook 004)",
    "release": "Release (runbook 004)",
}


def pages() -> dict[Path, str]:
    """Every generated file with the text it should have."""
    procedures = build_catalogue()
    return {
        CATALOGUE: rendered(),
        CONTRACT_PAGE: _contract_page(),
        README: _with_tables(README.read_text(encoding="utf-8"), procedures),
        PROCEDURES_PAGE: _procedures_page(procedures),
        **{SCHEMA_FOLDER / name: _schema(name) for name in SCHEMAS},
    }


def _schema(name: str) -> str:
    return canonical_json(published_schema(name)).decode()


def _with_tables(readme: str, procedures: list[Procedure]) -> str:
    before, _, rest = readme.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    tables = "".join(_table(title, _of_family(family, procedures)) for family, title in _FAMILIES.items())
    return f"{before}{_BEGIN}\n{tables}\n{_END}{after}"


def _of_family(family: str, procedures: list[Procedure]) -> list[Procedure]:
    return [procedure for procedure in procedures if procedure.family == family]


def _table(title: str, procedures: list[Procedure]) -> str:
    when = _schedules()
    rows = "".join(f"| `{p.name}` | {p.summary} | {when.get(p.name, 'by hand')} |\n" for p in procedures)
    return f"\n**{title}**\n\n| procedure | what it does | when |\n|---|---|---|\n{rows}"


def _procedures_page(procedures: list[Procedure]) -> str:
    head = (
        "# Procedures, and what is safe\n\nMade by `make docs` from the notes of the flows; `watchkeeper <procedure>"
        " --help` and the Prefect UI show the whole note.\n"
    )
    return head + "".join(
        f"\n## {title}\n\n| procedure | safety |\n|---|---|\n"
        + "".join(f"| `{p.name}` | {safety_of(p.note)} |\n" for p in _of_family(family, procedures))
        for family, title in _FAMILIES.items()
    )


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
