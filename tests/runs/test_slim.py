"""Slim runs say what the whole ones say, and many of them fit into memory."""

import copy
import json
import tracemalloc

import pytest

from mpscheck.runs import numerics, results, slim
from mpscheck.site import words

KINDS = sorted(numerics.SHOWS)


@pytest.fixture
def folder(tmp_path, mac_run):
    """Six runs of 200 records."""
    for number in range(6):
        run = mac_run | {"records": [copy.deepcopy(mac_run["records"][0]) for _ in range(200)]}
        (tmp_path / f"run-{number}.json").write_text(json.dumps(run))
    return tmp_path


def several(healthy: dict, sick: dict) -> list[dict]:
    """Records of one, two and three attempts, of all that can become of an attempt."""
    right, wrong = (run["records"][0]["attempts"][0] for run in (healthy, sick))
    failed = [
        {"outcome": word, "reason": f"it was {word}", "stderr": "noise", "before": [], "functions": {}}
        for word in ("crash", "hang", "memory", "unfit", "gpu-fault")
    ]
    control_is_right = {
        "outcome": "error", "reason": "it raised", "before": [],
        "functions": {"control": right["functions"]["control"]},
    }  # fmt: skip
    attempts = [right, wrong, *failed, control_is_right]
    tried = [[one] for one in attempts] + [[one, two] for one in attempts for two in attempts] + [[right, right, wrong]]
    return [healthy["records"][0] | {"attempts": found} for found in tried] + healthy["records"] + sick["records"]


def test_a_slim_record_has_the_verdicts_and_the_figures_of_the_whole_one(emulated_run, mac_run):
    run = mac_run | {"records": several(emulated_run, mac_run)}
    found = slim.slim(results.check(run, "run"))["records"]
    assert len(found) == len(run["records"]) > 70
    for small, record in zip(found, run["records"], strict=True):
        attempt = numerics.deciding(record)
        assert (small.snippet, small.code, small.dtype) == (record["snippet"], record["code"], record["dtype"])
        assert [small.verdict(name) for name in slim.FUNCTIONS] == [
            numerics.verdict(record, name) for name in slim.FUNCTIONS
        ]
        assert [small.finding(kind) for kind in KINDS] == [numerics.finding(record, kind) for kind in KINDS]
        assert (small.outcome, small.reason) == (attempt["outcome"], attempt.get("reason"))
        assert list(small.functions) == list(attempt["functions"])
        assert words.figures(small.figures) == words.figures(slim.figures(attempt["functions"].get("compute")))
    assert {small.verdict() for small in found} >= {"agrees", "wrong", "crash", "hang", "nondeterministic"}


def test_the_worst_of_several_outputs_is_told_with_its_place(mac_run):
    numbers = copy.deepcopy(mac_run["records"][0]["attempts"][0]["functions"])
    right, wrong = numbers["control"]["outputs"][0], numbers["compute"]["outputs"][0]
    told = slim.figures({"outputs": [right, wrong, right], "repeats": 3, "wrong_runs": 2})
    first = wrong["first_wrong"]
    assert (told.place, told.of, told.wrong_runs, told.wrong) == (2, 3, 2, wrong["device"]["wrong"])
    assert told.first_wrong == slim.First(tuple(first["index"]), first["device"], first["cpu"], first["exact"])
    other = {"shape": [2], "dtype": "float32", "cpu_shape": None, "cpu_dtype": None}
    assert slim.figures({"outputs": [right, other], "repeats": 3}).other_shape


def test_runs_are_read_one_after_the_other(folder):
    """What is kept of all is less than three quarters of their text; beside it stands one whole run at most."""
    text = len((folder / "run-0.json").read_bytes())
    next(slim.read(folder))  # the validator and what else is made once
    tracemalloc.start()
    try:
        kept = dict(slim.read(folder))
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert list(kept) == [f"run-{number}" for number in range(6)]
    assert all(len(run["records"]) == 200 for run in kept.values())
    assert now < 6 * text * 3 / 4 and peak - now < 6 * text


def test_a_bad_file_among_them_is_named(folder):
    (folder / "run-3.json").write_text('{"schema": 2}')
    reading = slim.read(folder)
    assert [next(reading)[0] for _ in range(3)] == ["run-0", "run-1", "run-2"]
    with pytest.raises(results.BadResults, match=r"^run-3\.json is not a run file"):
        next(reading)
