"""What all schemas of artifacts share: the kinds of numbers, what a document is, and who made it."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]
Ratio = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]
Percent = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=100)]
Count = Annotated[int, Field(strict=True, ge=0)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Document(BaseModel):
    """A JSON object whose known keys have one meaning; `words` says what a wrong key is called in a line."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, populate_by_name=True)
    words: ClassVar[Mapping[str, str]] = {}

    def contradictions(self) -> Iterator[str]:
        """The keys whose value does not fit the rest of the document."""
        yield from ()


class Runtime(Document):
    """Who made it and when; `frozen_now` is there only if the clock stood still."""

    utc: str
    version: str
    frozen_now: str | None = None
