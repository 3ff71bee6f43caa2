"""Domain types as the API's plain data, where several services need the same shape."""

from typing import Any

from ddoc.dataset.items import Annotation, Item
from ddoc.dataset.journal import EditRecord
from ddoc.dataset.labels import ItemLabels
from ddoc.dataset.saved_views import SavedView


def item_json(workspace_id: str, item: Item) -> dict[str, Any]:
    """Return an item; its thumbnail's address changes with its content, so that it may be kept for ever."""
    base = f"/workspace/{workspace_id}/data/item/{item.item_id}"
    return {
        "item_id": item.item_id,
        "file_name": item.name,
        "split": item.split,
        "width": item.width,
        "height": item.height,
        "bytes": item.bytes,
        "content_hash": item.content_hash,
        "classes": list(item.classes),
        "annotation_count": item.annotation_count,
        "annotated": item.annotated,
        "attributes": dict(item.attributes),
        "thumbnail_url": f"{base}/preview?size=256&v={item.content_hash[:8]}",
        "color": f"#{item.color:06x}",
    }


def item_detail_json(workspace_id: str, item: Item, labels: ItemLabels) -> dict[str, Any]:
    """Return an item with its annotations."""
    annotations = labels.annotations
    return {
        **item_json(workspace_id, item),
        "annotations": None if annotations is None else [annotation_json(a) for a in annotations],
        "image_url": f"/workspace/{workspace_id}/data/item/{item.item_id}/image",
    }


def annotation_json(annotation: Annotation) -> dict[str, Any]:
    """Return an annotation; geometry in pixels."""
    box = annotation.box
    return {
        "class_name": annotation.class_name,
        "kind": annotation.kind,
        "box": box and {"x": box.x1, "y": box.y1, "width": box.width, "height": box.height},
        "polygons": [list(ring) for ring in annotation.polygons],
        "extra": dict(annotation.extra),
    }


def saved_view_json(view: SavedView) -> dict[str, Any]:
    """Return a named view."""
    return {
        "saved_id": view.saved_id,
        "name": view.name,
        "filter": view.filter.to_json(),
        "sort": str(view.sort) or None,
        "created_at": view.created_at,
    }


def edit_record_json(record: EditRecord) -> dict[str, Any]:
    """Return an edit of the journal."""
    return {
        "edit_id": record.edit_id,
        "kind": record.kind,
        "created_at": record.created_at,
        "changed": record.changed,
        "undone": record.undone,
        "params": dict(record.params),
    }
