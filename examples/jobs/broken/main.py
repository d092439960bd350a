"""Always fails, and says why in its last lines."""

import sys

print("connecting to the warehouse", flush=True)
print("error: no such table: sales", flush=True)
sys.exit(7)
