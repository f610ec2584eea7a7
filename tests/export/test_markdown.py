"""A text from elsewhere is shown in a card as it is, and never obeyed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from coursewright.export.markdown import block, code, one_line, value

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

TEXTS = st.text(alphabet="ab1 -+.)(#>*_`~[]<>|!&;:/\\\n\t\"'=$\u202e\x1b", max_size=60)


def inline(markdown: str) -> list[Token]:
    tokens = PARSER.parse(markdown)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    return tokens[1].children or []


@given(TEXTS)
def test_a_value_is_plain_text(text: str) -> None:
    shown = inline(f"x {value(text)} x")
    assert {token.type for token in shown} <= {"text", "text_special"}
    assert "".join(token.content for token in shown) == f"x {one_line(text)} x"


@given(TEXTS)
def test_a_value_stays_in_its_cell(text: str) -> None:
    tokens = PARSER.parse(f"| a | b |\n|---|---|\n| x{value(text)}x | y |\n")
    cells = [token.content for token in tokens if token.type == "inline"]
    assert len(cells) == 4
    assert cells[3] == "y"


@given(TEXTS)
def test_a_code_span_holds_all_of_the_text(text: str) -> None:
    if not one_line(text).strip():
        return
    spans = [token for token in inline(f"x {code(text)} x") if token.type == "code_inline"]
    assert [span.content for span in spans] == [one_line(text)]


@given(TEXTS)
def test_a_block_of_code_cannot_be_left(text: str) -> None:
    tokens = PARSER.parse(f"{block(text)}\n\nafter\n")
    assert [token.type for token in tokens] == [
        "fence",
        "paragraph_open",
        "inline",
        "paragraph_close",
    ]


def test_nothing_that_moves_a_cursor_or_reorders_a_line_is_left() -> None:
    text = "a\x1b[31m\u202eb\x00"
    for made in (value(text), code(text), block(text)):
        assert all(char.isprintable() or char == "\n" for char in made)
