"""The measurements of a bug, as they are taken from run files."""

import copy
import dataclasses

from mpscheck.known import evidence, measured
from mpscheck.known.measured import index
from mpscheck.site import words
from mpscheck.site.pages import results as results_page


def test_measurements_are_newest_first(linear, mac_run):
    older = copy.deepcopy(mac_run)
    older["provenance"]["date"] = "2020-01-01T00:00:00+00:00"
    found = index([linear], {"old": older, "new": mac_run}).of(linear.slug)
    assert [m.run for m in found] == ["new", "old"]


def test_only_mps_counts_as_a_mac(linear, mac_run, emulated_run):
    assert [m.run for m in index([linear], {"mac": mac_run, "emu": emulated_run}).of(linear.slug)] == ["mac"]


def test_a_record_of_changed_code_is_outdated(linear, mac_run):
    record = next(r for r in mac_run["records"] if r["snippet"] == linear.slug)
    assert index([linear], {"mac": mac_run}).of(linear.slug)[0].verdict() == "wrong"
    record["code"] = "0" * 16
    assert index([linear], {"mac": mac_run}).of(linear.slug)[0].verdict() == "outdated"
    assert "measured" not in evidence.kinds_of(linear, index([linear], {"mac": mac_run}), {})


def test_an_error_on_a_mac_is_a_measurement_of_a_bug_that_is_one(linear, mac_run):
    record = next(r for r in mac_run["records"] if r["snippet"] == linear.slug)
    [attempt] = record["attempts"]
    attempt |= {"outcome": "error", "reason": "RuntimeError: refused"}
    del attempt["functions"]["compute"]
    error = dataclasses.replace(linear, kind="error")
    [found] = index([error], {"mac": mac_run}).of(error.slug)
    assert found.verdict() == "error" and found.verdict("control") == "agrees" and found.measured
    assert "measured" in evidence.kinds_of(error, index([error], {"mac": mac_run}), {})
    assert "measured" not in evidence.kinds_of(linear, index([linear], {"mac": mac_run}), {})
    del attempt["functions"]["control"]  # it failed too: the machine, or the call
    [found] = index([error], {"mac": mac_run}).of(error.slug)
    assert found.verdict() == "unfit" and not found.measured


def test_a_run_in_several_dtypes_counts_once_and_the_worst_speaks(linear, mac_run, emulated_run):
    wrong = next(r for r in mac_run["records"] if r["snippet"] == linear.slug)
    right = next(r for r in emulated_run["records"] if r["snippet"] == linear.slug)
    mac_run["records"] = [right, wrong | {"dtype": "float16"}]
    found = index([linear], {"mac": mac_run}).of(linear.slug)
    assert [m.verdict() for m in found] == ["agrees", "wrong"]
    assert [m.record.dtype for m in measured.of_runs(found)] == ["float16"]
    assert words.on_macs(found).count("wrong</span> in 1 of 1 runs") == 1
    rows = results_page.run_section("mac", mac_run, (linear,))
    assert "wrong</span> in float16" in rows and "not as expected" not in rows
    for record in (right, wrong):
        record = record | {"code": "0" * 16}
        old = mac_run | {"records": [record, record | {"dtype": "float16"}]}
        assert words.on_macs(index([linear], {"mac": old}).of(linear.slug)).count("outdated") == 1
    mac_run["records"] = [right, right | {"dtype": "float16"}]
    assert results_page.run_section("mac", mac_run, (linear,)).count("not as expected") == 1


def test_a_record_with_faults_is_no_measurement(linear, mac_run):
    for record in mac_run["records"]:
        record["faults"] = [linear.slug]
    assert index([linear], {"mac": mac_run}).of(linear.slug) == []
