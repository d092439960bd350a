"""Which API calls the local cloud got, from whom and about which resources."""

from .log import Call, CallLog
from .middleware import CallRecorder

__all__ = ["Call", "CallLog", "CallRecorder"]
