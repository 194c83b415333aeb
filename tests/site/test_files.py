import copy
import dataclasses
import re

import pytest

from mpscheck.bugs import catalogue
from mpscheck.commands import site as report
from mpscheck.known import evidence, measured
from mpscheck.known.entry import entries
from mpscheck.runs import made_of, provenance, results
from mpscheck.site import files as pages
from mpscheck.site.inputs import Inputs, read_inputs
from mpscheck.site.pages import bug as bug_page
from mpscheck.site.pages import changes as changes_page
from mpscheck.site.pages import index as index_page
from mpscheck.site.pages import matrix as matrix_page
from mpscheck.site.pages import verification as verification_page
from mpscheck.site.words import NOT_ON_MAC

NOTHING: dict = {}
HOSTILE = '<script>alert(1)</script>|`x`\n--8<-- "pyproject.toml"'


@pytest.fixture
def inputs(mac_run, emulated_run):
    printed = {"validate-healthy": {"row": {"lines": ["AGREES"], "seconds": 8.6}}}
    return Inputs(
        catalogue.with_check(), {"mac": mac_run}, local={"emu": emulated_run}, controls=NOTHING, transcripts=printed
    )


def page_of(bug, runs=NOTHING, controls=NOTHING) -> str:
    [entry] = entries((bug,), (), measured.index([bug], runs), controls)
    return bug_page.page(entry, controls)


def test_every_bug_has_a_page_and_a_file_to_download(inputs):
    files = pages.files(inputs)
    for bug in inputs.bugs:
        assert files[f"bugs/{bug.slug}.md"].count("\n# ") == 1
        assert files[f"bugs/{bug.slug}.py"] == bug.check.source


def test_the_same_inputs_give_the_same_files(inputs):
    assert pages.files(inputs) == pages.files(inputs)


def test_without_a_run_every_page_says_so(inputs):
    files = pages.files(dataclasses.replace(inputs, runs={}, local={}))
    assert all(NOT_ON_MAC in files[f"bugs/{bug.slug}.md"] for bug in inputs.bugs)
    assert files["bugs/rows.txt"].count(NOT_ON_MAC) == len(inputs.bugs)
    assert NOT_ON_MAC in files["generated/results.md"]
    assert files["generated/changes.md"] == f"Measured last: {NOT_ON_MAC}.\n\n{changes_page.NOTHING}\n"
    assert f"Measured last: {NOT_ON_MAC}." in files["bugs/family/strides.md"]
    assert not any(name.startswith("runs/") for name in files)
    assert files["generated/local.md"].strip() == ""


def test_a_run_on_a_mac_is_shown_with_its_provenance(inputs, linear):
    page = pages.files(inputs)[f"bugs/{linear.slug}.md"]
    assert NOT_ON_MAC not in page
    for word in ("✘", "wrong", "Apple M1", "virtual machine", "15.6", "24G90", "2.8.0"):
        assert word in page


def test_the_figures_of_a_run_come_from_its_file(inputs, mac_run, linear):
    record = next(r for r in mac_run["records"] if r["snippet"] == linear.slug)
    [output] = record["attempts"][0]["functions"]["compute"]["outputs"]
    output["device"] |= {"rms": 1234.0, "max": 1.0, "wrong": 17}
    output["cpu"] |= {"rms": 1.0, "max": 1.0}
    output["first_wrong"] = {"index": [3, 1], "device": "nan", "cpu": 1.5, "exact": 1.5000001}
    page = page_of(linear, {"mac": mac_run})
    said = "<code>1.5</code><br><small>in float64 1.5</small> | <code>NaN</code><br><small>at &#40;3, 1&#41;</small>"
    assert f"| {said} | 17 of 256 values (7&nbsp;%)<br>1,234 × the CPU's error |" in page
    record["attempts"][0]["functions"]["compute"] |= {"repeats": 20, "wrong_runs": 7}
    assert "<br>7 of 20 repeats<br>" in page_of(linear, {"mac": mac_run})


