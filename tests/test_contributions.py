"""The patch for TransformerBridge: it applies, it takes the exposure away, and it changes no result."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

PATCH = "contributions/transformerlens-bridge-contiguous.patch"
UPSTREAM_TEST = "tests/unit/model_bridge/generalized_components/test_split_qkv_contiguous.py"

PROGRAM = """
import json, runpy, sys, tempfile
import torch, transformer_lens
from transformers import AutoTokenizer, BloomConfig, BloomForCausalLM
from transformer_lens.model_bridge import TransformerBridge
from mpscheck.tools import bundle
from mpscheck.bugs import catalogue
from mpscheck.tools.known import read_known
from mpscheck.tools.audit import audit

ioi_small, upstream_test, logits_file = sys.argv[1:]
bugs = read_known(bundle.entries(catalogue.with_check()))
tokens = torch.arange(1, 16)[None]

def bloom():
    torch.manual_seed(0)
    model = BloomForCausalLM(BloomConfig(vocab_size=103, hidden_size=64, n_layer=2, n_head=4)).eval()
    with tempfile.TemporaryDirectory() as folder:
        model.config.save_pretrained(folder)
        AutoTokenizer.from_pretrained(ioi_small).save_pretrained(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        return TransformerBridge.boot_transformers(folder, hf_model=model, tokenizer=tokenizer, device="cpu")

def gpt2(compatibility):
    model = TransformerBridge.boot_transformers(ioi_small, device="cpu")
    if compatibility:
        model.enable_compatibility_mode()
    return model

models = {"GPT-2": gpt2(False), "GPT-2, compatibility mode": gpt2(True), "BLOOM": bloom()}
exposed, logits = {}, {}
for name, model in models.items():
    with torch.no_grad(), audit(bugs=bugs) as report:
        logits[name] = model(tokens)
    exposed[name] = {f.bug.slug: f.count for f in report.findings}
failed = []
for name, function in runpy.run_path(upstream_test).items():
    if name.startswith("test_"):
        try:
            function()
        except AssertionError:
            failed.append(name)
torch.save(logits, logits_file)
print(json.dumps({"from": transformer_lens.__file__, "exposed": exposed, "failed": failed}))
"""


@pytest.fixture(scope="module")
def results(root, tmp_path_factory):
    """What the program says with the installed package and with a patched copy of it."""
    installed = Path(importlib.util.find_spec("transformer_lens").origin).parent
    place = tmp_path_factory.mktemp("patched")
    shutil.copytree(installed, place / "transformer_lens", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "apply", str(root / PATCH)], cwd=place, check=True)
    (place / "program.py").write_text(PROGRAM)
    found = {}
    for name, path in (("installed", ""), ("patched", str(place))):
        command = [sys.executable, str(place / "program.py"), str(root / "snippets" / "models" / "ioi-small")]
        command += [str(place / UPSTREAM_TEST), str(place / f"{name}.pt")]
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=place)
        assert done.returncode == 0, done.stderr
        found[name] = json.loads(done.stdout.splitlines()[-1])
        found[name]["logits"] = torch.load(place / f"{name}.pt")
    assert found["patched"]["from"].startswith(str(place))
    assert not found["installed"]["from"].startswith(str(place))
    return found


def test_without_the_patch_q_k_and_v_of_each_layer_are_exposed_and_its_own_test_fails(results):
    assert set(results["installed"]["exposed"]) == {"GPT-2", "GPT-2, compatibility mode", "BLOOM"}
    for found in results["installed"]["exposed"].values():
        assert found["linear-noncontiguous-weight"] == 6
    assert results["installed"]["failed"] == ["test_split_weights_are_contiguous"]


def test_with_the_patch_nothing_is_exposed_and_its_own_test_passes(results):
    assert not any("linear-noncontiguous-weight" in found for found in results["patched"]["exposed"].values())
    assert results["patched"]["failed"] == []


def test_the_patch_changes_no_result(results):
    for name, expected in results["installed"]["logits"].items():
        torch.testing.assert_close(results["patched"]["logits"][name], expected, rtol=0, atol=2e-5)
