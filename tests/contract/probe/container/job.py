"""A program instead of a container image: prints, makes a request, ends as asked."""

import os
import sys
import time

print("greeting", os.environ.get("GREETING", "none"), flush=True)
print("from definition", os.environ.get("FROM_DEFINITION", "no"), flush=True)
time.sleep(float(os.environ.get("SLEEP_SECONDS", "0")))
sys.exit(int(os.environ.get("EXIT_CODE", "0")))
