"""Index-only entries and reports of users: the files as they are checked in, and what the reader refuses."""

import json
import re

import pytest
from click.testing import CliRunner
from packaging.version import Version

from mpscheck.bugs import catalogue, reported, trigger
from mpscheck.cli import main
from mpscheck.lint import local, values

BUGS = reported.load()
ALL = reported.all_bugs()
RELEASES = [f"2.{minor}.0" for minor in range(15)]
SCHEMA = json.loads(reported.SCHEMA.read_text(encoding="utf-8"))["$defs"]


def ends(bug):
    return {spec.operator: Version(spec.version) for spec in bug.affected}


@pytest.fixture
def write(tmp_path):
    """Writes changed copies of the first entries to a file: one dict of changes a line."""

    def write(*changes, source=reported.BUGS):
        lines = source.read_text(encoding="utf-8").splitlines()
        path = tmp_path / "entries.jsonl"
        entries = [{**json.loads(line), **change} for line, change in zip(lines, changes)]
        path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.slug)
def test_the_versions_of_an_entry_agree_with_each_other(bug):
    end = ends(bug)
    assert set(end) in ({">=", "<"}, {">=", "<="}, {"=="}, {"<"}, set()) and len(end) == len(bug.affected)
    oldest, upper = end.get(">=", end.get("==")), end.get("<", end.get("<="))
    assert (bug.basis["seen"] == "unknown") == (oldest is None)
    assert (bug.basis["fixed"] == "unknown") == ("<" not in end)
    assert oldest is None or upper is None or oldest <= upper
    if bug.introduced:
        assert oldest is None or Version(bug.introduced["version"]) <= Version(oldest.base_version)
        assert bug.introduced["basis"] != "unknown"
    assert all(oldest is not None and oldest < Version(f"{release}.99") for release in bug.unsure)
    assert (bug.state_2_14 == "fixed") == (bug.state("2.14.0") == "not affected")


@pytest.mark.parametrize("bug", [b for b in BUGS if b.basis["seen"] == "thread"], ids=lambda bug: bug.slug)
def test_the_oldest_version_seen_sick_is_one_of_a_report(bug):
    oldest = ends(bug).get(">=", ends(bug).get("=="))
    assert oldest in {Version(entry["torch"]) for entry in bug.reported if "torch" in entry}


def is_build_of_main_beside(version, fix):
    """A build of main has the number of the next release, also before the fix was picked onto this one's branch."""
    return version.is_prerelease and version.release[:2] == (fix.major, fix.minor + 1)


@pytest.mark.parametrize("bug", [b for b in ALL if b.reported], ids=lambda bug: bug.slug)
def test_no_report_contradicts_the_versions(bug):
    """A version in which a thread saw the bug lies within `affected`, and is never called not affected."""
    end = ends(bug)
    oldest, last, fix = end.get(">=", end.get("==")), end.get("<=", end.get("==")), end.get("<")
    for seen in (Version(entry["torch"]) for entry in bug.reported if "torch" in entry):
        assert end, f"seen in {seen}, but affected is empty"
        if fix and is_build_of_main_beside(seen, fix):
            continue
        assert oldest and oldest <= seen, f"seen in {seen}, which is older than the oldest version seen affected"
        assert last is None or seen <= last, f"seen in {seen}, which is newer than the version last seen affected"
        assert fix is None or seen < fix, f"seen in {seen}, which has the fix"
        assert bug.state(str(seen)) != "not affected"


@pytest.mark.parametrize("bug", [b for b in ALL if b.introduced and b.fixed], ids=lambda bug: bug.slug)
def test_a_fault_comes_before_its_fix(bug):
    """Else the release with the fix would be shown as the one that the fault came with."""
    assert Version(bug.introduced["version"]) < bug.fixed


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.slug)
def test_versions_of_pytorch_stand_in_their_fields_alone(bug):
    """What is said twice comes apart: a claim with a version in it stays when the range is corrected."""
    assert not re.search(r"(?<![\w.*#])(1\.1[2-4]|2\.\d{1,2})(\.\d+)?(?![\w.]*\d)", f"{bug.claim} {bug.when}")


def test_what_never_was_in_a_release_is_sick_in_none():
    for bug in BUGS:
        if bug.in_a_release is False:
            assert not [release for release in RELEASES if bug.state(release) == "affected"], bug.slug


def test_no_thread_is_named_twice_in_an_entry():
    for bug in BUGS:
        named = [bug.issue, *bug.also]
        assert len(set(named)) == len(named), bug.slug
        assert bug.fixed_pr not in bug.also, bug.slug


def test_the_triggers_name_ops_and_arguments_that_torch_has():
    with_trigger = [bug for bug in BUGS if bug.triggers]
    assert with_trigger
    for bug in with_trigger:
        assert not trigger.check_names(bug.triggers), bug.slug


def test_the_closed_lists_are_those_of_the_snippets():
    assert SCHEMA["bug"]["properties"]["kind"]["enum"] == list(catalogue.KINDS)
    assert SCHEMA["basis"]["enum"] == list(catalogue.BASES)
    families = {entry["const"]: entry["description"] for entry in SCHEMA["bug"]["properties"]["family"]["oneOf"]}
    assert values.FAMILIES.items() <= families.items()


