"""Parts of addresses and queries, as routes take them: what can't be a name or a number is refused before the database."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

PREFIX = "/api/v1"
PATTERN = r"^\w[\w .@+-]{0,63}$"
LARGEST = 2**63 - 1
MOST = 200

CourseName = Annotated[str, Path(alias="course", pattern=PATTERN)]
AssignmentName = Annotated[str, Path(alias="assignment", pattern=PATTERN)]
PersonName = Annotated[str, Path(alias="person", pattern=PATTERN)]
Number = Annotated[int, Path(ge=1, le=LARGEST)]
AfterName = Annotated[str, Query(alias="after", pattern=r"^(\w[\w .@+-]{0,63})?$", description="The last page's `next`.")]
AfterNumber = Annotated[int | None, Query(alias="after", ge=1, le=LARGEST, description="The last page's `next`.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Items of a page.")]
