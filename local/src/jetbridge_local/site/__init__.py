"""A local cloud with Jetbridge deployed to it, and Airflows beside it."""

from jetbridge_local.site.site import Site
from jetbridge_local.site.stack import Stack

__all__ = ["Site", "Stack"]
