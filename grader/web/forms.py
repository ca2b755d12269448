"""What a form sent, as the API's own objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from grader.errors import BadInput
from grader.result import printable
from grader.server.who import Known

Made = TypeVar("Made", bound=BaseModel)


async def fields(request: Request) -> dict[str, str]:
    """The filled-in fields of a form by name, without its files. Nobody has to be known for it."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str) and value != ""}


async def of_known(request: Request, who: Known) -> dict[str, str]:  # noqa: ARG001  # who asks is known before the form is read
    """The same, of somebody who is signed in, and whose own page sent it."""
    return await fields(request)


Fields = Annotated[dict[str, str], Depends(fields)]
Form = Annotated[dict[str, str], Depends(of_known)]


def fill(model: type[Made], given: Mapping[str, Any]) -> Made:
    """The object of these fields. Raises BadInput, which repeats nothing that was sent: it may be a password."""
    try:
        return model.model_validate(dict(given))
    except ValidationError as wrong:
        words = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'it'}: {e['msg']}" for e in wrong.errors()[:3])
        raise BadInput(f"the form can't be used: {printable(words)}", "go back and change it") from None


def only(form: Mapping[str, str], *names: str) -> dict[str, str]:
    """Of a form's fields, those of these names."""
    return {name: form[name] for name in names if name in form}
