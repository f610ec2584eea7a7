"""The only path from scores to the agent."""

from coursewright.feedback.writer import GuardedFeedback

__all__ = ["GuardedFeedback"]
