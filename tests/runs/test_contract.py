"""The contract at full width, from a snippet's file to the record and what a run says: made-up snippets, real workers."""

import json
import textwrap

import psutil
import pytest
from click.testing import CliRunner

from mpscheck import lint
from mpscheck.bugs import catalogue
from mpscheck.cli import main
from mpscheck.commands import controls
from mpscheck.known.expected import is_surprise
from mpscheck.lint import mend
from mpscheck.runs import made_of, numerics, results, runner

FACTS = {
    "issue": "made/up#1",
    "kind": "wrong",
    "family": "reduction",
    "affected": "==2.8.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [{"thread": "made/up#1", "date": "2026-01-01", "torch": "2.8.0"}],
    "trigger": [{"op": ["sum"], "when": ["self.ndim == 2"]}],
    "effect": "scales(result, 1.5)",
    "no_workaround": "made up",
}
COMPUTE = "return x.to(device).sum(1)"
CONTROL = "return x.to(device) + 1"


@pytest.fixture
def snippet(tmp_path):
    """snippet(compute, control, more, field=value): a bug read from a file; None takes a field out."""

    def write(compute: str = COMPUTE, control: str = CONTROL, more: str = "", slug="sum-made-up", **fields):
        facts = {name: value for name, value in {**FACTS, **fields}.items() if value is not None}
        parts = [
            f'"""`sum` is made up.\n\nFor a test.\n"""\n\nBUG = {facts!r}\n\nimport torch\n',
            "def inputs():\n    return (torch.randn(64, 64, generator=torch.Generator().manual_seed(0)),)\n",
            f"def compute(device, x):\n{textwrap.indent(compute, '    ')}\n",
            f"def control(device, x):\n{textwrap.indent(control, '    ')}\n",
            *([more] if more else []),
        ]
        path = tmp_path / f"{slug}.py"
        path.write_text(mend.with_main_block("\n\n".join(parts)), encoding="utf-8")
        return catalogue.read(path)

    return write


def measured(bug, device: str = "cpu", **options) -> list[dict]:
    return list(runner.run(runner.jobs_of(bug), device, **options))


@pytest.fixture(scope="module")
def worker():
    """One worker on the healthy emulated device."""
    with runner.Worker("emu", emulated="1") as one:
        yield one


def test_the_linter_takes_each_of_these(snippet):
    crash = {"kind": "crash", "effect": None, "absent": {"effect": "it would end the process"}}
    compiled = {"family": "compile", "trigger": None, "effect": None, "absent": {"trigger": "none", "effect": "none"}}
    block = "def reference(x):\n    return x.double().sum(1)\n"
    for fields in (
        {"dtypes": ["float16", "bfloat16"]},
        {"kind": "error", "effect": "raises(RuntimeError)"},
        {"kind": "nondeterministic", "repeats": 20, "rate": 0.25},
        {"memory": 6, "more": block},
        crash,
        compiled,
    ):
        path = snippet(**fields).check.path
        path.write_text(mend.mended(path.read_text()))
        assert lint.problems_of_file(path) == [], fields
    path = snippet("return x.to(device).half().sum(1)").check.path
    path.write_text(mend.mended(path.read_text()))
    assert [rule for rule, _ in lint.problems_of_file(path)] == ["dtypes"]


# ---- dtypes


def test_each_dtype_has_a_record_and_the_trigger_decides_which_is_wrong(snippet, worker):
    half = [{"op": ["sum"], "when": ["self.dtype == float16", "self.ndim == 2"]}]
    bug = snippet(dtypes=["float16", "bfloat16"], trigger=half)
    healthy = [worker.measure(job) for job in runner.jobs_of(bug)]
    assert [(record["dtype"], numerics.verdict(record)) for record in healthy] == [
        ("float16", "agrees"), ("bfloat16", "agrees")
    ]  # fmt: skip
    output = healthy[0]["attempts"][0]["functions"]["compute"]["outputs"][0]
    assert output["dtype"] == "float16" and output["cpu"]["max"] > 0  # rounded, and held against float64
    assert worker.matches(bug) == {"compute": 1, "control": 0}
    assert worker.matches(snippet(trigger=half)) == {"compute": 0, "control": 0}  # in float32 it never fires


