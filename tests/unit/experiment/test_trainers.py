"""Trainer code: what its config says, what is checked, how it is put in place."""

import io
import zipfile
from pathlib import Path

import pytest

from ddoc.errors import ConflictError, DdocError, InvalidInputError, TooLargeError
from ddoc.experiment.checks import check_trainer, missing_needs
from ddoc.experiment.limits import Limits
from ddoc.experiment.trainers import (
    Param,
    TrainerConfig,
    find_trainer,
    list_trainers,
    load_trainer,
    read_config,
)
from ddoc.experiment.uploads import MAX_CODE_BYTES, install_template, install_upload
from ddoc.paths import Layout

TRAIN = "def train(dataset_path, output_dir):\n    return {}\n"


def config_of(tmp_path: Path, text: str) -> TrainerConfig:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return read_config(path)


def test_params_are_read_with_type_default_and_help(tmp_path: Path) -> None:
    config = config_of(
        tmp_path,
        "params:\n  epochs: 5\n  rate: {type: float, default: 1, help: step size}\n  quiet: true\n  name: {type: str}\n",
    )
    assert config.params == (
        Param("epochs", "int", 5),
        Param("rate", "float", 1.0, "step size"),
        Param("quiet", "bool", True),
        Param("name", "str", None),
    )
    assert config.complete({"rate": 2}) == {"epochs": 5, "rate": 2.0, "quiet": True}


@pytest.mark.parametrize(
    ("given", "code"),
    [({"epoch": 1}, "unknown-param"), ({"epochs": 1.5}, "bad-param"), ({"epochs": True}, "bad-param")],
)
def test_params_that_the_trainer_does_not_take_are_refused(given: dict[str, object], code: str) -> None:
    config = TrainerConfig(params=(Param("epochs", "int", 5),))
    with pytest.raises(InvalidInputError) as caught:
        config.complete(given)
    assert caught.value.error_code == code
    assert caught.value.context["pointer"] == f"/params/{next(iter(given))}"


def test_a_trainer_that_declares_nothing_takes_anything() -> None:
    assert TrainerConfig().complete({"a": [1, {"b": None}]}) == {"a": [1, {"b": None}]}


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2]",
        "a: [",
        "format: parquet",
        "paramss: {}",
        "params: [1]",
        "needs: torch",
        "tasks: [paint]",
        "params: {'not a name': 1}",
        "params: {a: {type: list}}",
        "params: {a: {type: int, default: x}}",
        "!!python/object/apply:os.system [true]",
        "a: &a [*a]\nb: {",
    ],
)
def test_a_config_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInputError):
        config_of(tmp_path, text)


def test_the_code_hash_changes_with_any_byte_and_name_but_not_with_caches(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    (folder / "train.py").write_text(TRAIN)
    first = load_trainer(folder).code_hash
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"1")
    assert load_trainer(folder).code_hash == first
    (folder / "helper.py").write_text("")
    second = load_trainer(folder).code_hash
    (folder / "helper.py").rename(folder / "helpers.py")
    assert len({first, second, load_trainer(folder).code_hash}) == 3


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        ("def train(d, o): ...", True),
        ("def train(d, o, *, epochs=1, **rest): ...", True),
        ("def train(*args): ...", True),
        ("import os\nprint(os.environ['DDOC_PARAMS'])", True),
        ("if __name__ == '__main__':\n  pass", True),
        ("def train(d): ...", False),
        ("async def train(d, o): ...", False),
        ("'''words'''\nX = 1", False),
        ("class A:\n  def train(self, d, o): ...", False),
    ],
)
def test_an_entry_point_is_a_function_train_or_code(tmp_path: Path, code: str, *, is_one: bool) -> None:
    (tmp_path / "train.py").write_text(code)
    found = {check.name: check.ok for check in check_trainer(tmp_path)}
    assert found["entry-point"] is is_one


def test_checking_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n" + TRAIN)
    assert all(check.ok for check in check_trainer(tmp_path))
    assert not (tmp_path / "ran").exists()


def test_needs_are_names_of_packages_or_modules() -> None:
    assert missing_needs(("numpy>=2", "scikit-learn", "pillow", "json")) == []
    assert missing_needs(("no-such-thing", "../x", "")) == ["no-such-thing", "../x", ""]


def put(layout: Layout, name: str, content: bytes, *, file_name: str = "train.py") -> None:
    file = layout.root / "given"
    file.write_bytes(content)
    install_upload(layout, name, file, file_name=file_name)


def test_an_upload_replaces_the_whole_older_trainer(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("train.py", TRAIN)
        archive.writestr("lib/helper.py", "A = 1")
    put(layout, "t", buffer.getvalue(), file_name="T.ZIP")
    assert find_trainer(layout.trainers, "t").files == ("lib/helper.py", "train.py")
    put(layout, "t", TRAIN.encode())
    assert find_trainer(layout.trainers, "t").files == ("train.py",)
    assert list(layout.tmp.iterdir()) == []
    assert [t.name for t in list_trainers(layout.trainers)] == ["t"]


def test_a_refused_upload_leaves_the_older_trainer(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    put(layout, "t", TRAIN.encode())
    with pytest.raises(InvalidInputError):
        put(layout, "t", b"def train(")
    assert (layout.trainers / "t" / "train.py").read_text() == TRAIN
    assert list(layout.tmp.iterdir()) == []


def test_code_has_a_size_limit(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    file = tmp_path / "given"
    with file.open("wb") as big:
        big.truncate(MAX_CODE_BYTES + 1)
    with pytest.raises(TooLargeError):
        install_upload(layout, "t", file, file_name="train.py")


def test_a_template_never_replaces_a_trainer(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    install_template(layout, "blank", name="mine")
    with pytest.raises(ConflictError):
        install_template(layout, "blank", name="mine")
    with pytest.raises(DdocError):
        install_template(layout, "../blank")


def test_limits_are_overridden_by_name() -> None:
    limits = Limits().overridden({"wall_seconds": 5, "processes": 3.0})
    assert (limits.wall_seconds, limits.processes) == (5.0, 3)
    assert limits.resolved().memory_bytes > 1 << 28
    for bad in ({"wall": 1}, {"processes": -1}, {"processes": "3"}, {"processes": True}):
        with pytest.raises(InvalidInputError):
            Limits().overridden(bad)
