"""Reports, guards and before/after: stored, loaded and shown without loss."""

from pathlib import Path

import numpy as np
import pytest

from ddoc.drift import (
    Guard,
    Thresholds,
    before_after,
    check,
    compare,
    load_guard,
    load_report,
    load_scores,
    report_html,
    save_comparison,
    save_guard,
)
from ddoc.errors import InvalidInputError, NotFoundError
from tests.unit.drift.sides import make_side


def test_a_stored_report_comes_back_whole(tmp_path: Path) -> None:
    found = compare(make_side(1, 80), make_side(2, 80, name="target", shift={"noise": 3}))
    save_comparison(found, tmp_path)
    assert load_report(tmp_path).to_json() == found.report.to_json()
    assert load_scores(tmp_path, "target").equals(found.target)
    assert load_scores(tmp_path, "base").num_rows == 80
    with pytest.raises(NotFoundError):
        load_report(tmp_path / "other")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_html_report_stands_alone_and_escapes_names(tmp_path: Path, language: str) -> None:
    base = make_side(1, 80, name="<script>alert(1)</script>", classes=(3, 1))
    target = make_side(2, 80, name="target & co", shift={"brightness": 3}, classes=(1, 3))
    save_comparison(compare(base, target), tmp_path)
    page = report_html(tmp_path, language=language, thumbnails=lambda _side, _hash: b"RIFFxxxxWEBP")
    assert "<script" not in page
    assert "http:" not in page
    assert "https:" not in page
    assert "&lt;script&gt;" in page
    assert "target &amp; co" in page
    assert page.count("data:image/webp;base64,") == 24
    assert ("드리프트" in page) == (language == "ko")
    assert page.count("<svg") >= 12


def test_a_guard_passes_the_same_and_fails_the_changed_naming_images(tmp_path: Path) -> None:
    save_guard(tmp_path, Guard(make_side(1, 200, classes=(3, 1)), Thresholds(seed=3)))
    guard = load_guard(tmp_path)
    assert guard.thresholds == Thresholds(0.05, 0.1, 3)
    same = check(guard, make_side(5, 150, name="upload", classes=(3, 1)))
    assert (same.outcome, same.failing) == ("pass", ())
    changed = check(
        guard, make_side(6, 150, name="upload", classes=(3, 1), shift={"sharpness": -6}, share=0.4)
    )
    assert changed.outcome == "fail"
    touched = {f"upload-{i}" for i in range(60)}
    assert len(touched & set(changed.failing)) >= 54
    assert len(set(changed.failing) - touched) <= 10
    assert changed.to_json()["report"]["status"] == "drift"


def test_a_small_but_significant_change_warns(tmp_path: Path) -> None:
    guard = Guard(make_side(1, 400), Thresholds(fail_at=0.9))
    assert check(guard, make_side(2, 400, name="upload", shift={"brightness": 0.6})).outcome == "warn"


def test_a_guard_on_too_few_images_and_bad_thresholds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        save_guard(tmp_path, Guard(make_side(1, 20), Thresholds()))
    with pytest.raises(InvalidInputError):
        Thresholds(alpha=0)
    with pytest.raises(NotFoundError):
        load_guard(tmp_path)


def test_before_and_after_a_curation_show_what_it_bought() -> None:
    target = make_side(1, 200, name="target", shift={"brightness": 3})
    base = make_side(2, 200)
    better = make_side(3, 200, shift={"brightness": 3})
    before, after = compare(base, target), compare(better, target)
    change = before_after(before, after).to_json()
    assert change["score"]["before"] > 0.9
    assert change["score"]["after"] < 0.3
    assert change["added"] == 0
    with pytest.raises(InvalidInputError):
        before_after(before, compare(base, target.take(np.arange(100))))