def test_a_naive_half_in_compute_looks_wrong_where_dtypes_does_not(snippet):
    """Why the linter refuses it: the honest device rounds otherwise, and the reference has no digits to see that."""
    naive = snippet("half = x.to(device).half()\nreturn half @ half")
    said = snippet("return x.to(device) @ x.to(device)", slug="dtypes-said", dtypes=["float16"])
    with runner.Worker("emu", emulated="honest") as honest:
        assert numerics.verdict(honest.measure(runner.Job(naive))) == "wrong"
        assert numerics.verdict(honest.measure(runner.jobs_of(said)[0])) == "agrees"


def test_the_command_says_each_dtype_and_the_worst_speaks(snippet, tmp_path, monkeypatch):
    only_half = 'y = x.to(device).sum(1)\nreturn y * 1.5 if y.dtype is torch.float16 and device != "cpu" else y'
    snippet(only_half, dtypes=["float16", "bfloat16"])
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["run", "sum-made-up.py", "--device", "emu", "--out", "run.json"])
    assert done.exit_code == 1 and "NOT AS EXPECTED: sum-made-up" in done.stderr
    assert done.stdout.startswith("wrong          sum-made-up in float16 (wrong), bfloat16 (agrees)")
    run = results.read(tmp_path / "run.json")
    assert run["dtypes"] == ["bfloat16", "float16"]
    again = CliRunner().invoke(main, ["run", "sum-made-up.py", "--device", "emu", "--out", "run.json", "--resume"])
    assert "0 measured on emu" in again.stdout and "2 kept from before" in again.stdout


def test_controls_are_made_anew_where_the_metadata_changes_what_is_measured(snippet):
    plain = made_of.of_check(snippet())["check"]
    assert made_of.of_check(snippet(danger=3, memory=1))["check"] == plain
    changed = [snippet(**{name: value}) for name, value in (("dtypes", ["float16"]), ("repeats", 9), ("repeats", 8))]
    assert len({plain, *(made_of.of_check(bug)["check"] for bug in changed)}) == 4


# ---- the kinds


RAISES = 'if device != "cpu":\n    raise RuntimeError("refused")\n'


@pytest.mark.parametrize(
    ("kind", "found", "affected", "not_affected"),
    [
        ("wrong", "wrong", False, True),
        ("wrong", "nan", False, True),
        ("wrong", "agrees", True, False),
        ("wrong", "error", True, True),
        ("wrong", "unsupported", True, False),
        ("error", "error", False, True),
        ("error", "unsupported", False, True),
        ("error", "agrees", True, False),
        ("error", "wrong", True, True),
        ("crash", "crash", False, True),
        ("crash", "gpu-fault", False, True),
        ("crash", "hang", True, True),
        ("hang", "hang", False, True),
        ("hang", "agrees", True, False),
        ("memory", "memory", False, True),
        ("memory", "wrong", False, True),
        *((kind, found, False, False) for kind in ("wrong", "error", "crash") for found in ("not-run", "unfit")),
    ],
)
def test_a_surprise_is_judged_by_the_kind(kind, found, affected, not_affected):
    assert is_surprise(found, "affected", kind) is affected
    assert is_surprise(found, "not affected", kind) is not_affected
    assert not is_surprise(found, "unknown", kind)


def test_an_error_shows_beside_a_control_that_is_right(snippet, worker):
    one = worker.measure(runner.Job(snippet(RAISES + COMPUTE, kind="error")))
    [attempt] = one["attempts"]
    assert (attempt["outcome"], attempt["reason"]) == ("error", "RuntimeError: refused")
    assert set(attempt["functions"]) == {"control"} and numerics.verdict(one, "control") == "agrees"
    assert numerics.finding(one, "error") == "error"
    both = worker.measure(runner.Job(snippet(RAISES + COMPUTE, RAISES + CONTROL, kind="error")))
    assert numerics.verdict(both) == "error" and numerics.finding(both, "error") == "unfit"
    assert numerics.finding(both, "wrong") == "error"


