"""What the sweep finds on the emulated device, and what its command does."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from mpscheck.bugs import catalogue
from mpscheck.cli import main
from mpscheck.commands.sweep import chosen
from mpscheck.emulation import faults
from mpscheck.places import RESULTS
from mpscheck.runs.results import BadResults
from mpscheck.sweep import diagnosis, work
from mpscheck.sweep.database import all_entries, in_order

HEALTHY = (
    "own/linear",
    "own/copy-into",
    "own/index-assign",
    "own/random-rand",
    "nn.functional.gelu",
    "sort",
    "argsort",
)


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_device_is_right_in_every_layout(name):
    found = work.sweep(name, "emu", 0)
    assert found["findings"] == [] and found["counts"]["agrees"] > 5


@pytest.mark.parametrize(
    ("slug", "entry", "op", "when"),
    [
        ("gelu-noncontiguous", "nn.functional.gelu", "gelu", ["self.layout == permuted"]),
        ("bmm-conj-mh-ignored", "own/bmm", "bmm", ["mat2.conj == true"]),
        ("relu-nan-to-zero", "nn.functional.relu", "relu", ["self has nan"]),
        ("expand-uint8-zero", "expand", "expand", ["self.dtype == uint8"]),
    ],
)
def test_an_imitated_fault_is_found_named_and_its_trigger_inferred(slug, entry, op, when):
    with faults.only(faults.of_bug(catalogue.find(slug))):
        swept = work.sweep(entry, "emu", 0)
        by_op = diagnosis.ops_of(entry, "emu", 0, swept["findings"])
        assert list(by_op) == [op]
        cases = [one["case"] for one in by_op[op]]
        found = diagnosis.described(op, [entry], cases, "emu", 0, program=False)
    assert slug in found["known"]
    assert found["trigger"] == [{"op": [op], "when": when}]
    right, of = found["fresh"]
    assert right >= 0.98 * of > 10 and found["smallest"]["case"]["entry"] == entry


def test_writing_beside_a_view_is_found():
    with faults.only(faults.of_bug(catalogue.find("zero-on-element-view-zeroes-neighbour"))):
        found = work.sweep("own/zero", "emu", 0)["findings"]
    assert found and {one["verdict"] for one in found} == {"around"} and {one["class"] for one in found} == {"layout"}


def test_our_own_calls_come_first_and_the_seed_orders_the_rest():
    names = list(all_entries())
    first, second = in_order(names, 0), in_order(names, 1)
    own = [name for name in names if name.startswith("own/")]
    assert first[: len(own)] == second[: len(own)] == own and first != second and sorted(first) == sorted(second)


def test_shards_share_the_ops_and_an_unknown_one_is_named():
    there = ["add", "own/linear", "sort", "sub"]
    parts = [chosen(there, (), 0, (part, 3)) for part in (1, 2, 3)]
    assert sorted(one for part in parts for one in part) == there and chosen(there, ("s",), 0, (1, 1)) == in_order(
        ["sort", "sub"], 0
    )
    with pytest.raises(BadResults, match="no op that is swept begins with 'x'"):
        chosen(there, ("x",), 0, (1, 1))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--shard", "0/3"], "--shard is I/N"),
        (["--shard", "4/3"], "--shard is I/N"),
        (["--shard", "one"], "--shard is I/N"),
        (["--minutes", "0"], "above 0"),
        (["--minutes", "nan"], "above 0"),
        (["--processes", "0"], "above 0"),
        (["--processes", "x"], "not a valid integer"),
    ],
    ids=str,
)
def test_a_bad_argument_is_one_sentence(arguments, words):
    done = CliRunner().invoke(main, ["sweep", "--device", "emu", *arguments])
    assert done.exit_code == 2 and words in done.output and "Traceback" not in done.output


def command(path, *more):
    return [
        sys.executable,
        "-m",
        "mpscheck.cli",
        "sweep",
        "--device",
        "emu",
        "--out",
        str(path),
        "--processes",
        "1",
        *more,
    ]


def test_a_killed_sweep_goes_on_where_it_was(tmp_path):
    out, part = tmp_path / "sweep.json", tmp_path / "sweep.part.jsonl"
    names = ["own/attention", "own/conv", "own/copy", "own/linear"]
    first = subprocess.Popen(command(out, *names), stderr=subprocess.DEVNULL, start_new_session=True)
    while first.poll() is None and (not part.exists() or part.read_text().count("\n") < 3):
        time.sleep(0.02)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert not out.exists()
    before = [json.loads(line) for line in part.read_text().splitlines()[1:]]
    done = subprocess.run(command(out, "--resume", *names), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    after = json.loads(out.read_text())
    assert after["entries"] > len(before) >= 2 and after["groups"] == [] and not part.exists()
    again = done.stderr.count("sweeping emu ")
    assert again == after["entries"] - len(before)  # what was there is not swept again


EACH = """
import contextlib, io, json, sys, torch
for one in json.load(open(sys.argv[1]))["findings"]:
    torch.manual_seed(0)
    try:
        exec(one["program"], {})
    except AssertionError:
        continue
    print(one["op"])
"""


def test_each_published_finding_on_this_cpu_fails_as_it_says():
    import torch

    found = json.loads((RESULTS / "found.json").read_text("utf-8"))["findings"]
    assert all(len(one["program"].splitlines()) <= 15 for one in found)
    if torch.__version__.split("+")[0] != "2.13.0":
        pytest.skip("they are about torch 2.13.0")
    done = subprocess.run([sys.executable, "-c", EACH, RESULTS / "found.json"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
