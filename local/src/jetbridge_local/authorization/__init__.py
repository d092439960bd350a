"""IAM: who asks, what a request needs, and whether the deployed policies allow it.

A request becomes one ``Check`` for each action and resource that AWS authorises it on (``checks``).
``middleware`` has each decided by the policies of who asks, and of the resource, before the
emulator sees the request. What decides is ministack's evaluator (``ministack_seam.identities``);
the tests hold it against another one.
"""

from .checks import checks_of
from .model import Call, Caller, Check, Decision, Facts, Identities, Place, Unknown
from .verdicts import VerdictLog

__all__ = [
    "Call",
    "Caller",
    "Check",
    "Decision",
    "Facts",
    "Identities",
    "Place",
    "Unknown",
    "VerdictLog",
    "checks_of",
]
