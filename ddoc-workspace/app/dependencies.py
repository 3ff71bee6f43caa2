"""The services of one running service: built once at its start, handed to routers by FastAPI's `Depends`.

To add a domain service: a field of `Services`, a line in `open_services` (it registers its job kinds when it is
made), and an alias like `JobsDep` at the end.
"""

import contextlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request

from app.jobs import JobKind, Jobs
from app.schemas import Id
from app.services.analysis_service import Analyses
from app.services.choosing import Choosing
from app.services.data_jobs import register_data_jobs
from app.services.dataset_service import Datasets
from app.services.drift_service import DriftReports
from app.services.experiment_service import Experiments
from app.services.guard_service import Guards
from app.services.roots import OpenRoots
from app.services.sampling_service import SamplingService, Surroundings
from app.services.sides import Sides
from app.services.snapshot_service import Snapshots
from app.services.workspace_service import Workspaces
from app.settings import Settings
from app.stores.ballast import Ballast
from app.stores.catalog import Catalog
from app.stores.database import Database, sqlite_url
from app.telemetry import Metrics


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that requests are served with."""

    settings: Settings
    metrics: Metrics
    database: Database
    catalog: Catalog
    jobs: Jobs
    roots: OpenRoots
    datasets: Datasets
    drift: DriftReports
    guards: Guards
    workspaces: Workspaces
    snapshots: Snapshots
    analyses: Analyses
    experiments: Experiments
    choosing: Choosing

    def sampling(self, workspace_id: str) -> SamplingService:
        """Return the service of one workspace's data. Raises NotFoundError `unknown-workspace`."""
        return SamplingService(
            self.roots.workspace_root(workspace_id),
            dataset=self.roots.workspace(workspace_id),
            surroundings=Surroundings(self.settings, self.roots, self.jobs, self.workspaces, self.choosing),
        )


@contextlib.contextmanager
def open_services(
    settings: Settings, *, metrics: Metrics, kinds: Sequence[JobKind] = ()
) -> Generator[Services]:
    """Build the services, start the jobs, and stop everything at the end of the block."""
    url = settings.database_url or sqlite_url(settings.state_folder / "catalog.sqlite")
    ballast = Ballast(settings.state_folder / "reserve")
    with contextlib.closing(Database.open(url, ballast=ballast)) as database:
        jobs = Jobs(
            database,
            settings.jobs_folder,
            grace=settings.job_cancel_grace,
            max_active=settings.max_active_jobs,
            min_free_bytes=settings.min_free_bytes,
            retention=timedelta(days=settings.job_retention_days),
        )
        for kind in kinds:
            jobs.register(kind)
        services = _build(settings, metrics, database, jobs)
        jobs.start()
        try:
            with services.experiments.reconciling():
                yield services
        finally:
            jobs.close()
            services.experiments.close()
            services.roots.close_all()


def _build(settings: Settings, metrics: Metrics, database: Database, jobs: Jobs) -> Services:
    catalog = Catalog(database)
    roots = OpenRoots(settings, catalog)
    workspaces = Workspaces(settings, catalog, roots, jobs)
    snapshots = Snapshots(settings, catalog, roots, jobs, workspaces)
    register_data_jobs(jobs, roots)
    sides = Sides(catalog, roots)
    drift = DriftReports(settings, catalog, roots, jobs, sides)
    return Services(
        settings=settings,
        metrics=metrics,
        database=database,
        catalog=catalog,
        jobs=jobs,
        roots=roots,
        datasets=Datasets(settings, catalog, roots, jobs),
        drift=drift,
        guards=Guards(settings, catalog, jobs, sides, drift),
        workspaces=workspaces,
        snapshots=snapshots,
        analyses=Analyses(settings, roots, jobs),
        experiments=Experiments(settings, catalog, roots, jobs, snapshots),
        choosing=Choosing(settings, catalog, roots),
    )


def services_of(request: Request) -> Services:
    """Return the services that the request's application runs with."""
    return request.app.state.services


def _settings(request: Request) -> Settings:
    return services_of(request).settings


def _catalog(request: Request) -> Catalog:
    return services_of(request).catalog


def _jobs(request: Request) -> Jobs:
    return services_of(request).jobs


def _datasets(request: Request) -> Datasets:
    return services_of(request).datasets


def _drift(request: Request) -> DriftReports:
    return services_of(request).drift


def _guards(request: Request) -> Guards:
    return services_of(request).guards


def _workspaces(request: Request) -> Workspaces:
    return services_of(request).workspaces


def _snapshots(request: Request) -> Snapshots:
    return services_of(request).snapshots


def _analyses(request: Request) -> Analyses:
    return services_of(request).analyses


def _experiments(request: Request) -> Experiments:
    return services_of(request).experiments


def _sampling(request: Request, workspace_id: Id) -> SamplingService:
    return services_of(request).sampling(workspace_id)


ServicesDep = Annotated[Services, Depends(services_of)]
SettingsDep = Annotated[Settings, Depends(_settings)]
CatalogDep = Annotated[Catalog, Depends(_catalog)]
JobsDep = Annotated[Jobs, Depends(_jobs)]
DatasetsDep = Annotated[Datasets, Depends(_datasets)]
DriftDep = Annotated[DriftReports, Depends(_drift)]
GuardsDep = Annotated[Guards, Depends(_guards)]
WorkspacesDep = Annotated[Workspaces, Depends(_workspaces)]
SnapshotsDep = Annotated[Snapshots, Depends(_snapshots)]
AnalysesDep = Annotated[Analyses, Depends(_analyses)]
ExperimentsDep = Annotated[Experiments, Depends(_experiments)]
SamplingDep = Annotated[SamplingService, Depends(_sampling)]
