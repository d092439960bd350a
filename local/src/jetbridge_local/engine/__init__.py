"""ECS and AWS Batch of the local cloud: their APIs, states, events and containers.

The engines don't know which program hosts them; ``ports`` says what they need from it.
"""

from .batch import BatchEngine
from .config import EngineConfig
from .ecs import EcsEngine
from .errors import AwsError, ImageMapError, LogGroupMissing, SecretMissing
from .images import Image, ImageMap, ImageMapFile
from .ports import EventSink, LogEvent, LogSink, ProcessRegistry, SecretSource

__all__ = [
    "AwsError",
    "BatchEngine",
    "EcsEngine",
    "EngineConfig",
    "EventSink",
    "Image",
    "ImageMap",
    "ImageMapError",
    "ImageMapFile",
    "LogEvent",
    "LogGroupMissing",
    "LogSink",
    "ProcessRegistry",
    "SecretMissing",
    "SecretSource",
]
