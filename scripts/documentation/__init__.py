"""Builds the documentation's site and checks its pages: `make docs`."""
