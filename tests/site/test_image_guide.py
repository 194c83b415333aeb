"""The guide on NaN and black images: its programs run, healthy and sick, and its lists come from the catalogue."""

import os
import re
import subprocess
import sys

import pytest

from mpscheck.bugs import catalogue
from mpscheck.known import releases
from mpscheck.places import ROOT
from mpscheck.site.pages.images import TOPICS

GUIDE = ROOT / "docs/guides/nan-images.md"
EXAMPLES = re.findall(r'--8<-- "docs/examples/(\w+)\.py"', GUIDE.read_text(encoding="utf-8"))


def said(name: str, tmp_path, fault: str = "", **changes: str) -> list[str]:
    """The lines that an example prints on the emulated device."""
    code = (ROOT / "docs/examples" / f"{name}.py").read_text(encoding="utf-8").replace('"mps"', '"emu"')
    for old, new in changes.values():
        assert old in code
        code = code.replace(old, new)
    (tmp_path / "program.py").write_text(code, encoding="utf-8")
    environment = {"PYTHONPATH": str(ROOT / "snippets"), "MPSCHECK_EMU": "honest", "MPSCHECK_FAULTS": fault}
    command = [sys.executable, tmp_path / "program.py"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


FAULTS = {  # a bug of the catalogue that such a model hits, and what is said of it
    "image_unet": (
        "baddbmm-beta-zero-nan",
        r"\(logits: NaN or Inf: 256, on the CPU 0\).* Wrong: logits, residual stream\.",
    ),
    "image_vae": ("linear-3d-bias-virtual-m1", r"Wrong: logits, "),
    "scheduler_step": ("binary-op-cpu-0d-view-offset", r"Wrong: logits\."),
    "recurrent": ("lstm-bidirectional", r"LSTM, .*Wrong: logits, backward, "),
    "whisper_tiny": ("sdpa-causal-leak-half", r"Whisper, .*Wrong: float16, bfloat16\."),
}


def test_each_program_of_the_guide_has_a_fault():
    assert set(FAULTS) == set(EXAMPLES)


@pytest.mark.parametrize("name", FAULTS)
def test_a_program_agrees_on_a_healthy_device_and_finds_the_bug_on_a_sick_one(name, tmp_path):
    healthy = said(name, tmp_path)
    assert healthy[0].startswith("AGREES: ") and not any(line.startswith(("DIS", "COULD")) for line in healthy)
    slug, words = FAULTS[name]
    sick = said(name, tmp_path, slug)
    assert sick[0].startswith("DISAGREES: ") and re.search(words, sick[0])


def test_a_vae_that_does_not_fit_into_float16_is_not_blamed_on_the_device(tmp_path):
    large = ("latents = torch", "vae.decoder.conv_in.weight.data *= 1e6\nlatents = torch")
    lines = said("image_vae", tmp_path, large=large)
    assert lines[0].startswith("COULD NOT CHECK: ")
    assert any(line.startswith("float16: the CPU itself gives no finite number") for line in lines)
    assert any(line.startswith("logits: error ") for line in lines)


def test_the_lists_hold_what_belongs_there_with_its_state_on_the_newest_release(generated):
    newest = releases.load()[-1].version
    bugs = catalogue.all_bugs()
    for topic in TOPICS:
        text = generated[f"generated/known-{topic.name}.md"]
        mine = {bug.slug for bug in bugs if topic.keeps(bug)}
        assert set(re.findall(r"\.\./bugs/([\w-]+)\.md", text)) == mine and mine
        assert f"on PyTorch {newest}, the newest: " in text
        assert len(re.findall(r"^- <span class=\"verdict", text, re.MULTILINE)) == len(mine)
        assert f'docs/generated/known-{topic.name}.md"' in GUIDE.read_text(encoding="utf-8")
    assert "lstm-bidirectional" in generated["generated/known-recurrent.md"]
    assert "baddbmm-beta-zero-nan" in generated["generated/known-images.md"]
