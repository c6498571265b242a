"""Long-lived processes collect garbage rarely. Asked of processes of their own: it holds for a whole one."""

import subprocess
import sys

import pytest

ASK = "import gc; print(gc.get_threshold()[0] > 10_000 and gc.get_freeze_count() > 10_000)"
START = {
    "a worker": """
from celery.signals import worker_init
import config.celery
worker_init.send(sender=None)
""",
    "the web application": "import config.asgi",
}


@pytest.mark.parametrize("process", START)
def test_what_is_loaded_at_the_start_is_frozen_and_collections_are_rare(process: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", f"{START[process]}\n{ASK}"], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["True"]
