"""Asks the student, grades, aggregates; the only reader of gold answers."""

from coursewright.evaluation.evaluator import Grader, SplitEvaluator, prompt_for
from coursewright.evaluation.guard import guard
from coursewright.evaluation.noise import NoiseFloor
from coursewright.evaluation.probes import Part, ProbeExaminer
from coursewright.evaluation.smallest import weigh_smallest
from coursewright.evaluation.verdict import judge

__all__ = [
    "Grader",
    "NoiseFloor",
    "Part",
    "ProbeExaminer",
    "SplitEvaluator",
    "guard",
    "judge",
    "prompt_for",
    "weigh_smallest",
]
