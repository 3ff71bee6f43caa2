"""The commands. Exit codes: 0 all is well, 1 an error, 2 wrong usage, 3 warning, 4 drift or damage."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from ddoc.analysis import Quantizable, get_encoder
from ddoc.cli.output import progress_bar, show_facts, show_json, show_rows
from ddoc.cli.sources import analyze_source, damaged_vectors, default_cache, open_source, side_of
from ddoc.core.fsck import Finding, fsck, fsck_catalog, roots_of
from ddoc.core.fsck_catalog import CatalogPlaces
from ddoc.drift import (
    Comparison,
    Guard,
    Thresholds,
    check,
    check_encoders,
    compare,
    load_guard,
    report_html,
    save_comparison,
    save_guard,
)
from ddoc.errors import DdocError, InvalidInputError, NotFoundError
from ddoc.execution_local import LocalExecutor
from ddoc.paths import Layout

ERROR, WARNING, DRIFT = 1, 3, 4

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
guard_app = typer.Typer(no_args_is_help=True, help="Save a base, then check every new upload against it.")
app.add_typer(guard_app, name="guard")

Source = Annotated[
    Path, typer.Argument(help="a workspace or dataset root, a folder of images, or an archive")
]
Folder = Annotated[Path, typer.Argument(help="the guard's folder")]
Encoder = Annotated[str, typer.Option(help="who makes the vectors: descriptor, clip, …")]
AsJson = Annotated[bool, typer.Option("--json", help="write JSON")]
Workers = Annotated[int, typer.Option(help="processes; 0: one per core", min=0)]
Cache = Annotated[
    Path | None, typer.Option(help="folder for what is derived [default: DDOC_CACHE, else the user's]")
]
Alpha = Annotated[float, typer.Option(help="level of the verdict")]
Effect = Annotated[float, typer.Option(help="from this effect (0–1) on, a significant change is drift")]
Seed = Annotated[int, typer.Option(help="seed; equal seeds give equal reports")]


@app.command("analyze")
def analyze_command(
    path: Source,
    encoder: Encoder = "descriptor",
    force: Annotated[bool, typer.Option(help="compute again what is known")] = False,
    workers: Workers = 0,
    cache: Cache = None,
    as_json: AsJson = False,
) -> None:
    """Measure attributes and compute vectors of images; only new ones are computed. Exit code 3: some failed."""
    with LocalExecutor(workers or None) as executor, progress_bar(quiet=as_json) as progress:
        source = open_source(path, cache=cache or default_cache(), executor=executor, progress=progress)
        found = analyze_source(source, encoder=encoder, force=force, executor=executor, progress=progress)
    if as_json:
        show_json({"ingest": list(source.ingest_report), **{name: s.to_json() for name, s in found.items()}})
    else:
        head = ("analysis", "images", "computed", "cached", "failed", "seconds")
        show_rows(
            source.name,
            head,
            [(s.key, s.items, s.computed, s.cached, s.failed, s.seconds) for s in found.values()],
        )
        for summary in found.values():
            for row in summary.report.to_json():
                show_facts(
                    f"{row['code']}: {row['count']}", {e["subject"]: e["detail"] for e in row["examples"]}
                )
    raise typer.Exit(WARNING if any(s.failed for s in found.values()) else 0)


@app.command("drift")
def drift_command(
    base: Source,
    target: Source,
    encoder: Encoder = "descriptor",
    alpha: Alpha = 0.05,
    effect: Effect = 0.1,
    seed: Seed = 0,
    save: Annotated[
        Path | None, typer.Option(help="folder for the report and the scores of all images")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="file for the report as HTML (needs --save)")] = None,
    workers: Workers = 0,
    cache: Cache = None,
    as_json: AsJson = False,
) -> None:
    """Compare two sets of images. Exit code 0: no drift, 3: a small change, 4: drift."""
    if html is not None and save is None:
        raise typer.BadParameter("--html needs --save")
    place = cache or default_cache()
    with LocalExecutor(workers or None) as executor, progress_bar(quiet=as_json) as progress:
        sides = [
            side_of(p, cache=place, encoder=encoder, executor=executor, progress=progress)
            for p in (base, target)
        ]
        found = compare(*sides, alpha=alpha, seed=seed, effect_threshold=effect, progress=progress)
    if save is not None:
        save_comparison(found, save)
        if html is not None:
            html.write_text(report_html(save), encoding="utf-8")
    _show_comparison(found, as_json=as_json)
    raise typer.Exit({"none": 0, "warning": WARNING, "drift": DRIFT}[found.report.status])


@guard_app.command("save")
def guard_save_command(
    folder: Folder,
    base: Source,
    encoder: Encoder = "descriptor",
    alpha: Alpha = 0.05,
    effect: Effect = 0.1,
    seed: Seed = 0,
    workers: Workers = 0,
    cache: Cache = None,
) -> None:
    """Save a base with thresholds as a guard."""
    with LocalExecutor(workers or None) as executor, progress_bar(quiet=False) as progress:
        side = side_of(
            base, cache=cache or default_cache(), encoder=encoder, executor=executor, progress=progress
        )
    save_guard(folder, Guard(side, Thresholds(alpha, effect, seed)))


@guard_app.command("check")
def guard_check_command(
    folder: Folder, target: Source, workers: Workers = 0, cache: Cache = None, as_json: AsJson = False
) -> None:
    """Check images against a guard. Exit code 0: pass, 3: warn, 4: fail."""
    guard = load_guard(folder)
    encoder = (guard.base.encoder or "descriptor").split("-")[0]
    check_encoders(guard.base.encoder, get_encoder(encoder).key)
    with LocalExecutor(workers or None) as executor, progress_bar(quiet=as_json) as progress:
        side = side_of(
            target, cache=cache or default_cache(), encoder=encoder, executor=executor, progress=progress
        )
        found = check(guard, side, progress=progress)
    if as_json:
        show_json(found.to_json())
    else:
        _show_comparison(found.comparison, as_json=False)
        show_facts(
            found.outcome, {"failing images": len(found.failing), "first": ", ".join(found.failing[:10])}
        )
    raise typer.Exit({"pass": 0, "warn": WARNING, "fail": DRIFT}[found.outcome])


@app.command("quantize")
def quantize_command(
    images: Source,
    folder: Annotated[Path, typer.Argument(help="new folder for the model; name it in DDOC_CLIP_INT8")],
    encoder: Encoder = "clip",
    count: Annotated[int, typer.Option(help="images to use, drawn at random", min=1)] = 384,
    cosine: Annotated[
        float, typer.Option(help="least cosine to the exact vectors of held-out images", min=0, max=1)
    ] = 0.98,
    seed: Seed = 0,
    cache: Cache = None,
    as_json: AsJson = False,
) -> None:
    """Make an encoder's model in 8-bit integers, with scales from images like yours, and check it on others."""
    able = get_encoder(encoder)
    if not isinstance(able, Quantizable):
        raise InvalidInputError(f"the encoder '{encoder}' has no 8-bit form", code="not-quantizable")
    with LocalExecutor() as executor, progress_bar(quiet=as_json) as progress:
        refs = open_source(images, cache=cache or default_cache(), executor=executor, progress=progress).refs
        contents = list({ref.content_hash: ref for ref in refs}.values())  # held out means: not seen before
        drawn = random.Random(seed).sample(contents, min(count, len(contents)))  # noqa: S311 - no secret
        facts = able.quantize(
            tuple((ref.content_hash, ref.path) for ref in drawn), folder, min_cosine=cosine, progress=progress
        )
    if as_json:
        show_json(facts)
    else:
        show_facts(str(folder), facts)


