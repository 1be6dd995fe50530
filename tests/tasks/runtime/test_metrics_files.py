"""Metrics files on a real disk, remembered in a real database (runbook 002, "Metrics & Monitoring")."""

import threading
import time

import pytest

from tasks.rules.faults import Fault, Refused
from tasks.rules.guard.growth import Remembered
from tasks.rules.guard.textfile import faults_of
from tasks.runtime.metrics_files import keep, last_samples, next_changes, read_expectations, read_textfile, recall

GOOD = '# TYPE a_total counter\na_total{reason="x y"} 1\n# HELP a_total words\n\n# TYPE b gauge\nb 2.5\n'


@pytest.fixture
def path(tmp_path):
    (tmp_path / "m.prom").write_text(GOOD)
    return tmp_path / "m.prom"


def test_each_line_is_read_with_its_number(path):
    file = read_textfile.fn(path)
    assert [(one.series.text, one.value, one.line) for one in file.samples] == [
        ('a_total{reason="x y"}', 1.0, 2),
        ("b", 2.5, 6),
    ]
    assert [(one.name, one.type, one.line) for one in file.types] == [("a_total", "counter", 1), ("b", "gauge", 5)]
    assert faults_of(file) == ()


@pytest.mark.row("D002-300", "P002-300")
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GOOD + "c", ("half_written", 7)),
        (GOOD + 'b{x="', ("half_written", 7)),
        (GOOD.replace("b 2.5", "b 2.5.1"), ("not_a_sample", 6)),
        (GOOD.replace("b 2.5", "b 2.5 1700000000"), ("not_a_sample", 6)),
        (GOOD.replace("b 2.5", "b{x=1} 2"), ("not_a_sample", 6)),
        (GOOD.replace("# TYPE b gauge", "# TYPE b"), ("not_a_sample", 5)),
        (GOOD.replace("b 2.5", "b NaN"), ("not_finite", 6)),
        (GOOD.replace("b gauge", "b guage"), ("unknown_type", 5)),
    ],
)
def test_what_is_wrong_is_found_in_its_line(path, text, fault):
    path.write_text(text)
    assert fault in [(one.code, one.line) for one in faults_of(read_textfile.fn(path))]


@pytest.mark.row("P002-301", "W002-300")
def test_a_runtime_without_an_order_has_no_file_and_that_is_a_word_of_its_own(runtime):
    with pytest.raises(Refused, match="metrics_missing"):
        read_textfile.fn(runtime.metrics_path)
    with pytest.raises(Refused, match="metrics_missing"):
        last_samples.fn(runtime.metrics_path, 5)
    runtime.live()
    runtime.order(3)
    file = read_textfile.fn(runtime.metrics_path)
    assert faults_of(file) == ()
    assert {one.series.text: one.value for one in file.samples}["propbot_orders_submitted_total"] == 3
    path = runtime.metrics_path.with_name("folder")
    path.mkdir()
    with pytest.raises(Fault, match="metrics_unreadable"):
        read_textfile.fn(path)


@pytest.mark.row("P002-303")
def test_a_read_is_remembered_for_its_own_file_alone(path, tmp_path, operations_database):
    assert recall.fn(path) is None
    keep.fn(path, Remembered(10, "d", 5, {"a": 1}))
    keep.fn(path, Remembered(20, "e", 20, {"a": 2}))
    assert recall.fn(path) == Remembered(20, "e", 20, {"a": 2})
    assert recall.fn(tmp_path / "other.prom") is None


@pytest.mark.row("D002-302")
def test_expectations_are_read_as_series_of_the_metrics_file(tmp_path):
    path = tmp_path / "expect.toml"
    path.write_text("[[expect]]\nseries = 'a_total{reason=\"x\"}'\nmin_increase = 1\n")
    (one,) = read_expectations.fn(path)
    assert (one.series.text, one.min_increase, one.max_increase) == ('a_total{reason="x"}', 1.0, None)
    for text in ("[", "expect = 1", "[[expect]]\nseries = 'a{'\nunchanged = true\n"):
        path.write_text(text)
        with pytest.raises(Refused, match="expectations_invalid"):
            read_expectations.fn(path)
    with pytest.raises(Refused, match="expectations_missing"):
        read_expectations.fn(tmp_path / "none.toml")


@pytest.mark.row("P002-305")
def test_changes_are_seen_when_they_come_and_waiting_ends_at_its_deadline(path):
    assert last_samples.fn(path, 1) == (("b", "2.5"),)
    before = dict(last_samples.fn(path, 10))
    assert next_changes.fn(path, before, time.monotonic() + 0.3) == ()

    def replace():
        path.with_name("new").write_text(GOOD.replace("2.5", "3"))
        path.with_name("new").replace(path)

    timer = threading.Timer(0.3, replace)
    timer.start()
    assert next_changes.fn(path, before, time.monotonic() + 30) == (("b", "3"),)
    timer.join()
