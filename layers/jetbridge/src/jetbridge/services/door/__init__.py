"""What start_run holds a request against before anything is written."""
