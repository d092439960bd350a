"""The local ECS."""

from .engine import EcsEngine

__all__ = ["EcsEngine"]
