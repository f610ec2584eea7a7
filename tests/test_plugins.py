"""A user's own class is found, or the reason it is not is said."""

import pytest

from coursewright.errors import ConfigError
from coursewright.plugins import construct


def test_a_class_is_made_with_its_options() -> None:
    made = construct(
        "coursewright.search:GreedySearch",
        {"mend_limit": 7},
        field="search",
        methods=("next", "best"),
    )
    assert made.mend_limit == 7


@pytest.mark.parametrize(
    ("path", "options", "reason"),
    [
        ("no_such_package.module:Class", {}, "no module"),
        ("coursewright.search:Nobody", {}, "no class"),
        ("coursewright.search:GreedySearch", {"patience": 1}, "options"),
        ("coursewright.records:Row", {"instruction": "", "output": ""}, "no method"),
        (":", {}, "package.module:Name"),
    ],
)
def test_what_cannot_be_made_is_said_in_one_line(
    path: str, options: dict[str, object], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        construct(path, options, field="search", methods=("next",))
    assert caught.value.field == "search"
