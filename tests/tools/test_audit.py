"""audit_mps.py: the built file, run on small programs. It must name the right line, and cry only where there is cause."""

import ast
import importlib.util
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter

import chosen
import pytest
import torch
import torch.nn.functional as F

from mpscheck.bugs import recorder
from mpscheck.runs import emulated
from mpscheck.runs.measure import load_module
from mpscheck.tools import bundle

SICK = ("--torch", "2.8.0", "--macos", "15")


@pytest.fixture(scope="session")
def tool_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("tool") / "audit_mps.py"
    path.write_text(bundle.build("audit_mps.py"), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tool(tool_file):
    """The built file as a module, as a notebook imports it."""
    spec = importlib.util.spec_from_file_location("audit_mps", tool_file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit_mps"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(tool, tmp_path, monkeypatch, capsys):
    """Run the command on a program given as text; gives (exit status, stdout, stderr)."""
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(sys, "path", list(sys.path))

    def audited(program: str, *options: str, arguments: tuple = ()):
        path = tmp_path / "experiment.py"
        path.write_text(textwrap.dedent(program), encoding="utf-8")
        status = tool.main([*options, str(path), *arguments])
        return status, *capsys.readouterr()

    return audited


def known(tool, changes: dict) -> tuple:
    """A catalogue of one bug: the first one, with these changes."""
    return tool.read_known([{**bundle.entries(bundle.catalogue.with_check())[0], **changes}])


def slugs(report) -> list[str]:
    return [finding.bug.slug for finding in report.findings]


TRANSPOSED = """\
import torch
import torch.nn.functional as F

weight = torch.ones(4, 3)

def layer(x):
    return F.linear(x, weight.T)

for _ in range(3):
    layer(torch.ones(2, 4))
"""


# ---- what is found, and where -------------------------------------------------------------------------------------


def test_a_transposed_weight_is_reported_with_its_line(run):
    status, out, _ = run(TRANSPOSED, *SICK)
    assert status == 3
    assert "MEETS A KNOWN BUG of torch 2.8.0, macOS 15: 1" in out
    assert "experiment.py:7: return F.linear(x, weight.T)" in out
    assert "calls linear 3 times" in out
    assert "weight: float32 (3, 4), strides (1, 3)" in out
    assert "https://github.com/pytorch/pytorch/issues/161640" in out
    assert ".T.contiguous()" in out


def test_a_healthy_program_gives_nothing(run):
    program = TRANSPOSED.replace("weight.T)", "weight.T.contiguous())")
    status, out, _ = run(program)
    assert status == 0
    assert "No call matched a known bug." in out
    assert out.rstrip().splitlines()[-1].startswith("Looked at: one run with one input; ")


def test_the_line_is_the_innermost_in_the_programs_folder(tool, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "layers.py").write_text("import torch\ndef f(x, w):\n    return torch._C._nn.linear(x, w)\n")
    (tmp_path / "other.py").write_text("def g(f, x, w):\n    return f(x, w)\n")
    spaces = {}
    for path in (tmp_path / "mine" / "layers.py", tmp_path / "other.py"):
        exec(compile(path.read_text(), str(path), "exec"), spaces)
    with tool.audit(folder=str(tmp_path / "mine")) as report:
        spaces["g"](spaces["f"], torch.ones(2, 4), torch.ones(4, 3).T)
    (finding,) = report.findings
    assert str(finding.user) == "layers.py:3"
    with tool.audit(folder=str(tmp_path / "elsewhere")) as report:
        spaces["g"](spaces["f"], torch.ones(2, 4), torch.ones(4, 3).T)
    (finding,) = report.findings
    assert finding.user.file.endswith("test_audit.py") or "pytest" in finding.user.file  # the outermost one


def test_transformer_bridge_is_named_with_its_modules_and_the_librarys_line(tool, root):
    from transformer_lens.model_bridge import TransformerBridge

    folder = root / "snippets" / "models" / "ioi-small"
    bridge = TransformerBridge.boot_transformers(str(folder), device="cpu")
    with torch.no_grad(), tool.audit(torch="2.8.0", folder=os.path.dirname(__file__)) as report:
        bridge(torch.tensor([[0, 5, 6, 7]]))
    (finding,) = [f for f in report.findings if f.bug.slug == "linear-noncontiguous-weight"]
    assert finding.count == 6  # Q, K and V of two layers
    assert set(finding.modules) == {f"Linear (blocks.{layer}.attn.{name})" for layer in (0, 1) for name in "qkv"}
    assert finding.user.code == "bridge(torch.tensor([[0, 5, 6, 7]]))"
    assert finding.library.file.startswith("transformer_lens/model_bridge/")
    assert report.exposed
    assert report.group(finding) == "affected"


ENCODER_OR_DECODER = """\
import torch, transformers

shape = dict(hidden_size=128, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, vocab_size=60)
config = transformers.{name}Config(**shape, pad_token_id=0, bos_token_id=1, eos_token_id=2, attn_implementation="sdpa")
model = transformers.{name}Model(config).eval()
with torch.no_grad():
    model(torch.tensor([[5, 6, 7, 8, 9, 10]]))
"""


@pytest.mark.parametrize("name, status", [("Bert", 3), ("GPT2", 0), ("Llama", 0)])
def test_a_short_text_meets_the_attention_bug_of_2_8_in_an_encoder_and_not_in_a_decoder(run, name, status):
    found, out, _ = run(ENCODER_OR_DECODER.format(name=name), *SICK)
    assert found == status
    assert ("pytorch/issues/163597" in out) == (name == "Bert")
    if name == "Bert":
        assert "MEETS A KNOWN BUG of torch 2.8.0, macOS 15: 1" in out
        assert "calls scaled_dot_product_attention 2 times" in out
        assert "attn_mask: not given; is_causal: False; dropout_p: 0.0" in out
        assert run(ENCODER_OR_DECODER.format(name=name), "--torch", "2.9.0", "--macos", "15")[0] == 0


def test_like_calls_that_differ_in_a_number_or_a_gradient_are_told_apart(tool):
    when = ["is_causal.value == false", "query.grad == false"]
    table = {"slug": "any", "triggers": [{"op": ["scaled_dot_product_attention"], "when": when}]}
    q = torch.ones(1, 1, 4, 8)
    with tool.audit(bugs=known(tool, table)) as report:
        F.scaled_dot_product_attention(q, q, q, is_causal=True)
        F.scaled_dot_product_attention(q.clone().requires_grad_(), q, q)
        assert report.findings == []
        F.scaled_dot_product_attention(q, q, q)
        with torch.no_grad():
            F.scaled_dot_product_attention(q.clone().requires_grad_(), q, q)
    assert [(f.doubt, f.count) for f in report.findings] == [(None, 1), (None, 1)], "two lines"


def test_a_call_in_a_thread_of_autograd_is_traced_to_the_line_that_waits(tool):
    bugs = known(tool, {"slug": "any", "triggers": [{"op": ["gelu_backward"]}]})
    weight = torch.ones(3, device="emu", requires_grad=True)
    with tool.audit(bugs=bugs, folder=os.path.dirname(__file__)) as report:
        loss = F.gelu(weight).sum()
        loss.backward()
    (finding,) = report.findings
    assert finding.user.code == "loss.backward()"


def test_repeated_calls_are_judged_once(tool, monkeypatch):
    weight, judged, decide = torch.ones(4, 3).T, [], tool.decide
    monkeypatch.setattr(tool, "decide", lambda *args: judged.append(args) or decide(*args))
    with tool.audit() as report:
        for _ in range(50):
            F.linear(torch.ones(2, 4), weight)
    (finding,) = report.findings
    assert finding.count == 50
    times = Counter((id(watch), call.op) for watch, call, _ in judged)
    assert set(times.values()) == {1, 2}, "twice what asks about earlier calls: the first such call is one"


def test_a_forward_like_those_before_asks_anew_only_what_reads_values(tool, monkeypatch):
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=20, n_embd=32, n_head=2, n_layer=2, n_positions=16, bos_token_id=0, eos_token_id=0)
    model, asked, decide = GPT2LMHeadModel(config).eval(), [], tool.decide
    monkeypatch.setattr(tool, "decide", lambda watch, *args: asked.append(watch.asked) or decide(watch, *args))
    with torch.no_grad(), tool.audit() as report:
        model(torch.arange(12)[None])
        first = len(asked)
        model(torch.arange(12)[None])  # each of its calls has the same ones before it from now on
        before, calls = len(asked), report.calls
        model(torch.arange(12)[None])
    again = asked[before:]
    assert report.calls > calls + 30 and all(trigger.reads for trigger in again)
    assert len(again) < first / 4


def test_values_are_read_at_each_call(tool):
    with tool.audit() as report:
        for fill in (0.0, float("-inf"), 1.0):
            torch.full((3, 3), fill).triu(1)
    assert [(f.bug.slug, f.count) for f in report.findings] == [("triu-minus-inf-gives-nan", 1)]


def test_a_trigger_on_the_result_is_judged_after_the_call(tool):
    with tool.audit() as report:
        torch.randn(2, 1, 1, 1, 3)
        torch.randn(2, 3)
    assert [(f.bug.slug, f.count) for f in report.findings] == [("rand-5d-batches-identical", 1)]


def test_a_program_that_is_compiled_is_seen_as_it_is_written(tool):
    @torch.compile
    def layer(x, w):
        return F.linear(x, w.T)

    with tool.audit() as report:
        layer(torch.ones(2, 4), torch.ones(4, 3))
    assert slugs(report) == ["linear-noncontiguous-weight"]


def test_the_other_level_finds_the_same(tool):
    found = []
    for two_modes, level in ((False, recorder.PRE_DISPATCH), (True, recorder.TWO_MODES)):
        with tool.audit(two_modes=two_modes) as report:
            F.linear(torch.ones(2, 4), torch.ones(4, 3).T)
        (finding,) = report.findings
        found.append((finding.bug.slug, finding.arguments, str(finding.user), finding.count))
        assert level in report.not_looked_at()
    assert found[0] == found[1]


def test_a_program_that_exports_runs_with_two_modes(run):
    program = TRANSPOSED + "torch.export.export(torch.nn.Linear(4, 3), (torch.ones(2, 4),))\n"
    status, out, err = run(program, "--two-modes", *SICK)
    assert (status, err) == (3, "")
    assert "ran to its end" in out


def unlike_what_it_must_find(tool, bug) -> list[str]:
    """Where the audit finds a bug other than in its own example, healthy or on the CPU."""
    example, wrong = load_module(bug.check.path), []
    dtype = getattr(torch, bug.check.dtypes[0])
    inputs = [t.to(dtype) if t.is_floating_point() else t for t in example.inputs()]
    for device, doubts in (("emu", (None,)), ("cpu", (None, tool.DEVICE_DOUBT))):
        for name in bug.check.functions:
            with tool.audit() as report:
                getattr(example, name)(device, *inputs)
            found = [finding.doubt for finding in report.findings if finding.bug.slug == bug.slug]
            if name == "compute":
                right = found and set(found) <= set(doubts)
            else:
                right = not found or (device == "cpu" and None not in found)
            wrong += [] if right else [f"{bug.slug}, {name} on {device}: {found}"]
    return wrong


TRIGGERED = tuple(bug for bug in bundle.catalogue.with_check() if bug.triggers)


def test_one_of_each_kind_is_found_in_its_own_example_and_not_in_what_avoids_it(tool):
    """The controls hold for each that its trigger fires in its example alone."""
    some = chosen.one_of_each(lambda bug: (bug.family, bug.kind), TRIGGERED)
    assert [said for bug in some for said in unlike_what_it_must_find(tool, bug)] == []


@pytest.mark.matrix
@pytest.mark.slow
def test_each_bug_is_found_in_its_own_example_and_not_in_what_avoids_it(tool):
    assert [said for bug in TRIGGERED for said in unlike_what_it_must_find(tool, bug)] == []


# ---- bugs of which nobody knows the condition ---------------------------------------------------------------------


def not_known(tool, **changes) -> tuple:
    table = {"triggers": [], "ops": ["neg"], "seen": "2025-01-01", "affected": "", "macos": None, "measured": {}}
    return known(tool, {**table, **changes})


def test_the_report_ends_with_bugs_of_called_ops_by_danger_and_old_copies_last(tool):
    bugs = (
        *not_known(tool, slug="copied", family="copy", seen="2022-01-01"),
        *not_known(tool, slug="older", seen="2023-05-05"),
        *not_known(tool, slug="newer", seen="2025-05-05", ops=["abs", "neg"]),
        *not_known(tool, slug="dangerous", seen="2022-02-02", danger=3),
        *not_known(tool, slug="there", affected=">=2.8,<2.9", introduced=None, seen="2021-01-01"),
        *not_known(tool, slug="cured", affected=">=2.5,<2.6", introduced=None),
        *not_known(tool, slug="of-another-op", ops=["exp"]),
    )
    with tool.audit(torch="2.8.0", bugs=bugs) as report:
        torch.ones(2).neg_()
    assert [one.bug.slug for one in report.condition_not_known] == [
        *("there", "dangerous", "newer", "older", "copied"),
        "cured",
    ]
    *before, last = str(report).split("\n\n")
    said = "KNOWN BUGS OF OPS THAT YOU CALL, CONDITION NOT KNOWN, on torch 2.8.0, any macOS: 5, and 1 of other versions"
    assert before[-1].startswith(said) and last.startswith("Looked at: ")
    assert "neg; no version of torch is known; last reported 2025-05-05; https://" in before[-1]
    assert not report.findings and not report.exposed
    named = {one["slug"]: (one["group"], one["ops"]) for one in report.data()["condition_not_known"]}
    assert named["newer"] == ("unknown", ["neg"]) and named["cured"][0] == "not affected"


def test_many_of_them_are_not_all_written_out(tool):
    bugs = tuple(bug for n in range(14) for bug in not_known(tool, slug=f"bug-{n:02}"))
    with tool.audit(bugs=bugs) as report:
        torch.ones(2).neg()
    text = str(report)
    assert text.count("last reported") == tool.UNCLEAR_SHOWN == 10
    assert "  and bug-10, bug-11, bug-12, bug-13\n" in text


def test_bugs_of_gradients_are_named_where_there_was_a_backward_pass(tool):
    bugs = not_known(tool, slug="gradient", family="autograd", ops=["gelu"])
    for backward, slugs_ in ((False, []), (True, ["gradient"])):
        with tool.audit(bugs=bugs) as report:
            loss = F.gelu(torch.ones(2, requires_grad=True)).sum()
            if backward:
                loss.backward()
        assert [one.bug.slug for one in report.condition_not_known] == slugs_


def test_the_file_carries_bugs_without_a_condition_and_a_gpt2_script_is_told_of_those_of_linear(run):
    _, out, _ = run(TRANSPOSED, *SICK)
    assert "CONDITION NOT KNOWN" in out
    assert "`nn.Linear` of long 3-D inputs is wrong on macOS 13.2.1." in out


# ---- versions and devices -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "version, group",
    [("2.7.1", "not affected"), ("2.8.0", "affected"), ("2.9.0", "not affected"), ("2.14.1", "not affected")],
)
def test_a_bug_is_filtered_by_the_version_asked_for(tool, version, group):
    with tool.audit(torch=version, macos="15") as report:
        F.linear(torch.ones(2, 4), torch.ones(4, 3).T)
    (finding,) = report.findings
    assert report.group(finding) == group
    assert report.exposed == (group == "affected")


