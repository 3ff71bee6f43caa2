"""All benchmarks of data: formats beside their peer, index and edits by library and API, sampling.

python -m tests.bench.data [--photos ARCHIVE]
"""

import argparse
import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run each part in a process of its own."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--photos", type=Path, help="an archive of photographs for the questions on real images"
    )
    options = parser.parse_args()
    for name in ("formats", "index", "api", "sampling"):
        photos = ["--photos", str(options.photos)] if name == "sampling" and options.photos else []
        print(f"\n## {name}\n", flush=True)
        subprocess.run([sys.executable, "-m", f"tests.bench.data.{name}", *photos], check=True)


if __name__ == "__main__":
    main()
