"""Runs a function in a fresh process, so that its memory and CPU time are its own; on request in another network."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from tests.bench import namespace
from xmpp_exporter.serving.log import Level, configure

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def isolated(
    function: Callable[Parameters, Result],
    *args: Parameters.args,
    **kwargs: Parameters.kwargs,
) -> Result:
    """The result of the function in a new process, in the network of this thread. All of it must be picklable.

    What the function raises is raised here.
    """
    # an executor rather than a Process, for the way of results and exceptions back
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=configure, initargs=(Level.WARN,)) as pool:
        return pool.submit(function, *args, **kwargs).result()


def isolated_in(
    network: Path,
    function: Callable[Parameters, Result],
    *args: Parameters.args,
    **kwargs: Parameters.kwargs,
) -> Result:
    """As `isolated`, in the network that the file `network` stands for."""
    with namespace.entered(network):
        return isolated(function, *args, **kwargs)
