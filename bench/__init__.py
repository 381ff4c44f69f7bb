"""Benchmarks beside their yardsticks, measured in the same run."""
