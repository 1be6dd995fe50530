"""One validation as a whole: what was asked, what was measured, and what that is worth. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from tasks.rules.artifacts import Json
from tasks.rules.load.comparison import Before, key_of
from tasks.rules.load.figures import Figures, figures_of
from tasks.rules.load.measured import Measured
from tasks.rules.load.plan import Amounts, Name, Targets
from tasks.rules.load.verdict import Limits, Verdict, judge_phase, judge_run
from tasks.rules.outcome import Status


@dataclass(frozen=True, slots=True)
class Asked:
    """What the operator wants to know, and by which limits."""

    targets: Targets
    amounts: Amounts
    limits: Limits

    @property
    def config(self) -> dict[str, Json]:
        """The load that was asked for; the same again is the same load."""
        return {**asdict(self.targets), **asdict(self.amounts)}

    @property
    def key(self) -> str:
        """Two runs can be compared if they have the same."""
        return key_of(self.config)


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that is known of a validation when it is over."""

    at: datetime
    asked: Asked
    figures: tuple[Figures, ...]
    verdicts: tuple[Verdict, ...]
    whole: Verdict
    left_out: tuple[Name, ...]
    before: Before | None

    @property
    def is_accepted(self) -> bool:
        return self.whole.status is Status.OK


def judge(
    at: datetime, asked: Asked, measured: Sequence[Measured], missing: tuple[Name, ...], before: Before | None
) -> Run:
    """Figures and verdict of every phase, and of all of them."""
    figures = tuple(figures_of(one) for one in measured)
    verdicts = tuple(judge_phase(one, asked.limits, before) for one in figures)
    return Run(at, asked, figures, verdicts, judge_run(verdicts, missing), missing, before)