@app.command("fsck")
def fsck_command(
    root: Annotated[
        Path,
        typer.Argument(help="a workspace or dataset root, or the folder of all workspaces (WORKSPACES_ROOT)"),
    ],
    quick: Annotated[bool, typer.Option(help="look at sizes instead of reading every byte")] = False,
    as_json: AsJson = False,
) -> None:
    """Check files, history, cache, vectors and the service's catalog, of one root or of all.

    Exit code 0: whole, 3: something to tidy, 4: damage.
    """
    places = CatalogPlaces(root.absolute())
    is_service = places.file.is_file()
    if not (root / "data").is_dir() and not is_service:
        raise NotFoundError("this is no root: it has no data/ folder", code="no-such-path", path=str(root))
    found = [_at(root, finding) for finding in fsck_catalog(places)] if is_service else []
    with progress_bar(quiet=as_json) as progress:
        for each in roots_of(places) if is_service else [root]:
            catalog = None if is_service else CatalogPlaces.around(each)
            checked = fsck(each, full=not quick, catalog=catalog, progress=progress)
            found += [_at(each, finding) for finding in checked]
            found += [] if quick else [row | {"root": str(each)} for row in damaged_vectors(Layout(each))]
    if as_json:
        show_json({"findings": found})
    elif found:
        head = ("area", "severity", "code", "subject", "detail", *(["root"] if is_service else []))
        show_rows(str(root), head, [[row[name] for name in head] for row in found])
    else:
        typer.echo("all is well")
    severities = {row["severity"] for row in found}
    raise typer.Exit(DRIFT if "error" in severities else WARNING if severities else 0)


def _at(root: Path, finding: Finding) -> dict[str, str]:
    return finding.to_json() | {"root": str(root)}


def main() -> None:
    """Run the command line; expected errors become one line on the error stream and exit code 1."""
    _run(app)


def _run(command: Callable[[], Any]) -> None:
    try:
        command()
    except DdocError as error:
        typer.echo(f"ddoc: {error.detail} ({error.error_code})", err=True)
        raise SystemExit(ERROR) from error


def _show_comparison(found: Comparison, *, as_json: bool) -> None:
    report = found.report.to_json()
    if as_json:
        show_json(report)
        return
    facts = {
        "score": f"{report['score']:.3f}",
        "p-value": f"{report['p_value']:.4f}",
        "why": report["why"]["en"],
    }
    show_facts(f"{report['base']['name']} → {report['target']['name']}: {report['status']}", facts)
    changed = [
        (a["name"], a["base_mean"], a["target_mean"], a["size"], a["p_adjusted"])
        for a in [*report["attributes"], *report["geometry"]]
        if a["drifted"]
    ]
    if changed:
        show_rows("changed", ("name", "base", "target", "size in σ", "p"), changed)
