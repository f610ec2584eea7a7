"""coursewright: agents write the course a model learns from; its exam score is the only judge."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Result", "RunConfig", "run"]

if TYPE_CHECKING:
    from coursewright.config import RunConfig
    from coursewright.records import Result
    from coursewright.runs import run


def __getattr__(name: str) -> Any:
    # Lazy, so that `import coursewright` in the command line, the gateway and the
    # student worker does not load what only one of them needs.
    if name == "run":
        from coursewright.runs import run

        return run
    if name == "RunConfig":
        from coursewright.config import RunConfig

        return RunConfig
    if name == "Result":
        from coursewright.records import Result

        return Result
    raise AttributeError(f"module 'coursewright' has no attribute {name!r}")
