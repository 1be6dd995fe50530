"""Before a release: are the secrets where they belong, and only there?"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from flows.services.security_canary import ApiUrl, WebhookUrl, security_canary
from tasks.clock import utc_now
from tasks.procedure import part, procedure, tell
from tasks.rules.contracts.security import SECURITY_CHECK
from tasks.rules.outcome import Outcome
from tasks.rules.services.security import (
    Scan,
    audit_item,
    canary_item,
    checked_all,
    env_file_item,
    finding_lines,
    is_fingerprint,
    secrets_item,
    sifted,
    variables_item,
)
from tasks.services.secret_scan import env_file_in_git, look_at_variables, read_allowances, scan_commits, scan_files

RepoRoot = Annotated[str, Field(min_length=1, description="The work tree of the repository.")]
AllowList = Annotated[str, Field(min_length=1, description="The findings that somebody has answered for.")]
EnvFile = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9._][A-Za-z0-9._/-]*$", description="The file with the secrets, which git leaves out."),
]
AuditNote = Annotated[str, Field(min_length=1, description="The audit note that is read before a release.")]
Base = Annotated[
    str | None,
    Field(min_length=1, description="Scan what commits since this one add; left out, those that no remote has."),
]
SkipCanary = Annotated[bool, Field(description="Leave the live URLs alone; then the check is partial, never ok.")]


@procedure(SECURITY_CHECK, run_name=run_named("security-check"))
def security_check(  # noqa: PLR0913, PLR0917  one option for each thing that is looked at
    repo_root: RepoRoot = ".",
    allow_list: AllowList = "security-allow.toml",
    env_file: EnvFile = ".env",
    audit_note: AuditNote = "docs/SECURITY_AUDIT_2026-02-11.md",
    base: Base = None,
    skip_canary: SkipCanary = False,
    api_url: ApiUrl = None,
    webhook_url: WebhookUrl = None,
) -> Outcome:
    """Scan the repository for secrets, look at variables, env file and audit note, and knock at the services.

    Runbook 003, Security Operations. Scanned are files that are tracked or would be by `git add`, and what commits
    that are not published yet add, also where a later one takes it out again. What is no secret is allowed one by
    one, with a reason, an owner and a last day. Each item has its line; none hides another. If it fails: a
    security_finding says where, and its playbook what comes first; allow_list_invalid checks nothing.

    Safety: reads only; what was found is never shown, only where it is and its digest. The canary sends three
    requests without any secret.
    """
    root = Path(repo_root).resolve()
    scan = _scanned(root, allow_list, base)
    for line in finding_lines(scan):
        tell(line)
    tracked, ignored = env_file_in_git(root, env_file)
    canary = None if skip_canary else part(security_canary, api_url=api_url, webhook_url=webhook_url)
    items = [
        secrets_item(scan),
        variables_item(*look_at_variables(root, env_file)),
        env_file_item(tracked=tracked, ignored=ignored),
        audit_item(there=(root / audit_note).is_file()),
        canary_item(canary),
    ]
    for item in items:
        tell(item.line)
    return checked_all(items, scan)


def _scanned(root: Path, allow_list: str, base: str | None) -> Scan:
    allowances = read_allowances(root / allow_list)
    here, files = scan_files(root)
    added, commits = scan_commits(root, base)
    known = {(leak.file, leak.fingerprint) for leak in here}
    gone = [leak for leak in added if (leak.file, leak.fingerprint) not in known]
    leaks = [leak for leak in (*here, *gone) if not is_fingerprint(leak, allow_list)]
    return sifted(leaks, allowances, utc_now().date(), files + commits)
