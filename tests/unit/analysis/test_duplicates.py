"""Near-duplicates: planted ones are found, different images are left alone."""

from pathlib import Path

import cv2
import numpy as np

from ddoc.analysis import ImageRef, analyze, get_analyzer, load_groups
from ddoc.analysis.duplicates import components, hash_pairs
from ddoc.hashing import md5_file
from ddoc.paths import Layout
from tests.fixtures.make_data import make_image, save_image


def test_hash_pairs_equal_those_of_comparing_all_with_all() -> None:
    rng = np.random.default_rng(0)
    base = rng.integers(0, 2**63, 400, dtype=np.uint64)
    for row in range(0, 200, 2):  # plant neighbours at 0–9 bits
        flips = rng.choice(64, int(rng.integers(0, 10)), replace=False)
        base[row + 1] = base[row] ^ np.bitwise_or.reduce(
            np.uint64(1) << flips.astype(np.uint64), initial=np.uint64(0)
        )
    distance = np.bitwise_count(base[:, None] ^ base[None])
    wanted = {(i, j) for i, j in zip(*np.nonzero(distance <= 6), strict=True) if i < j}
    assert {tuple(p) for p in hash_pairs(base).tolist()} == wanted


def test_many_equal_hashes_are_one_component() -> None:
    same = np.full(2000, 12345, np.uint64)
    assert set(components(2000, hash_pairs(same)).tolist()) == {0}


def test_components_number_groups_and_leave_the_lonely() -> None:
    found = components(6, np.array([[0, 3], [3, 5], [1, 2]]))
    assert found.tolist() == [0, 1, 1, 0, -1, 0]


def changes_of(image: np.ndarray) -> dict[str, np.ndarray]:
    height, width = image.shape[:2]
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 30])
    y, x = height // 20, width // 20
    return {
        "jpeg": cv2.imdecode(data, 1),
        "small": cv2.resize(image, (width * 2 // 3, height * 2 // 3), interpolation=cv2.INTER_AREA),
        "bright": np.clip(image.astype(float) * 1.15, 0, 255).astype(np.uint8),
        "crop": image[y : height - y, x : width - x],
        "mirror": np.ascontiguousarray(image[:, ::-1]),
    }


def test_planted_near_duplicates_are_grouped_and_others_are_not(tmp_path: Path) -> None:
    layout, refs, source = Layout(tmp_path / "root"), [], {}
    for number in range(120):
        image = make_image(np.random.default_rng(number), 160, 120)
        versions = {"plain": image}
        if number < 40:
            versions[list(changes_of(image))[number % 5]] = changes_of(image)[
                list(changes_of(image))[number % 5]
            ]
        for name, pixels in versions.items():
            path = tmp_path / f"{number}-{name}.png"
            save_image(path, pixels)
            ref = ImageRef(path.stem, md5_file(path), str(path))
            source[ref.content_hash] = number
            refs.append(ref)
    for analyzer in ("attributes", "embedding"):
        analyze(get_analyzer(analyzer), refs, layout=layout)
    groups = load_groups(layout, "descriptor-1")
    assert groups is not None
    members: dict[int, list[int]] = {}
    for content_hash, group in zip(
        groups.table["content_hash"].to_pylist(), groups.table["duplicate_group"].to_pylist(), strict=True
    ):
        if group >= 0:
            members.setdefault(group, []).append(source[content_hash])
    true = sum(len(set(m)) == 1 for m in members.values())
    false = sum(len(set(m)) > 1 for m in members.values())
    assert true >= 38
    assert false <= 1