def test_unknown_is_shown_apart_and_counted_never_hidden(run):
    program = "import torch\ntorch.randn(2, 1, 1, 1, 3)\n"
    status, out, _ = run(program, "--torch", "2.5.0")
    assert status == 0
    assert "UNKNOWN on torch 2.5.0, any macOS: 1" in out
    assert "experiment.py:2: torch.randn(2, 1, 1, 1, 3)" in out
    assert "NOT AFFECTED" not in out


def test_healthy_is_only_counted(run):
    status, out, _ = run(TRANSPOSED, "--torch", "2.9.0")
    assert status == 0
    assert "NOT AFFECTED on torch 2.9.0, any macOS: 1 (" in out
    assert "experiment.py:7" not in out


def test_without_a_version_every_known_bug_counts(run):
    status, out, _ = run(TRANSPOSED)
    assert status == 3
    assert "Asked for: any version" in out
    assert "torch >=2.8, <2.9, macOS >=15" in out


def test_a_condition_on_a_device_is_only_possible_on_the_cpu(tool):
    vector = torch.arange(5.0)
    with tool.audit(torch="2.12.0") as report:
        torch.ones(3) * vector[2]
        torch.ones(3) * vector[0]  # no offset: not even possible
        torch.ones(3) * 2.0  # a number, no tensor
    (finding,) = report.findings
    assert (finding.doubt, finding.count) == (tool.DEVICE_DOUBT, 1)
    assert not report.exposed
    assert "POSSIBLE on torch 2.12.0" in str(report)


