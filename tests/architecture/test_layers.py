"""The dependency rule holds, and the plan's names are there."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.services.sampling_service import SamplingService
from ddoc.core.mlflow_experiment_service import MLflowExperimentService
from ddoc.core.snapshot_service import SnapshotService
from ddoc.core.workspace_service import WorkspaceService
from ddoc_plugin_vision.data_utils.attribute_analyzer import AttributeAnalyzer
from ddoc_plugin_vision.data_utils.embedding_analyzer import EmbeddingAnalyzer

ROOT = Path(__file__).parents[2]
PLAN_FILES = (
    "ddoc-workspace/Dockerfile",
    "ddoc-workspace/requirements.txt",
    "ddoc-workspace/app/main.py",
    "ddoc-workspace/app/schemas.py",
    "ddoc-workspace/app/routers/workspace.py",
    "ddoc-workspace/app/routers/analysis.py",
    "ddoc-workspace/app/routers/sampling.py",
    "ddoc-workspace/app/routers/snapshot.py",
    "ddoc-workspace/app/routers/experiment.py",
    "ddoc-workspace/app/services/sampling_service.py",
    "ddoc-workspace/ddoc/core/mlflow_experiment_service.py",
    "ddoc-workspace/ddoc_plugin_vision/data_utils/embedding_analyzer.py",
    "ddoc-workspace/ddoc_plugin_vision/data_utils/attribute_analyzer.py",
    "backend/app/routers/workspace.py",
    "frontend/src/components/DriftStudio.jsx",
    "frontend/src/components/WorkspaceStudio.jsx",
    "frontend/src/components/workspace/DataExplorer.jsx",
    "frontend/src/components/workspace/DataSampler.jsx",
    "frontend/src/components/workspace/AnalysisPanel.jsx",
    "frontend/src/components/workspace/ExperimentPanel.jsx",
    "frontend/src/components/workspace/SnapshotTimeline.jsx",
    "docker-compose.yml",
)


@pytest.mark.parametrize("path", PLAN_FILES)
def test_a_file_of_the_plan_exists(path: str) -> None:
    assert (ROOT / path).is_file()


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        (WorkspaceService, ("init_workspace", "verify_workspace")),
        (SnapshotService, ("create_snapshot", "list_snapshots", "restore_snapshot", "get_lineage_graph")),
        (
            SamplingService,
            (
                "list_items",
                "get_item_preview",
                "get_statistics",
                "add_items",
                "remove_items",
                "move_items",
                "relabel_items",
                "create_sample",
                "export_dataset",
            ),
        ),
        (MLflowExperimentService, ("run_experiment", "get_experiments_by_dataset")),
        (AttributeAnalyzer, ("worker",)),
        (EmbeddingAnalyzer, ("worker",)),
    ],
)
def test_a_method_of_the_plan_exists(owner: type, names: tuple[str, ...]) -> None:
    for name in names:
        assert callable(getattr(owner, name, None)), f"{owner.__name__}.{name}"


def test_importing_the_library_loads_neither_torch_nor_a_web_framework() -> None:
    code = "import sys, ddoc.core.snapshot_service, ddoc.drift, ddoc.formats; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.replace("'", "").strip("[]\n").split(", "))
    assert not loaded & {"torch", "fastapi", "ray", "mlflow"}
