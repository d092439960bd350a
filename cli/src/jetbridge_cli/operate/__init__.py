"""Lists, follows, stops, explains and prices the runs of a deployed stack."""
