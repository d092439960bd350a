"""What start_run checks and rewrites before it writes anything."""
