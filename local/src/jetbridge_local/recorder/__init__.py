"""Which API calls the local cloud was asked, by whom and about what."""

from .log import Call, CallLog
from .middleware import CallRecorder

__all__ = ["Call", "CallLog", "CallRecorder"]
