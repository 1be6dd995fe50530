"""The form of a procedure: its parameters as the Prefect UI, the API and the command line show them."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin

from pydantic import Field
from pydantic.fields import FieldInfo

_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def described_signature(fn: Callable[..., Any]) -> inspect.Signature:
    """The signature whose help texts survive Prefect.

    Prefect builds the form from the docstring's argument list and overwrites the description of an `Annotated` field
    with nothing; what stands in `json_schema_extra` gets through.
    """
    signature = inspect.signature(fn, eval_str=True)
    return signature.replace(
        parameters=[
            parameter.replace(annotation=_described(parameter.annotation))
            for parameter in signature.parameters.values()
        ]
    )


def _described(annotation: Any) -> Any:
    if get_origin(annotation) is not Annotated:
        return annotation
    kind, *metadata = get_args(annotation)
    help_texts = [_help_text(item) for item in metadata if isinstance(item, FieldInfo) and item.description]
    # Added beside the field, never in place of it: a rebuilt field loses its bounds.
    return Annotated[kind, *metadata, *[Field(json_schema_extra={"description": text}) for text in help_texts]]


def _help_text(field: FieldInfo) -> str:
    """The description and its bounds, which a form shows by itself only to those who have passed them."""
    limits = {name: getattr(rule, name) for rule in field.metadata for name in _BOUNDS if hasattr(rule, name)}
    if limits.keys() == {"ge", "le"}:
        return f"{field.description} {limits['ge']} to {limits['le']}."
    words = " and ".join(f"{_BOUNDS[name]} {limit}" for name, limit in limits.items())
    return f"{field.description} {words.capitalize()}." if words else str(field.description)
