"""How many examples the properties of this folder try: ``LEAK_EXAMPLES``, 250 unless said otherwise."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "leak",
    # One running gateway answers every example, so none depends on the one before; its speed is not the subject here.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=int(os.environ.get("LEAK_EXAMPLES", "250")),
)
LEAK = settings.get_profile("leak")
