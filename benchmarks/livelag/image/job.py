"""Prints lines with their own times at random intervals, so nothing can fall into step with it."""

import os
import random
import time

pauses = random.Random(int(os.environ["seed"]))
for number in range(int(os.environ["lines"])):
    print(f"tick {number} {time.time():.3f}", flush=True)
    time.sleep(pauses.uniform(0.1, 1.1))