def test_a_move_that_copies_nothing_on_the_cpu_is_possible_where_its_layout_fits(tool):
    x = torch.ones(3, 4)
    with tool.audit(torch="2.0.0") as report:
        x.t().to("cpu")
        x.t().to(torch.float64)  # asks for no device
        x.to("cpu")
    found = {f.bug.slug: (f.doubt, f.count, f.op) for f in report.findings}
    assert found["to-mps-transposed-scrambled"] == (tool.DEVICE_DOUBT, 1, "copy")
    assert {doubt for doubt, *_ in found.values()} == {tool.DEVICE_DOUBT} and not report.exposed


def test_where_a_run_has_two_devices_its_copies_decide(tool):
    x = torch.ones(3, 4)
    with tool.audit() as report:
        x.t().to("cpu")
        x.to("emu")
    assert "to-mps-transposed-scrambled" not in slugs(report)
    with tool.audit() as report:
        x.t().to("emu")
    assert [f.doubt for f in report.findings if f.bug.slug == "to-mps-transposed-scrambled"] == [None]


def test_a_condition_on_a_device_asks_for_a_tensor(tool):
    table = {"slug": "any", "triggers": [{"op": ["mul"], "when": ["other.device == cpu"]}]}
    with tool.audit(bugs=known(tool, table)) as report:
        torch.ones(3) * 2.0
        assert report.findings == []
        torch.ones(3) * torch.ones(3)
    assert [(f.doubt, f.count) for f in report.findings] == [(tool.DEVICE_DOUBT, 1)]


