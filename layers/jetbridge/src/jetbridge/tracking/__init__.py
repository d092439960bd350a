"""State changes: track_run receives AWS's events, and sweep_runs asks AWS about runs whose events
are missing."""
