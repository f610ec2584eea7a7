"""Whatever a YAML text holds, reading it ends in a value or in an error of YAML."""

import pytest
import yaml

from coursewright.plain_yaml import load_yaml


@pytest.mark.parametrize(
    "value",
    ['!!int ""', '!!float ""', "!!bool maybe", "!!timestamp x", "2001-13-45", "!!int 1:x"],
)
def test_a_value_that_is_not_what_its_tag_says_has_a_line(value):
    with pytest.raises(yaml.MarkedYAMLError, match=r"is no (int|float|bool|timestamp)") as caught:
        load_yaml(f"fine: 1\nwrong: {value}\n")
    assert caught.value.problem_mark.line == 1


@pytest.mark.parametrize("digits", ["00110000", "FFFFFFFF"])
def test_an_escape_beyond_unicode_is_an_error_of_yaml(digits):
    with pytest.raises(yaml.YAMLError):
        load_yaml(f'"\\U{digits}"')