def test_a_trigger_that_no_snippet_has_tried_is_no_certain_match(tool):
    table = {"slug": "any", "triggers": [{"op": ["neg"], "when": ["self.ndim == 1"]}]}
    for draft, doubt in ((False, None), (True, tool.DRAFT_DOUBT)):
        with tool.audit(bugs=known(tool, {**table, "draft": draft})) as report:
            torch.ones(2).neg()
            torch.ones(2, 2).neg()
        assert [(f.doubt, f.count) for f in report.findings] == [(doubt, 1)]
        assert report.exposed == (not draft)


def test_where_devices_are_real_they_decide(tool):
    vector, on_device = torch.arange(5.0), torch.ones(3, device="emu")
    with tool.audit(torch="2.12.0") as report:
        on_device * vector[2]  # a CPU scalar: sick
        on_device * vector.to("emu")[2]  # all on the device: healthy
        torch.ones(3) * vector[2]  # all on the CPU, as it would be on a Mac
    (finding,) = report.findings
    assert (finding.doubt, finding.count, finding.device) == (None, 1, "emu")
    assert report.exposed


def test_every_call_of_an_op_is_no_certain_match(tool):
    with tool.audit(bugs=known(tool, {"slug": "any", "triggers": [{"op": ["neg"]}]})) as report:
        torch.ones(2).neg()
    assert [f.doubt for f in report.findings] == [tool.CALL_DOUBT]
    assert not report.exposed


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_nothing_is_computed_on_meta_tensors_and_those_without_strides_are_counted(tool):
    nested = torch.nested.nested_tensor([torch.ones(2, 3), torch.ones(1, 3)])
    with tool.audit() as report:
        F.linear(torch.ones(2, 4, device="meta"), torch.ones(4, 3, device="meta").T)
        assert not report.findings and not report.not_judged
        F.gelu(nested)
    assert report.not_judged == 1
    assert "could not be (sparse" in report.not_looked_at()


