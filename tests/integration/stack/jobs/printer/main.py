"""Prints numbered lines, with the time of each, for some seconds, or until a file is there."""

import os
import time
from pathlib import Path

end = time.time() + float(os.environ["seconds"])
until = os.environ.get("until", "")
number = 0
while time.time() < end and not (until and Path(until).exists()):
    print(f"line {number} {time.time():.3f}", flush=True)
    number += 1
    time.sleep(0.25)
print(f"{number} lines", flush=True)
