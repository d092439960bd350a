"""stop_run: stops runs that are no longer wanted, and containers that no run accounts for."""
