"""The routes that tell where branches, tags and commits are: some at once, some a while after a push."""

from tests.gitea.asked import Asked
from tests.gitea.replies import NO_CONTENT, Refusal, Reply, as_json, missing, page
from tests.gitea.repositories import repo_of
from tests.gitea.world import Repo


def branches(asked: Asked) -> Reply:
    repo = repo_of(asked)
    rows: list[object] = [_branch(repo, name, sha) for name, sha in repo.seen().branches]
    return page(rows, asked.query, asked.url, null_when_empty=True)


def branch(asked: Asked) -> Reply:
    repo = repo_of(asked)
    name = asked.parts[2]
    for known, sha in repo.seen().branches:
        if known == name:
            return as_json(200, _branch(repo, name, sha))
    raise missing()


def _branch(repo: Repo, name: str, sha: str) -> dict[str, object]:
    return {
        "name": name,
        "commit": {"id": sha, "message": repo.git("log", "-1", "--format=%B", sha)},
        "protected": name in repo.protections,
    }


def all_refs(asked: Asked) -> Reply:
    return _refs(asked, "refs/")


def some_refs(asked: Asked) -> Reply:
    return _refs(asked, f"refs/{asked.parts[2]}")


def _refs(asked: Asked, wanted: str) -> Reply:
    repo = repo_of(asked)
    rows = [_ref(asked, repo, ref, sha) for ref, sha in repo.refs().items() if ref.startswith(wanted)]
    if not rows:
        raise missing()
    return as_json(200, rows[0] if len(rows) == 1 and rows[0]["ref"] == wanted else rows)


def _ref(asked: Asked, repo: Repo, ref: str, sha: str) -> dict[str, object]:
    url = f"{asked.world.root_url}api/v1/repos/{repo.full_name}/git"
    kind = repo.git("cat-file", "-t", sha).strip()
    return {"ref": ref, "url": f"{url}/{ref}", "object": {"type": kind, "sha": sha, "url": f"{url}/{kind}s/{sha}"}}


def commits(asked: Asked) -> Reply:
    repo = repo_of(asked)
    if not repo.branches():
        raise Refusal(409, "Git Repository is empty.")
    lines = repo.git("rev-list", asked.query.get("sha") or "HEAD", "--").split()
    return page([{"sha": sha} for sha in lines], asked.query, asked.url)


def combined_status(asked: Asked) -> Reply:
    """The worst state of a commit's checks; without any check the state is empty and there are none."""
    repo, wanted = repo_of(asked), asked.parts[2]
    sha = repo.git("rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}", check=False).strip()
    if not sha:
        raise missing()
    there = repo.checks.get(sha, {})
    order = ("error", "failure", "warning", "pending", "success")
    worst = next((state for state in order if state in there.values()), "")
    rows = [{"context": context, "status": state} for context, state in there.items()]
    return as_json(200, {"state": worst, "sha": sha, "total_count": len(rows), "statuses": rows or None})


def set_status(asked: Asked) -> Reply:
    """What a runner says of a commit."""
    repo = repo_of(asked, "write")
    given = asked.fields("CreateStatusOption", state=str, context=str, description=str, target_url=str)
    repo.checks.setdefault(asked.parts[2], {})[str(given.get("context", "default"))] = str(given.get("state"))
    return as_json(201, {"context": given.get("context", "default"), "status": given.get("state")})


def tags(asked: Asked) -> Reply:
    refs = repo_of(asked).refs("refs/tags/")
    return page(
        [{"name": ref.removeprefix("refs/tags/"), "id": sha} for ref, sha in refs.items()], asked.query, asked.url
    )


def protections(asked: Asked) -> Reply:
    repo = repo_of(asked, "admin")
    return as_json(200, [{"rule_name": name, "enable_push": push} for name, push in repo.protections.items()])


def protect(asked: Asked) -> Reply:
    repo = repo_of(asked, "admin")
    given = asked.fields("CreateBranchProtectionOption", rule_name=str, branch_name=str, enable_push=bool)
    name = str(given.get("rule_name") or given.get("branch_name") or "")
    if name in repo.protections:
        raise Refusal(403, "Branch protection already exist")
    repo.protections[name] = bool(given.get("enable_push", False))
    return as_json(201, {"branch_name": name, "rule_name": name, "enable_push": repo.protections[name]})


def unprotect(asked: Asked) -> Reply:
    repo = repo_of(asked, "admin")
    if repo.protections.pop(asked.parts[2], None) is None:
        raise missing()
    return NO_CONTENT
