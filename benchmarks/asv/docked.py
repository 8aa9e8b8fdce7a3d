"""The docked model of benchmarks/docked: one quarter in redqueen's technology."""

import sys
import time
from pathlib import Path


class DockedQuarter:
    params = [1_000, 10_000, 1_000_000]
    param_names = ["firms"]
    timer = time.process_time

    def setup(self, firms):
        sys.path.append(str(Path(__file__).resolve().parent.parent))
        from docked.with_redqueen import Economy

        self.economy = Economy(firms, 1)

    def time_quarter(self, firms):
        self.economy.step()
