"""Rows of the catalogue and what users met: the files as they are checked in, and what the reader refuses."""

import json
import re

import pytest
from click.testing import CliRunner

from mpscheck.bugs import catalogue, encounters, schema
from mpscheck.cli import main
from mpscheck.lint import local

RELEASES = [f"2.{minor}.0" for minor in range(15)]
ROW = "softmax-sliced-input-zeros"


@pytest.fixture
def write(tmp_path):
    """Writes changed copies of the first entries to a file: one dict of changes a line."""

    def write(*changes, source=catalogue.ROWS):
        lines = source.read_text(encoding="utf-8").splitlines()
        path = tmp_path / "entries.jsonl"
        entries = [{**json.loads(line), **change} for line, change in zip(lines, changes)]
        path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
        return path

    return write


def test_the_rows_are_written_in_the_order_of_the_schema_and_leave_out_what_is_not_known():
    for line in catalogue.ROWS.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        assert list(entry) == list(schema.in_order(entry))
        assert not [name for name, value in entry.items() if value in (None, [], {}, "")], entry["slug"]


@pytest.mark.parametrize("path", [encounters.FILE, schema.FILE], ids=lambda path: path.name)
def test_nothing_points_at_one_machine(path):
    text = path.read_text(encoding="utf-8")
    assert not [match[0] for pattern in local.PATTERNS.values() for match in re.finditer(pattern, text)]


def test_every_bug_is_there_once(write, monkeypatch):
    slugs = [bug.slug for bug in catalogue.all_bugs()]
    assert slugs == sorted(set(slugs))
    assert len(slugs) == len(catalogue.with_check()) + len(catalogue.rows())
    taken = catalogue.rows(write({"slug": "linear-noncontiguous-weight"}, {"slug": ROW}))
    monkeypatch.setattr(catalogue, "rows", lambda: taken)
    with pytest.raises(catalogue.BadBug, match="linear-noncontiguous-weight has a snippet: take the line out"):
        catalogue.all_bugs()


def test_state_is_unknown_where_nothing_is_known_and_where_the_fix_may_be_in_already():
    by_slug = {bug.slug: bug for bug in catalogue.all_bugs()}
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
        ({"trigger": [{"op": ["abs"], "when": ["self.colour == red"]}]}, "colour"),
        ({"effect": "paints(result)"}, "paints"),
        ({"fresh": True}, "fresh has no place in a row"),
        ({"reported": [{"thread": "pytorch/pytorch#1", "torch": "nightly"}]}, "reported/0/torch"),
    ],
)
def test_a_wrong_line_is_refused_and_named(write, change, words):
    with pytest.raises(catalogue.BadBug, match="entries.jsonl line 2") as error:
        catalogue.rows(write({}, change))
    assert words in str(error.value)


def test_lines_out_of_order_and_broken_lines_are_refused(write):
    with pytest.raises(catalogue.BadBug, match="line 2: a-b comes after b-c"):
        catalogue.rows(write({"slug": "b-c"}, {"slug": "a-b"}))
    path = write({})
    path.write_text("{", encoding="utf-8")
    with pytest.raises(catalogue.BadBug, match="line 1 is not JSON"):
        catalogue.rows(path)


def test_a_command_ends_in_one_sentence_where_a_line_is_wrong(write, monkeypatch):
    bad, rows = write({"slug": "b-c"}, {"slug": "a-b"}), catalogue.rows
    monkeypatch.setattr(catalogue, "rows", lambda: rows(bad))
    done = CliRunner().invoke(main, ["stats"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "entries.jsonl line 2: a-b comes after b-c: sort by slug, one line a slug.\n"


def test_what_users_met_names_its_bugs(write):
    slugs = {bug.slug for bug in catalogue.all_bugs()}
    threads = [one.thread for one in encounters.load()]
    assert len(set(threads)) == len(threads)
    for one in encounters.load():
        assert set(one.bugs) <= slugs and (one.link is None) == (not one.bugs)
        assert one.url.startswith("https://") and one.thread not in one.also
    with pytest.raises(catalogue.BadBug, match="there is no bug 'no-such-bug'"):
        encounters.load(write({"bugs": ["no-such-bug"], "link": "stated"}, source=encounters.FILE))


def test_who_met_a_bug():
    threads = [one.thread for one in encounters.with_bug("linear-noncontiguous-weight")]
    assert "TransformerLensOrg/TransformerLens#1178" in threads
    assert not [
        one for one in encounters.with_bug("gelu-noncontiguous") if one.thread == "huggingface/transformers#32005"
    ]
