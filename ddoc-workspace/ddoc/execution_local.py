"""The local executor: a pool of processes, one per core, that survives the death of a worker.

loky's pool is used because a bare `concurrent.futures` pool loses all its work when one worker dies of a file
that crashes its decoder. Inner thread pools are held at one thread, since the processes already fill the cores.
"""

import ctypes
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Self

from loky.process_executor import ProcessPoolExecutor

from ddoc.execution import Chunk, Result, WorkerDied, cores

MAX_DEATHS = 3
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_HEAP_BLOCK = 32 << 20


class LocalExecutor:
    """Runs chunks in `workers` processes (default: one per core). Close it, or use it as a context manager.

    Processes start with the first call of `map` and are kept for the next.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or cores()
        self._pool: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the workers, whatever they do."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, kill_workers=True)
            self._pool = None

    def map(
        self, function: Callable[[Chunk], Result], chunks: Iterable[Chunk]
    ) -> Iterator[tuple[int, Result | WorkerDied]]:
        """Yield (position of the chunk, its result), as results come; chunks are drawn as workers become free.

        When a worker dies, every chunk in flight is a suspect and is repeated alone, so that the guilty one is
        known; the third death makes it a WorkerDied. What `function` raises is raised here.
        """
        source = iter(enumerate(chunks))
        suspects: deque[tuple[int, Chunk]] = deque()
        deaths: dict[int, int] = {}
        flying: dict[Future[Result], tuple[int, Chunk]] = {}
        try:
            while self._fill(function, source, suspects, flying):
                finished, _ = wait(flying, return_when=FIRST_COMPLETED)
                if any(isinstance(f.exception(), BrokenProcessPool) for f in finished):
                    # a broken pool fails all its futures; those that had finished keep their results
                    finished, _ = wait(flying)
                    self.close()
                for future in finished:
                    position, chunk = flying.pop(future)
                    if not isinstance(future.exception(), BrokenProcessPool):
                        yield position, future.result()
                        continue
                    deaths[position] = deaths.get(position, 0) + 1
                    if deaths[position] < MAX_DEATHS:
                        suspects.append((position, chunk))
                    else:
                        yield position, WorkerDied()
        finally:
            for future in flying:
                future.cancel()

    def _fill(
        self,
        function: Callable[[Chunk], Result],
        source: Iterator[tuple[int, Chunk]],
        suspects: deque[tuple[int, Chunk]],
        flying: dict[Future[Result], tuple[int, Chunk]],
    ) -> bool:
        """Submit chunks until enough are in flight: one while there are suspects. Returns whether any is."""
        while len(flying) < (1 if suspects else 2 * self.workers):
            alone = bool(suspects)
            task = suspects.popleft() if alone else next(source, None)
            if task is None:
                break
            flying[self._start().submit(function, task[1])] = task
            if alone:
                break
        return bool(flying)

    def _start(self) -> Any:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.workers, initializer=keep_heap, env=_ONE_THREAD)
        return self._pool


def keep_heap() -> None:
    """Let the worker keep freed image buffers instead of asking the kernel for fresh pages for every image.

    glibc maps and unmaps blocks over 128 kB by default, and zeroing those pages costs a third of the whole
    attribute pipeline. On another C library the setting does not exist and nothing is changed.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _HEAP_BLOCK)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