def test_of_several_outputs_the_worst_speaks(inputs, mac_run, linear):
    record = next(r for r in mac_run["records"] if r["snippet"] == linear.slug)
    outputs = record["attempts"][0]["functions"]["compute"]["outputs"]
    right = copy.deepcopy(outputs[0])
    right["device"] |= {"rms": 0.0, "max": 0.0, "wrong": 0}
    outputs.insert(0, right | {"first_wrong": None})
    page = page_of(linear, {"mac": results.check(mac_run, "mac")})
    assert re.search(r"\| output 2 of 2<br>[\d,]+ of 256 values", page)


def test_a_record_that_did_not_run_gives_its_reason(inputs, mac_run, linear):
    record = next(r for r in mac_run["records"] if r["snippet"] == linear.slug)
    crash = {"outcome": "crash", "reason": "the process ended: killed by SIGSEGV", "before": [], "functions": {}}
    record["attempts"] = [crash]
    page = page_of(linear, {"mac": results.check(mac_run, "mac")})
    assert "! crash" in page.replace("</span>", "").replace('<span aria-hidden="true">', "") and "SIGSEGV" in page


def test_strings_of_strangers_are_harmless_everywhere(inputs, mac_run, linear):
    run = copy.deepcopy(mac_run)
    for name in ("gpu", "chip", "system", "macos_build", "mpsgraph", "runner", "torch_git"):
        run["provenance"][name] = HOSTILE
    run["provenance"]["variables"] = {HOSTILE: HOSTILE}
    for record in run["records"]:
        failed = {"outcome": "error", "reason": HOSTILE, "before": [], "functions": {}, "stderr": HOSTILE}
        record["attempts"] = [failed]
    results.check(run, "hostile")
    files = pages.files(dataclasses.replace(inputs, runs={HOSTILE: run}, local={HOSTILE: run}))
    for name, text in files.items():
        if name.endswith(".md"):
            ours = text.replace(matrix_page.SCRIPT, "")
            assert "<script" not in ours and "|`x`" not in ours, name
            assert '"pyproject.toml' not in text, name


def test_an_outdated_control_is_never_shown_as_valid(linear):
    agrees = {name: "agrees" for name in linear.check.functions}
    row = {
        "snippet": linear.slug, "healthy": agrees, "healthy_bitwise": True, "honest": agrees,
        "honest_ratio": 0.5, "sick": agrees | {"compute": "wrong"}, "sick_ratio": 9e9,
    }  # fmt: skip
    where = provenance.collect("emu")
    controls = {
        linear.slug: {"provenance": where, "made_of": made_of.of_check(linear) | {"check": "0" * 16}, "row": row}
    }
    for text in (
        page_of(linear, controls=controls).partition("## Evidence")[2],
        verification_page.controls_table((linear,), controls),
        index_page.bug_index(entries((linear,), (), measured.NONE, controls), controls),
    ):
        assert "outdated" in text and "9e+09" not in text and "✔" not in text


def test_what_a_wheel_says_of_macos_is_not_said_to_be_from_the_threads(inputs, linear):
    files = pages.files(inputs)
    assert "| macOS | 15 and newer | wheel |" in files["bugs/sdpa-noncontiguous-regression-28.md"]
    assert "| macOS | 15 and newer | the threads below |" in files[f"bugs/{linear.slug}.md"]


def test_unknown_never_reads_as_healthy(inputs):
    for bug in inputs.bugs:
        assert "does not mean *not affected*" in page_of(bug)


def test_a_bug_without_workaround_says_why(linear):
    source = linear.check.source.replace("def workaround", "def other")
    check = dataclasses.replace(linear.check, source=source, no_workaround="nobody knows one")
    bug = dataclasses.replace(linear, check=check)
    assert "There is no workaround: nobody knows one." in page_of(bug)


def test_what_weakens_a_bug_is_told_beside_its_check(linear):
    weak = dataclasses.replace(
        linear, unsure=("2.8.1",), caveat="Seen once, see #161640.", caused_by="macos", silent=False
    )
    said = page_of(weak)
    assert "Caveat\n:   Seen once, see <a" in said and "| May have the fix already | 2.8.1 |" in said
    assert "Whose fault\n:   Apple's frameworks" in said and "Wrong numbers, not silent" in said
    assert not {"Caveat", "Whose fault", "May have the fix already"} & set(page_of(linear).split("\n"))


