"""Live logs: whose streams are relayed, relaying them, and the end of it."""