def test_wrong_beside_a_control_that_is_wrong_too_tells_nothing(snippet, worker):
    faulty = 'return x.to(device).sum(1) * (1 if device == "cpu" else 2)'
    one, both = (worker.measure(runner.Job(snippet(faulty, control))) for control in (CONTROL, faulty))
    assert [numerics.finding(one, kind) for kind in ("wrong", "error")] == ["wrong", "wrong"]
    assert [numerics.finding(both, kind) for kind in ("wrong", "error")] == ["not-separable"] * 2
    assert numerics.reason(both, "wrong") == "the control, a call that this bug spares, is wrong too"


def test_what_the_cpu_or_the_reference_raises_is_no_finding(snippet, worker):
    of_cpu = 'if device == "cpu":\n    raise RuntimeError("no kernel for Half")\n' + COMPUTE
    for bug in (
        snippet(of_cpu, kind="error"),
        snippet(kind="error", more='def reference(x):\n    raise RuntimeError("out of luck")\n'),
        snippet(kind="error", more="def reference(x):\n    return x.sum(1)\n"),
    ):
        [attempt] = worker.measure(runner.Job(bug))["attempts"]
        assert attempt["outcome"] == "unfit" and attempt["reason"].startswith("NoReference: not on the device: "), (
            attempt
        )
        assert "control" in attempt["functions"]
    assert "compute it in torch.float64" in attempt["reason"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("crash", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"),
        ("hang", "import time\ntime.sleep(600)"),
        ("memory", "big = [torch.ones(1 << 26) for _ in range(8)]\nimport time\ntime.sleep(600)"),
    ],
)
def test_what_takes_the_process_with_it_leaves_the_control(snippet, kind, body):
    bug = snippet(body, kind=kind, effect=None, absent={"effect": "it would end the process"})
    with runner.Worker("emu", timeout=6, memory_limit=5 * 2**28, emulated="1") as one:
        record = one.measure(runner.Job(bug))
        assert numerics.verdict(record) == numerics.finding(record, kind) == kind
        assert numerics.verdict(record, "control") == "agrees"
        broken = one.measure(runner.Job(snippet(body, body, kind=kind, effect=None, absent={"effect": "made up"})))
        assert numerics.finding(broken, kind) == "unfit"  # the control dies too: the machine, not the op


@pytest.mark.parametrize("error", ["RuntimeError", "NotImplementedError"])
def test_the_controls_prove_an_error(snippet, error):
    bug = snippet(kind="error", effect=f"raises({error})")
    ((_, row),) = controls.measured([bug])
    assert controls.problems_of(row, bug) == []
    assert row["sick"]["control"] == "agrees" and error in row["reasons"]["sick"]
    assert row["calls"] == {"compute": 1, "control": 0}


def test_the_controls_prove_too_much_memory(snippet):
    bug = snippet(kind="memory", effect="raises(OutOfMemoryError)")
    ((_, row),) = controls.measured([bug])
    assert controls.problems_of(row, bug) == [] and row["sick"] == {"compute": "memory", "control": "agrees"}


# ---- memory and an own reference


def test_too_little_memory_is_skipped_and_no_surprise(snippet, tmp_path, monkeypatch):
    free = psutil.virtual_memory().available / 2**30
    assert free < 512
    bug = snippet(memory=512)
    [record] = measured(bug)
    [attempt] = record["attempts"]
    assert attempt["outcome"] == "not-run" and attempt["reason"].startswith("needs 512 GiB, ")
    ((_, row),) = controls.measured([bug])
    assert controls.skipped(row) and controls.problems_of(row, bug) == []
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["run", "sum-made-up.py", "--device", "emu", "--out", "run.json"])
    assert done.exit_code == 2 and "needs 512 GiB" in done.stdout and "NOTHING WAS MEASURED" in done.stderr
    assert numerics.verdict(measured(snippet(memory=0.001))[0]) == "agrees"


def test_what_states_its_memory_may_have_it(snippet):
    """The limit of all others would end it."""
    body = "big = torch.ones(1 << 27)\nimport time\ntime.sleep(1)\n" + COMPUTE
    few = 5 * 2**27
    assert numerics.verdict(measured(snippet(body), memory_limit=few)[0]) == "memory"
    assert numerics.verdict(measured(snippet(body, memory=2), memory_limit=few)[0]) == "agrees"


