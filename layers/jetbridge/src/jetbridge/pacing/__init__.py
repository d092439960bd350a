"""The pace: when a function may ask AWS for a launch."""
