"""Words and looks of the HTML report, in both languages."""

from collections.abc import Mapping

from ddoc.drift.why import NAMES

TEXT: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Drift report",
        "none": "No drift",
        "warning": "Small change",
        "drift": "Drift",
        "score": "Score",
        "images": "images",
        "tests": "Tests that decide the verdict",
        "test": "Test",
        "statistic": "Statistic",
        "p_value": "p-value",
        "threshold": "Threshold",
        "effect": "Effect",
        "drifted": "Changed",
        "yes": "yes",
        "no": "no",
        "attributes": "Image attributes",
        "embedding": "Embedding",
        "classes": "Classes",
        "geometry": "Boxes",
        "clusters": "New groups of images",
        "cluster": "Group",
        "examples": "Examples",
        "name": "Name",
        "base": "Base",
        "target": "Target",
        "histograms": "Distributions",
        "distance": "total variation distance",
        "images_target": "Most target-like images of the target",
        "images_base": "Most base-like images of the base",
        "provenance": "How this was computed",
        "created": "Created",
        "version": "Version of",
    },
    "ko": {
        "title": "드리프트 보고서",
        "none": "드리프트 없음",
        "warning": "작은 변화",
        "drift": "드리프트",
        "score": "점수",
        "images": "장",
        "tests": "판정에 쓰인 검정",
        "test": "검정",
        "statistic": "통계량",
        "p_value": "p값",
        "threshold": "기준값",
        "effect": "효과 크기",
        "drifted": "변화",
        "yes": "예",
        "no": "아니요",
        "attributes": "이미지 속성",
        "embedding": "임베딩",
        "classes": "클래스",
        "geometry": "박스",
        "clusters": "새로 나타난 이미지 군집",
        "cluster": "군집",
        "examples": "예시",
        "name": "이름",
        "base": "기준",
        "target": "대상",
        "histograms": "분포",
        "distance": "총변동 거리",
        "images_target": "대상에서 가장 대상다운 이미지",
        "images_base": "기준에서 가장 기준다운 이미지",
        "provenance": "계산 방법",
        "created": "작성 시각",
        "version": "버전:",
    },
}

STYLE = """
:root{color-scheme:light dark;--b:#3b6fb6;--t:#c2571a;--line:#8884}
body{font:15px/1.5 system-ui,"Noto Sans KR","Noto Sans CJK KR",sans-serif;margin:0;word-break:keep-all}
main{max-width:1080px;margin:0 auto;padding:1.5rem}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
.verdict{border-left:6px solid #2e7d4f;padding:.2rem 1rem;background:#8881}
.verdict.warning{border-color:#b57a00}.verdict.drift{border-color:#b3261e}.status{font-size:1.3rem;font-weight:700;margin:.3rem 0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:middle}
svg path.b{fill:var(--b);fill-opacity:.55}svg path.t{fill:var(--t);fill-opacity:.55}
.legend i{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}.legend .b{background:var(--b)}.legend .t{background:var(--t)}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:.8rem}figure{margin:0}
figure img{width:100%;height:120px;object-fit:contain;background:#8881}figcaption{font-size:.8rem;overflow-wrap:anywhere}
"""


def attribute_name(name: str, language: str) -> str:
    """Return what people call an attribute or a property of boxes (`box_…`)."""
    words = NAMES.get(name, (name, name))
    return words[1] if language == "ko" else words[0]
