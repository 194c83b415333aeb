"""The smallest trigger that separates wrong calls from right ones."""

import pytest

from mpscheck.sweep.learning import Example, learn


def call(layout="contiguous", dtype="float32", size=4, form="functional", value=1.0):
    facts = {"self.layout": layout, "self.dtype": dtype, "self.size.0": size, "form": form, "self.max": value}
    return facts | {"self has nan": False, "result.layout": layout}


def examples(*some):
    return [Example((facts,), wrong) for facts, wrong in some]


CALLS = [
    call(layout, dtype, size, form, value)
    for layout in ("contiguous", "permuted", "sliced")
    for dtype in ("float32", "float16", "int64")
    for size, value in ((4, 0.3), (40, 2.7))
    for form in ("functional", "out")
]


@pytest.mark.parametrize(
    ("wrong", "tables"),
    [
        (lambda c: c["self.layout"] == "permuted", [{"op": ["f"], "when": ["self.layout == permuted"]}]),
        (lambda c: c["self.layout"] != "contiguous", [{"op": ["f"], "when": ["self.layout != contiguous"]}]),
        (
            lambda c: c["self.dtype"] == "int64" and c["form"] == "out",
            [{"op": ["f"], "when": ["self.dtype == int64"], "form": "out"}],
        ),
        (lambda c: c["self.size.0"] > 4, [{"op": ["f"], "when": ["self.size.0 > 4"]}]),
        (
            lambda c: c["self.dtype"] == "int64" or c["self.layout"] == "sliced",
            [{"op": ["f"], "when": ["self.layout == sliced"]}, {"op": ["f"], "when": ["self.dtype == int64"]}],
        ),
        (lambda c: True, [{"op": ["f"], "when": []}]),
    ],
    ids=["layout", "any other layout", "form", "limit", "alternatives", "always"],
)
def test_the_trigger_of_wrong_calls_is_inferred(wrong, tables):
    learnt = learn(examples(*((c, wrong(c)) for c in CALLS)))
    got = learnt.tables("f")
    if len(tables) == 1 and tables[0]["when"] == ["self.size.0 > 4"]:
        assert got[0]["when"] in (["self.size.0 > 4"], ["self.size.0 == 40"])
    else:
        assert sorted(map(str, got)) == sorted(map(str, tables))
    assert learnt.right == learnt.of == len(CALLS)


def test_a_right_result_by_chance_does_not_hide_a_plain_trigger():
    many = [*CALLS] * 6
    some = [(c, c["self.layout"] == "permuted") for c in many]
    some[many.index(call("permuted", "float32", 4, "functional", 0.3))] = (many[12], False)
    assert learn(examples(*some)).tables("f") == [{"op": ["f"], "when": ["self.layout == permuted"]}]


def test_nothing_is_inferred_where_nothing_is_wrong():
    assert learn(examples(*((c, False) for c in CALLS))) is None
