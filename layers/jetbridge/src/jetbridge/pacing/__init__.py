"""When a launch may be asked of AWS."""
