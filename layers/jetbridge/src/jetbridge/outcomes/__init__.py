"""From a launch's end to the outcome: the last lines are read, the outcome is sealed once,
announced, and delivered."""
