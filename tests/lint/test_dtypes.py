import pytest

from mpscheck.lint import dtypes

from .conftest import GOOD_STATISTICAL, good_source, replaced, with_field

CALL = "return F.linear(x.to(device), weight)"


@pytest.mark.parametrize(
    ("cast", "says"),
    [
        ("x.to(device).half()", 'say dtypes = ["float16"]'),
        ("x.to(device).bfloat16()", 'say dtypes = ["bfloat16"]'),
        ("x.to(device, torch.half)", 'say dtypes = ["float16"]'),
        ("x.to(device, dtype=torch.bfloat16)", 'say dtypes = ["bfloat16"]'),
        ("x.to(device).type(torch.float16)", 'say dtypes = ["float16"]'),
        ("torch.ones(64, 48, device=device, dtype=torch.half)", 'say dtypes = ["float16"]'),
        ("x.to(device).cumsum(0, dtype=torch.bfloat16)", 'say dtypes = ["bfloat16"]'),
    ],
)
def test_fires(problem, cast, says):
    bad = replaced(good_source(), CALL, f"return F.linear({cast}, weight)")
    found = problem(dtypes, bad)
    assert says in found and "narrows the reference" in found


def test_clean(snippet):
    wide = replaced(good_source(), CALL, "return F.linear(x.to(device).float(), weight.to(torch.float32))")
    cast = with_field(good_source(), "trigger", '[{"op": ["_to_copy"]}]')  # the cast is what it is about
    cast = replaced(cast, CALL, "return x.to(device).half()")
    within = replaced(good_source(), CALL, f"with torch.autocast(device, dtype=torch.float16):\n        {CALL}")
    stated = with_field(good_source(), "dtypes", '["float16"]')
    assert [problem for source in (wide, cast, within, stated) for problem in dtypes.check(snippet(source))] == []


def test_random_numbers_have_a_dtype_of_their_own(problem, snippet):
    good = good_source(GOOD_STATISTICAL)
    assert "take it out" in problem(dtypes, with_field(good, "dtypes", '["float16"]'), good)
    drawn = replaced(
        good, "torch.randn(2, 1, 32, 32, 32, device=device)", "torch.rand(9, dtype=torch.half, device=device)"
    )
    assert list(dtypes.check(snippet(drawn))) == []  # no reference that it could narrow
