"""Run files for the generator: real records, measured here on the emulated device, healthy and sick."""

import pytest

from mpscheck import catalogue, provenance, results, worker

LINEAR, RANDOM = "linear-noncontiguous-weight", "rand-5d-batches-identical"
MAC = {
    "evidence": "measured", "device": "mps", "gpu": "Apple M1", "chip": "Apple M1", "virtual": True, "system": "Darwin",
    "macos": "15.6", "macos_build": "24G90", "mpsgraph": "5.6.2", "runner": "macos15", "torch": "2.8.0",
}  # fmt: skip


@pytest.fixture(scope="session")
def linear():
    return catalogue.find(LINEAR)


def _records(faulty: bool) -> list[dict]:
    records = []
    for bug in (catalogue.find(LINEAR), catalogue.find(RANDOM)):
        faults = (bug.slug,) if faulty else ()
        found = worker.run_job(bug.slug, str(bug.path), bug.functions, "emu", "float32", faults)
        records.append({"snippet": bug.slug, "code": bug.code_hash, "dtype": "float32"} | found)
    return records


@pytest.fixture(scope="session")
def emulated_run() -> dict:
    """A run as it is stored in results/local."""
    return results.check({"schema": 1, "provenance": provenance.collect("emu"), "records": _records(False)}, "emulated")


@pytest.fixture
def mac_run(emulated_run) -> dict:
    """The same as if a Mac had made it, sick: for the pages' words only, no fact about any Mac."""
    records = _records(True)
    return results.check({"schema": 1, "provenance": emulated_run["provenance"] | MAC, "records": records}, "mac")
