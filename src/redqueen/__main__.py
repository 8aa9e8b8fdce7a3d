"""Runs the command line: `python -m redqueen`."""

import sys

from redqueen.cli import main

sys.exit(main())
