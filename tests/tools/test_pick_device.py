"""pick_device.py: the device only where the quick validation of this very model passed, remembered for this very model."""

import copy
import importlib.util
import json
import sys

import pytest
import torch
from torch import nn

from mpscheck.bugs import catalogue
from mpscheck.emulation import faults

IDS = torch.arange(1, 13).reshape(2, 6)


def load(folder, name):
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def files(root):
    return load(root / "snippets", "validate_mps"), load(root / "snippets", "pick_device")


@pytest.fixture
def tool(files, tmp_path, monkeypatch):
    """The module, with its file of verdicts in a folder of its own and a count of its validations."""
    validate, module = files
    monkeypatch.setattr(module, "FOUND", tmp_path / "cache" / "devices.json")
    module.calls = 0

    def counted(*args, **kwargs):
        module.calls += 1
        return validate.validate(*args, **kwargs)

    monkeypatch.setattr(module, "validate", counted)
    return module


def model(transposed=False, dtype=torch.float32):
    torch.manual_seed(0)
    found = nn.Sequential(nn.Embedding(20, 8), nn.Linear(8, 8)).to(dtype)
    if transposed:  # the same numbers in another layout
        found[1].weight = nn.Parameter(found[1].weight.detach().T.contiguous().T)
    return found


def picked(tool, capsys, *args, **kwargs):
    """The device and the line on the standard error, which must be one."""
    capsys.readouterr()  # what loading a model printed
    device = tool.pick_device(*args, device="emu", **kwargs)
    (line,) = capsys.readouterr().err.splitlines()
    return device, line


def test_a_model_that_passes_gets_the_device_and_is_remembered(tool, capsys):
    device, line = picked(tool, capsys, model(), IDS)
    assert device == "emu" and line.startswith("pick_device: emu, since emu agrees: AGREES: Sequential, float32")
    assert "backward (left out by quick)" in line
    device, line = picked(tool, capsys, model(), IDS)
    assert (device, tool.calls) == ("emu", 1) and line.endswith(f"found earlier, kept in {tool.FOUND}")


def test_a_model_that_fails_gets_the_cpu_and_is_remembered(tool, capsys):
    (bug,) = (bug for bug in catalogue.with_check() if bug.slug == "linear-noncontiguous-weight")
    with faults.only(faults.of_bug(bug)):
        device, line = picked(tool, capsys, model(transposed=True), IDS)
        assert device == "cpu" and line.startswith("pick_device: cpu, since emu disagrees: DISAGREES: Sequential")
        assert (
            picked(tool, capsys, model(), IDS)[0] == "emu"
        )  # the same numbers, laid out otherwise, do not meet the bug
    assert picked(tool, capsys, model(transposed=True), IDS)[0] == "cpu"  # remembered
    assert tool.calls == 2


def test_what_could_not_be_checked_gets_the_cpu_and_is_tried_again(tool, capsys):
    for _ in range(2):
        device = tool.pick_device(model(), IDS, device="nonsense")
        (line,) = capsys.readouterr().err.splitlines()
        assert device == "cpu" and line.startswith("pick_device: cpu, since nonsense could not check: torch ")
    assert tool.calls == 2 and not tool.FOUND.exists()


def test_an_error_of_any_kind_gets_the_cpu(tool, capsys, monkeypatch):
    def no_memory(*args, **kwargs):
        raise RuntimeError("MPS backend out of memory\nand more")

    monkeypatch.setattr(tool, "validate", no_memory)
    device, line = picked(tool, capsys, model(), IDS)
    assert device == "cpu" and "could not check: not enough memory, the model is needed twice" in line


def test_each_thing_that_decides_the_kernels_is_part_of_the_key(tool, capsys, files, monkeypatch):
    class Another(nn.Sequential):
        pass

    ways = {
        "first": (model(), IDS),
        "another class": (Another(*model()), IDS),
        "another dtype": (model(dtype=torch.bfloat16), IDS),
        "a transposed weight": (model(transposed=True), IDS),
        "another length": (model(), IDS[:, :4]),
        "several batches": (model(), [IDS, IDS]),
    }
    for number, arguments in enumerate(ways.values(), 1):
        assert picked(tool, capsys, *arguments)[0] == "emu"
        assert tool.calls == number
    monkeypatch.setenv("PYTORCH_MPS_FAST_MATH", "1")
    picked(tool, capsys, *ways["first"])
    monkeypatch.setattr(torch, "__version__", "9.9.9")
    picked(tool, capsys, *ways["first"])
    assert tool.calls == len(ways) + 2


def test_the_entry_point_and_the_attention_are_part_of_the_key(tool, capsys, files):
    validate, _ = files
    source = validate.find_model("ioi-small")
    transformer, bridge = (validate.load(source, entry) for entry in ("transformers", "bridge"))
    (bug,) = (bug for bug in catalogue.with_check() if bug.slug == "linear-noncontiguous-weight")
    with faults.only(faults.of_bug(bug)):
        assert picked(tool, capsys, transformer, IDS)[0] == "emu"  # never makes the call
        assert picked(tool, capsys, bridge, IDS)[0] == "cpu"
    eager = copy.deepcopy(transformer)
    eager.set_attn_implementation("eager")
    picked(tool, capsys, eager, IDS)
    assert tool.calls == 3


@pytest.mark.parametrize("content", ["", "not JSON", "[1, 2]", '{"half'])
def test_a_broken_file_is_as_none(tool, capsys, content):
    tool.FOUND.parent.mkdir()
    tool.FOUND.write_text(content)
    assert picked(tool, capsys, model(), IDS)[0] == "emu"
    assert list(json.loads(tool.FOUND.read_text()).values()) == ["agrees"]


def test_a_place_that_cannot_be_written_is_no_reason_to_stop(tool, capsys):
    tool.FOUND.parent.write_text("a file where the folder should be")
    for calls in (1, 2):
        assert picked(tool, capsys, model(), IDS)[0] == "emu"
        assert tool.calls == calls


def test_it_works_as_copied(python, root, tmp_path):
    """The two files side by side, as a user has them, in a home of its own."""
    for name in ("validate_mps.py", "pick_device.py"):
        (tmp_path / name).write_text((root / "snippets" / name).read_text())
    code = "import torch; from pick_device import pick_device; "
    code += "print(pick_device(torch.nn.Linear(4, 4), torch.ones(2, 4), device='emu'))"
    done = python("-c", code, HOME=str(tmp_path), MPSCHECK_EMU="honest")
    assert (done.returncode, done.stdout) == (0, "emu\n"), done.stderr
    assert list(json.loads((tmp_path / ".cache/mps-check/devices.json").read_text()).values()) == ["agrees"]
