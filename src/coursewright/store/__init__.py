"""Where runs live: folders, journal, artifacts, and the ledger of teacher calls.

`RunStore` is a run this process holds; `RunFolder` reads one that anybody may hold.
"""

from coursewright.store.artifacts import Artifacts, file_digest, folder_digest
from coursewright.store.canonical import canonical, digest_of
from coursewright.store.catalog import RunEntry, describe, is_held, list_runs, resolve_run
from coursewright.store.durable import TEMPORARY, storage, sync_folder, temporary, write_file
from coursewright.store.folder import RunFolder
from coursewright.store.journal import RunJournal, read_stages
from coursewright.store.kept import Kept
from coursewright.store.openings import PrivateOpenings
from coursewright.store.people import HeedingJournal, RunPeople, export_gate, place_of
from coursewright.store.places import cache_folder, state_folder
from coursewright.store.prune import Pruned, prune
from coursewright.store.pulse import Pulse
from coursewright.store.requests import Request, Requests
from coursewright.store.reviews import Reviews
from coursewright.store.rows import put_rows, read_rows
from coursewright.store.run import RunStore, amend, new_place, require_name
from coursewright.store.scratch import Scratch
from coursewright.store.sealing import record_digest
from coursewright.store.shared import SharedAnswers
from coursewright.store.teachers import pin_teacher
from coursewright.store.untrusted import NotTaken, chunks_of, untrusted_folder

__all__ = [
    "TEMPORARY",
    "Artifacts",
    "HeedingJournal",
    "Kept",
    "NotTaken",
    "PrivateOpenings",
    "Pruned",
    "Pulse",
    "Request",
    "Requests",
    "Reviews",
    "RunEntry",
    "RunFolder",
    "RunJournal",
    "RunPeople",
    "RunStore",
    "Scratch",
    "SharedAnswers",
    "amend",
    "cache_folder",
    "canonical",
    "chunks_of",
    "describe",
    "digest_of",
    "export_gate",
    "file_digest",
    "folder_digest",
    "is_held",
    "list_runs",
    "new_place",
    "pin_teacher",
    "place_of",
    "prune",
    "put_rows",
    "read_rows",
    "read_stages",
    "record_digest",
    "require_name",
    "resolve_run",
    "state_folder",
    "storage",
    "sync_folder",
    "temporary",
    "untrusted_folder",
    "write_file",
]
