"""YAML of plain values, where everything that is wrong has a line."""

from __future__ import annotations

from typing import Any

import yaml


class PlainLoader(yaml.SafeLoader):
    """Raises `yaml.YAMLError` alone, where PyYAML's own also lets Python's errors through.

    A date such as 2001-13-45 is a ValueError there, `!!int ""` an IndexError, `!!bool maybe` a
    KeyError and `!!timestamp x` an AttributeError. What nests too deep stays a RecursionError.
    """

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            kind = node.tag.rpartition(":")[2]
            shown = repr(node.value)[:40]
            message = f"{shown} is no {kind}; quote it if it is a text"
            raise yaml.constructor.ConstructorError(None, None, message, node.start_mark) from error


def load_yaml(text: str) -> Any:
    """The value of a YAML text. Raises `yaml.YAMLError`, or `RecursionError` for deep nesting."""
    try:
        return yaml.load(text, Loader=PlainLoader)
    except (OverflowError, ValueError) as error:  # an escape beyond Unicode
        raise yaml.YAMLError(str(error)) from error
