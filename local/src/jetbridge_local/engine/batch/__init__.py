"""The local Batch."""

from .engine import BatchEngine

__all__ = ["BatchEngine"]
