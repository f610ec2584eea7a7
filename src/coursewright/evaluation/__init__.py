"""Asks the student, grades, aggregates; the only reader of gold answers."""

from coursewright.evaluation.evaluator import SplitEvaluator, prompt_for
from coursewright.evaluation.verdict import judge

__all__ = ["SplitEvaluator", "judge", "prompt_for"]
