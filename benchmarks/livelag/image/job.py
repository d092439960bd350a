"""Prints a line with its own time now and then, in no rhythm that anything could fall into."""

import os
import random
import time

pauses = random.Random(int(os.environ["seed"]))
for number in range(int(os.environ["lines"])):
    print(f"tick {number} {time.time():.3f}", flush=True)
    time.sleep(pauses.uniform(0.1, 1.1))
