"""How many examples hypothesis makes of each property: few in a push, many in a night.

A property that says its own number needs fewer than either, since each example is dear.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "push",
    deadline=None,  # a busy machine fails no property
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.register_profile("nightly", settings.get_profile("push"), max_examples=500)
settings.load_profile(os.environ.get("JETBRIDGE_PROPERTIES", "push"))
