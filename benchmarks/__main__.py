"""`make bench`: run the benchmarks and print their tables. It asserts nothing about seconds."""

from __future__ import annotations

import sys

from benchmarks import asking, faults, flood, pages, rota

BENCHMARKS = {"asking": asking.run, "faults": faults.run, "flood": flood.run, "pages": pages.run, "rota": rota.run}

for name in sys.argv[1:] or BENCHMARKS:
    BENCHMARKS[name]()
