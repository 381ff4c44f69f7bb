"""`python -m bench.peers NAME enqueue|work`: a peer's module under its own name, so that producer and worker agree on
what its tasks are called."""

import importlib
import sys

if __name__ == "__main__":
    name, what = sys.argv[1:]
    getattr(importlib.import_module(f"bench.peers.{name}"), what)()
