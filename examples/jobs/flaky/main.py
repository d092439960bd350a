"""Exits with 3 on the first try of its Airflow task and passes on the next."""

import os
import sys

try_number = int(os.environ["try_number"])
print(f"this is try {try_number}", flush=True)
if try_number == 1:
    print("the source was not ready", flush=True)
    sys.exit(3)
print("the source was ready", flush=True)
