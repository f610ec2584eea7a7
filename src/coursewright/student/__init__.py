"""The model that learns: fine-tuning and answering in one warm process of its own.

`LocalStudent` is the face that the loop sees; it holds no model and imports no torch. Behind it
runs `python -m coursewright.student.worker`, which loads the libraries once, trains through the
same path for the embedded models and for an 8 B model, and never sees a gold answer.
"""

from coursewright.student.asking import AskedStudent
from coursewright.student.hub import settle
from coursewright.student.local import EMBEDDED, LocalStudent, Store
from coursewright.student.replay import ReplayingStudent
from coursewright.student.shared import SharedBase
from coursewright.student.teaching import TeachingStudent

__all__ = [
    "EMBEDDED",
    "AskedStudent",
    "LocalStudent",
    "ReplayingStudent",
    "SharedBase",
    "Store",
    "TeachingStudent",
    "settle",
]