def test_an_own_reference_is_what_the_device_is_held_against(snippet, worker):
    """Given in float64 for inputs as the device got them; compute in float64 is then never asked for."""
    never = 'assert x.dtype is not torch.float64, "too large"\n' + COMPUTE
    blocks = "def reference(x):\n    return torch.stack([row.double().sum() for row in x])\n"
    bug = snippet(never, dtypes=["float16"], more=blocks)
    record = worker.measure(runner.jobs_of(bug)[0])
    assert numerics.verdict(record) == "agrees"
    assert 0 < record["attempts"][0]["functions"]["compute"]["outputs"][0]["cpu"]["max"] < 0.1
    without = worker.measure(runner.jobs_of(snippet(never, dtypes=["float16"]))[0])
    assert without["attempts"][0]["outcome"] == "unfit"


# ---- repeats


def test_how_many_of_the_repeats_were_wrong(snippet, worker, tmp_path, monkeypatch):
    rare = snippet(kind="nondeterministic", repeats=20, rate=0.25, effect="scales(result, 1.5) in 1 of 8 calls")
    ((_, row),) = controls.measured([rare])
    assert controls.problems_of(row, rare) == [] and row["sick"]["compute"] == "nondeterministic"
    seldom = 'calls = globals().setdefault("calls", [])\ncalls.append(device)\n'
    seldom += 'return x.to(device).sum(1) * (1.5 if calls.count("emu") % 8 == 0 and device == "emu" else 1)'
    record = worker.measure(runner.Job(snippet(seldom, kind="nondeterministic", repeats=20, rate=0.25)))
    compute = record["attempts"][0]["functions"]["compute"]
    assert (compute["repeats"], compute["wrong_runs"]) == (20, 2)
    assert numerics.verdict(record) == "nondeterministic"
    monkeypatch.chdir(tmp_path)
    snippet(kind="nondeterministic", repeats=20, rate=0.25)
    done = CliRunner().invoke(main, ["run", "sum-made-up.py", "--device", "emu", "--out", "run.json"])
    assert "0 of 20 runs wrong; what is wrong in 25.00% of runs would have shown with a chance of 99.68%" in done.stdout


def test_what_so_many_repeats_can_miss():
    assert numerics.chance_of_missing(0.25, 20) == pytest.approx(0.75**20)
    assert numerics.chance_of_missing(numerics.rate_seen(20), 20) == pytest.approx(numerics.MISSED)


# ---- compiled code, recurrent layers


COMPILED = "def reference(x):\n    return x.double().sum(1)\n"


def test_compiled_code_is_proven_healthy_alone(snippet):
    bug = snippet(
        "return torch.compile(lambda t: t.sum(1))(x.to(device))",
        more=COMPILED, family="compile", trigger=None, effect=None,
        absent={"trigger": "the code is generated: no aten op is called", "effect": "nothing to imitate it at"},
    )  # fmt: skip
    ((_, row),) = controls.measured([bug])
    assert controls.problems_of(row, bug) == [] and row["sick"] == {}
    assert row["healthy"] == row["honest"] == {"compute": "agrees", "control": "agrees"}


@pytest.mark.parametrize("layer", ["LSTM", "GRU"])
def test_a_recurrent_layer_agrees_by_the_rule(snippet, layer):
    body = f"""\
layer = torch.nn.{layer}(64, 8, batch_first=True)
for n, p in enumerate(layer.parameters()):
    torch.nn.init.constant_(p, 0.01 * (n + 1))
return layer.to(device, x.dtype)(x.to(device)[None])[0]"""
    op = layer.lower()
    bug = snippet(body, trigger=[{"op": [op]}], effect="scales(result, 1.5)", exempt="made up")
    ((_, row),) = controls.measured([bug])
    assert controls.problems_of(row, bug) == []
    assert json.dumps(row["healthy"]) == json.dumps({"compute": "agrees", "control": "agrees"})
