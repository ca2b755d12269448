"""`python -m grader.bench.pods`: from asking for a sandbox on Kubernetes to its first cell's answer.

On the cluster that `kubectl` reaches, with the image of lab 04's environment on its nodes. Each time a pod has been prepared
before the clock starts; `--cold` measures pods that nobody prepared instead.
"""

from __future__ import annotations

import argparse
import statistics
import time

from grader.backends.kubernetes import pool
from grader.backends.kubernetes.backend import KubernetesBackend
from grader.backends.protocol import SandboxRequest
from grader.course.tree import find_course
from grader.tests.contract.kernel import kernel_of, wait_until

LAB = "04-experiment-tracking"
CELL = "import mlflow, sklearn, pandas; print(1 + 1)"
GOAL = 0.5
"""Seconds, for the median, from the issue that asked for it."""
PATIENCE = 300


def main() -> None:
    """Measure, and print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--cold", action="store_true")
    wanted = parser.parse_args()
    course = find_course()
    lab = course.lab(LAB)
    backend = KubernetesBackend(prepared=0 if wanted.cold else 1)
    backend.probe()
    request = SandboxRequest("bench", course.environment(lab.spec.environment), {}, {}, (), lab.spec.limits)
    kind = pool.kind_of(request.environment, backend.prepare(request.environment), request.limits)
    if not wanted.cold:
        backend.open(request).close()
    opened, answered = [], []
    for _ in range(wanted.times):
        if not wanted.cold and not wait_until(lambda: backend._pool.waiting(kind) > 0, PATIENCE):
            raise SystemExit(f"no pod was prepared within {PATIENCE} s")
        started = time.perf_counter()
        sandbox = backend.open(request)
        opened.append(time.perf_counter() - started)
        with kernel_of(sandbox.connection) as kernel:
            assert kernel.run(CELL, PATIENCE) == "2\n"
        answered.append(time.perf_counter() - started)
        sandbox.close()
    backend.close()
    for name, times in (("opened", opened), ("first cell", answered)):
        print(f"{name}: median {statistics.median(times):.3f} s, slowest {max(times):.3f} s of {len(times)}")
    if not wanted.cold:
        print(f"goal {GOAL} s: {'met' if statistics.median(answered) <= GOAL else 'missed'}")


if __name__ == "__main__":
    main()
