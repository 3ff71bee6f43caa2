"""The sentence that says why: the strongest attribute, class, box property or cluster, in two languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ddoc.drift.clusters import NewCluster
from ddoc.drift.labels import ClassShift, GeometryShift
from ddoc.drift.marginals import AttributeDrift

NAMES = {
    "brightness": ("brightness", "밝기"),
    "contrast": ("contrast", "대비"),
    "p05": ("the darkest tones (5th percentile)", "어두운 톤(5 백분위)"),
    "p95": ("the brightest tones (95th percentile)", "밝은 톤(95 백분위)"),
    "entropy": ("the variety of tones (entropy)", "톤의 다양성(엔트로피)"),
    "dark_share": ("the share of black pixels", "검은 화소 비율"),
    "bright_share": ("the share of white pixels", "흰 화소 비율"),
    "colourfulness": ("colourfulness", "색채감"),
    "sharpness": ("sharpness", "선명도"),
    "noise": ("noise", "노이즈"),
    "megapixels": ("image size", "이미지 크기"),
    "aspect": ("aspect ratio", "가로세로 비율"),
    "box_size": ("box size", "박스 크기"),
    "box_aspect": ("box shape", "박스 모양"),
    "box_x": ("horizontal box position", "박스 가로 위치"),
    "box_y": ("vertical box position", "박스 세로 위치"),
    "box_count": ("boxes per image", "이미지당 박스 수"),
}
# Attributes that follow from others: named only where nothing else changed.
_SECONDARY = frozenset({"p05", "p95", "entropy", "dark_share", "bright_share"})


@dataclass(frozen=True, slots=True)
class Why:
    """A code with its parameters for programs, and the same as a sentence in English and Korean."""

    code: str
    params: Mapping[str, Any]
    en: str
    ko: str

    def to_json(self) -> dict[str, Any]:
        """Return `{code, params, en, ko}`."""
        return {"code": self.code, "params": dict(self.params), "en": self.en, "ko": self.ko}


_NO_CHANGE = Why(
    "no-change",
    {},
    "No change beyond what chance explains.",
    "우연으로 설명되는 범위를 넘는 변화가 없습니다.",
)
_MANY_SMALL = Why(
    "many-small",
    {},
    "The images differ as a whole, but no single attribute, class or cluster stands out.",
    "이미지 전체로는 다르지만, 두드러진 단일 속성·클래스·군집은 없습니다.",
)


def explain(
    *,
    status: str,
    attributes: Sequence[AttributeDrift],
    classes: ClassShift | None,
    geometry: Sequence[GeometryShift],
    clusters: Sequence[NewCluster],
) -> Why:
    """Return the reason for a verdict; class and geometry shift only where they are significant.

    Candidates and their strengths: attributes by Wasserstein distance in standard deviations, the class shares by
    four times their total variation distance, box properties by their shift in standard deviations, new clusters by
    four times their share of the target. The factors put a shift of one standard deviation on a par with a quarter
    of the data changing sides.
    """
    if status == "none":
        return _NO_CHANGE
    candidates: list[tuple[float, Why]] = []
    changed = [a for a in attributes if a.drifted]
    if changed:
        best = max([a for a in changed if a.name not in _SECONDARY] or changed, key=lambda a: a.size)
        candidates.append((best.size, _attribute(best)))
    if classes is not None:
        candidates.append((4 * classes.distance, _classes(classes)))
    moved = [g for g in geometry if g.drifted]
    if moved:
        shift = max(moved, key=lambda g: g.size)
        candidates.append((shift.size, _geometry(shift)))
    if clusters:
        share = sum(c.target_share for c in clusters)
        candidates.append((4 * share, _clusters(clusters, share)))
    return max(candidates, key=lambda pair: pair[0])[1] if candidates else _MANY_SMALL


def _attribute(found: AttributeDrift) -> Why:
    en, ko = NAMES[found.name]
    if abs(found.shift) < 0.5 * found.size:
        return Why(
            f"{found.name}-spread",
            {"attribute": found.name, "size": round(found.size, 3)},
            f"The distribution of {en} changed shape ({found.size:.1f} standard deviations apart).",
            f"{ko}의 분포 모양이 달라졌습니다(표준편차의 {found.size:.1f}배).",
        )
    higher = found.shift > 0
    params = {
        "attribute": found.name,
        "direction": "higher" if higher else "lower",
        "shift": round(found.shift, 3),
        "base_mean": round(found.base_mean, 4),
        "target_mean": round(found.target_mean, 4),
    }
    return Why(
        f"{found.name}-{params['direction']}",
        params,
        f"Mean {en} is {'higher' if higher else 'lower'}: {found.base_mean:.3g} in the base, "
        f"{found.target_mean:.3g} in the target ({abs(found.shift):.1f} standard deviations).",
        f"평균 {ko}: 기준 {found.base_mean:.3g}, 대상 {found.target_mean:.3g}. 대상이 더 "
        f"{'높습니다' if higher else '낮습니다'}(표준편차의 {abs(found.shift):.1f}배).",
    )


def _classes(found: ClassShift) -> Why:
    row = found.to_json()["classes"][0]
    before, after = 100 * row["base_share"], 100 * row["target_share"]
    return Why(
        "class-share",
        {"class": row["name"], "base_share": round(before / 100, 4), "target_share": round(after / 100, 4)},
        f"The share of class '{row['name']}' went from {before:.1f} % to {after:.1f} % of the annotations.",
        f"주석에서 '{row['name']}' 클래스의 비율이 {before:.1f} %에서 {after:.1f} %로 바뀌었습니다.",
    )


def _geometry(found: GeometryShift) -> Why:
    en, ko = NAMES[f"box_{found.name}"]
    higher = found.target_mean > found.base_mean
    return Why(
        f"box-{found.name}",
        {
            "property": found.name,
            "direction": "higher" if higher else "lower",
            "base_mean": round(found.base_mean, 4),
            "target_mean": round(found.target_mean, 4),
        },
        f"Mean {en} is {'higher' if higher else 'lower'}: {found.base_mean:.3g} in the base, "
        f"{found.target_mean:.3g} in the target.",
        f"평균 {ko}: 기준 {found.base_mean:.3g}, 대상 {found.target_mean:.3g}. 대상이 더 "
        f"{'높습니다' if higher else '낮습니다'}.",
    )


def _clusters(found: Sequence[NewCluster], share: float) -> Why:
    images = sum(c.target for c in found)
    return Why(
        "new-clusters",
        {"clusters": len(found), "images": images, "target_share": round(share, 4)},
        f"{images} target images ({100 * share:.0f} %) form {len(found)} group(s) that the base hardly has.",
        f"대상 이미지 {images}장({100 * share:.0f} %)이 기준에 거의 없는 군집 {len(found)}개를 이룹니다.",
    )
