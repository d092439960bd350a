"""Prints which interval it reports on, line by line, and returns a result to Airflow."""

import json
import os
import time

LINES = 5

date = os.environ["dag_run_date"]
print(f"report for {date}, asked for at {os.environ['dag_run_ts']}", flush=True)
for number in range(1, LINES + 1):
    time.sleep(float(os.environ.get("seconds_per_line", "0.2")))
    print(f"{date}: line {number} of {LINES}", flush=True)
print("::jetbridge:result::", json.dumps({"date": date, "rows": LINES * 100}), flush=True)
