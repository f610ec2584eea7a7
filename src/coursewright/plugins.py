"""Parts by dotted path `package.module:Class`, imported only when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from coursewright.errors import ConfigError


def construct(path: str, options: dict[str, Any], *, field: str, methods: tuple[str, ...]) -> Any:
    """Return an object of the class at `package.module:Class`, made with `options`.

    `field` is the part of the config that names it; `methods` are what its Protocol asks for.

    Raises:
        ConfigError: no such module or class, other options, or a method is missing.
    """
    build = locate(path, field=field)
    try:
        made = build(**options)
    except TypeError as error:
        raise ConfigError(f"{path} does not take these options: {error}", field=field) from error
    for method in methods:
        if not callable(getattr(made, method, None)):
            raise ConfigError(f"{path} has no method {method!r}", field=field)
    return made


def locate(path: str, *, field: str) -> Any:
    """Return what stands at `package.module:Name`, which must be callable.

    Raises:
        ConfigError: there is no such module or name.
    """
    module_name, _, name = path.partition(":")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as missing:
        # A missing import inside the user's module is another fault than a misspelt path.
        if missing.name and not f"{module_name}.".startswith(f"{missing.name}."):
            raise ConfigError(f"{path!r} cannot be imported: {missing}", field=field) from missing
        raise ConfigError(f"no module {module_name!r}", field=field) from missing
    except ValueError as error:
        raise ConfigError(f"{path!r} is not package.module:Name", field=field) from error
    found = getattr(module, name, None)
    if not callable(found):
        raise ConfigError(f"module {module_name!r} has no class {name!r}", field=field)
    return found
