"""A merged change taken back: reverted on a branch of its own, pushed, its checks awaited, then deployed."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.guard.release_deploy import release_deploy
from flows.guard.rollback import Config
from flows.naming import run_named
from tasks.evidence import show_table
from tasks.gitea.api import find_owner, find_repository
from tasks.gitea.checks import await_checks
from tasks.gitea.remotes import push_branch, read_remote_head
from tasks.procedure import part, procedure
from tasks.publishing.laying import lay_release
from tasks.publishing.reverts import Conflicts, keep_on_branch, make_revert
from tasks.records.shift import record_shift
from tasks.rules.contracts.rollback import REVERT_PR
from tasks.rules.faults import Refused
from tasks.rules.outcome import Outcome, Status, Value
from tasks.rules.publishing.answers import repository_missing
from tasks.rules.publishing.remote import Repository
from tasks.rules.publishing.reverts import Revert
from tasks.runtime.release_link import RELEASES, read_link
from tasks.services.commands import Place
from tasks.services.declared import read_service
from tasks.settings.publishing import gitea_owner

Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{7,40}$", description="The commit to take back, by its hash.")]
Repo = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_.-]{0,100}$", description="The repository at Gitea; needed with --execute.")
]
RepoRoot = Annotated[str, Field(min_length=1, description="The work tree whose commit it is.")]
Branch = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,99}$", description="The branch that has it.")]
Mainline = Annotated[int, Field(ge=0, le=16, description="For a merge: the number of the parent that stays.")]
Execute = Annotated[bool, Field(description="Make the branch, push it and await its checks; else only look.")]
CheckWait = Annotated[int, Field(ge=0, le=7200, description="For how long the checks are waited for, in seconds.")]
Deploy = Annotated[
    str,
    Field(
        pattern=r"^([a-z][a-z0-9-]{0,40})?$",
        description="The declared runtime that gets it as a release once its checks have passed; none if left out.",
    ),
]


@procedure(REVERT_PR, run_name=run_named("revert-pr", "sha"))
def revert_pr(  # noqa: PLR0913, PLR0917  the form of a flow
    sha: Sha,
    repo: Repo = "",
    repo_root: RepoRoot = ".",
    branch: Branch = "main",
    mainline: Mainline = 0,
    execute: Execute = False,
    check_wait_s: CheckWait = 900,
    deploy: Deploy = "",
    config: Config = "services.toml",
) -> Outcome:
    """Take a merged change back on a branch of its own, see its checks pass, and only then deploy it.

    Runbook 002, Rollback & Release. The revert is made onto the branch in a work tree of its own. With --execute it
    becomes the branch revert-<commit>, is pushed to GITEA_PRODUCT_OWNER's repository, and the state of its checks is
    awaited there: only success is a pass; pending at the deadline, or no check at all, is none. With --deploy what
    passed is laid out below `releases` and put in use by release-deploy; merging stays with people, and so does a
    service of containers (docker-deploy). If it fails: conflicts are listed by file in the UI and the log.

    Safety: a dry run unless --execute. Never touches what is checked out, the branch itself or another branch; never
    forces a push. Safe to start twice and to kill: the same revert is the same commit and the same release.
    """
    root, place = Path(repo_root), _place_of(deploy, Path(config))
    revert = _made(root, sha, branch, mainline)
    if not execute:
        return REVERT_PR.says(Status.PLANNED, None, **_said(revert), release=revert.release if place else None)
    if not repo:
        raise Refused("gitea_repository_missing", "give --repo, the repository at Gitea that has the checks")
    remote = _pushed(root, repo, branch, revert)
    state = await_checks(remote, revert.commit, check_wait_s)
    key = f"revert:{revert.commit}:{state.reason or 'passed'}"
    record_shift("revert", subject=repo, key=key, commit=revert.commit, ci=state.state or "none")
    said = {**_said(revert), "ci": state.state or "none", "checks": state.checks}
    if state.reason:
        return REVERT_PR.says(Status.FAIL, state.reason, **said)
    if place is None:
        return REVERT_PR.says(Status.OK, None, **said, next="watchkeeper release-deploy")
    return _deployed(root, revert, place, config, said)


def _place_of(deploy: str, config: Path) -> Place | None:
    """Where it will be deployed, refused before anything is done if that has no releases."""
    if not deploy:
        return None
    declared = read_service(config, deploy)
    if declared is None:
        raise Refused("no_declaration", "give --config, the declaration that has the service of --deploy")
    place = Place(declared, config.absolute().parent)
    read_link(place.folder)
    return place


def _deployed(root: Path, revert: Revert, place: Place, config: str, said: dict[str, Value]) -> Outcome:
    """Laid out and put in use; whether the release is good is the word of release-deploy."""
    lay_release(root, revert.commit, place.folder / RELEASES, revert.release)
    said |= {"release": revert.release}
    done = part(release_deploy, to=revert.release, execute=True, config=config, service=place.service.name)
    if done.status is Status.OK:
        return REVERT_PR.says(Status.OK, None, **said, deployed="ok")
    if done.reason == "already_current":
        return REVERT_PR.says(Status.OK, None, **said, deployed="already")
    return REVERT_PR.says(Status.FAIL, "deploy_failed", **said)


def _made(root: Path, sha: str, branch: str, mainline: int) -> Revert:
    """The revert; conflicts are shown by file before they end the run."""
    try:
        made: Revert = make_revert(root, sha, branch, mainline)
    except Conflicts as met:
        show_table("revert-conflicts", [{"file": file} for file in met.files], f"{len(met.files)} files in conflict")
        raise
    return made


def _pushed(root: Path, repo: str, branch: str, revert: Revert) -> Repository:
    """The revert on its branch, here and there; refused where the branch there has moved on."""
    remote: Repository | None = find_repository(find_owner(gitea_owner()), repo)
    if remote is None:
        raise repository_missing()
    if read_remote_head(remote, branch) != revert.onto:
        raise Refused("base_behind", "the branch at Gitea is not where it is here: pull or push it, then start again")
    there = read_remote_head(remote, revert.branch)
    if there not in (None, revert.commit):
        raise Refused("branch_taken", "at Gitea the branch holds something else: look at it there first")
    keep_on_branch(root, revert)
    pushed = push_branch(root, remote, revert.branch, revert.commit, seen=there)
    if not pushed.result.is_good:
        raise Refused("push_refused", "Gitea did not take the branch: the log has its words")
    return remote


def _said(revert: Revert) -> dict[str, Value]:
    named = {"reverted": revert.reverted, "commit": revert.commit, "onto": revert.onto}
    return {**named, "branch": revert.branch, "files": revert.files}
