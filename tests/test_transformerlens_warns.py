"""What the pages say of TransformerLens' warnings and its entry points, held against the installed one."""

import json
import re
import warnings
from importlib.metadata import version

import pytest
import torch
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.utilities import devices

from mpscheck.runs import results

INSTALLED = version("transformer-lens")
KINDS = {
    "general": "may produce",
    "of this version": "torch.nn.functional.linear",
}  # as the data call them; what it says


@pytest.fixture(scope="module")
def releases() -> dict[str, dict]:
    """By release of TransformerLens: what one writes, and its warnings, as the pages show them."""
    return json.loads(results.TRANSFORMERLENS.read_text(encoding="utf-8"))["releases"]


@pytest.fixture
def warned(root, monkeypatch):
    """The warnings of mps that a line of code gives on a version of PyTorch.

    Only the move itself is left out: this PyTorch knows no mps.
    """
    folder = root / "snippets" / "models" / "ioi-small"
    bridge = TransformerBridge.boot_transformers(str(folder), device="cpu")

    def ask(code: str, torch_version: str) -> list[str]:
        monkeypatch.setattr(devices, "_mps_warned", False)
        monkeypatch.setattr(devices, "_mps_broken_torch_warned", False)
        monkeypatch.setattr(torch, "__version__", torch_version)
        monkeypatch.setattr(torch.nn.Module, "to", lambda module, *args, **options: module)
        names = {"TransformerBridge": TransformerBridge, "bridge": bridge, "folder": str(folder)}
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            eval(code.replace("…", "folder"), names)
        return [str(warning.message) for warning in found if "MPS" in str(warning.message)]

    return ask


BRIDGE = ('TransformerBridge.boot_transformers(…, device="mps")', 'bridge.to("mps")', "bridge.mps()")


@pytest.mark.parametrize("code", BRIDGE)
def test_the_bridge_warns_where_the_data_say_and_nowhere_else(releases, warned, monkeypatch, code):
    for torch_version, said in releases[INSTALLED]["entries"][code].items():
        for allowed, kinds in (("0", said["plain"]), ("1", said["allowed"])):
            monkeypatch.setenv("TRANSFORMERLENS_ALLOW_MPS", allowed)
            found = warned(code, torch_version)
            assert sorted(kind for kind, words in KINDS.items() if any(words in line for line in found)) == sorted(
                kinds
            )
            assert len(found) == len(kinds), found


def test_the_entry_points_of_the_data_are_those_that_are_tested(releases):
    assert set(releases[INSTALLED]["entries"]) == set(BRIDGE)


def test_hooked_transformer_ends_where_the_data_say(releases):
    """So the pages may not offer it as a workaround without its name and its versions."""
    last = [name for name, said in releases.items() if any(code.startswith("Hooked") for code in said["entries"])][-1]
    assert int(last.partition(".")[0]) < int(INSTALLED.partition(".")[0])
    with pytest.raises(ImportError, match="removed in TransformerLens 4.0"):
        from transformer_lens import HookedTransformer  # noqa: F401


@pytest.mark.parametrize("file", ["docs/case.md", "docs/notebooks/case.ipynb"])
def test_a_version_of_transformerlens_is_a_cure_only_with_its_entry_point(root, file):
    text = (root / file).read_text(encoding="utf-8")
    offered = re.findall(
        r"(?m)^[ \"]*(?:-|\|)? ?(?:\*\*)?(?:`HookedTransformer` of )?TransformerLens [23][.\d x].*$", text
    )
    assert len(offered) >= 2, "the lines that name a version as a cure"
    assert all("`HookedTransformer` of TransformerLens" in line for line in offered), offered
    assert "TransformerLens 4" in text and "`TransformerBridge`" in text
