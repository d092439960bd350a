"""Prints numbered lines, with the time of each, for some seconds."""

import os
import time

end = time.time() + float(os.environ["seconds"])
number = 0
while time.time() < end:
    print(f"line {number} {time.time():.3f}", flush=True)
    number += 1
    time.sleep(0.25)
print(f"{number} lines", flush=True)
