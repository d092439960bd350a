"""The Airflows that are notified of finished runs: their addresses, credentials and API."""
