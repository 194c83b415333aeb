"""A bad snippet costs one record and never the run; what was measured is never lost."""

import copy
import dataclasses
import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from mpscheck.bugs import catalogue
from mpscheck.cli import main
from mpscheck.runs import numerics, provenance, results, runner
from mpscheck.site.inputs import read_inputs
from runs.faults import RIGHT, snippet

GOOD = catalogue.BUGS / "linear-noncontiguous-weight.py"


def as_fresh(bug, fresh: bool = True):
    """The same bug, each of whose functions wants a process of its own."""
    return dataclasses.replace(bug, check=dataclasses.replace(bug.check, fresh=fresh))


BAD = {
    "segfault": ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crash", "SIGSEGV"),
    "os-exit": ("import os; os._exit(5)", "crash", "exit code 5"),
    "sys-exit": ("import sys; sys.exit(0)", "error", "SystemExit"),
    "hang": ("import time; time.sleep(600)", "hang", "no answer within"),
    "flood": ("print('x' * 1000, flush=True)\n" * 2000 + "raise RuntimeError('flooded')", "error", "flooded"),
    "memory": ("big = [torch.ones(1 << 26) for _ in range(8)]; import time; time.sleep(600)", "memory", "memory limit"),
    "no-kernel": ("raise NotImplementedError('no such kernel on mps')", "unsupported", "no such kernel"),
    "shapes": (
        "return tuple(torch.zeros(2) for _ in range(101))",
        "error",
        "what was measured is not a record of a run file",
    ),
    "raises": ("raise ValueError('first line\\nsecond line')", "error", "ValueError: first line"),
}


def test_each_kind_of_bad_snippet_costs_one_record(tmp_path):
    """What takes the process with it: test_faults.py."""
    names = [name for name, (_, outcome, _) in BAD.items() if outcome in ("error", "unsupported")] + ["memory"]
    bugs = [snippet(tmp_path, name, BAD[name][0]) for name in names]
    good = catalogue.read(GOOD)
    jobs = [runner.Job(bug) for one in bugs for bug in (one, good)]
    records = list(runner.run(jobs, "cpu", timeout=20, memory_limit=5 * 2**28))
    for name, record in zip(names, records[::2], strict=True):
        attempt = numerics.deciding(record)
        assert (name, attempt["outcome"]) == (name, BAD[name][1])
        assert BAD[name][2] in attempt["reason"]
        assert "\n" not in attempt["reason"]
    assert [numerics.verdict(record) for record in records[1::2]] == ["agrees"] * len(names)
    results.check(results.document(PROVENANCE, records), "records of bad snippets")


PROVENANCE = {
    "evidence": "measured",
    "date": "2026-01-01T00:00:00+00:00",
    "torch": "2.13.0",
    "torch_git": None,
    "python": "3.11.7",
    "device": "cpu",
    "gpu": None,
    "virtual": False,
    "chip": "x86_64",
    "system": "Linux",
    "macos": None,
    "macos_build": None,
    "mpsgraph": None,
    "runner": None,
    "variables": {},
}


def test_what_is_written_to_stderr_is_kept_without_names_of_this_machine(tmp_path):
    """A GPU fault is told there alone; a crash takes with it what the process knew."""
    loud = "import sys; print(f'fault in {__file__} of ' + '/Users/jane/lib/kernel.metal', file=sys.stderr)\n"
    bugs = [
        snippet(tmp_path, "tells", loud + "return F.linear(x.to(device), w.to(device).T)"),
        snippet(tmp_path, "tells-and-crashes", loud + "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"),
        snippet(tmp_path, "floods", "import sys; print('y' * 3_000_000, file=sys.stderr)\nraise ValueError(__file__)"),
        catalogue.read(GOOD),
    ]
    found = [record["attempts"][0] for record in runner.run([runner.Job(bug) for bug in bugs], "cpu")]
    assert [attempt["outcome"] for attempt in found] == ["measured", "crash", "error", "measured"]
    line = "fault in …/tells.py of …/kernel.metal"
    assert line in found[0]["stderr"]
    assert "fault in …/tells-and-crashes.py of …/kernel.metal" in found[1]["stderr"]
    assert 0 < len(found[2]["stderr"]) <= 2000
    assert found[2]["reason"] == "ValueError: …/floods.py"
    assert "stderr" not in found[3]


