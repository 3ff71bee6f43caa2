"""cleanvision on a folder of images, in its own environment: CPU and wall seconds as JSON."""

import contextlib
import io
import json
import sys
import time
import warnings
from importlib.metadata import version

warnings.filterwarnings("ignore")


def main() -> None:
    folder, repeats = sys.argv[1], int(sys.argv[2])
    from cleanvision import Imagelab

    cpu, wall = [], []
    for _ in range(repeats):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            start, start_cpu = time.perf_counter(), time.process_time()
            Imagelab(data_path=folder).find_issues(n_jobs=1, verbose=False)
            wall.append(time.perf_counter() - start)
            cpu.append(time.process_time() - start_cpu)
    print(json.dumps({"cpu": sorted(cpu), "wall": sorted(wall), "version": version("cleanvision")}))


if __name__ == "__main__":
    main()
