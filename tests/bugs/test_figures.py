"""What others published: the reader refuses what is not strict, and only what anybody can repeat settles a version."""

import dataclasses
import json

import pytest

from mpscheck.bugs import catalogue, figures
from mpscheck.bugs.figures import Figure

GOOD = {"what": "softmax of a slice", "quantity": "value", "cpu": "1", "mps": "0", "source": "a/b#1"}
SLUG = "softmax-sliced-input-zeros"
FULL = Figure(
    what="softmax of a slice", quantity="value", cpu="1", mps="0", source="a/b#1", verdict="wrong", code=True,
    torch=("2.8.0",), macos="15.6", chip="M1",
)  # fmt: skip


@pytest.fixture
def write(tmp_path):
    """Writes rows to a folder of figures."""

    def write(*rows, name=f"{SLUG}.jsonl"):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return tmp_path

    return write


def test_the_files_of_the_catalogue_are_read_and_name_their_sources():
    found = figures.load()
    assert "linear-bias-batch-over-65536" in found
    assert all(one.url.startswith("https://github.com/") for rows in found.values() for one in rows)


def test_what_is_not_known_is_none_empty_or_false(write):
    (one,) = figures.of(SLUG, write(GOOD))
    assert (one.torch, one.macos, one.code, one.verdict) == ((), None, False, None)
    assert one.url == "https://github.com/a/b/issues/1"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mps": 0.5}, "mps = 0.5: expected a text"),
        ({"mps": "7" * 81}, "maxLength"),
        ({"torch": ["two"]}, "torch/0 = 'two'"),
        ({"torch": "2.8.0"}, "torch = '2.8.0': expected a list"),
        ({"macos": "Sequoia"}, "macos = 'Sequoia'"),
        ({"source": "http://github.com/a/b/issues/1"}, "source ="),
        ({"source": "https://github.com/a/b/blob/main/x.py"}, "source ="),
        ({"source": "https://192.168.0.1/x"}, "source ="),
        ({"verdict": "fine"}, "expected one of wrong, right"),
        ({"quantity": "speed"}, "expected one of value, error, wrong, score, said"),
        ({"settles": True}, "does not know settles"),
        ({"code": False}, "leave it out otherwise"),
    ],
)
def test_a_row_that_is_not_strict_is_refused(write, change, said):
    with pytest.raises(catalogue.BadBug, match=r"line 1 is no figure") as error:
        figures.of(SLUG, write({**GOOD, **change}))
    assert said in str(error.value)


def test_a_row_without_a_number_of_the_device_is_refused(write):
    with pytest.raises(catalogue.BadBug, match="the figure lacks mps"):
        figures.of(SLUG, write({name: value for name, value in GOOD.items() if name != "mps"}))


def test_figures_of_no_bug_are_refused(write):
    with pytest.raises(catalogue.BadBug, match="there is no bug 'no-such-bug'"):
        figures.load(write(GOOD, name="no-such-bug.jsonl"))


def test_a_bug_without_a_file_has_none(tmp_path):
    assert figures.of(SLUG, tmp_path) == ()


@pytest.fixture
def bug():
    return catalogue.all_bugs()[0]


def test_wrong_settles_where_code_and_set_up_are_named(bug):
    assert figures.settling(bug, [FULL]) == [("2.8.0", "15.6", "M1", False, "wrong", "https://github.com/a/b/issues/1")]
    several = dataclasses.replace(FULL, torch=("2.8.0", "2.9.0"))
    assert [one.torch for one in figures.settling(bug, [several])] == ["2.8.0", "2.9.0"]


@pytest.mark.parametrize(
    "change",
    [
        {"code": False}, {"torch": ()}, {"macos": None}, {"chip": None}, {"verdict": None}, {"of": "control"},
        {"macos": "27 beta"}, {"doubt": "the machine was shared"},
    ],
    ids=str,
)  # fmt: skip
def test_nothing_settles_where_one_of_them_is_lacking(bug, change):
    assert figures.settling(bug, [dataclasses.replace(FULL, **change)]) == []


def test_right_settles_only_where_the_same_code_was_seen_wrong_on_that_kind_of_gpu(bug):
    right = dataclasses.replace(FULL, torch=("2.9.0",), mps="1", verdict="right")
    assert figures.settling(bug, [right]) == []
    assert [one.verdict for one in figures.settling(bug, [FULL, right])] == ["wrong", "right"]
    unnamed = dataclasses.replace(FULL, chip=None, macos=None)
    assert [one.verdict for one in figures.settling(bug, [unnamed, right])] == ["right"]
    control = dataclasses.replace(FULL, of="control")
    assert figures.settling(bug, [control, right]) == []
    virtual = dataclasses.replace(right, virtual=True)
    assert [one.virtual for one in figures.settling(bug, [FULL, virtual])] == [False]
    other = dataclasses.replace(right, what="softmax of a matrix")
    assert [one.verdict for one in figures.settling(bug, [FULL, other])] == ["wrong"]


def test_two_files_of_one_repository_have_one_origin():
    at = "https://github.com/a/b/blob/" + "0" * 40
    wrong = dataclasses.replace(FULL, source=f"{at}/one.json")
    assert wrong.origin == dataclasses.replace(FULL, source=f"{at}/two.json").origin == "a/b"
