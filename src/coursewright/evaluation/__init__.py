"""Asks the student, grades, aggregates; the only reader of gold answers."""

from coursewright.evaluation.evaluator import SplitEvaluator
from coursewright.evaluation.verdict import judge

__all__ = ["SplitEvaluator", "judge"]