def test_a_record_says_what_ran_before_it_and_fresh_ones_run_alone(tmp_path):
    first = snippet(tmp_path, "first", "return F.linear(x.to(device), w.to(device).T)")
    leak = "import builtins\ncount = builtins.__dict__.setdefault('calls', [])\ncount.append(1)\nreturn torch.tensor([float(len(count))])"
    stateful = snippet(tmp_path, "stateful", leak, '    "fresh": True,\n')
    good = catalogue.read(GOOD)
    one, two, three = runner.run([runner.Job(first), runner.Job(stateful), runner.Job(good)], "cpu")
    attempts = [record["attempts"][0] for record in (one, two, three)]
    assert [(record["snippet"], attempt["before"]) for record, attempt in zip((one, two, three), attempts)] == [
        ("first", []),
        ("linear-noncontiguous-weight", ["first"]),
        ("stateful", []),
    ]
    assert set(attempts[2]["functions"]) == {"compute", "control", "workaround"}


def mpscheck(*args, cwd):
    """The command as a user types it."""
    command = [sys.executable, "-m", "mpscheck.cli", *args]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120)


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    """The same in this process, in a folder of its own, without the seconds of a new process."""
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(main, args)


def test_run_a_strangers_file_and_store_the_numbers(tmp_path):
    snippet(tmp_path, "mine", "return F.linear(x.to(device), w.to(device).T)")
    done = mpscheck("run", "mine.py", "--device", "emu", "--out", "run.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "agrees" in done.stdout and "1 measured on emu" in done.stdout
    run = results.read(tmp_path / "run.json")
    assert run["provenance"]["evidence"] == "emulated"
    [attempt] = run["records"][0]["attempts"]
    assert run["dtypes"] == ["float32"]
    assert all(output["equals_cpu"] for output in attempt["functions"]["compute"]["outputs"])


def test_a_sick_device_is_not_as_expected(invoke, tmp_path, monkeypatch):
    slug = "linear-noncontiguous-weight"
    monkeypatch.setenv("MPSCHECK_FAULTS", slug)  # which the worker reads
    done = invoke("run", slug, "--device", "emu", "--out", "run.json")
    assert done.exit_code == 1
    assert f"NOT AS EXPECTED: {slug}" in done.stderr
    assert numerics.verdict(results.read(tmp_path / "run.json")["records"][0]) == "wrong"


@pytest.mark.parametrize(
    "args, words",
    [
        (("run", "nope"), "there is no bug 'nope'"),
        (("run", "gone.py"), "gone.py"),
        (("run", "broken.py"), "needs a docstring"),
        (("run", "--device", "mps"), "no device 'mps' that it can use"),
        (("run", "--device", "cuda"), "Torch not compiled with CUDA enabled"),
        (("run", "--device", "toaster"), "RuntimeError: Expected one of cpu, cuda, "),
        (
            ("run", "linear-noncontiguous-weight", "--device", "emu", "--resume", "--out", "bad.json"),
            "bad.json is not a run file",
        ),
        (("run", "linear-noncontiguous-weight", "--device", "emu", "--out", "/proc/none/run.json"), "cannot write"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(invoke, tmp_path, args, words):
    (tmp_path / "broken.py").write_text("x = 1\n")
    (tmp_path / "bad.json").write_text('{"schema": 1}')
    done = invoke(*args)
    assert done.exit_code == 2, done.stderr
    assert words in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_name_that_is_misspelt(tmp_path):
    done = mpscheck("run", "linear-noncontiguous-weihgt", cwd=tmp_path)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "did you mean linear-noncontiguous-weight" in done.stderr


def test_a_run_without_a_number_is_none_and_its_records_are_kept(invoke, tmp_path):
    for name in ("a-quick", "b-broken"):
        snippet(tmp_path, name, RIGHT)
    snippet(tmp_path, "b-broken", "import os; os._exit(3)")
    arguments = ("--device", "cpu", "--out", "run.json", "--resume")
    done = invoke("run", "b-broken.py", *arguments)
    assert done.exit_code == 2 and done.stdout.startswith("crash") and "exit code 3" in done.stdout
    assert "NOTHING WAS MEASURED on cpu: what happened stands in run.part.jsonl" in done.stderr
    assert not (tmp_path / "run.json").exists()
    done = invoke("run", "a-quick.py", *arguments)
    assert done.exit_code == 0 and "1 measured on cpu, torch" in done.stdout and "1 kept from before" in done.stdout
    assert not (tmp_path / "run.part.jsonl").exists()
    records = results.read(tmp_path / "run.json")["records"]
    assert [(r["snippet"], [a["outcome"] for a in r["attempts"]]) for r in records] == [
        ("a-quick", ["measured"]),
        ("b-broken", ["crash", "crash"]),
    ]


def test_a_full_disk_loses_nothing_that_was_written(tmp_path, monkeypatch):
    target = tmp_path / "run.json"
    results.write_atomic(target, "old\n")
    monkeypatch.setattr(os, "fsync", lambda fd: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        results.write_atomic(target, "new\n")
    assert target.read_text() == "old\n"
    assert [p.name for p in tmp_path.iterdir()] == ["run.json"]


def compute_of(run: dict) -> dict:
    return run["records"][0]["attempts"][0]["functions"]["compute"]


@pytest.fixture(scope="module")
def good_run() -> dict:
    """A run of one real snippet."""
    records = list(runner.run([runner.Job(catalogue.read(GOOD))], "cpu"))
    return results.document(PROVENANCE, records)


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda run: run["provenance"].update(device="emu"), "evidence"),
        (lambda run: run["records"][0].update(verdict="agrees"), "verdict"),
        (lambda run: run["records"][0].update(snippet="../../etc"), "snippet"),
        (lambda run: compute_of(run)["outputs"][0]["device"].update(rms="<script>"), "functions/compute"),
        (lambda run: run["records"][0]["attempts"][0].update(outcome="hang"), "reason"),
        (lambda run: run["records"][0].update(attempts=[]), "attempts"),
        (lambda run: run.update(schema=1), "schema"),
        (lambda run: run.update(extra=1), "extra"),
    ],
)
def test_a_run_file_that_does_not_follow_the_schema_is_refused(tmp_path, good_run, change, words):
    run = copy.deepcopy(good_run)
    results.write(tmp_path / "good.json", run)
    change(run)
    (tmp_path / "bad.json").write_text(json.dumps(run))
    with pytest.raises(results.BadResults, match="bad.json is not a run file") as caught:
        results.read(tmp_path / "bad.json")
    assert words in str(caught.value)
    with pytest.raises(results.BadResults):
        results.write(tmp_path / "never.json", run)
    assert not (tmp_path / "never.json").exists()


def test_a_file_that_is_no_json_is_refused(tmp_path):
    for text in ("", "{", "[" * 100_000):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(results.BadResults, match="bad.json cannot be read"):
            results.read(tmp_path / "bad.json")


# ---- new processes on the emulated device: forks of a server


def test_a_bad_snippet_in_a_new_emulated_process_costs_one_record(tmp_path):
    with runner.Worker("emu", timeout=5, memory_limit=5 * 2**28, emulated="1") as one:
        for name in ("segfault", "os-exit", "hang", "memory", "raises"):
            bug = as_fresh(snippet(tmp_path, name, BAD[name][0]))
            [attempt] = one.measure(runner.Job(bug))["attempts"]
            assert (name, attempt["outcome"]) == (name, BAD[name][1])
            assert BAD[name][2] in attempt["reason"]
        good = as_fresh(catalogue.read(GOOD))
        assert numerics.verdict(one.measure(runner.Job(good))) == "agrees"


@pytest.mark.parametrize("mode", ["1", "honest"])
def test_a_new_emulated_process_gives_the_numbers_of_a_warm_one(mode):
    good = catalogue.read(GOOD)

    def numbers(fresh, sick):
        functions = one.measure(runner.Job(as_fresh(good, fresh), sick))["attempts"][0]["functions"]
        return {
            name: {key: value for key, value in found.items() if key != "seconds"} for name, found in functions.items()
        }

    with runner.Worker("emu", emulated=mode) as one:
        healthy, sick = ([numbers(fresh, faults) for fresh in (False, True)] for faults in ((), (GOOD.stem,)))
    assert healthy[0] == healthy[1] != sick[0] == sick[1]
    assert healthy[0].keys() == sick[0].keys() == {"compute", "control", "workaround"}


def test_a_new_emulated_process_has_met_nothing(tmp_path):
    body = "import builtins\nmet = hasattr(builtins, 'met')\nbuiltins.met = True\nreturn torch.ones(2, device=device) * met"
    bug = as_fresh(snippet(tmp_path, "state-of-process", body))
    with runner.Worker("emu", emulated="1") as one:
        records = [one.measure(runner.Job(bug)) for _ in range(2)]
    # the first call meets nothing, the second and third of a process what the first left
    outputs = [compute_of({"records": [record]})["outputs"][0] for record in records]
    assert [output["spread"]["max"] for output in outputs] == [1.0, 1.0]


def test_this_machines_own_file_of_an_older_schema_is_measured_again(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "LOCAL", tmp_path)
    name = f"{provenance.run_id(provenance.collect('emu'))}.json"
    (tmp_path / name).write_text('{"schema": 1}')
    done = CliRunner().invoke(main, ["run", "linear-noncontiguous-weight", "--device", "emu", "--resume"])
    assert done.exit_code == 0 and "all is measured again" in done.stderr
    assert results.read(tmp_path / name)["records"]


def test_the_site_leaves_out_this_machines_own_file_of_an_older_schema(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "LOCAL", tmp_path)
    (tmp_path / "emu_1_torch2.13.0.json").write_text('{"schema": 1}')
    assert read_inputs().local == {}
