"""A local cloud with Jetbridge deployed to it, and Airflows beside it."""
