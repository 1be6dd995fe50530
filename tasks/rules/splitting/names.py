"""Folder names in a line of output: any name, unmistakably, without a blank."""

from urllib.parse import quote


def printable(name: str) -> str:
    """The name with everything but letters, digits and `_.-~` percent-encoded; the reverse is `unquote`."""
    return quote(name.encode("utf-8", "surrogateescape"), safe="")
