"""Requests on tags of services, and what is answered.

Source: Adding a Resource Tag, Deleting Resource Tags (letters of any language, digits, spaces and
some signs; keys begin and end without a space and not with `_sys_`), Obtaining Inference Service
Tags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from simulator.facts.limits import TAG_KEY_CHARACTERS, TAG_VALUE_CHARACTERS, TAGS_PER_SERVICE
from simulator.modelarts.shape import Characters

PUT_PAGE = "Adding a Resource Tag"
REMOVE_PAGE = "Deleting Resource Tags"

_Key = Annotated[
    str,
    Characters(
        r"(?! )(?!_sys_)[\w .:=+\-@]*[\w.:=+\-@]",
        "must hold only letters, digits, spaces and _ . : = + - @, without a space at either end, "
        "and must not begin with _sys_",
    ),
]
_Value = Annotated[
    str,
    Characters(r"[\w .:/=+\-@]*", "must hold only letters, digits, spaces and _ . : / = + - @"),
]


class Tag(BaseModel):
    model_config = ConfigDict(extra="ignore")

    key: _Key = Field(min_length=1, max_length=TAG_KEY_CHARACTERS, description="Its key.")
    value: Annotated[_Value, Field(max_length=TAG_VALUE_CHARACTERS)] | None = Field(
        None, description="Its value."
    )


class PutTags(BaseModel):
    """The body of POST .../tags/create."""

    model_config = ConfigDict(extra="ignore")

    tags: list[Tag] = Field(
        min_length=1,
        max_length=TAGS_PER_SERVICE,
        description="The tags; of two with one key, the later one holds.",
    )

    @property
    def by_key(self) -> dict[str, str]:
        """Key to value, empty where none was sent."""
        return {tag.key: tag.value or "" for tag in self.tags}


class RemoveTags(BaseModel):
    """The body of DELETE .../tags/delete."""

    model_config = ConfigDict(extra="ignore")

    tags: list[Tag] = Field(
        max_length=TAGS_PER_SERVICE,
        description="The tags; one with a value goes only if it has that value.",
    )

    @property
    def wanted(self) -> list[tuple[str, str | None]]:
        """Keys, each with the value that the tag must have; None for any."""
        return [(tag.key, tag.value or None) for tag in self.tags]


def tag_list(tags: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The tags of a project as `GET /services/tms/tags` lists them."""
    return {"tags": [{"key": key, "values": list(values)} for key, values in tags.items()]}
