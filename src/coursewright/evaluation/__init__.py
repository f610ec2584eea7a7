"""Asks the student, grades, aggregates; the only reader of gold answers."""

from coursewright.evaluation.evaluator import SplitEvaluator, prompt_for
from coursewright.evaluation.guard import guard
from coursewright.evaluation.noise import NoiseFloor
from coursewright.evaluation.verdict import judge

__all__ = ["NoiseFloor", "SplitEvaluator", "guard", "judge", "prompt_for"]
