"""ECS and AWS Batch of the local cloud: their APIs, their states, their events and containers.

Nothing here knows what hosts the engines; ``ports`` says what they need of it.
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
