"""What can be made to go wrong at the other side."""

import re
from dataclasses import dataclass, field

from tests.gitea.replies import Reply, as_text


@dataclass
class Trouble:
    """One kind of trouble for requests whose path matches, `times` times.

    Answers `status` (with `text` and `headers`), or is silent for `delay_s` and then goes on; `cut` drops the
    connection, before anything was done or, `after` the deed, instead of the answer.
    """

    path: str
    times: int = 1
    method: str = ""
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str = "trouble\n"
    delay_s: float = 0.0
    cut: bool = False
    after: bool = False
    met: int = 0

    def applies(self, method: str, path: str) -> bool:
        return self.met < self.times and self.method in ("", method) and bool(re.search(self.path, path))

    def reply(self) -> Reply | None:
        """What is answered in place of the truth, if anything is."""
        return as_text(self.status, self.text, **self.headers) if self.status else None
