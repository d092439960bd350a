"""The jetbridge command."""
