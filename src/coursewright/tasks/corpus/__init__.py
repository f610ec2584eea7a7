"""The documents of a task folder, `corpus/`: read, cut into passages, held against the splits.

documents = read_documents(folder / "corpus")
for leak in leaks(documents.passages, items): ...
"""

from coursewright.tasks.corpus.leaks import Leak, leaks
from coursewright.tasks.corpus.reading import Documents, read_documents
from coursewright.tasks.corpus.telling import summary

__all__ = ["Documents", "Leak", "leaks", "read_documents", "summary"]
