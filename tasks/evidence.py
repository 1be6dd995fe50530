"""What a run leaves for the eyes in the Prefect UI: its lines, a table, a picture.

Nothing here may change a run: without a server there is nobody to show it to, and a server that stops answering costs
the picture, not the outcome.
"""

import base64
import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar

import httpx
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.context import FlowRunContext, TaskRunContext

from tasks.rules.playbooks import Playbook
from tasks.settings import settings
from tasks.step import has_server

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger("prefect.watchkeeper")


def _for_the_eyes(show: Callable[P, R]) -> Callable[P, R | None]:
    @functools.wraps(show)
    def shown(*args: P.args, **kwargs: P.kwargs) -> R | None:
        if not (has_server() and (FlowRunContext.get() or TaskRunContext.get())):
            return None
        try:
            return show(*args, **kwargs)
        except httpx.HTTPError as error:
            log.warning("%s left nothing in the UI: %s", show.__name__, type(error).__name__)
            return None

    return shown


@_for_the_eyes
def show_lines(procedure: str, lines: Sequence[str]) -> None:
    """The run's lines, exactly as the terminal had them."""
    create_markdown_artifact(
        key=f"{procedure}-lines", markdown="```\n" + "\n".join(lines) + "\n```", description=lines[-1]
    )


@_for_the_eyes
def show_playbook(procedure: str, playbook: Playbook) -> None:
    """What to do about a bad outcome, beside the lines that it is about."""
    steps = [f"{number}. {step}" for number, step in enumerate(playbook.steps, 1)]
    markdown = "\n".join([f"## {playbook.title}", f"Runbook {playbook.section}", "", *steps])
    create_markdown_artifact(key=f"{procedure}-playbook", markdown=markdown, description=playbook.title)


@_for_the_eyes
def show_page(key: str, markdown: str, title: str) -> str:
    """A page to read before something is decided; where it stands in the UI, for a link to it."""
    number = create_markdown_artifact(key=key, markdown=markdown, description=title)
    return f"{settings().ui_url}/v2/artifacts/artifact/{number}"


@_for_the_eyes
def show_table(key: str, rows: Sequence[Mapping[str, object]], description: str) -> None:
    create_table_artifact(key=key, table=[dict(row) for row in rows], description=description)


@_for_the_eyes
def show_picture(key: str, png: bytes, title: str, page: Sequence[str] = ()) -> None:
    """A picture inside Markdown, below its page: both UIs print the whole data URI under an image artifact."""
    data = base64.b64encode(png).decode()
    markdown = "\n".join([*page, *([""] if page else []), f"![{title}](data:image/png;base64,{data})"])
    create_markdown_artifact(key=key, markdown=markdown, description=title)


@_for_the_eyes
def show_diff(procedure: str, lines: Sequence[str]) -> None:
    """What differs, line by line; nothing where nothing does."""
    if lines:
        markdown = "\n".join(["```diff", *lines, "```"])
        create_markdown_artifact(key=f"{procedure}-diff", markdown=markdown, description="what differs")
