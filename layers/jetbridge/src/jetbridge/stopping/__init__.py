"""stop_run: ends runs that nobody wants any more, and containers that no run accounts for."""
