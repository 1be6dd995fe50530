"""How far a long piece of work has come, and what it costs to say so."""

import time

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from tasks.progress import EVERY_S, progress

OF_THIS_TEST = ArtifactFilterKey(any_=["test-of-progress"])


@pytest.mark.row("P003-154")
def test_a_total_is_asked_for_once_and_only_when_the_work_is_long():
    asked: list[int] = []

    def total() -> int:
        asked.append(1)
        return 3

    with progress("split", total) as advance:
        advance(1)
        assert asked == []
        for _ in range(2):
            time.sleep(EVERY_S)
            advance(1)
    assert asked == [1]


@pytest.mark.row("P003-154")
def test_long_work_in_a_run_leaves_a_progress_artifact_that_ends_at_its_whole(prefect_server):
    @flow
    def long_work() -> None:
        with progress("test-of-progress", 2) as advance:
            time.sleep(EVERY_S)
            advance(1)
            seen.append(shown())
        seen.append(shown())

    def shown() -> float:
        with get_client(sync_client=True) as client:
            (artifact,) = client.read_artifacts(artifact_filter=ArtifactFilter(key=OF_THIS_TEST))
            return float(str(artifact.data))

    seen: list[float] = []
    long_work()
    assert seen == [50.0, 100.0]
