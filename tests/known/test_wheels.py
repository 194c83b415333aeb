"""`mpscheck declared`: what PyTorch's wheels say, read as text."""

import zipfile

import pytest
from click.testing import CliRunner

from mpscheck.cli import main
from mpscheck.known import releases, wheels
from mpscheck.site.pages import declared as declared_page

KERNELS = """
- func: linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor
  dispatch:
    CompositeImplicitAutograd: linear
    NestedTensorCPU, NestedTensorCUDA: nested_linear
    MPS: _mps_linear
- func: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
  structured_delegate: add.out
- func: add.out(Tensor self, Tensor other, *, Scalar alpha=1, Tensor(a!) out) -> Tensor(a!)
  dispatch:
    CPU, CUDA, MPS: add_out
- func: only_sparse(Tensor self) -> Tensor
  dispatch:
    SparseMPS: only_sparse
- func: composite(Tensor self) -> Tensor
"""
EXPECTED = """
import torch
raise SystemExit("this file is read, never executed")
if torch.backends.mps.is_available():
    def mps_ops_modifier(ops):
        UNDEFINED_XFAILLIST: dict[str, object] = {
            # random
            "randn": None,
            "topk": [torch.int16, torch.int32],
        }
        SUPPORTED = {"abs": None}
    def mps_ops_grad_modifier(ops):
        XFAILLIST_GRAD = {"nn.functional.conv3d": [torch.float32]}
"""


def make_wheel(folder, expected=EXPECTED, kernels=KERNELS):
    wheel = folder / "torch-9.9.9-cp311-none-macosx_11_0_arm64.whl"
    with zipfile.ZipFile(wheel, "w") as files:
        files.writestr(wheels.VERSION, "__version__ = '9.9.9'\ngit_version = 'abc'\n")
        if kernels is not None:
            files.writestr(wheels.KERNELS, kernels)
        if expected is not None:
            files.writestr(wheels.EXPECTED, expected)
    return wheel


def test_an_op_has_a_kernel_if_one_of_its_overloads_names_mps(tmp_path):
    assert wheels.read(make_wheel(tmp_path)).kernels == ["add", "linear"]


def test_expected_failures_are_read_with_their_dtypes_and_nothing_is_executed(tmp_path):
    assert wheels.read(make_wheel(tmp_path)).expected_failures == {
        "mps_ops_modifier.UNDEFINED_XFAILLIST": {"randn": None, "topk": ["int16", "int32"]},
        "mps_ops_grad_modifier.XFAILLIST_GRAD": {"nn.functional.conv3d": ["float32"]},
    }


def test_a_wheel_without_the_list_says_unknown_not_none_expected(tmp_path):
    declared = wheels.read(make_wheel(tmp_path, expected=None))
    assert declared.expected_failures is None
    assert "unknown" in declared_page.by_release({"9.9.9": declared})
    assert "does not hold the list" in declared_page.of_release("9.9.9", {"9.9.9": declared})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: make_wheel(folder, kernels=None),
        lambda folder: make_wheel(folder, kernels="- func: [never closed"),
        lambda folder: make_wheel(folder, expected="def broken(:"),
    ],
)
def test_a_file_that_is_no_wheel_of_torch_is_refused_in_one_sentence(tmp_path, spoil):
    with pytest.raises(
        wheels.BadWheel, match=r"^torch-9\.9\.9-cp311-none-macosx_11_0_arm64\.whl is no wheel of torch: "
    ):
        wheels.read(spoil(tmp_path))


def test_a_file_that_is_no_zip_is_refused(tmp_path):
    (tmp_path / "x.whl").write_bytes(b"not a zip")
    with pytest.raises(wheels.BadWheel, match="^x.whl is no wheel of torch"):
        wheels.read(tmp_path / "x.whl")


def test_an_unknown_release_ends_in_one_sentence():
    result = CliRunner().invoke(main, ["declared", "9.9.9"])
    assert result.exit_code == 2
    assert result.output == "there is no release '9.9.9' in catalogue/torch-releases.json.\n"


def test_every_release_has_been_read():
    assert list(wheels.read_all(release.version for release in releases.load())) == [
        release.version for release in releases.load()
    ]


def test_linear_had_its_own_kernel_and_in_float32_stood_in_no_list_when_it_was_wrong():
    declared = wheels.load("2.8.0")
    assert "linear" in declared.kernels
    listed = [
        ops["nn.functional.linear"] for ops in declared.expected_failures.values() if "nn.functional.linear" in ops
    ]
    assert listed == [["int16", "int32", "int64", "int8", "uint8"]]


def test_releases_are_joined_to_stretches_with_their_gaps():
    assert declared_page.stretches(["1", "2", "4"], ["1", "2", "3", "4"]) == "1 to 2, 4"


def test_the_section_of_a_release_names_what_came_and_what_went():
    def one(kernels):
        return wheels.Declared("", "", "", "", kernels, {declared_page.DIFFERS: {"<b>": None}})

    found = declared_page.of_release("2", {"1": one(["add", "mul"]), "2": one(["add", "div"])})
    assert "New since 1: <code>div</code>." in found
    assert "Gone since 1: <code>mul</code>." in found
    assert "expect 1 ops to differ from the CPU: <code>&#60;b&#62;</code>." in found
