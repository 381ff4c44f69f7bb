"""`python -m bench [--full] [NAME ...]`: run every module here that has a `run()`, print a table, write
`bench/results.json`, exit 1 naming each target missed."""

import importlib
import inspect
import json
import pkgutil
import sys
from dataclasses import asdict
from pathlib import Path

import bench
from bench.measure import Measure

RESULTS = Path(__file__).resolve().parent / "results.json"


def modules(names: list[str]) -> list[str]:
    """Benchmarks by file name; all of them when none is named."""
    found = sorted(one.name for one in pkgutil.iter_modules(bench.__path__) if not one.name.startswith("_"))
    return [name for name in found if not names or name in names]


def run_all(names: list[str], *, is_full: bool) -> list[Measure]:
    """Every figure, each printed when known. A benchmark that takes `full` is told when larger sizes are wanted."""
    measures: list[Measure] = []
    for name in modules(names):
        run = getattr(importlib.import_module(f"bench.{name}"), "run", None)
        if run is None:
            continue
        print(f"{name} ...", file=sys.stderr, flush=True)
        found = run(full=True) if is_full and "full" in inspect.signature(run).parameters else run()
        # At once: who stops a long run keeps what was measured until then.
        print(*map(row, found), sep="\n", flush=True)
        measures += found
    return measures


def row(one: Measure) -> str:
    ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
    sign = "<=" if one.is_at_most else ">="
    target = "" if one.target is None else f"{sign} {one.target:g}"
    verdict = "" if one.target is None else "ok" if one.ok else "MISSED"
    value = f"{one.value:,.1f} {one.unit}"
    return f"{one.name:<32} {value:>26} {ratio:>7} {target:>9} {verdict:<7} {one.yardstick}"


def main() -> int:
    """0 when every target is met."""
    names = [one for one in sys.argv[1:] if not one.startswith("--")]
    print(f"{'benchmark':<32} {'value':>26} {'ratio':>7} {'target':>9} {'':<7} yardstick")
    measures = run_all(names, is_full="--full" in sys.argv[1:])
    shown = [asdict(one) | {"ok": one.ok} for one in measures]
    RESULTS.write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n")
    missed = [one.name for one in measures if not one.ok]
    if missed:
        print("targets missed: " + ", ".join(missed), file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
