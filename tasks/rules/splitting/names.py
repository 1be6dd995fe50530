"""Folder names in a line of output: any name, unmistakably, without a blank."""

_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~"


def printable(name: str) -> str:
    """The name with every byte but letters, digits and `_.-~` as `%XX`, as in a URL."""
    data = name.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in data)
