"""What the warm engine has loaded before a run needs it, and how it knows that the code has changed since."""

import gc
import hashlib
import importlib
import logging
import os
import pkgutil
import runpy
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

log = logging.getLogger("prefect.watchkeeper.engine")

ROOT = Path(__file__).resolve().parent.parent
CODE = ("flows", "tasks", "deployments", "migrations")
# What a first run would import on its way: found by comparing the modules of a finished run with those of the engine.
ON_THE_WAY = (
    "prefect.main",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect._internal.metrics",
    "prefect._internal.observers",
    "prefect.bundles",
    "prefect.deployments.steps.core",
    "prefect.deployments.steps.pull",
    "prefect.utilities.visualization",
    "anyio._backends._asyncio",
    "encodings.idna",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
)


def fingerprint() -> str:
    """A digest of names, sizes and times of all our code, and of the time anything was last installed."""
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(_files()):
        with suppress(FileNotFoundError):  # removed since it was listed: the next look sees it gone
            known = file.stat()
            digest.update(f"{file}\0{known.st_size}\0{known.st_mtime_ns}\0{known.st_ino}\n".encode())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    yield Path(sysconfig.get_path("purelib"))
    for folder in CODE:
        yield from (path for path in (ROOT / folder).rglob("*.*") if path.parent.name != "__pycache__")


def preload() -> None:
    """Import Prefect and every procedure; a module that cannot be imported fails in its own run."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy would start threads; a run has its client's environment again
    for name in (*ON_THE_WAY, *_modules()):
        try:
            importlib.import_module(name)
        except Exception as broken:  # noqa: BLE001 - code under edit may fail in any way; the engine must outlive it
            log.warning("%s is not preloaded: %s", name, type(broken).__name__)
    if (threads := psutil.Process().num_threads()) != 1:
        raise SystemExit(
            f"{threads} threads after the imports: forking would be unsafe, so the warm engine stays away"
        )
    gc.collect()
    gc.freeze()  # the collector of a child would otherwise touch, and so copy, every page of the image


def _modules() -> Iterator[str]:
    for package in ("flows", "tasks"):
        folder = str(ROOT / package)
        for module in pkgutil.walk_packages([folder], f"{package}."):
            if not module.name.endswith("__main__"):
                yield module.name


def run_flow() -> None:
    """In a forked child: what `python -m prefect.engine` would do, with the settings of the client's environment."""
    from prefect.context import refresh_global_settings_context
    from prefect.logging.configuration import setup_logging
    from prefect.settings import get_current_settings

    loaded = get_current_settings().logging
    refresh_global_settings_context()
    if get_current_settings().logging != loaded or _logging_variables() != _LOGGING:  # 50 ms that most runs can save
        setup_logging(incremental=False)
    sys.modules.pop("prefect.engine", None)  # runpy warns about a module that is loaded already
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)


def _logging_variables() -> dict[str, str]:
    """Prefect reads these for its logging configuration besides its settings."""
    return {name: value for name, value in os.environ.items() if name.startswith("PREFECT_LOGGING")}


_LOGGING = _logging_variables()
