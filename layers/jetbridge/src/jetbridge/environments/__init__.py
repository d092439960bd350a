"""Where container environments are kept that AWS's limits don't let through."""
