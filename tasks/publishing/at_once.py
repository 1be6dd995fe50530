"""Doing the same with many things, a few of them at a time (runbook 003, Product Repo Publishing)."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from typing import TypeVar

from tasks.progress import Advance

T = TypeVar("T")
R = TypeVar("R")


def done_at_once(act: Callable[[T], R], things: Iterable[T], most: int, advance: Advance) -> list[R]:
    """What came of each, in their order. An interrupt, or whatever `act` raises, lets nothing new begin.

    Each runs with the caller's context, so that a step inside belongs to the same run.
    """
    with ThreadPoolExecutor(most) as pool:
        begun = [pool.submit(copy_context().run, act, thing) for thing in things]
        try:
            for ended in as_completed(begun):
                ended.result()
                advance(1)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        return [one.result() for one in begun]
