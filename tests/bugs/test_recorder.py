"""Both levels of the recorder show the same calls, and change nothing."""

import pytest
import torch
import torch.nn.functional as F

from mpscheck.bugs import recorder
from mpscheck.bugs.aten import base_name

LEVELS = (recorder.PRE_DISPATCH, recorder.TWO_MODES)


def ops_of(program, level) -> list[str]:
    seen = []

    def handle(op, args, kwargs, run):
        seen.append(base_name(op))
        return run()

    with recorder.around(handle, level):
        program()
    return seen


@pytest.fixture(params=LEVELS)
def level(request):
    return request.param


def test_this_torch_has_the_better_level():
    assert recorder.available()
    assert recorder.best_level() == recorder.PRE_DISPATCH


def test_ops_of_mps_itself_are_seen_whole(level):
    x, w, q = torch.ones(2, 4), torch.ones(3, 4), torch.ones(1, 2, 4, 8)
    assert ops_of(lambda: F.linear(x, w), level) == ["linear"]
    assert ops_of(lambda: F.scaled_dot_product_attention(q, q, q), level) == ["scaled_dot_product_attention"]


@pytest.mark.parametrize(
    "program, names",
    [
        (lambda x: F.softmax(x, 1), ["softmax", "_softmax"]),
        (lambda x: torch.softmax(input=x, dim=1), ["softmax", "_softmax"]),
        (lambda x: x @ x, ["matmul", "mm"]),
        (lambda x: F.layer_norm(x, (4,)), ["layer_norm", "native_layer_norm"]),
        (lambda x: x.half(), ["_to_copy"]),
        (lambda x: torch.nn.Linear(4, 2)(x), ["linear"]),
    ],
)
def test_ops_made_of_others_are_seen_with_those(program, names, level):
    seen = ops_of(lambda: program(torch.ones(4, 4)), level)
    assert [name for name in seen if name in names] == names


@pytest.mark.parametrize("guard", [torch.enable_grad, torch.no_grad, torch.inference_mode])
def test_each_call_is_seen_once_in_every_grad_mode(guard, level):
    with guard():
        seen = ops_of(lambda: F.linear(torch.ones(2, 4), torch.ones(3, 4)), level)
    assert seen.count("linear") == 1
    assert "addmm" not in seen and "t" not in seen


def test_backward_is_seen_also_in_the_threads_of_autograd(level):
    weight = torch.ones(3, 4, device="emu", requires_grad=True)  # a device other than the CPU has a thread of its own

    def program():
        F.gelu(F.linear(torch.ones(2, 4, device="emu"), weight)).sum().backward()

    assert {"linear", "gelu_backward", "linear_backward"} <= set(ops_of(program, level))


def test_results_are_those_of_the_program_alone(level):
    def program():
        torch.manual_seed(0)
        model = torch.nn.TransformerEncoderLayer(8, 2, batch_first=True)
        torch.nn.init.uniform_(model.linear1.weight)  # a Python function that asks for modes in its own way
        loss = F.cross_entropy(model(torch.randn(2, 5, 8)).flatten(1), torch.tensor([1, 2]))
        loss.backward()
        return loss.detach(), model.linear1.weight.grad

    expected, kept = program(), []
    ops_of(lambda: kept.extend(program()), level)
    assert all(torch.equal(a, b) for a, b in zip(expected, kept))


def test_ops_of_the_handler_itself_are_not_seen(level):
    seen = []

    def handle(op, args, kwargs, run):
        seen.append(base_name(op))
        F.softmax(torch.ones(2, 2) + 1, 1)
        return run()

    with recorder.around(handle, level):
        torch.ones(2).neg()
    assert seen == ["ones", "neg"]


def test_the_handler_decides_what_the_program_gets(level):
    with recorder.around(lambda op, args, kwargs, run: run() * 2 if base_name(op) == "linear" else run(), level):
        assert F.linear(torch.ones(1, 1), torch.ones(1, 1)).item() == 2


def test_an_exception_ends_the_recording(level):
    seen = []

    def handle(op, args, kwargs, run):
        seen.append(base_name(op))
        return run()

    with pytest.raises(RuntimeError), recorder.around(handle, level):
        F.linear(torch.ones(2, 3), torch.ones(2, 4))
    torch.ones(1)
    assert seen.count("ones") == 2  # those of the block


def test_calls_carry_the_layout_and_the_names_of_the_schema(level):
    kept = []

    def handle(op, args, kwargs, run):
        kept.append(recorder.call_of(op, args, kwargs))
        return run()

    weight = torch.ones(4, 3).T
    with recorder.around(handle, level):
        F.linear(torch.ones(2, 4), weight=weight)
    (call,) = [call for call in kept if call.op == "linear"]
    assert call.args["weight"].stride() == (1, 3)
    assert set(call.args) == {"input", "weight", "bias"}


@pytest.mark.parametrize("options", [{}, {"padding": 1}, {"stride": 2, "padding": (1,)}, {"padding": "same"}])
def test_arguments_are_as_the_op_takes_them(options, level):
    results = []

    def handle(op, args, kwargs, run):
        result = run()
        if base_name(op) == "conv1d":
            results.append((op(*args, **kwargs), result))
        return result

    with recorder.around(handle, level):
        F.conv1d(torch.ones(1, 2, 8), torch.ones(4, 2, 3), **options)
    ((again, result),) = results
    assert torch.equal(again, result)


def test_both_levels_see_nearly_the_same_of_a_language_model():
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(vocab_size=20, n_embd=16, n_head=2, n_layer=1, n_positions=8)).eval()
    tokens = torch.tensor([[1, 2, 3]])
    better, other = (ops_of(lambda: model(tokens), level) for level in LEVELS)
    assert set(better) - set(other) <= {"to", "reshape", "_reshape_alias", "clone"}
    assert set(other) - set(better) <= {"contiguous"}


class Scaled(torch.autograd.Function):
    """A linear layer with a backward of its own."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x, weight):
        return F.linear(x, weight)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        return grad @ weight, grad.T @ x


def test_functions_within_vmap_and_grad_are_seen_at_the_better_level():
    x, weight = torch.ones(5, 2, 4), torch.ones(3, 4)

    def program():
        torch.vmap(lambda rows: Scaled.apply(rows, weight))(x)
        torch.func.grad(lambda rows: Scaled.apply(rows, weight).sum())(x[0])

    assert ops_of(program, recorder.PRE_DISPATCH).count("linear") == 2


def test_a_kernel_that_emu_is_given_later_is_called(level):
    """A fault on a composite op is a kernel registered while the program runs: the recorder must not take it apart."""
    from mpscheck.emulation import dispatch, faults

    def sick(call, run):
        return run(call.args) + 1

    x, w = torch.ones(1, 2, 3, 8, device="emu"), torch.ones(4, 2, 1, 1, device="emu")
    healthy = []
    ops_of(lambda: healthy.append(F.conv2d(x, w)), level)
    dispatch.hook("conv2d")
    with faults.only(faults.fault("shifted", op=["conv2d"], effect=sick)):
        wrong = []
        assert "conv2d" in ops_of(lambda: wrong.append(F.conv2d(x, w)), level)
    assert torch.equal(wrong[0].cpu(), healthy[0].cpu() + 1)


def test_ops_that_take_functions_run(level):
    def program():
        torch.cond(torch.tensor(True), lambda x: x.sin(), lambda x: x.cos(), (torch.ones(3),))

    assert "ones" in ops_of(program, level)
    assert torch._ops.HigherOrderOperator.dispatch.__qualname__ == "HigherOrderOperator.dispatch"  # as it was
