"""The Airflows that are told of finished runs: their addresses, credentials and API."""
