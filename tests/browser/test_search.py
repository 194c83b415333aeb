"""The search box: what a reader types leads to the page that answers, first in the list."""

import re

import pytest
from playwright.sync_api import expect

from .conftest import Visit

LINEAR = "bugs/linear-noncontiguous-weight/"
FIRST = {
    # an op by any of its names, a thread by its number
    "F.linear": LINEAR,
    "nn.Linear": LINEAR,
    "aten::linear": LINEAR,
    "torch.nn.functional.linear": LINEAR,
    "#161640": LINEAR,
    "161640": LINEAR,
    "contiguous": LINEAR,
    "addmm": "bugs/addmm-…/",
    "sdpa": "bugs/sdpa-…/",
    "attention": "bugs/sdpa-…/",
    "scaled_dot_product_attention": "bugs/sdpa-…/",
    "multinomial": "bugs/multinomial-…/",
    "Adam": "bugs/adam-…/",
    "manual_seed": "bugs/manual-seed-ignored/",
    # what the numbers look like
    "P(Mary)": "ioi/",
    "IOI": "ioi/",
    "GPT-2": "ioi/",
    "logit difference": "ioi/",
    "TransformerLens": "ioi/",
    "NaN": "bugs/…/",
    "wrong results mps": "guides/triage/",
    "wrong numbers": "guides/triage/",
    "wrong cumsum": "bugs/cumsum-…/",  # a guide with a common word does not hide a bug
    "wrong layer_norm": "bugs/layer-norm-…/",  # any bug of that op: which comes first changes with each new one
    # versions
    "PyTorch 2.8": "releases/2.8.0/",
    "2.8.0": "releases/2.8.0/",
    "TransformerBridge": "exposure/",
    # what to do
    "fallback": "workarounds/",
    "PYTORCH_ENABLE_MPS_FALLBACK": "workarounds/",
    "NotImplementedError": "workarounds/",
    "slow": "workarounds/",
    "erratum": "guides/redo-results/",
    "published paper": "guides/redo-results/",
    "activation patching": "guides/redo-results/",
    "pytest": "guides/maintainers/",
    "known-bad.json": "guides/maintainers/",
    "JSON": "api/",
    # the tools by name
    "validate": "validate/",
    "pick_device": "validate/",
    "locate": "locate/",
    "audit": "audit/",
    "emu": "emulated-device/",
    "tolerance": "explanation/wrong/",
    "MPSGraph": "explanation/why-so-often/",
}


@pytest.fixture(scope="module")
def found(browser, address):
    """Types words into the search box and gives the links of what is found; one window for all, since each reads the index."""
    window = Visit(browser, address, viewport={"width": 1280, "height": 800})
    window.go("")
    box = window.page.get_by_role("textbox", name="Search")
    links = window.page.locator(".md-search-result__item > a:first-child")

    def typed(words: str):
        for text in ("", words):
            box.fill(text)
            box.press("End")  # the search starts at a key
            if not text:
                expect(links).to_have_count(0)
        return links

    yield typed
    window.context.close()


@pytest.mark.parametrize("words", FIRST)
def test_what_is_typed_leads_first_to_the_page_that_answers(found, address, words):
    page = re.escape(FIRST[words]).replace("…", "[a-z0-9-]+")
    expect(found(words).first).to_have_attribute("href", re.compile(rf"^{address}{page}(\?|#|$)"))


def test_a_word_that_no_page_has_finds_nothing(found):
    links = found("nosuchword")
    expect(links.page.get_by_text("No matching documents")).to_be_visible()
    expect(links).to_have_count(0)
