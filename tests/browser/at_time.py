"""Run a module as `python -m` would, with its clock set to a time from which it goes on: `at_time TIME MODULE …`.

A month is over only when the clock says so, and the product has no other clock than the machine's.
"""

from __future__ import annotations

import runpy
import sys
from datetime import datetime

import time_machine

if __name__ == "__main__":
    at, module = sys.argv[1:3]
    del sys.argv[:2]
    time_machine.travel(datetime.fromisoformat(at), tick=True).start()
    runpy.run_module(module, run_name="__main__", alter_sys=True)
