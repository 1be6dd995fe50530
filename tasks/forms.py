"""The form of a procedure: its parameters as the Prefect UI, the API and the command line show them."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin

from pydantic import Field
from pydantic.fields import FieldInfo


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
    return Annotated[kind, *[_with_extra(item) for item in metadata]]


def _with_extra(item: Any) -> Any:
    if not isinstance(item, FieldInfo) or not item.description:
        return item
    return Field(**{**item._attributes_set, "json_schema_extra": {"description": item.description}})
