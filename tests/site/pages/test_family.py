"""What a family's page says of all its bugs together: its causes with their threads, its line of code, the newest release."""

import ast
import dataclasses
import re
import tomllib

import pytest
import torch
import torch.nn.functional as F
from packaging.specifiers import SpecifierSet

from mpscheck.bugs import schema
from mpscheck.known import releases
from mpscheck.known.entry import Entry
from mpscheck.places import BUGS, CATALOGUE
from mpscheck.site.pages.family import by_family, page

TEXTS = tomllib.loads((CATALOGUE / "families.toml").read_text(encoding="utf-8"))
PYTHON = {
    family: code[1] for family, text in TEXTS.items() if (code := re.search(r"```python\n(.*?)```", text["do"], re.S))
}


@pytest.fixture(scope="module")
def sources() -> str:
    """All that the catalogue says, with the numbers of the threads that it is from."""
    rows = [path.read_text(encoding="utf-8") for path in CATALOGUE.glob("*.jsonl")]
    return "\n".join(rows + [path.read_text(encoding="utf-8") for path in sorted(BUGS.glob("*.py"))])


def values() -> dict:
    """Small values for the names that the lines of code use."""
    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 1, 2, 6, 4, generator=generator)
    norm, conv, model = torch.nn.LayerNorm(4), torch.nn.Conv1d(6, 2, 1), torch.nn.Linear(4, 3)
    x = torch.randn(6, 4, generator=generator)
    y = torch.ones(3, 2, requires_grad=True)
    named = {
        "i": 1,
        "j": 3,
        "n": 6,
        "spans": [(0, 3), (3, 6)],
        "dim": -1,
        "shape": (2, 3),
        "width": 4,
        "depth": 2,
        "logits": torch.randn(6, 4),
    }
    named |= {"labels": torch.arange(4).repeat(2)[:6], "valid": torch.arange(6) > 1, "index": torch.tensor([0, 2])}
    named |= {
        "table": torch.zeros(3, 2),
        "value": torch.zeros(()),
        "ids": torch.ones(1, 11),
        "scores": torch.zeros(6, 6),
    }
    named |= {"weight": model.weight.detach(), "bias": model.bias.detach(), "A": torch.eye(3), "b": torch.ones(3)}
    named |= {"a": x, "p": x.abs(), "z": torch.fft.rfft(x), "f": torch.relu, "mask": torch.zeros(6, 6)}
    return {**named, "q": q, "k": k, "v": v, "x": x, "y": y, "norm": norm, "conv": conv, "model": model}


def run(family: str) -> dict:
    """The names after the line of code of a family, on the CPU."""
    names = {"torch": torch, "F": F, "nn": torch.nn, **values()}
    if family == "in-place":
        names["mask"] = names["x"] > 0
    if family == "dtype":
        names["b"], names["weight"] = names["a"], torch.tensor(0.5, dtype=torch.float64)
    exec(PYTHON[family].replace('"mps"', '"cpu"'), names)
    return names


def test_every_family_has_its_text_and_there_is_no_other():
    assert sorted(TEXTS) == sorted(schema.words("family"))


def test_a_page_says_what_goes_wrong_and_what_helps(files):
    for family in TEXTS:
        page = files[f"bugs/family/{family}.md"]
        parts = ["## What goes wrong", "**Is it in your code?**", "## What helps in general", "```", "## On PyTorch "]
        places = [page.find(part) for part in parts]
        assert -1 not in places and places == sorted(places), family


def test_every_text_names_its_threads_and_each_is_one_that_the_catalogue_knows(files, sources):
    known = set(re.findall(r"#(\d+)", sources)) | {"178545"}  # that one is about speed
    for family, text in TEXTS.items():
        named = re.findall(r"#(\d+)", text["wrong"])
        assert named and set(named) <= known, (family, set(named) - known)
        for number in named:
            assert re.search(rf'href="https://github.com/[\w./-]+/{number}"', files[f"bugs/family/{family}.md"]), number


@pytest.mark.parametrize("family", sorted(PYTHON))
def test_the_line_of_code_runs(family):
    assert len(ast.parse(PYTHON[family]).body) == 1
    run(family)


def test_attention_and_linear_written_out_give_the_same():
    names = run("attention")
    assert torch.allclose(names["out"], F.scaled_dot_product_attention(names["q"], names["k"], names["v"]), atol=1e-6)
    names = run("matmul")
    assert torch.allclose(names["y"], F.linear(names["x"], names["weight"], names["bias"]), atol=1e-6)


def test_a_slice_copied_step_by_step_is_the_slice():
    names = run("copy")
    assert torch.equal(names["y"], names["x"][1:3].double())


def on_newest(page: str) -> str:
    newest = releases.load()[-1].version
    return page.partition(f"## On PyTorch {newest}, the newest")[2].partition("## On every release")[0]


def test_the_newest_release_names_what_is_known_and_what_is_still_open(known, files):
    for family, members in by_family(known).items():
        part = on_newest(files[f"bugs/family/{family}.md"])
        accused = {one.slug for one in members if one.letters[-1] not in "un"}
        unknown = [one for one in members if one.letters[-1] == "u"]
        still_open = {one.slug for one in unknown if one.bug.open_as_stored}
        assert set(re.findall(r"\(\.\./([\w-]+)\.md\)", part)) == accused | still_open, family
        assert not unknown or f"**Unknown**: {len(unknown)} of {len(members)}." in part
        assert part.count("**likely there**") == sum(one.likely(-1) for one in members), family


def test_a_bug_that_the_newest_release_is_known_to_have_is_named(linear):
    there = Entry(dataclasses.replace(linear, affected=SpecifierSet(f">=2.8,<={releases.load()[-1].version}")), (), ())
    part = on_newest(page("strides", [there]))
    assert "Known to be in it:\n\n- [<code>F.linear</code> reads" in part and "None of them" not in part
