"""What is wrong is told by path and by rule, and never by value."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError, model_validator

from invoice_renderer.validation import first_problem

CANARY = "canary-4711"


class Inner(BaseModel):
    size: Literal["s", "m"] = "s"
    words: Annotated[str, Field(max_length=3, pattern="^[a-z]*$")] = ""
    count: int = 0
    flag: bool = False


class Outer(BaseModel, extra="forbid"):
    name: str
    parts: tuple[Inner, ...] = ()
    by_name: dict[str, Inner] = {}

    @model_validator(mode="after")
    def _refuse(self) -> Outer:
        if self.name == "never":
            raise ValueError("Must not be never")
        return self


def problem_of(**fields: object) -> tuple[str, str]:
    with pytest.raises(ValidationError) as error:
        Outer.model_validate(fields)
    return first_problem(error.value, root="outer")


@pytest.mark.parametrize(
    ("fields", "path", "problem"),
    [
        ({}, "name", "is missing"),
        ({"name": None}, "name", "should be a valid string"),
        ({"name": [CANARY]}, "name", "should be a valid string"),
        ({"name": "never"}, "outer", "must not be never"),
        ({"name": "a", "parts": [{}, {"count": CANARY}]}, "parts[1].count", "should be a valid"),
        ({"name": "a", "parts": CANARY}, "parts", "should be a valid tuple"),
        ({"name": "a", "parts": [CANARY]}, "parts[0]", "should be a valid dictionary"),
        ({"name": "a", "parts": [{"size": CANARY}]}, "parts[0].size", "should be 's' or 'm'"),
        ({"name": "a", "parts": [{"size": [CANARY]}]}, "parts[0].size", "should be 's' or 'm'"),
        ({"name": "a", "parts": [{"words": CANARY}]}, "parts[0].words", "at most 3 characters"),
        ({"name": "a", "parts": [{"words": "A1"}]}, "parts[0].words", "should match pattern"),
        ({"name": "a", "parts": [{"flag": CANARY}]}, "parts[0].flag", "should be a valid boolean"),
        ({"name": "a", "by_name": {"b": {"count": {}}}}, "by_name.b.count", "should be a valid"),
        ({"name": "a", "other": CANARY}, "other", "extra inputs are not permitted"),
    ],
)
def test_the_first_problem_has_a_path_and_a_rule(
    fields: dict[str, object], path: str, problem: str
) -> None:
    found_path, found = problem_of(**fields)

    assert path == found_path
    assert problem in found
    assert CANARY not in found
