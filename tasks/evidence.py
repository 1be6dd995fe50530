"""What a run leaves for the eyes in the Prefect UI: its lines, a table, a picture."""

import base64
from collections.abc import Mapping, Sequence

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from tasks.rules.playbooks import Playbook


def show_lines(procedure: str, lines: Sequence[str]) -> None:
    """The run's lines, exactly as the terminal had them."""
    create_markdown_artifact(
        key=f"{procedure}-lines", markdown="```\n" + "\n".join(lines) + "\n```", description=lines[-1]
    )


def show_playbook(procedure: str, playbook: Playbook) -> None:
    """What to do about a bad outcome, beside the lines that it is about."""
    steps = [f"{number}. {step}" for number, step in enumerate(playbook.steps, 1)]
    markdown = "\n".join([f"## {playbook.title}", f"Runbook {playbook.section}", "", *steps])
    create_markdown_artifact(key=f"{procedure}-playbook", markdown=markdown, description=playbook.title)


def show_table(key: str, rows: Sequence[Mapping[str, object]], description: str) -> None:
    create_table_artifact(key=key, table=[dict(row) for row in rows], description=description)


def show_picture(key: str, png: bytes, title: str) -> None:
    """A picture inside Markdown: both UIs print the whole data URI under an image artifact."""
    data = base64.b64encode(png).decode()
    create_markdown_artifact(key=key, markdown=f"![{title}](data:image/png;base64,{data})", description=title)
