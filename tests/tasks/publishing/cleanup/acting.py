"""One step of a cleanup, as its plan orders it, or why it was not taken."""

from datetime import timedelta

import pytest

from tasks.publishing.cleanup.steps import archive_folder, delete_archive, restore_folder
from tasks.rules.faults import Fault
from tests.tasks.publishing.cleanup.conftest import LIMITS
from tests.tasks.publishing.cleanup.repositories import NOW

LATER = NOW + timedelta(days=90)
ALPHA = {"a.txt": "alpha", "deep/b.txt": "alpha too"}


def archive(house, name="alpha", now=NOW):
    return archive_folder(house.grounds, house.judged(name, now), house.remote, LIMITS, now)


def delete(house, name="alpha", now=LATER):
    return delete_archive(house.grounds, house.judged(name, now), house.remote, LIMITS, now)


def restore(house, name="alpha", now=NOW):
    return restore_folder(house.grounds, house.rows(now)[name], now)


def why(act, *arguments, **options):
    with pytest.raises(Fault) as refused:
        act(*arguments, **options)
    return refused.value.reason
