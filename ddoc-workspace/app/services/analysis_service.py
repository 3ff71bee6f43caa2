"""Analyses of the workspaces: run them as jobs, read their results from the cache."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.jobs import Job, JobContext, JobKind, Jobs, Params
from app.services.roots import OpenRoots
from app.services.tables import Table, write_refs
from app.settings import Settings
from ddoc.analysis import (
    can_refine,
    encoders,
    find_similar,
    get_encoder,
    last_encoder,
    load_groups,
    summary,
)
from ddoc.dataset.quality import near_groups
from ddoc.errors import DdocError, NotFoundError, UnavailableError
from ddoc.paths import Layout

DEFAULT_ENCODER = "descriptor"


class Analyses:
    """Attributes and embeddings of the workspaces."""

    def __init__(self, settings: Settings, roots: OpenRoots, jobs: Jobs) -> None:
        self._settings = settings
        self._roots = roots
        self._jobs = jobs
        for name in ("attributes", "embedding"):
            jobs.register(
                JobKind(
                    f"analyze-{name}",
                    "app.services.bodies:analyze_images",
                    prepare=self._prepare,
                    finish=self._finish,
                    slots=1,
                )
            )

        jobs.register(
            JobKind(
                "analyze-map", "app.services.bodies:arrange_map", finish=self._show_map, needs_space=False
            )
        )

    def run_attributes(self, workspace_id: str, *, force: bool, idempotency_key: str | None) -> Job:
        """Submit the job that measures the attributes of images not yet measured (of all with `force`)."""
        return self._run(workspace_id, "attributes", {}, force=force, key=idempotency_key)

    def run_embedding(
        self, workspace_id: str, *, encoder: str | None, force: bool, idempotency_key: str | None
    ) -> Job:
        """Submit the job that embeds images. Raises NotFoundError `unknown-encoder`, UnavailableError at once."""
        chosen = encoder or DEFAULT_ENCODER
        _ready(chosen)
        return self._run(workspace_id, "embedding", {"encoder": chosen}, force=force, key=idempotency_key)

    def results(self, workspace_id: str, *, encoder: str | None) -> dict[str, Any]:
        """Return what is known of both analyses, for the data as it is now."""
        dataset = self._roots.workspace(workspace_id)
        index = dataset.index
        contents = index.contents_table()
        key = get_encoder(encoder).key if encoder else None
        found = summary(
            dataset.layout,
            contents["content_hash"],
            encoder_key=key,
            label_counts=index.class_counts_of_clusters,
        )
        clusters = found["embedding"]["clusters"]
        ids = _ids_of(contents, [h for cluster in clusters for h in cluster["examples"]])
        for cluster in clusters:
            cluster["examples"] = [ids[h][0] for h in cluster["examples"] if h in ids]
        found["embedding"]["semantic"] = _is_semantic(found["embedding"]["encoder"])
        return found

    def embedding_map(self, workspace_id: str, *, encoder: str | None) -> bytes:
        """Return the map as a JSON head line and planar little-endian columns, shuffled by a fixed seed.

        Raises NotFoundError `no-embedding` before an embedding was computed.
        """
        dataset = self._roots.workspace(workspace_id)
        key = get_encoder(encoder).key if encoder else last_encoder(dataset.layout)
        table = dataset.index.map_table()
        if key is None or table is None:
            raise NotFoundError("compute an embedding first", code="no-embedding")
        table = table.take(np.random.default_rng(0).permutation(table.num_rows))
        splits = sorted(table["split"].unique().to_pylist())
        known = load_groups(dataset.layout, key)
        columns = {
            "item_id:u8": table["iid"],
            "x:f4": table["x"],
            "y:f4": table["y"],
            "cluster:i4": table["cluster"],
            "split:u1": pc.call_function("index_in", [table["split"]], pc.SetLookupOptions(pa.array(splits))),
        }
        head = {
            "n": table.num_rows,
            "encoder": key,
            "projection": "pca" if known is None else known.projection,
            "splits": splits,
            "columns": list(columns),
        }
        line = json.dumps(head).encode()
        line += b" " * (-(len(line) + 1) % 8) + b"\n"
        types = (name.partition(":")[2] for name in columns)
        parts = (c.to_numpy().astype(f"<{t}").tobytes() for t, c in zip(types, columns.values(), strict=True))
        return line + b"".join(parts)

    def similar(self, workspace_id: str, item_id: str, *, limit: int, encoder: str | None) -> dict[str, Any]:
        """Return the items most similar to one. Raises NotFoundError `no-embedding`, `item-not-found`."""
        dataset = self._roots.workspace(workspace_id)
        item = dataset.index.get(item_id)
        key = get_encoder(encoder).key if encoder else last_encoder(dataset.layout)
        if key is None:
            raise NotFoundError("compute an embedding first", code="no-embedding")
        contents = dataset.index.contents_table()
        found = find_similar(dataset.layout, key, item.content_hash, contents["content_hash"], k=limit)
        ids = _ids_of(contents, [item.content_hash, *(content for content, _ in found)])
        twins = [(other, 1.0) for other in ids[item.content_hash] if other != item_id]
        rows = twins + [(other, score) for content, score in found for other in ids[content]]
        return {"encoder": key, "items": [{"item_id": i, "similarity": s} for i, s in rows[:limit]]}

    def duplicates(self, workspace_id: str, *, limit: int) -> dict[str, Any]:
        """Return the groups of equal and nearly equal images, largest first."""
        return near_groups(self._roots.workspace(workspace_id), limit=limit)

    def encoders(self, workspace_id: str) -> list[dict[str, Any]]:
        """Return the encoders and whether each can be used now."""
        self._roots.workspace(workspace_id)
        return [_describe(name) for name in encoders()]

    def _run(
        self, workspace_id: str, analyzer: str, options: dict[str, Any], *, force: bool, key: str | None
    ) -> Job:
        dataset = self._roots.workspace(workspace_id)
        params = {
            "workspace_id": workspace_id,
            "root": str(dataset.root),
            "analyzer": analyzer,
            "options": options,
            "force": force,
            "workers": self._settings.workers,
        }
        return self._jobs.submit(
            f"analyze-{analyzer}", workspace_id=workspace_id, params=params, idempotency_key=key
        )

    def _prepare(self, context: JobContext, params: Params) -> Params:
        dataset = self._roots.workspace(params["workspace_id"])
        dataset.refresh()
        return {**params, "refs": str(write_refs(dataset, context.folder / "refs.arrow"))}

    def _finish(self, _context: JobContext, params: Params, output: Any) -> Any:
        dataset = self._roots.workspace(params["workspace_id"])
        self._roots.reload_results(dataset.root)
        encoder = params["options"].get("encoder")
        part = self.results(params["workspace_id"], encoder=encoder)[params["analyzer"]]
        if encoder is not None:
            self._arrange_map(params, get_encoder(encoder).key)
        return {"run": output, **part}

    def _arrange_map(self, params: Params, encoder_key: str) -> None:
        """Submit the job that betters the map; the principal components are shown until it ends."""
        if can_refine(Layout(Path(params["root"])), encoder_key):
            wanted = {name: params[name] for name in ("workspace_id", "root")} | {"encoder_key": encoder_key}
            self._jobs.submit("analyze-map", workspace_id=params["workspace_id"], params=wanted)

    def _show_map(self, _context: JobContext, params: Params, output: Any) -> Any:
        self._roots.reload_results(Path(params["root"]))
        return output


def _ready(name: str) -> None:
    """Raise what the encoder lacks, if it lacks something."""
    check = getattr(get_encoder(name), "check", None)
    if check is not None:
        check()


def _describe(name: str) -> dict[str, Any]:
    encoder = get_encoder(name)
    try:
        _ready(name)
        available, detail, code = True, "", ""
    except UnavailableError as error:
        available, detail, code = False, error.detail, error.error_code
    return {
        "name": name,
        "title": encoder.title,
        "version": encoder.version,
        "dim": encoder.dim,
        "semantic": encoder.semantic,
        "text": encoder.has_text,
        "available": available,
        "detail": detail,
        "code": code,
        "default": name == DEFAULT_ENCODER,
    }


def _is_semantic(key: str | None) -> bool | None:
    if key is None:
        return None
    for name in encoders():
        if key.startswith(name):
            try:
                return get_encoder(name).semantic
            except DdocError:
                return None
    return None


def _ids_of(contents: Table, hashes: list[str]) -> dict[str, list[str]]:
    """Return the ids of the items with each of these contents."""
    wanted = pc.SetLookupOptions(pa.array(hashes, pa.string()))
    rows = contents.filter(pc.call_function("is_in", [contents["content_hash"]], wanted))
    ids: dict[str, list[str]] = defaultdict(list)
    for content_hash, item_id in zip(
        *(rows[c].to_pylist() for c in ("content_hash", "item_id")), strict=True
    ):
        ids[content_hash].append(item_id)
    return ids
