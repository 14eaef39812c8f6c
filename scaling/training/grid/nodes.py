"""Which nodes train one run together? Those of one job: the first leads, the others follow.

Each node of a job runs a worker. The worker of the first node takes runs, under their locks, and
names each to the others; these hold no lock and take no run of their own. The nodes meet at a port
of the first one, so a follower sees at once when the leader is gone.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from scaling.training.errors import GridError

POLL_SECONDS = 0.2
GRACE_SECONDS = 60.0  # for the other nodes, once one is done with a run
PORTS = range(10_000, 30_000, 2)  # below those that a system hands out itself


@dataclass
class Crew:
    """The nodes of one job, as one of them sees them.

    Parameters
    ----------
    node, nodes : int
        Which node this is, from 0, and how many there are.
    host : str
        Name of the first node.
    port : int
        Port of the first node for the processes that train; the workers meet at the next one.
    turn : int
        Runs that all are done with.
    """

    node: int
    nodes: int
    host: str
    port: int
    turn: int = 0

    @property
    def leads(self) -> bool:
        """Whether this is the first node."""
        return self.node == 0

    @cached_property
    def board(self) -> Any:
        """What all nodes read and write; it is gone with the worker of the first one."""
        from torch.distributed import TCPStore  # type: ignore[attr-defined]

        return TCPStore(self.host, self.port + 1, self.nodes, self.leads)

    def name_run(self, name: str) -> None:
        """Tell the others which run is next; no name says that none is left."""
        self.board.set(f"run {self.turn}", name)

    def hear_run(self) -> str:
        """Wait for the name of the next run."""
        while not self.board.check([f"run {self.turn}"]):
            time.sleep(POLL_SECONDS)
        return str(self.board.get(f"run {self.turn}").decode())

    def count_done(self) -> int:
        """Count the nodes that are done with this turn."""
        return int(self.board.add(f"done {self.turn}", 0))

    def wait_for(self, process: Any) -> int:
        """Wait for this node's part in a run; once another node is done, only a while longer.

        Gives back the exit code of the process.
        """
        while process.poll() is None:
            time.sleep(POLL_SECONDS)
            if self.count_done():
                try:
                    process.wait(GRACE_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
        return int(process.returncode)

    def end_turn(self) -> None:
        """Say that this node is done with this turn; the first one waits for all others."""
        self.board.add(f"done {self.turn}", 1)
        last = time.monotonic() + 2 * GRACE_SECONDS
        while self.leads and self.count_done() < self.nodes:
            if time.monotonic() > last:  # no fault of the run, so it ends the worker
                raise SystemExit("a node of the job does not answer: start the grid again")
            time.sleep(POLL_SECONDS)
        self.turn += 1

    def follow(self, take_part: Callable[[str], object]) -> int:
        """Take part in every run that the first node names, and give back how many.

        `take_part` takes the name of a run and ends the turn.
        """
        while name := self.hear_run():
            take_part(name)
        self.end_turn()
        return self.turn - 1

    def dismiss(self) -> None:
        """Tell the others that no run is left, and wait until they know."""
        self.name_run("")
        self.end_turn()


@cache
def find_crew(nodes: int) -> Crew | None:
    """Find the nodes of this process's job that share one model; None where one node is enough.

    Raises
    ------
    GridError
        If the job does not have so many.
    """
    if nodes == 1:
        return None
    import submitit

    try:
        job = submitit.JobEnvironment()
        there = job.num_nodes
    except RuntimeError:  # no job of submitit at all
        there = 1
    if there != nodes:
        raise GridError(f"sharding: nodes must be as many as the job has, {there}, got {nodes}")
    port = PORTS[int(job.raw_job_id) % len(PORTS)]
    return Crew(job.node, nodes, job.hostnames[0], port)
