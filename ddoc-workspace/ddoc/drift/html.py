"""A drift report as one HTML file: no scripts, no outside resources, so that it can be mailed and archived."""

import base64
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ddoc.drift.html_text import STYLE, TEXT, attribute_name
from ddoc.drift.report import SideName, load_report, load_scores

Language = Literal["en", "ko"]
Thumbnails = Callable[[SideName, str], bytes | None]
"""Given a side and a content hash, a WebP thumbnail or None."""
_SHOWN = 12
_SPARK = (220, 56)


def report_html(folder: Path, *, language: Language = "en", thumbnails: Thumbnails | None = None) -> str:
    """Return the report stored in `folder` as a self-contained HTML page.

    With `thumbnails`, the most target-like and most base-like images are embedded. Raises NotFoundError
    `unknown-report`.
    """
    report, say = load_report(folder).to_json(), TEXT[language]
    parts = [
        _verdict(report, say, language),
        _tests(report, say),
        _changes(report["attributes"], say, language, say["attributes"], prefix=""),
        _classes(report["classes"], say),
        _changes(report["geometry"], say, language, say["geometry"], prefix="box_"),
        _clusters(report["new_clusters"], say),
        _images(folder, "target", say, thumbnails),
        _images(folder, "base", say, thumbnails),
        _provenance(report, say),
    ]
    title = f"{say['title']}: {report['base']['name']} → {report['target']['name']}"
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><main><h1>{escape(title)}</h1>{''.join(parts)}</main></body></html>\n"
    )


def _verdict(report: Mapping[str, Any], say: Mapping[str, str], language: Language) -> str:
    status = report["status"]
    return (
        f'<section class="verdict {status}"><p class="status">{escape(say[status])}</p>'
        f"<p>{escape(report['why'][language])}</p><p>{escape(say['score'])} <b>{report['score']:.2f}</b> · "
        f"p = {report['p_value']:.3g} · {report['base']['items']:,} / {report['target']['items']:,} "
        f"{escape(say['images'])}</p></section>"
    )


def _tests(report: Mapping[str, Any], say: Mapping[str, str]) -> str:
    rows = [
        [say[t["name"]], f"{t['statistic']:.4g}", f"{t['p_value']:.3g}", f"{t['threshold']:.3g}",
         f"{t['effect']:.2f}", say["yes"] if t["drifted"] else say["no"]]
        for t in report["tests"]
    ]  # fmt: skip
    head = [say[k] for k in ("test", "statistic", "p_value", "threshold", "effect", "drifted")]
    return _section(say["tests"], _table(head, rows))


def _changes(
    found: Sequence[Mapping[str, Any]], say: Mapping[str, str], language: Language, title: str, *, prefix: str
) -> str:
    if not found:
        return ""
    rows: list[list[str]] = []
    for one in found:
        name = attribute_name(prefix + one["name"], language)
        rows.append(
            [
                name,
                f"{one['base_mean']:.4g}",
                f"{one['target_mean']:.4g}",
                f"{one['size']:.2f} σ",
                f"{one['p_adjusted']:.3g}",
                say["yes"] if one["drifted"] else say["no"],
                _overlay(
                    one,
                    f"{name}: {say['base']} {one['base_mean']:.4g}, {say['target']} {one['target_mean']:.4g}",
                ),
            ]
        )
    head = [say[k] for k in ("name", "base", "target", "effect", "p_value", "drifted", "histograms")]
    legend = f'<p class="legend"><i class="b"></i>{escape(say["base"])} <i class="t"></i>{escape(say["target"])}</p>'
    return _section(title, legend + _table(head, rows, raw={6}))


def _classes(found: Mapping[str, Any] | None, say: Mapping[str, str]) -> str:
    if found is None:
        return ""
    rows = [
        [
            c["name"],
            f"{c['base']:,}",
            f"{c['target']:,}",
            f"{c['base_share']:.1%}",
            f"{c['target_share']:.1%}",
        ]
        for c in found["classes"][:50]
    ]
    note = f"<p>G = {found['statistic']:.4g}, p = {found['p_value']:.3g}, {escape(say['distance'])} {found['distance']:.3f}</p>"
    head = [say["name"], say["base"], say["target"], f"{say['base']} %", f"{say['target']} %"]
    return _section(say["classes"], note + _table(head, rows))


def _clusters(found: Sequence[Mapping[str, Any]], say: Mapping[str, str]) -> str:
    if not found:
        return ""
    rows = [
        [str(c["id"]), f"{c['target']:,} ({c['target_share']:.1%})", f"{c['base']:,} ({c['base_share']:.1%})",
         f"{c['p_value']:.3g}", ", ".join(c["examples"][:6])]
        for c in found
    ]  # fmt: skip
    return _section(
        say["clusters"], _table([say[k] for k in ("cluster", "target", "base", "p_value", "examples")], rows)
    )


def _images(folder: Path, side: SideName, say: Mapping[str, str], thumbnails: Thumbnails | None) -> str:
    """Most target-like images of the target; most base-like of the base (what the target no longer shows)."""
    table = load_scores(folder, side)
    scores = table["score"].to_numpy()
    order = np.argsort(-scores if side == "target" else scores, kind="stable")[:_SHOWN]
    figures: list[str] = []
    for row in table.take(order).to_pylist():
        picture = thumbnails(side, row["content_hash"]) if thumbnails else None
        image = (
            f'<img alt="" src="data:image/webp;base64,{base64.b64encode(picture).decode()}">'
            if picture
            else ""
        )
        figures.append(
            f"<figure>{image}<figcaption>{escape(row['item_id'])}<br>{row['score']:.3f} · p {row['p_value']:.3g}"
            "</figcaption></figure>"
        )
    return _section(say[f"images_{side}"], f'<div class="grid">{"".join(figures)}</div>')


def _provenance(report: Mapping[str, Any], say: Mapping[str, str]) -> str:
    facts = {
        "id": report["report_id"],
        say["created"]: report["created_at"],
        "alpha": report["alpha"],
        "seed": report["seed"],
        **{f"{say['version']} {name}": value for name, value in report["versions"].items()},
    }
    return _section(say["provenance"], _table(["", ""], [[k, str(v)] for k, v in facts.items()]))


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], raw: frozenset[int] | set[int] = frozenset()
) -> str:
    top = "".join(f"<th>{escape(h)}</th>" for h in head)
    body = "".join(
        "<tr>"
        + "".join(f"<td>{cell if i in raw else escape(cell)}</td>" for i, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _overlay(one: Mapping[str, Any], label: str) -> str:
    """Return both histograms over shared bins as an SVG."""
    width, height = _SPARK
    sides = [one["base_histogram"]["counts"], one["target_histogram"]["counts"]]
    top = max(*(max(side, default=0) for side in sides), 1e-9)
    step = width / max(len(sides[0]), 1)
    paths: list[str] = []
    for name, side in zip(("b", "t"), sides, strict=True):
        bars = "".join(
            f"M{i * step:.1f} {height}V{height - height * c / top:.1f}h{step:.1f}V{height}"
            for i, c in enumerate(side)
            if c
        )
        paths.append(f'<path class="{name}" d="{bars}"/>')
    return f'<svg role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}"><title>{escape(label)}</title>{"".join(paths)}</svg>'
