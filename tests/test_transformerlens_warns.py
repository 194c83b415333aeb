"""What the page of the IOI case says of TransformerLens' warnings and its entry points, held against the installed one."""

import re
import warnings
from importlib.metadata import version

import pytest
import torch
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.utilities import devices

ROW = re.compile(r"(?m)^\| `([^`]+)` \| ([\d.]+) to ([\d.]+) \| (\*\*none\*\*|on every PyTorch) \|$")
INSTALLED = version("transformer-lens")
BROKEN = "2.8.0"  # the release that has a warning of its own


@pytest.fixture(scope="module")
def rows(root) -> dict[str, tuple[str, str]]:
    """The table of the page: what one writes, to which version of TransformerLens that goes, and the warning."""
    page = (root / "docs" / "ioi.md").read_text(encoding="utf-8")
    return {code: (last, said) for code, _first, last, said in ROW.findall(page)}


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
def test_the_bridge_warns_where_the_page_says_and_nowhere_else(rows, warned, monkeypatch, code):
    last, said = rows[code]
    assert INSTALLED.startswith(f"{last}."), "the page was held against another TransformerLens"
    warns = said == "on every PyTorch"
    monkeypatch.delenv("TRANSFORMERLENS_ALLOW_MPS", raising=False)
    for torch_version, number in ((BROKEN, 2), ("2.13.0", 1)):
        found = warned(code, torch_version)
        assert len(found) == (number if warns else 0), found
        assert any("may produce" in line for line in found) is warns
    monkeypatch.setenv("TRANSFORMERLENS_ALLOW_MPS", "1")
    assert warned(code, "2.13.0") == []
    assert ["torch.nn.functional.linear" in line for line in warned(code, BROKEN)] == [True] * warns


def test_the_rows_of_the_page_are_those_that_are_tested(rows):
    assert set(rows) == {'HookedTransformer.from_pretrained(…, device="mps")', *BRIDGE}


def test_hooked_transformer_ends_where_the_page_says(rows):
    """So the pages may not offer it as a cure without its name and its versions."""
    (last,) = (last for code, (last, _) in rows.items() if code.startswith("HookedTransformer"))
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