def test_a_check_without_trigger_or_effect_says_why(linear):
    bare = dataclasses.replace(linear, triggers=(), effect=None, absent={"trigger": "a race", "effect": "anything"})
    said = page_of(bare)
    assert (
        "When\n:   Not said in data: a race." in said
        and "not proven by emulation: a race. It was not run on the healthy devices yet" in said
    )


def test_a_check_whose_fault_is_not_imitated_is_said_to_be_unproven(linear, monkeypatch):
    reasons = {"trigger": "no op is called", "effect": "none"}
    bare = dataclasses.replace(linear, triggers=(), effect=None, absent=reasons)
    row = {"healthy": {"compute": "agrees"}, "honest": {"compute": "agrees"}, "sick": {}}
    for verdict, said in (("agrees", "it agrees"), ("wrong", "it does not agree")):
        found = evidence.Control({}, row | {"honest": {"compute": verdict}}, True, "wrong")
        monkeypatch.setattr(evidence, "control", lambda bug, controls, found=found: found)
        words = f"not proven by emulation: no op is called. On the healthy devices {said}"
        assert words in page_of(bare)
        assert index_page.proven(bare, NOTHING) == "not proven by emulation" and not found.proven
    table = verification_page._unproven((linear, bare))
    assert "1 check is not proven by emulation" in table and f"| [{bare.slug}](bugs/{bare.slug}.md) | no op" in table
    assert verification_page._unproven((linear,)) == ""


def test_the_address_is_only_used_where_it_is_set(inputs, linear):
    without = pages.files(inputs)
    assert not any("curl" in text for name, text in without.items() if name.endswith(".md"))
    address = pages.files(dataclasses.replace(inputs, site_url="https://site.example/mps/"))
    assert "https://site.example/mps/validate_mps.py" in address["generated/command.md"]
    assert f"https://site.example/mps/bugs/{linear.check.path.name}" in address[f"bugs/{linear.slug}.md"]


def test_a_page_and_the_guide_say_how_uv_finds_a_torch(linear, root):
    """Without a block of its own, `uv run FILE` takes the reader's environment; a chosen torch is named."""
    assert "# /// script" not in linear.check.source
    name = linear.check.path.name
    said = page_of(linear)
    assert f"`uv run {name}` takes your own environment" in said
    assert f"`uv run --no-project --with torch==2.8.0 {name}`" in said
    assert "`uv run --no-project --with torch==2.8.0 FILE`" in (root / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_address_gets_its_slash(monkeypatch):
    monkeypatch.setenv("SITE_URL", "https://site.example/mps")
    assert read_inputs().site_url == "https://site.example/mps/"


def test_files_of_removed_bugs_are_removed(tmp_path):
    (tmp_path / "bugs").mkdir()
    (tmp_path / "bugs" / "gone.md").write_text("old")
    (tmp_path / "index.md").write_text("by hand")
    assert report.write({"bugs/new.md": "x", "validate_mps.py": "y"}, tmp_path) == 3
    assert report.write({"bugs/new.md": "x", "validate_mps.py": "y"}, tmp_path) == 0
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["index.md", "new.md", "validate_mps.py"]


def test_the_vocabulary_is_complete(inputs):
    from mpscheck.bugs import effect, mps_names, properties, trigger

    files = pages.files(inputs)
    assert all(f"`{word}`" in files["generated/properties.md"] for word in properties.PROPERTIES)
    assert all(f"has {tag}" in files["generated/properties.md"] for tag in properties.TAGS)
    assert all(f"`{comparator}`" in files["generated/properties.md"] for comparator in properties.COMPARATORS)
    assert all(f"`{phase}`" in files["generated/phases.md"] for phase in trigger.PHASES)
    assert all(f"`{name}`" in files["generated/gradients.md"] for name in mps_names.GRADIENTS)
    assert all(f"`{part} N`" in files["generated/parts.md"] for part in effect.PARTS)
    assert all(f"`{word}(" in files["generated/effects.md"] for word in effect.WORDS)


def test_pages_are_made_without_torch(generated):
    """The process that made these had none."""
    assert all(f"bugs/{bug.slug}.md" in generated for bug in catalogue.with_check())
