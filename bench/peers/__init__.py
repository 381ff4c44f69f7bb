"""The queues the sender is measured against: one small worker each, written as its own documentation advises.

They run in `.venv-bench` (requirements-bench.txt) and do merely this: read the row, POST, update the row with the
provider's id. No limits, no pace, no health, no log, no counters. `bench/queues.py` starts and times them.
"""