# ---- code that takes another path on mps --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code, asks",
    [
        ('if x.device.type == "mps": pass', True),
        ('if "mps" in str(device): pass', True),
        ('if device in ("cuda", "mps"): pass', True),
        ('if str(device).startswith("mps"): pass', True),
        ("if x.is_mps: pass", True),
        ("ok = torch.backends.mps.is_available()", True),
        ("if is_torch_mps_available(): pass", True),
        ("torch.mps.synchronize()", False),
        ('device = torch.device("mps")', False),
        ('name = "mps"', False),
        ('if x.device.type == "cuda": pass', False),
        ('if "bumps" in text: pass', False),
        ('"""Compares mps == cpu."""', False),
        ("from transformers.utils import is_torch_mps_available", False),
    ],
)
def test_asking_for_mps_is_recognized_in_the_syntax(tool, tmp_path, code, asks):
    file = tmp_path / "code.py"
    file.write_text(code, encoding="utf-8")
    assert tool.lines_that_ask(str(file)) == ((1,) if asks else ())


def test_match_statements_ask_too(tool):
    tree = ast.parse('match device.type:\n    case "mps":\n        pass\n')
    assert any(tool.asks_for_mps(node) for node in ast.walk(tree))


BRANCHED = """\
import torch
import torch.nn.functional as F

def layer(x, w):
    if x.device.type == "mps":
        return x @ w
    return F.linear(x, w.T)

layer(torch.ones(2, 4), torch.ones(4, 3))
"""


