"""What is wrong with settings is said at its place in the file, with what to write instead."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from coursewright.refusals import Refusal, refusal


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Oak(Strict):
    kind: Literal["oak", "holm-oak"] = "oak"
    height: int


class Pine(Strict):
    kind: Literal["pine"] = "pine"
    needles: int = 2


Tree = Annotated[Oak | Pine, Field(discriminator="kind")]


class Soil(Strict):
    acid: float = 7.0
    depth: int = 1


class Garden(Strict):
    tree: Tree = Pine()
    trees: tuple[Tree, ...] = ()
    soil: Soil | str | None = None
    beds: dict[str, Soil] = Field(default_factory=dict)
    path_: str = Field(default="", alias="path")


def refused(settings: Any, read_as: Any = Garden) -> Refusal:
    with pytest.raises(ValidationError) as error:
        TypeAdapter(read_as).validate_python(settings)
    return refusal(error.value, read_as)


@pytest.mark.parametrize(
    ("settings", "place", "message"),
    [
        ({"tre": {}}, "tre", "unknown setting; did you mean `tree`?"),
        ({"pth": ""}, "pth", "unknown setting; did you mean `path`?"),
        ({"acid": 1}, "acid", "unknown setting; did you mean `soil.acid`?"),
        (
            {"zzz": 1},
            "zzz",
            "unknown setting; expected one of tree, trees, soil, beds, path",
        ),
        ({"soil": {"dept": 1}}, "soil.dept", "unknown setting; did you mean `depth`?"),
        (
            {"beds": {"acid": {"dept": 1}}},
            "beds.acid.dept",
            "unknown setting; did you mean `depth`?",
        ),
        (
            {"tree": {"kind": "pine", "needle": 3}},
            "tree.needle",
            "unknown setting; did you mean `needles`?",
        ),
        (
            {"trees": [{"kind": "pine"}, {"kind": "oak", "heigth": 3}]},
            "trees.1.heigth",
            "unknown setting; did you mean `height`?",
        ),
        ({"tree": {"kind": "oak"}}, "tree.height", "is missing"),
        ({"tree": {"height": 1}}, "tree", "expected `kind` to be one of oak, holm-oak, pine"),
        (
            {"tree": {"kind": "pin"}},
            "tree",
            "expected `kind` to be one of oak, holm-oak, pine; did you mean `pine`?",
        ),
        ({"tree": 3}, "tree", "expected a mapping of settings"),
        ({"beds": {"a": 3}}, "beds.a", "expected a mapping of settings"),
        (
            {"soil": {"depth": "deep"}},
            "soil.depth",
            "input should be a valid integer, unable to parse string as an integer",
        ),
    ],
)
def test_a_fault_has_its_place_and_its_remedy(settings: Any, place: str, message: str) -> None:
    told = refused(settings)
    assert (".".join(told.place), told.message) == (place, message)
    assert told.missing == (message == "is missing")


def test_a_part_alone_is_followed_from_its_tag() -> None:
    assert refused({"kind": "pine", "needle": 3}, Tree).place == ("needle",)


def test_of_what_is_not_described_no_names_are_told() -> None:
    with pytest.raises(ValidationError) as error:
        Soil.model_validate({"acidity": 3})
    told = refusal(error.value, dict[str, Any])
    assert told == Refusal(("acidity",), "unknown setting; remove it or check its spelling", False)
