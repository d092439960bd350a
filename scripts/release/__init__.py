"""Checks what a release ships: `make release-check`."""
