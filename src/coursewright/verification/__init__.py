"""Lets somebody else check a finished run without training anything.

write_bundle   what of a run folder a check needs, in one zip file, without weights
verify         read a bundle, or a run folder, as a stranger's: nothing in it is trusted
"""

from coursewright.verification.bundle import Bundled, write_bundle
from coursewright.verification.case import Check
from coursewright.verification.checking import Verification, verify

__all__ = ["Bundled", "Check", "Verification", "verify", "write_bundle"]
