"""`policy.yaml`: what may not be in training data, what has to be, and what is changed in it.

Patterns are regular expressions of RE2: they take time in proportion to the text, whatever the
text is, and know no look-ahead and no references back.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import re2
from pydantic import AfterValidator, Field, model_validator

from coursewright.config.parts import Part

PersonalKind = Literal["email", "phone", "card", "iban", "national-id", "ip", "address"]
Where = Literal["any", "question", "answer"]
"""`question` is all that the student is asked, context and earlier turns included."""

MEMORY = 8 * 1024**2
"""Bytes that a compiled pattern may take."""


def compiled(pattern: str) -> Any:
    """Return a pattern of RE2 ready for use; it has the methods of one of `re`.

    Raises:
        ValueError: RE2 does not take it; says why.
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        said = error.args[0] if error.args else ""
        why = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)
        raise ValueError(f"{pattern!r} is no pattern of RE2: {why}") from error


def _a_pattern(pattern: str) -> str:
    if compiled(pattern).search("") is not None:
        raise ValueError(f"{pattern!r} matches the empty text, and so every row")
    return pattern


Pattern = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_a_pattern)]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Share = Annotated[float, Field(ge=0, le=1)]


class Topic(Part):
    """What a row is about, by patterns: any one of them is enough."""

    name: Name
    patterns: tuple[Pattern, ...] = Field(min_length=1, max_length=1000)
    where: Where = "any"


class SharedTopic(Topic):
    """A topic that has to be there, or may not be everywhere."""

    least: Share = 0.0
    """Share of the rows that must be about it; with fewer the attempt is refused."""
    most: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the rows that may be; what is beyond is dropped."""

    @model_validator(mode="after")
    def _says_something(self) -> SharedTopic:
        if self.least > self.most:
            raise ValueError("`least` is greater than `most`")
        if self.least == 0 and self.most == 1:
            raise ValueError("neither `least` nor `most` is given")
        return self


class PersonalData(Part):
    """Data of people. Names are none: they stand in every story problem."""

    kinds: tuple[PersonalKind, ...] = (
        "email",
        "phone",
        "card",
        "iban",
        "national-id",
        "ip",
        "address",
    )
    action: Literal["drop", "redact"] = "drop"
    """`redact` puts the kind in brackets in its place: `[email]`."""


class Sources(Part):
    """The seeds and documents that rows come from."""

    licences: tuple[Name, ...] | None = None
    """Allowed ones, without regard to case; seeds and documents of others are kept from programs.
    A seed says its own in `meta.license`, documents by `of`, all others have the task's."""
    of: dict[str, Name] = Field(default_factory=dict)
    """Licences of documents by the pattern of their path below the corpus, such as `manual/*`."""
    most: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the rows that one document may be cited in; what is beyond is dropped."""


class Languages(Part):
    """What rows may be written in."""

    scripts: tuple[Annotated[str, Field(pattern=r"^[A-Z][A-Za-z_]{1,30}$")], ...] = ()
    """Unicode names, such as Latin, Cyrillic, Han. Empty: any."""
    languages: tuple[Literal["en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv"], ...] = ()
    """Of those known here by their small words. Empty: any."""

    @model_validator(mode="after")
    def _scripts_exist(self) -> Languages:
        for script in self.scripts:
            compiled(rf"\p{{{script}}}")
        return self


class Replace(Part):
    kind: Literal["replace"] = "replace"
    name: Name
    pattern: Pattern
    by: str = Field(default="", max_length=2000)
    r"""`\1` is the first group of the pattern."""
    where: Where = "any"


class Strip(Part):
    kind: Literal["strip"] = "strip"
    """Blanks around the answer, and at the ends of its lines."""
    name: Name = "strip"


Transform = Annotated[Replace | Strip, Field(discriminator="kind")]


class Classifier(Part):
    """A user's class, trusted like any plug-in: `judge(rows) -> reasons`, None for a good row."""

    name: Name
    path: str
    """Dotted path `package.module:Class`."""
    options: dict[str, str | int | float | bool | None] = Field(default_factory=dict)


class Policy(Part):
    """All rules; what is not set allows everything."""

    blocked: tuple[Topic, ...] = ()
    topics: tuple[SharedTopic, ...] = ()
    personal_data: PersonalData | None = None
    sources: Sources | None = None
    languages: Languages | None = None
    transforms: tuple[Transform, ...] = ()
    """Made in this order before any rule looks at a row."""
    classifiers: tuple[Classifier, ...] = ()
    limit: Share = 0.2
    """Share of an attempt's rows that rules may drop; with more the attempt is refused."""
