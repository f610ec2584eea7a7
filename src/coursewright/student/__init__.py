"""The model that learns: fine-tuning and answering in warm processes of their own.

`LocalStudent` is the face that the loop sees; it holds no model and imports no torch. It asks an
executor (`slots`), which lends it a worker: `python -m coursewright.student.worker`, which loads
the libraries once, trains through the same path for the embedded models and for an 8 B model, and
never sees a gold answer.
"""

from coursewright.student.asking import AskedStudent
from coursewright.student.executors import in_words, open_executor, require_executor
from coursewright.student.hub import settle, settle_here
from coursewright.student.local import EMBEDDED, LocalStudent, Store
from coursewright.student.memory import cores, model_size
from coursewright.student.replay import ReplayingStudent
from coursewright.student.served import StudentServerClient
from coursewright.student.shared import SharedStudent
from coursewright.student.slots import Executor
from coursewright.student.teaching import TeachingStudent

__all__ = [
    "EMBEDDED",
    "AskedStudent",
    "Executor",
    "LocalStudent",
    "ReplayingStudent",
    "SharedStudent",
    "Store",
    "StudentServerClient",
    "TeachingStudent",
    "cores",
    "in_words",
    "model_size",
    "open_executor",
    "require_executor",
    "settle",
    "settle_here",
]
