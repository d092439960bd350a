"""State changes: track_run takes AWS's events, sweep_runs looks up what no event has said."""
