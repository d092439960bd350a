"""What Jetbridge knows: pure functions and values, without AWS, Lambda or clocks."""