@pytest.mark.parametrize("sides", ["return", "else"])
def test_a_line_in_a_branch_on_mps_is_unknown_not_exposed(run, sides):
    program = BRANCHED if sides == "return" else BRANCHED.replace("    return F", "    else:\n        return F")
    status, out, _ = run(program, *SICK)
    assert status == 0
    assert "MEETS A KNOWN BUG" not in out
    assert "takes another path on mps: this line is in a branch that asks for mps" in out
    assert 'experiment.py:5: if x.device.type == "mps":' in out


def test_lines_of_imported_packages_are_listed(tool):
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=20, n_embd=8, n_head=2, n_layer=1, n_positions=8, bos_token_id=0, eos_token_id=0)
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad(), tool.audit() as report:
        model(torch.tensor([[1, 2, 3]]))
    files = {place.file for place, _ in report.other_paths}
    assert files
    assert all(file.startswith("transformers/") for file in files if not file.endswith("test_audit.py"))
    assert "TAKES ANOTHER PATH ON MPS: unknown" in str(report)


def test_packages_are_looked_through_where_one_of_their_files_called_an_op(tool, tmp_path, monkeypatch):
    packages = tmp_path / "site-packages"
    files = {
        "caller_lib/__init__.py": "import torch\nfrom . import device\ndef call():\n    return torch.ones(2).neg()\n",
        "caller_lib/device.py": "def pick(name):\n    return 'cpu' if name == 'mps' else name\n",
        "silent_lib/__init__.py": "def pick(name):\n    return 'cpu' if name == 'mps' else name\n",
    }
    for name, text in files.items():
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text(text)
    monkeypatch.syspath_prepend(str(packages))
    caller, _ = importlib.import_module("caller_lib"), importlib.import_module("silent_lib")
    with tool.audit(folder=str(tmp_path / "mine")) as report:
        caller.call()
    asking = [(str(place), called) for place, called in report.other_paths]
    assert ("caller_lib/device.py:2", False) in asking
    assert not any(place.startswith("silent_lib") for place, _ in asking)
    assert "caller_lib/device.py: line 2 (in code that called no op in this run)" in str(report)


# ---- how the program ends -----------------------------------------------------------------------------------------


