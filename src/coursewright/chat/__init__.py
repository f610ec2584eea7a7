"""What a student is asked, and how: the one layout, conversations, tools and their calls."""

from coursewright.chat.layout import in_words, item_body, layout, prompt_of, prompt_of_row
from coursewright.chat.prose import json_values
from coursewright.chat.reading import (
    ConversationFault,
    call_fault,
    read_messages,
    read_question,
    read_row_messages,
    tools_of,
)
from coursewright.chat.template import Manner, native_turns, schemas, told, tools_text

__all__ = [
    "ConversationFault",
    "Manner",
    "call_fault",
    "in_words",
    "item_body",
    "json_values",
    "layout",
    "native_turns",
    "prompt_of",
    "prompt_of_row",
    "read_messages",
    "read_question",
    "read_row_messages",
    "schemas",
    "told",
    "tools_of",
    "tools_text",
]
