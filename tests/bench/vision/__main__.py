"""`python -m tests.bench.vision`: all figures of attributes, embeddings and drift as Markdown tables."""

import argparse
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench.vision import bench_attributes, bench_drift, bench_embedding, bench_reads


def table(title: str, rows: list[dict[str, Any]]) -> str:
    """Return a Markdown table of rows that may lack columns."""
    head = list(dict.fromkeys(key for row in rows for key in row))
    lines = [f"### {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        lines.append("| " + " | ".join(_cell(row.get(key, "")) for key in head) + " |")
    return "\n".join([*lines, ""])


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def main() -> None:
    """Run the parts asked for and write their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    drift = [f"drift-{part}" for part in bench_drift.PARTS]
    parser.add_argument("parts", nargs="*", default=["attributes", "embedding", "reads", *drift])
    parser.add_argument("--scratch", type=Path, default=Path.home() / ".cache" / "ddoc-bench")
    parser.add_argument("--pairs", type=int, default=200)
    options = parser.parse_args()
    options.scratch.mkdir(parents=True, exist_ok=True)
    peers = options.scratch / "peers"
    packages = ", ".join(
        f"{p} {version(p)}" for p in ("numpy", "scikit-learn", "opencv-python-headless", "torch")
    )
    stamp = f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {packages}"
    sys.stdout.write(f"## Vision\n\n{stamp}; medians.\n\n")
    if "attributes" in options.parts:
        sys.stdout.write(table("Attributes", bench_attributes.run(options.scratch, peers)) + "\n")
    if "embedding" in options.parts:
        sys.stdout.write(table("Embedding", bench_embedding.run(options.scratch)) + "\n")
    if "reads" in options.parts:
        sys.stdout.write(table("Reading a million results", bench_reads.run(options.scratch)) + "\n")
    wanted = [part.removeprefix("drift-") for part in options.parts if part.startswith("drift-")]
    if wanted:
        for title, rows in bench_drift.run(options.scratch, peers, pairs=options.pairs, parts=wanted):
            sys.stdout.write(table(title, rows) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