def test_an_exception_of_the_program_is_shown_and_what_was_found_too(run):
    status, out, err = run(TRANSPOSED + "raise ValueError('mine')\n", *SICK)
    assert status == 3
    assert "ValueError: mine" in err
    assert "runpy" not in err and "audit_mps" not in err  # only the program's own frames
    assert "raised ValueError; what follows was seen until then" in out
    assert "experiment.py:7" in out


def test_a_program_that_fails_without_a_finding_is_not_called_healthy(run):
    assert run("import torch\n1 / 0\n")[0] == 1
    assert run("def broken(:\n")[0] == 1


@pytest.mark.parametrize("code, status", [("0", 0), ("", 0), ("4", 1), ("'why'", 1)])
def test_sys_exit_ends_the_program_not_the_audit(run, code, status):
    found, out, err = run(f"import sys, torch\ntorch.ones(1)\nsys.exit({code})\n")
    assert found == status
    assert "Looked at:" in out
    assert ("why" in err) == ("why" in code)


def test_ctrl_c_keeps_what_was_found(tool_file, tmp_path):
    program = tmp_path / "experiment.py"
    program.write_text(TRANSPOSED + "print('ready', flush=True)\nimport time\ntime.sleep(60)\n")
    process = subprocess.Popen(
        [sys.executable, str(tool_file), str(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "was interrupted; what follows was seen until then" in out
    assert "experiment.py:7" in out
    assert "KeyboardInterrupt" in err


def test_the_program_runs_as_it_always_does(run, tmp_path):
    program = """\
        import sys, pathlib, torch
        import neighbour
        torch.ones(1)
        print(__name__, sys.argv[1:], pathlib.Path(__file__).name, neighbour.VALUE)
        """
    (tmp_path / "neighbour.py").write_text("VALUE = 7\n")
    status, out, _ = run(program, arguments=("--torch", "mine"))
    assert status == 0
    assert "__main__ ['--torch', 'mine'] experiment.py 7" in out


def test_bad_arguments_end_in_one_sentence(tool, tmp_path, capsys):
    assert tool.main([str(tmp_path / "none.py")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "x.py").write_text("")
    assert tool.main(["--torch", "new", str(tmp_path / "x.py")]) == 2
    assert "'new' is no version of torch" in capsys.readouterr().err
    with pytest.raises(ValueError, match="no version of macOS, such as 15"), tool.audit(macos="Sequoia"):
        pass
    (tmp_path / "x.ipynb").write_text("{}")  # which is Python too
    assert tool.main([str(tmp_path / "x.ipynb")]) == 2
    assert "a notebook is audited from within" in capsys.readouterr().err


def test_a_program_of_which_nothing_was_seen_is_not_called_healthy(run):
    program = """\
        import threading, torch
        thread = threading.Thread(target=torch.ones, args=(1,))
        thread.start()
        thread.join()
        """
    status, out, _ = run(program, *SICK)
    assert status == 2
    assert "NOTHING WAS CHECKED: no op of PyTorch was called in the main thread." in out


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device here")
def test_a_report_that_cannot_be_written_is_one_sentence(tool_file, tmp_path):
    program = tmp_path / "experiment.py"
    program.write_text("import torch\ntorch.ones(1)\n")
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, str(tool_file), str(program)], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr.decode().count("\n") == 1 and b"could not be written" in done.stderr


PROGRAMS = {
    "no dropout": "x = torch.zeros(3); y = F.dropout(x, training=False); y.add_(1); result = x",
    "LSTM": "torch.manual_seed(0); result = torch.nn.LSTM(8, 8, 2, dropout=0.5)(torch.randn(4, 2, 8))[0]",
    "GRU": "torch.manual_seed(0); result = torch.nn.GRU(16, 16)(torch.randn(5, 2, 16))[0]",
    "resize": "torch.manual_seed(0); result = F.interpolate(torch.randn(1, 2, 5, 5), scale_factor=1.7, mode='bicubic')",
    "autocast": """
torch.manual_seed(0)
with torch.autocast("cpu", dtype=torch.bfloat16):
    result = F.cross_entropy(torch.nn.Linear(16, 8)(torch.randn(4, 16)), torch.tensor([1, 2, 3, 4]))
""",
    "chain_matmul under autocast": """
torch.manual_seed(0)
with torch.autocast("cpu", dtype=torch.bfloat16):
    result = torch.chain_matmul(torch.randn(3, 4), torch.randn(4, 5))
""",
    "gradient of a gradient": """
torch.manual_seed(0)
x = torch.randn(4, 4, requires_grad=True)
(first,) = torch.autograd.grad(F.layer_norm(x, (4,)).pow(3).sum() + x.std() * x.logsumexp(0).sum(), x, create_graph=True)
(result,) = torch.autograd.grad(first.square().sum(), x)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_results_of_the_program_are_those_without_the_audit(tool, name):
    def result():
        values = {"torch": torch, "F": F}
        exec(PROGRAMS[name], values)
        return values["result"]

    plain = result()
    with tool.audit() as report:
        audited = result()
    assert report.ops and audited.dtype == plain.dtype and torch.equal(audited, plain)


def test_under_autocast_the_dtypes_are_those_that_the_kernel_gets(tool):
    from mpscheck.bugs.recorder import calls

    seen = []
    with torch.autocast("cpu", dtype=torch.bfloat16), calls(seen=seen.append):
        F.linear(torch.ones(2, 4), torch.ones(3, 4))
    assert [call.args["weight"].dtype for call in seen if call.op == "linear"] == [torch.bfloat16]


def test_json_is_all_that_is_on_stdout(tool_file, tmp_path, python):
    program = tmp_path / "experiment.py"
    program.write_text(TRANSPOSED + "print('hello')\nimport os\nos.system('echo from a shell')\n")
    done = python(str(tool_file), "--json", *SICK, str(program))
    assert done.returncode == 3
    assert "hello" in done.stderr and "from a shell" in done.stderr
    data = json.loads(done.stdout)
    (finding,) = [f for f in data["findings"] if f["slug"] == "linear-noncontiguous-weight"]
    assert finding["user"] == {"file": "experiment.py", "line": 7, "code": "return F.linear(x, weight.T)"}
    assert (finding["group"], finding["count"], data["exposed"]) == ("affected", 3, True)


def test_no_text_is_ever_run_as_code(tool_file):
    names = {node.id for node in ast.walk(ast.parse(tool_file.read_text())) if isinstance(node, ast.Name)}
    assert not names & {"eval", "exec", "compile", "__import__"}


def test_the_page_shows_what_the_tool_finds(run, root):
    """Of the kept output only the first finding is held: it was made with the catalogue of its day."""
    page = (root / "docs" / "audit.md").read_text(encoding="utf-8")
    program, shown = "docs/examples/my_experiment.py", "docs/generated/printed/audit-example.txt"
    assert f'--8<-- "{program}"' in page and f'--8<-- "{shown}"' in page
    status, out, _ = run((root / program).read_text(encoding="utf-8"), *SICK)
    assert status == 3
    kept = "\n".join(emulated.read("transcripts")["audit-example"]["row"]["lines"])
    for printed in (out, kept):
        assert "MEETS A KNOWN BUG" in printed and "issues/161640" in printed


def test_a_bug_of_which_no_version_is_known_says_so(tool):
    """The line after "affected:" was empty for a quarter of the catalogue."""
    table = {"triggers": [{"op": ["linear"], "when": []}]}
    none, some = ({**table, **change} for change in ({"affected": ""}, {"affected": "<2.9,>=2.8"}))
    for change, line in (
        ({**none, "macos": None}, "affected: no version of torch is known"),
        ({**none, "macos": ">=26", "chips": ["M1"]}, "affected: no version of torch is known, macOS >=26, M1"),
        ({**some, "macos": ">=15"}, "affected: torch >=2.8, <2.9, macOS >=15"),
    ):
        with tool.audit(bugs=known(tool, change)) as report:
            F.linear(torch.ones(1, 2), torch.ones(3, 2))
        assert f"  {line}" in str(report).splitlines()
