"""From a launch's end to the outcome: read, sealed once, announced, and delivered."""
