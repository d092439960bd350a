"""From a launch's end to the outcome: finish_run reads the last lines, seals the outcome once,
announces it and delivers it."""
