"""The capacity tables of the docs are what the kept figures make, and their formulas are right."""

from __future__ import annotations

import pytest

from grader.bench.scale import capacity, results
from grader.bench.scale.load import Load, told
from grader.bench.table import rewritten

FIX = 'python -c "from grader.bench.scale import results; results.keep(results.kept())" writes it anew'
METRICS = """\
# HELP apiserver_request_total Counter of apiserver requests
apiserver_request_total{code="201",resource="pods",verb="POST"} 7
apiserver_request_total{code="200",resource="leases",verb="PUT"} 3e+00
apiserver_request_duration_seconds_sum{resource="pods",scope="resource",subresource="",verb="POST"} 0.5
apiserver_request_duration_seconds_sum{resource="pods",scope="resource",subresource="binding",verb="POST"} 9
apiserver_request_duration_seconds_count{resource="pods",scope="resource",subresource="",verb="POST"} 7
process_cpu_seconds_total 12.5
"""


def test_the_page_has_the_kept_figures() -> None:
    """Measured and extrapolated, as the JSON has them."""
    page = results.PAGE.read_text(encoding="utf-8")
    made = str(results.kept())
    assert page == rewritten(page, results.MARKS, made), FIX


def test_nothing_was_lost_in_the_kept_run() -> None:
    """No submission without its one result, in any step."""
    kept = results.kept()
    assert [step["wrong"] for step in (*kept.alone, *kept.ladder, kept.whole)] == [[]] * (
        len(kept.alone) + len(kept.ladder) + 1
    )


def test_the_knee_is_the_first_step_near_the_best() -> None:
    """5.5 of 6 is; 5 is not, and what comes after brings little."""
    ladder = [{"rate": 2.0}, {"rate": 5.0}, {"rate": 5.5}, {"rate": 6.0}, {"rate": 4.0}]
    assert capacity.knee(ladder) == {"rate": 5.5}


def test_what_a_class_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """7,200 students are 2 a second: 20 pods of 10 s; 20 cores are 10 nodes of 4, half used; of less memory it takes more."""
    for name, value in {"POD_SECONDS": 10.0, "GRADING_CORE_SECONDS": 10.0, "NODE_CORES": 4, "USED": 0.5}.items():
        monkeypatch.setattr(capacity, name, value)
    monkeypatch.setattr(capacity, "NODE_MIB", 64 * 1024)
    assert capacity.needs(7200, rate=8.0, dispatch=0.25) == capacity.Needs(2.0, 0.25, 20, 10, 0.5)
    monkeypatch.setattr(capacity, "NODE_MIB", 4000)  # now memory is what there is too little of: 20 pods of 1,500 MiB on 2,000
    assert capacity.needs(7200, rate=8.0, dispatch=0.25) == capacity.Needs(2.0, 0.25, 20, 15, 0.5)


def test_what_gradings_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """1,000 of 3.6 core seconds are an hour of a core, of which half is used: two hours are paid."""
    monkeypatch.setattr(capacity, "GRADING_CORE_SECONDS", 3.5)
    monkeypatch.setattr(capacity, "USED", 0.5)
    assert capacity.dollars(dispatch=0.1) == pytest.approx(2 * capacity.CORE_HOUR)


def test_what_dispatching_costs() -> None:
    """All that is not the nodes' own."""
    cpu = {"workers": 3.0, "database": 1.0, "kube-apiserver": 4.0, "etcd": 2.0, "kwok": 50.0, "elsewhere": 90.0}
    assert capacity.dispatch_seconds(cpu, submissions=20) == 0.5


def test_the_api_servers_metrics() -> None:
    """Sums over the labels that are asked for, and over no others."""
    assert told(METRICS) == {
        "api requests": 10.0, "pod create seconds": 0.5, "pod creates": 7.0, "pod delete seconds": 0.0, "pod deletes": 0.0,
        "etcd seconds": 0.0, "etcd requests": 0.0, "api cpu": 12.5, "etcd bytes": 0.0,
    }  # fmt: skip


def test_a_steps_load_is_a_difference() -> None:
    """But for memory and etcd's size, which are what they are at its end."""
    before = Load({"etcd": 1.0}, {"etcd": 10}, 5.0, 100, 1000, {"api requests": 4.0, "etcd bytes": 50.0})
    after = Load({"etcd": 3.5, "kwok": 1.0}, {"etcd": 20}, 9.0, 130, 1500, {"api requests": 6.0, "etcd bytes": 70.0})
    assert after.since(before) == Load(
        {"etcd": 2.5, "kwok": 1.0}, {"etcd": 20}, 4.0, 30, 500, {"api requests": 2.0, "etcd bytes": 70.0}
    )