@pytest.mark.parametrize("path", [reported.BUGS, reported.REPORTS, reported.SCHEMA], ids=lambda path: path.name)
def test_nothing_points_at_one_machine(path):
    text = path.read_text(encoding="utf-8")
    assert not [match[0] for pattern in local.PATTERNS.values() for match in re.finditer(pattern, text)]


def test_every_bug_has_one_row_and_a_snippet_takes_it_over(write, monkeypatch):
    snippets = {bug.slug: bug for bug in catalogue.load()}
    slugs = [bug.slug for bug in reported.all_bugs()]
    assert slugs == sorted(set(slugs)) and set(slugs) == {*snippets, *(bug.slug for bug in BUGS)}
    assert all(bug.issue == snippets[bug.slug].issue for bug in BUGS if bug.slug in snippets)
    taken, other = "linear-noncontiguous-weight", "softmax-sliced-input-zeros"
    entries = reported.load(write({"slug": taken}, {"slug": other}))
    monkeypatch.setattr(reported, "load", lambda: entries)
    rows = {bug.slug: bug for bug in reported.all_bugs()}
    assert set(rows) == {*snippets, other}
    assert isinstance(rows[taken], catalogue.Bug) and isinstance(rows[other], reported.Reported)


def test_fields_of_the_same_name_have_the_same_type():
    snippet = catalogue.find("linear-noncontiguous-weight")
    entry = next(bug for bug in BUGS if bug.macos is not None and bug.introduced and bug.fixed_pr)
    for name in vars(snippet).keys() & vars(entry).keys():
        assert type(vars(snippet)[name]) is type(vars(entry)[name]), name


def test_state_is_unknown_where_nothing_is_known_and_where_the_fix_may_be_in_already():
    by_slug = {bug.slug: bug for bug in BUGS}
    assert {by_slug["activation-backward-permuted"].state(release) for release in RELEASES} == {"unknown"}
    bug = by_slug["sum-negative-dim-trailing-ones"]
    assert [bug.state(torch) for torch in ("2.3.1", "2.4.0", "2.5.1", "2.6.0")] == [
        "unknown",
        "affected",
        "unknown",
        "not affected",
    ]
    bug = by_slug["categorical-same-sample"]
    assert [bug.state(torch) for torch in ("2.6.0", "2.7.0+cpu")] == ["unknown", "not affected"]


@pytest.mark.parametrize(
    "change, words",
    [
        ({"colour": "red"}, "colour"),
        ({"family": "other"}, "family"),
        ({"affected": "~=2.8"}, "affected"),
        ({"claim": "It names no call."}, "claim"),
        ({"trigger": [{"op": ["abs"], "when": ["self.colour == red"]}], "trigger_basis": "draft"}, "colour"),
        ({"trigger": [{"op": ["abs"]}], "trigger_basis": None}, "trigger_basis"),
        ({"reported": [{"thread": "pytorch/pytorch#1", "torch": "nightly"}]}, "reported/0/torch"),
    ],
)
def test_a_wrong_line_is_refused_and_named(write, change, words):
    with pytest.raises(reported.BadEntry, match="entries.jsonl line 2") as error:
        reported.load(write({}, change))
    assert words in str(error.value)


def test_lines_out_of_order_and_broken_lines_are_refused(write):
    with pytest.raises(reported.BadEntry, match="line 2: a-b comes after b-c"):
        reported.load(write({"slug": "b-c"}, {"slug": "a-b"}))
    path = write({})
    path.write_text("{", encoding="utf-8")
    with pytest.raises(reported.BadEntry, match="line 1 is not JSON"):
        reported.load(path)


def test_a_command_ends_in_one_sentence_where_a_line_is_wrong(write, monkeypatch):
    bad, load = write({"slug": "b-c"}, {"slug": "a-b"}), reported.load
    monkeypatch.setattr(reported, "load", lambda: load(bad))
    done = CliRunner().invoke(main, ["stats"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "entries.jsonl line 2: a-b comes after b-c: sort by slug, one line a slug.\n"


def test_reports_name_their_bugs(write):
    slugs = {bug.slug for bug in reported.all_bugs()}
    threads = [report.thread for report in reported.reports()]
    assert len(set(threads)) == len(threads)
    for report in reported.reports():
        assert set(report.bugs) <= slugs and (report.link is None) == (not report.bugs)
        assert report.url.startswith("https://") and report.thread not in report.also
    with pytest.raises(reported.BadEntry, match="there is no bug 'no-such-bug'"):
        reported.reports(write({"bugs": ["no-such-bug"], "link": "stated"}, source=reported.REPORTS))


def test_who_met_a_bug():
    threads = [report.thread for report in reported.met("linear-noncontiguous-weight")]
    assert "TransformerLensOrg/TransformerLens#1178" in threads
    assert not [r for r in reported.met("gelu-noncontiguous") if r.thread == "huggingface/transformers#32005"]
