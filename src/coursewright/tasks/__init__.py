"""Task folders: what the student is to learn, and the exam that says whether it did.

    load_task("science-mini")      a built-in by name, or any folder by path
    check_task("my-task/")         everything that is wrong with it, with file, line and field
    scaffold_task(Path("my-task")) a folder to fill in
    build_task("banking77", Path("downloads"), Path("my-task"), {})   one from a data set's files

`docs/task-format.md` describes the files.
"""

from coursewright.tasks.baselines import baseline_scores, constant_expressions, keyword_rule
from coursewright.tasks.builders import Built, build_task, shipped_builders
from coursewright.tasks.folder import (
    POLICY,
    builtin_tasks,
    check_task,
    load_task,
    read_corpus,
    read_probe,
    read_split,
    review_task,
    task_folder,
)
from coursewright.tasks.scaffold import scaffold_task

__all__ = [
    "POLICY",
    "Built",
    "baseline_scores",
    "build_task",
    "builtin_tasks",
    "check_task",
    "constant_expressions",
    "keyword_rule",
    "load_task",
    "read_corpus",
    "read_probe",
    "read_split",
    "review_task",
    "scaffold_task",
    "shipped_builders",
    "task_folder",
]
