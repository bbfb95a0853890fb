"""How many examples the properties of this folder try: ``LEAK_EXAMPLES``, 200 unless said otherwise."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "leak",
    # One running gateway answers every example, so none depends on the one before; its speed is not the subject here.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    deadline=None,
    # The same examples in every ordinary run, so that a red run is somebody's change; new ones when asked for more.
    derandomize="LEAK_EXAMPLES" not in os.environ,
    max_examples=int(os.environ.get("LEAK_EXAMPLES", "200")),
)
LEAK = settings.get_profile("leak")
