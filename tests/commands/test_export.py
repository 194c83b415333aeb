"""Test cases for PyTorch, made from snippets: each is right on a healthy device and fails on the one that has its bug.

All run in one warm process on the emulated device; that they run on `mps` is not shown here.
"""

import json

import pytest
from click.testing import CliRunner

from mpscheck.bugs import catalogue
from mpscheck.cli import main
from mpscheck.commands import export

PROGRAM = """
import io, json, sys, unittest
import torch
from mpscheck.bugs import catalogue
from mpscheck.commands import export
from mpscheck.emulation import faults

def failed(source):
    space = {"__name__": "exported"}
    exec(compile(source.replace('device = "mps"', 'device = "emu"'), "exported", "exec"), space)
    (case,) = [v for v in space.values() if isinstance(v, type) and issubclass(v, unittest.TestCase)]
    done = unittest.TextTestRunner(stream=io.StringIO()).run(unittest.defaultTestLoader.loadTestsFromTestCase(case))
    assert done.testsRun == 1
    return [text.splitlines()[-1] for _, text in done.failures + done.errors]

found = {}
for slug in sys.argv[1:]:
    bug = catalogue.find(slug)
    source = export.pytorch_test(bug)
    found[slug] = {"healthy": failed(source)}
    if bug.imitable:
        with faults.only(faults.of_bug(bug)):
            found[slug]["sick"] = failed(source)
print(json.dumps(found))
"""

ALL = [bug for bug in catalogue.with_check() if bug.kind not in export.DYING and not bug.check.memory]
KINDS = {
    (b.kind, b.check.dtypes, bool(b.check.repeats), b.check.false_alarm is None, "reference" in b.check.defined): b.slug
    for b in ALL
}


def outcomes(python, slugs, timeout):
    done = python("-c", PROGRAM, *slugs, MPSCHECK_EMU="honest", timeout=timeout)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def wrongly(found: dict) -> dict:
    """Those that fail on a healthy device, and those that do not fail on a sick one."""
    return {slug: one for slug, one in found.items() if one["healthy"] or one.get("sick") == []}


def test_one_of_each_form_tells_a_healthy_device_from_a_sick_one(python):
    found = outcomes(python, sorted(KINDS.values()), timeout=300)
    assert wrongly(found) == {}
    assert sum("sick" in one for one in found.values()) >= 5


@pytest.mark.matrix
@pytest.mark.slow
def test_every_snippet_tells_a_healthy_device_from_a_sick_one(python):
    found = outcomes(python, [bug.slug for bug in ALL], timeout=1800)
    assert wrongly(found) == {}


def test_it_is_printed_and_runs_by_itself(tmp_path, python):
    done = CliRunner().invoke(main, ["export", "linear-noncontiguous-weight", "--as", "pytorch-test"])
    assert done.exit_code == 0 and done.output.startswith('# Owner(s): ["module: mps"]')
    assert "https://github.com/pytorch/pytorch/issues/161640" in done.output
    (tmp_path / "case.py").write_text(done.output.replace('device = "mps"', 'device = "cpu"'))
    alone = python(str(tmp_path / "case.py"))
    assert alone.returncode == 0 and "OK" in alone.stderr


def test_without_a_snippet_there_is_one_sentence():
    row = catalogue.rows()[0].slug
    done = CliRunner().invoke(main, ["export", row, "--as", "pytorch-test"])
    assert done.exit_code == 2 and "has no snippet yet" in done.output
