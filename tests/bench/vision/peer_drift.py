"""Drift peers on stored features, each in its own environment: decisions and seconds as JSON.

Arguments: which peer, a .npz with `base` (t, n, d) and `target` (t, n, d): t pairs of samples; level 5 %.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version

import numpy as np

warnings.filterwarnings("ignore")
Test = Callable[[np.ndarray, np.ndarray], bool]


def alibi_detect() -> Test:
    from alibi_detect.cd import MMDDrift

    return lambda base, target: bool(
        MMDDrift(base, backend="pytorch", p_val=0.05, n_permutations=200).predict(target)["data"]["is_drift"]
    )


def frouros() -> Test:
    from frouros.callbacks import PermutationTestDistanceBased
    from frouros.detectors.data_drift import MMD

    def test(base: np.ndarray, target: np.ndarray) -> bool:
        callback = PermutationTestDistanceBased(num_permutations=200, random_state=0, num_jobs=1, name="p")
        detector = MMD(callbacks=[callback])
        detector.fit(X=base)
        _, log = detector.compare(X=target)
        return bool(log["p"]["p_value"] <= 0.05)

    return test


def torchdrift() -> Test:
    import torch
    from torchdrift.detectors import KernelMMDDriftDetector

    def test(base: np.ndarray, target: np.ndarray) -> bool:
        detector = KernelMMDDriftDetector(n_perm=200)
        detector.fit(torch.from_numpy(base))
        return bool(float(detector.compute_p_value(torch.from_numpy(target))) <= 0.05)

    return test


def evidently() -> Test:
    import pandas as pd
    from evidently import Dataset, Report
    from evidently.presets import DataDriftPreset

    def test(base: np.ndarray, target: np.ndarray) -> bool:
        frames = [
            pd.DataFrame(side, columns=[f"c{i}" for i in range(side.shape[1])]) for side in (base, target)
        ]
        data = [Dataset.from_pandas(frame) for frame in frames]
        result = Report([DataDriftPreset()]).run(data[1], data[0]).dict()
        share = result["metrics"][0]["value"]["share"]
        return bool(share >= 0.5)  # its default: a dataset drifts if half of its columns do

    return test


PEERS = {"alibi-detect": alibi_detect, "frouros": frouros, "torchdrift": torchdrift, "evidently": evidently}


def main() -> None:
    name, path = sys.argv[1], sys.argv[2]
    with np.load(path) as data:
        pairs = list(zip(data["base"], data["target"], strict=True))
    test = PEERS[name]()
    test(*pairs[0])
    seconds, found = [], []
    for base, target in pairs:
        start = time.perf_counter()
        found.append(test(base, target))
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"drift": found, "seconds": sorted(seconds), "version": version(name)}))


if __name__ == "__main__":
    main()
