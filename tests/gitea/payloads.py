"""What a webhook carries: a push, a creation, a deletion."""

from tests.gitea.shapes import repo_json, user_json
from tests.gitea.world import ZEROS, Repo, User, World

MOST_COMMITS = 5
Update = tuple[str, str, str]
_FORMAT = "--format=%H%x1f%an%x1f%ae%x1f%cn%x1f%ce%x1f%cI%x1f%B%x1e"


def events_of(world: World, repo: Repo, user: User, update: Update) -> list[tuple[str, dict[str, object]]]:
    """The events of one updated ref, in the order in which Gitea sends them; other refs have none."""
    before, after, ref = update
    if ref.startswith("refs/tags/"):
        push = ("push", push_payload(world, repo, user, update))
        short = _short(world, repo, user, update, "tag")
        return [push, ("delete" if after == ZEROS else "create", short)]
    if not ref.startswith("refs/heads/"):
        return []
    if after == ZEROS:
        return [("delete", _short(world, repo, user, update, "branch"))]
    created = [("create", _short(world, repo, user, update, "branch"))] if before == ZEROS else []
    return [*created, ("push", push_payload(world, repo, user, update))]


def push_payload(world: World, repo: Repo, user: User, update: Update) -> dict[str, object]:
    before, after, ref = update
    new = _new_commits(repo, update)
    deleted = after == ZEROS
    return {
        "ref": ref,
        "before": before,
        "after": after,
        "compare_url": world.root_url
        if ZEROS in (before, after)
        else f"{world.root_url}{repo.full_name}/compare/{before}...{after}",
        "commits": [_commit(world, repo, sha) for sha in new[:MOST_COMMITS]],
        "total_commits": len(new),
        "head_commit": None
        if deleted
        else _commit(world, repo, repo.git("rev-parse", f"{after}^{{commit}}").strip()),
        "repository": repo_json(world, repo, user),
        "pusher": user_json(world, user),
        "sender": user_json(world, user),
    }


def _new_commits(repo: Repo, update: Update) -> list[str]:
    before, after, ref = update
    if after == ZEROS or ref.startswith("refs/tags/"):
        return []
    if before == after:
        return [after]
    if before != ZEROS:
        return repo.git("rev-list", f"{before}..{after}").split()
    others = [sha for name, sha in repo.refs("refs/heads/").items() if name != ref]
    return repo.git("rev-list", after, "--not", *others).split()


def _commit(world: World, repo: Repo, sha: str) -> dict[str, object]:
    _, name, mail, by_name, by_mail, when, message = (
        repo.git("log", "-1", _FORMAT, sha).rstrip("\x1e\n").split("\x1f", 6)
    )
    changed = repo.git("diff-tree", "--root", "--no-commit-id", "-r", "-z", "--name-status", sha).split("\0")
    by_kind = list(zip(changed[::2], changed[1::2], strict=False))
    return {
        "id": sha,
        "message": message.rstrip("\n") + "\n",
        "url": f"{world.root_url}{repo.full_name}/commit/{sha}",
        "author": {"name": name, "email": mail, "username": ""},
        "committer": {"name": by_name, "email": by_mail, "username": ""},
        "verification": None,
        "timestamp": when,
        **{
            word: [path for kind, path in by_kind if kind[:1] in kinds]
            for word, kinds in (("added", "A"), ("removed", "D"), ("modified", "MT"))
        },
    }


def _short(world: World, repo: Repo, user: User, update: Update, kind: str) -> dict[str, object]:
    _, after, ref = update
    gone = after == ZEROS
    return {
        **({} if gone else {"sha": after}),
        "ref": ref.split("/", 2)[2],
        "ref_type": kind,
        **({"pusher_type": "user"} if gone else {}),
        "repository": repo_json(world, repo, user),
        "sender": user_json(world, user),
    }
