"""What the whole suite shares."""

from tests.serving import folder_server, nano_server

__all__ = ["folder_server", "nano_server"]
