"""What a second run reads and what it throws away."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tasks.splitting import split
from tests.tasks.splitting.histories import tell_story


def facts(splits):
    return [(one.name, one.sha, one.history, one.commits, one.problem) for one in splits]


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


def run(repo, state, **options):
    """Split with the state; the answer must be that of a run without any."""
    kept = split(repo.path, "product", state=state, **options)
    assert facts(kept) == facts(split(repo.path, "product"))
    return {one.name: one for one in kept}


def read_commits(repo, state):
    seen: list[int] = []
    split(repo.path, "product", state=state, on_progress=seen.append)
    return sum(seen)


@pytest.mark.row("P003-151")
def test_the_second_run_reads_only_new_commits(repo, write, state):
    for number in range(5):
        write(f"product/app{number % 2}/a.txt", str(number))
    assert read_commits(repo, state) == 5
    assert read_commits(repo, state) == 0
    write("product/app0/a.txt", "new")
    write("readme", "new")
    assert read_commits(repo, state) == 2


def test_the_second_run_says_how_much_it_reused(repo, write, state):
    for number in range(4):
        write("product/app/a.txt", str(number))
    assert run(repo, state)["app"].reused == 0
    write("product/app/a.txt", "new")
    app = run(repo, state)["app"]
    assert (app.commits, app.reused) == (5, 4)
    assert run(repo, state)["app"].reused == 5


@pytest.mark.row("P003-151")
@pytest.mark.parametrize("seed", range(6))
def test_a_history_read_in_pieces_gives_what_one_read_gives(tmp_path, state, seed):
    repo = tell_story(tmp_path / "mono", seed, 14)
    order = repo.git("rev-list", "--topo-order", "--reverse", "HEAD").decode().split()
    last = order[-1]
    for tip in (*order[3::4], last):
        repo.git("update-ref", "refs/heads/main", tip)
        names = [folder for folder in ("alpha", "beta", "gamma.x") if _is_folder(repo, folder)]
        kept = split(repo.path, "product", names, state=state) if names else []
        assert facts(kept) == facts(split(repo.path, "product", names) if names else [])


def _is_folder(repo, name):
    listed = repo.git("ls-tree", "HEAD", f"product/{name}")
    return b" tree " in listed


def test_a_branch_that_went_back_starts_from_the_beginning(repo, write, state):
    first = write("product/app/a.txt", "1")
    write("product/app/a.txt", "2")
    run(repo, state)
    repo.git("reset", "-q", "--hard", first)
    write("product/app/a.txt", "other")
    assert run(repo, state)["app"].reused == 0


def test_another_folder_list_has_a_state_of_its_own(repo, write, state):
    write("product/app/a.txt", "1")
    run(repo, state)
    write("product/more/a.txt", "1")
    assert run(repo, state)["app"].reused == 0
    assert len(list(state.iterdir())) == 2


def test_a_replaced_commit_makes_the_state_void(repo, write, state):
    old = write("product/app/a.txt", "1")
    write("product/app/a.txt", "2")
    before = run(repo, state)["app"].sha
    other = repo.commit(
        repo.git("rev-parse", f"{old}^{{tree}}").decode(), [], b"A <a@b> 1 +0000", b"A <a@b> 1 +0000", b"other\n"
    )
    repo.git("replace", old, other)
    assert run(repo, state)["app"].sha != before


def test_a_join_in_a_new_commit_makes_the_state_void(repo, write, state):
    for number in range(3):
        write("product/app/a.txt", str(number))
    run(repo, state)
    repo.git("subtree", "split", "-q", "--prefix=product/app", "--rejoin")
    write("product/app/a.txt", "after")
    assert run(repo, state)["app"].reused == 0
    write("product/app/a.txt", "later")
    run(repo, state)


@pytest.mark.row("D003-157")
@pytest.mark.parametrize("keep", [0, 1, 7, 60, 200, -1, -9, -17])
def test_a_state_that_a_kill_cut_short_is_as_good_as_the_part_before_it(repo, write, state, keep):
    write("product/app/a.txt", "1")
    run(repo, state)
    (file,) = state.iterdir()
    whole = len(file.read_bytes())
    write("product/app/a.txt", "2")
    run(repo, state)
    data = file.read_bytes()
    file.write_bytes(data[: whole + keep] if keep >= 0 else data[:keep])
    write("product/app/a.txt", "3")
    app = run(repo, state)["app"]
    assert app.reused == 1
    assert run(repo, state)["app"].reused == 3


@pytest.mark.row("D003-157")
def test_runs_at_the_same_time_answer_alike_and_leave_a_state_that_holds(repo, write, state):
    for number in range(3):
        for change in range(4):
            write(f"product/app{number}/a.txt", str(change))
        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(lambda _: facts(split(repo.path, "product", state=state)), range(4)))
        assert told == [facts(split(repo.path, "product"))] * 4
        assert read_commits(repo, state) == 0


def test_states_of_folder_lists_that_nobody_asks_for_are_thrown_away(repo, write, state):
    for number in range(20):
        write("product/app/a.txt", str(number))
        write(f"product/more{number}/a.txt", "1")
        split(repo.path, "product", state=state)
    assert len(list(state.iterdir())) == 16
    assert read_commits(repo, state) == 0


@pytest.mark.row("D003-157")
def test_a_damaged_state_is_no_state(repo, write, state):
    for number in range(3):
        write("product/app/a.txt", str(number))
    run(repo, state)
    (file,) = state.iterdir()
    data = file.read_bytes()
    for place in range(0, len(data), 11):
        file.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        run(repo, state)
        write("readme", str(place))
        run(repo, state)


def test_commits_that_git_has_thrown_away_are_written_again(repo, write, state):
    for number in range(3):
        write("product/app/a.txt", str(number))
    sha = run(repo, state, write=True)["app"].sha
    assert repo.git("cat-file", "-t", sha) == b"commit"
    repo.git("prune", "--expire=now")
    assert run(repo, state, write=True)["app"].sha == sha
    assert repo.git("cat-file", "-t", sha) == b"commit"


def test_what_a_reading_run_learned_is_not_taken_for_written(repo, write, state):
    write("product/app/a.txt", "1")
    sha = run(repo, state)["app"].sha
    run(repo, state, write=True)
    assert repo.git("cat-file", "-t", sha) == b"commit"


def test_many_commits_are_written_as_one_pack_and_few_as_none(repo, write):
    packs = repo.path / ".git/objects/pack"
    tip = write("product/app/a.txt", "1")
    split(repo.path, "product", write=True)
    assert not list(packs.glob("*.pack"))
    for number in range(120):
        tree = repo.tree({b"product": {b"app": {b"a": b"%d\n" % number}}})
        tip = repo.commit(tree, [tip], b"A <a@b> %d +0000" % number, b"A <a@b> 1600000000 +0000", b"%d\n" % number)
    repo.finish(tip)
    (app,) = split(repo.path, "product", write=True)
    assert len(list(packs.glob("*.pack"))) == 1
    assert repo.git("rev-list", "--count", app.sha) == b"121"
    repo.git("fsck", "--strict", app.sha)
