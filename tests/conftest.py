"""What the whole suite shares."""

from tests.serving import nano_server

__all__ = ["nano_server"]
