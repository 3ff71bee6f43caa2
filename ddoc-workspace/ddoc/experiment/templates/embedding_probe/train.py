"""Logistic regression on vectors: seconds instead of hours, and good enough to tell better data from worse."""

import json
import os
import tempfile
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import ddoc
from ddoc.analysis.protocol import Encoder, get_encoder
from ddoc.analysis.vectors import VectorStore
from ddoc.experiment.training_data import TrainingObject, read_objects
from ddoc.hashing import md5_file

CHUNK = 256
MIN_SIDE = 4
FOLDS = 5
MIN_SHARE = 0.02


def train(
    dataset_path: Path, output_dir: Path, *, encoder: str, strength: float, max_objects: int, seed: int
) -> dict[str, Any]:
    """Fit on the split `train`, measure on all others (on a held-out fifth where there is no other)."""
    rng = np.random.default_rng(seed)
    objects = [
        o for o in read_objects(dataset_path) if o.box is None or min(o.box.width, o.box.height) >= MIN_SIDE
    ]
    if len(objects) > max_objects:
        objects = [objects[i] for i in sorted(rng.choice(len(objects), max_objects, replace=False))]
    vectors, kept = embed(objects, get_encoder(encoder))
    objects = [objects[i] for i in kept]
    names = sorted({o.class_name for o in objects})
    labels = np.array([names.index(o.class_name) for o in objects])
    if len(names) < 2:
        raise SystemExit(f"a classifier needs two classes at least; the data has {names}")
    is_train = np.array([o.split == "train" for o in objects])
    if is_train.all() or not is_train.any():
        is_train = rng.random(len(objects)) > 0.2
    scaler = StandardScaler().fit(vectors[is_train])
    model = LogisticRegression(C=strength, max_iter=1000, random_state=seed)
    model.fit(scaler.transform(vectors[is_train]), labels[is_train])
    predicted = model.predict(scaler.transform(vectors[~is_train]))
    metrics = measure(labels[~is_train], predicted, names)
    ddoc.report(0, **metrics)
    write_predictions(
        output_dir / "predictions.json", objects, names, out_of_fold(vectors, labels, strength, seed)
    )
    return save(output_dir, metrics, model, scaler, names, (labels[~is_train], predicted))


def embed(objects: list[TrainingObject], encoder: Encoder) -> tuple[np.ndarray, list[int]]:
    """Return (vectors (n, dim), positions of the objects that have one): stored ones, the others computed."""
    vectors: dict[int, np.ndarray] = {}
    hashes = {i: md5_file(o.image) for i, o in enumerate(objects) if o.box is None}
    folder = Path(os.environ.get("DDOC_VECTORS_PATH", "."))
    if hashes and VectorStore.exists(folder, encoder.key):
        store = VectorStore(folder, encoder.key)
        stored = [i for i, there in zip(hashes, store.have(list(hashes.values())), strict=True) if there]
        if stored:
            vectors.update(zip(stored, store.rows([hashes[i] for i in stored]), strict=True))
    print(f"{len(vectors)} of {len(objects)} vectors were stored; computing the others with {encoder.key}")
    missing = [i for i in range(len(objects)) if i not in vectors]
    work = encoder.worker()
    for start in range(0, len(missing), CHUNK):
        with tempfile.TemporaryDirectory() as scratch:
            part = missing[start : start + CHUNK]
            chunk = tuple((str(i), crop(objects[i], Path(scratch, f"{i}.png"))) for i in part)
            done, values, failures = work(chunk)
            if done:
                vectors.update(zip(map(int, done), encoder.encode(values), strict=True))
            for position, code, detail in failures:
                print(f"left out {objects[int(position)].image.name}: {code}, {detail}")
    kept = sorted(vectors)
    return np.stack([vectors[i] for i in kept]), kept


def crop(thing: TrainingObject, target: Path) -> str:
    """Return the path of the object's picture: its image, or its box cut out to `target`."""
    if thing.box is None:
        return str(thing.image)
    box = (int(thing.box.x1), int(thing.box.y1), round(thing.box.x2), round(thing.box.y2))
    decoded(thing.image).crop(box).save(target, compress_level=0)
    return str(target)


@lru_cache(maxsize=4)
def decoded(path: Path) -> Image.Image:
    """Return an image as RGB; the boxes of one image follow each other, so it is decoded once."""
    with Image.open(path) as image:
        return image.convert("RGB")


def measure(truth: np.ndarray, predicted: np.ndarray, names: list[str]) -> dict[str, float]:
    """Return accuracy, balanced accuracy, macro F1, and F1 of every class."""
    everyone = list(range(len(names)))
    per_class = f1_score(truth, predicted, labels=everyone, average=None, zero_division=0)
    present = sorted(set(truth))
    metrics = {
        "accuracy": accuracy_score(truth, predicted),
        "balanced_accuracy": float(np.mean([(predicted[truth == c] == c).mean() for c in present])),
        "f1": f1_score(truth, predicted, labels=everyone, average="macro", zero_division=0),
        "evaluated": len(truth),
    }
    return {k: float(v) for k, v in metrics.items()} | {
        f"f1/{name}": float(value) for name, value in zip(names, per_class, strict=True)
    }


def out_of_fold(vectors: np.ndarray, labels: np.ndarray, strength: float, seed: int) -> np.ndarray:
    """Return the probability of every class (n, classes) for each object, by models that never saw it.

    Zero throughout where the objects are too few for that.
    """
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000, random_state=seed))
    folds = list(KFold(min(FOLDS, len(labels)), shuffle=True, random_state=seed).split(vectors))
    if any(len(set(labels[fitted])) < 2 for fitted, _ in folds):
        print("too few objects of some class: the labels are not held against predictions")
        return np.zeros((len(labels), labels.max() + 1))
    with warnings.catch_warnings():
        # a class that one fold lacks has no probability there
        warnings.simplefilter("ignore", RuntimeWarning)
        return cross_val_predict(model, vectors, labels, cv=folds, method="predict_proba")


def write_predictions(
    target: Path, objects: list[TrainingObject], names: list[str], shares: np.ndarray
) -> None:
    """Write the probable classes of every object as COCO results, which the queue of doubtful labels reads."""
    rows: list[dict[str, Any]] = []
    for thing, probable in zip(objects, shares, strict=True):
        box = thing.box and [thing.box.x1, thing.box.y1, thing.box.width, thing.box.height]
        rows += [
            {"file_name": thing.name, "category_name": names[c], "score": float(probable[c]), "bbox": box}
            for c in np.flatnonzero(probable >= MIN_SHARE)
        ]
    target.write_text(json.dumps(rows))


def save(
    output_dir: Path,
    metrics: dict[str, float],
    model: LogisticRegression,
    scaler: StandardScaler,
    names: list[str],
    outcome: tuple[np.ndarray, np.ndarray],
) -> dict[str, Any]:
    """Write the model as plain arrays (a pickle would run code when it is loaded) and the confusion matrix."""
    np.savez(
        output_dir / "model.npz",
        coefficients=model.coef_,
        intercepts=model.intercept_,
        mean=scaler.mean_,
        scale=scaler.scale_,
        classes=np.array(names),
    )
    matrix = confusion_matrix(*outcome, labels=list(range(len(names))))
    confusion = output_dir / "confusion.json"
    confusion.write_text(json.dumps({"classes": names, "rows": "truth", "matrix": matrix.tolist()}))
    return {"model_path": "model.npz", "metrics": metrics, "artifacts": [confusion, "predictions.json"]}
