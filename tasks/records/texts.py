"""How a text of people gets in: from a file that is named, or typed at the terminal; never as a parameter.

It loses what looks like a secret before it is kept (runbook 002, Incident Notes).
"""

import os
import stat

from tasks.approvals.terminal import Terminal, terminal
from tasks.rules.approval import is_operator_name
from tasks.rules.faults import Refused
from tasks.rules.incident_note import LARGEST_TEXT, Section, sections_of
from tasks.rules.redaction import scrub
from tasks.settings import known_secrets
from tasks.step import step

_END = "."


@step
def read_text(path: str) -> str:
    """The text of a file, scrubbed; refused is a link, a folder, a pipe, what is no UTF-8 or more than 64 KiB."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            content = file.read(LARGEST_TEXT + 1) if is_file else b""
    except OSError:
        raise _unreadable() from None
    if not is_file or len(content) > LARGEST_TEXT:
        raise _unreadable()
    try:
        return _cleaned(content.decode())
    except UnicodeDecodeError:
        raise _unreadable() from None


def author_given(operator: str) -> str:
    if not is_operator_name(operator):
        raise Refused("missing_operator", "say who writes: --operator NAME")
    return operator


def sections_given(path: str) -> dict[Section, str]:
    """What a person says, by sections: read from the file, or asked for at the terminal where no file is named."""
    sections = sections_of(read_text(path)) if path else _typed_sections()
    if sections is None:
        raise Refused("unknown_section", "the headings are: What happened, Decisions, Next steps")
    if not sections:
        raise Refused("nothing_written", "there is no text in it; nothing was added")
    return sections


def text_given(path: str) -> str:
    """The same without sections."""
    text = read_text(path) if path else _typed("What is to be handed over?")
    if not text.strip():
        raise Refused("nothing_written", "there is no text in it; nothing was added")
    return text


def _typed_sections() -> dict[Section, str]:
    with terminal() as person:
        typed = {section: _lines(person, section.heading) for section in Section}
    return {section: text for section, text in typed.items() if text}


def _typed(question: str) -> str:
    with terminal() as person:
        return _lines(person, question)


def _lines(person: Terminal, title: str) -> str:
    person.say(f"{title} (a line with only a dot ends it):")
    lines: list[str] = []
    while (line := person.ask("> ")) not in (_END, "") and sum(map(len, lines)) < LARGEST_TEXT:
        lines.append(line)
    return _cleaned("\n".join(lines)).strip()


def _cleaned(text: str) -> str:
    kept = "".join(char for char in text.replace("\r\n", "\n") if char in "\n\t" or char.isprintable())
    return scrub(kept, known_secrets())


def _unreadable() -> Refused:
    return Refused("text_unreadable", "name a file of text (UTF-8, at most 64 KiB) that this user may read")
