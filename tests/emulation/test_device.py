"""What a user of `device="emu"` may rely on, in the order in which a program meets it."""

import copy
import io

import pytest
import torch
import torch.nn.functional as F
from torch.utils._pytree import tree_leaves

from mpscheck.emulation import faults

EMU = "emu"


def both(function, *tensors):
    """The result on the CPU and the one on emu (moved back)."""
    return function(*tensors), function(*(t.to(EMU) for t in tensors)).cpu()


OPS = {
    "add": lambda a, b: a + b,
    "matmul": lambda a, b: a @ b.T,
    "einsum": lambda a, b: torch.einsum("ij,kj->ik", a, b),
    "softmax": lambda a, b: (a @ b.T).softmax(-1),
    "layer_norm": lambda a, b: F.layer_norm(a, (8,), b[0], b[1]),
    "gelu": lambda a, b: F.gelu(a) + F.gelu(b, approximate="tanh"),
    "linear": lambda a, b: F.linear(a, b),
    "linear, weight a view": lambda a, b: F.linear(a, b.T.contiguous().T, b[:, 0]),
    "attention": lambda a, b: F.scaled_dot_product_attention(a[None], b[None], b[None], is_causal=True),
    "conv1d": lambda a, b: F.conv1d(a[None], b[:, :, None].expand(6, 8, 3).transpose(0, 1).reshape(8, 6, 3)),
    "index": lambda a, b: a[torch.tensor([2, 0], device=a.device)] + b[b[:, 0] > -9][:2],
    "index_put": lambda a, b: a.clone().index_put((torch.tensor([1], device=a.device),), b[:1]),
    "where": lambda a, b: torch.where(a > b, a, b),
    "cumsum, sort, topk": lambda a, b: a.cumsum(1).sort(dim=1).values + b.topk(8, dim=1).values,
    "triu, eye, arange": lambda a, b: a.triu() + torch.eye(6, 8, device=a.device) + torch.arange(8, device=a.device),
    "cat, stack, split": lambda a, b: torch.cat(torch.stack([a, b]).split(1), 1),
    "norm, var, mean": lambda a, b: a.norm() + b.var() + a.mean() - b.std(),
    "out= that grows": lambda a, b: torch.add(a, b, out=torch.empty(0, device=a.device)),
    "cross_entropy": lambda a, b: F.cross_entropy(a, b.argmax(1)),
    "complex": lambda a, b: torch.view_as_real(torch.view_as_complex(a.reshape(6, 4, 2)).conj() * 2j),
    "complex, a view of a conjugated view": lambda a, b: torch.view_as_real(
        torch.view_as_complex(a.reshape(6, 4, 2)).conj().view(24).resolve_conj()
    ),
    "numbers": lambda a, b: (
        (a % 2) + (b % 0.75) + (3 % (a.abs() + 1)) + (a > 0) * 2 + a.fmod(2) + torch.atan2(a, b) ** 2
    ),
    "numbers and integers": lambda a, b: (a * 9).long() % 5 + (b * 9).long() % 2.5 + ((a * 9).long() & 3),
    "fft": lambda a, b: torch.fft.fft(a).abs() + b,
    "linalg": lambda a, b: torch.linalg.qr(a)[0],
}


@pytest.mark.parametrize("name", OPS)
def test_healthy_device_gives_the_bits_of_the_cpu(name):
    torch.manual_seed(0)
    cpu, emu = both(OPS[name], torch.randn(6, 8), torch.randn(6, 8))
    assert torch.equal(cpu, emu)


VIEWS = {
    "transpose": lambda t: t.T,
    "slice": lambda t: t[1:, ::2],
    "expand": lambda t: t[:1].expand(6, 8),
    "select": lambda t: t[2],
    "diagonal": lambda t: t.diagonal(),
    "unfold": lambda t: t.unfold(1, 3, 2),
    "view": lambda t: t.view(4, 12),
    "permute": lambda t: t.view(2, 3, 8).permute(2, 0, 1),
    "as_strided": lambda t: t.as_strided((2, 2), (3, 1), 5),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_have_the_strides_and_offset_of_the_cpu_and_share_memory(name):
    base = torch.arange(48.0).view(6, 8)
    here = base.to(EMU)
    cpu, emu = VIEWS[name](base), VIEWS[name](here)
    assert (cpu.shape, cpu.stride(), cpu.storage_offset()) == (emu.shape, emu.stride(), emu.storage_offset())
    if name != "expand":
        cpu.add_(100), emu.add_(100)
    assert torch.equal(base, here.cpu())


INTO = {  # a call that writes its result, 6 by 8, into `out`
    "zeros": lambda a, out: torch.zeros(6, 8, out=out),
    "ones": lambda a, out: torch.ones(6, 8, out=out),
    "full": lambda a, out: torch.full((6, 8), 2.5, out=out),
    "softmax": lambda a, out: torch.softmax(a, -1, out=out),
    "log_softmax": lambda a, out: torch.log_softmax(a, -1, out=out),
    "add": lambda a, out: torch.add(a, 1, out=out),
}


@pytest.mark.parametrize("name", INTO)
def test_a_result_is_written_into_a_strided_view_and_not_beside_it(name):
    def memory(device, a):
        around = torch.full((12, 16), -9.0, device=device)
        out = around[::2, ::2]
        INTO[name](a.to(device), out)
        return around.cpu(), out.stride()

    a = torch.randn(6, 8)
    (cpu, strides), (emu, its) = memory("cpu", a), memory(EMU, a)
    assert torch.equal(cpu, emu) and strides == its == (32, 2)
    assert (emu[1::2] == -9).all() and (emu[:, 1::2] == -9).all() and (emu[::2, ::2] != -9).all()


def test_moving_keeps_a_transposed_layout():
    assert torch.randn(3, 5).T.to(EMU).stride() == (1, 5)


def test_backward_and_optimizer_train_as_on_the_cpu():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.GELU(), torch.nn.LayerNorm(8), torch.nn.Linear(8, 2))
    twin = copy.deepcopy(model).to(EMU)
    x = torch.randn(5, 4)
    for net, data in ((model, x), (twin, x.to(EMU))):
        optimizer = torch.optim.AdamW(net.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            net(data).square().mean().backward()
            optimizer.step()
    for a, b in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(b.cpu(), a)
        torch.testing.assert_close(b.grad.cpu(), a.grad)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_recurrent_layers(kind):
    torch.manual_seed(0)
    layer = getattr(torch.nn, kind)(4, 5, 2)
    twin = copy.deepcopy(layer).to(EMU)
    x = torch.randn(3, 2, 4)
    layer(x)[0].sum().backward()
    twin(x.to(EMU))[0].sum().backward()
    torch.testing.assert_close(twin(x.to(EMU))[0].cpu(), layer(x)[0])
    torch.testing.assert_close(twin.weight_ih_l0.grad.cpu(), layer.weight_ih_l0.grad)


def test_an_lstm_without_gradients_has_the_cpus_bits():
    torch.manual_seed(0)
    layer, x = torch.nn.LSTM(4, 5, 2, batch_first=True, bidirectional=True), torch.randn(3, 2, 4)
    twin = copy.deepcopy(layer).to(EMU)
    with torch.no_grad():
        for mine, its in zip(tree_leaves(twin(x.to(EMU))), tree_leaves(layer(x)), strict=True):
            assert torch.equal(mine.cpu(), its)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("guard", [torch.no_grad, torch.enable_grad])
def test_a_recurrent_layer_that_a_fault_takes_for_one_in_training_drops_out(kind, guard):
    layer, x = getattr(torch.nn, kind)(8, 8, 2, dropout=0.5).to(EMU).eval(), torch.ones(3, 2, 8, device=EMU)
    right = layer(x)[0]
    with faults.only(faults.fault("trains", [kind.lower()], "sets(train, true)")), guard():
        assert (layer(x)[0] - right).abs().max() > 0.001


def test_attention_has_gradients():
    torch.manual_seed(0)
    q = torch.randn(1, 2, 5, 8, requires_grad=True)
    r = q.detach().to(EMU).requires_grad_()
    F.scaled_dot_product_attention(q, q, q, is_causal=True).sum().backward()
    F.scaled_dot_product_attention(r, r, r, is_causal=True).sum().backward()
    torch.testing.assert_close(r.grad.cpu(), q.grad)


def test_a_histogram_takes_whole_numbers_as_on_gpus():
    numbers = torch.tensor([0, 2, 2, 3], dtype=torch.int32)
    assert torch.histc(numbers.to("emu"), bins=4, min=0, max=3).tolist() == [1, 0, 2, 1]
    assert torch.histc(numbers.float().to("emu"), bins=4, min=0, max=3).tolist() == [1, 0, 2, 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.ones(2, dtype=torch.float64, device=EMU),
        lambda: torch.ones(2, dtype=torch.float64).to(EMU),
        lambda: torch.ones(2, device=EMU).double(),
        lambda: torch.ones(2, device=EMU).to(torch.complex128),
        lambda: torch.arange(2, device=EMU).sum(dtype=torch.float64),
    ],
)
def test_float64_is_refused_as_on_mps(make):
    with pytest.raises(TypeError, match="the emu device has no (float64|complex128), like mps: use float32"):
        make()


def test_result_may_go_to_the_cpu_as_float64():
    assert torch.ones(2, device=EMU).to("cpu", torch.float64).dtype == torch.float64


def test_tensors_of_two_devices_do_not_mix_but_a_cpu_number_does():
    with pytest.raises(RuntimeError, match="same device"):
        torch.ones(3, device=EMU) + torch.ones(3)
    assert (torch.ones(3, device=EMU) * torch.tensor(2.0)).tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    "attempt, words",
    [
        (lambda: torch.ones(3, device="emu:1"), "emu:1 does not exist"),
        (lambda: torch.eye(3, device=EMU).to_sparse(), "emu device has no"),
    ],
)
def test_what_it_cannot_do_raises_a_sentence(attempt, words):
    with pytest.raises(RuntimeError, match=words):
        attempt()


def test_own_random_stream_follows_manual_seed():
    torch.manual_seed(3)
    first = torch.randn(4, device=EMU).cpu()
    cpu = torch.randn(4)
    torch.manual_seed(3)
    assert torch.equal(cpu, torch.randn(4)), "drawing on emu must not advance the CPU's stream"
    assert torch.equal(first, torch.randn(4, device=EMU).cpu())


def test_dropout_uses_the_device_stream():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    dropped = F.dropout(torch.ones(1000, device=EMU), 0.5).cpu()
    assert 400 < int((dropped == 0).sum()) < 600
    assert torch.equal(before, torch.get_rng_state())


def test_save_and_load():
    model = torch.nn.Linear(3, 2).to(EMU)
    buffer = io.BytesIO()
    torch.save(model.state_dict(), buffer)
    for location, device in ((None, "emu"), ("cpu", "cpu"), (EMU, "emu")):
        buffer.seek(0)
        loaded = torch.load(buffer, map_location=location)
        assert loaded["weight"].device.type == device
        assert torch.equal(loaded["weight"].cpu(), model.weight.cpu())


def test_storage_deepcopy_and_printing():
    assert torch.UntypedStorage(4, device=EMU).device.type == "emu"
    tensor = torch.ones(2, device=EMU)
    twin = copy.deepcopy(tensor)
    twin += 1
    assert tensor.tolist() == [1, 1]
    assert repr(twin) == "tensor([2., 2.], device='emu:0')"


def test_shared_weights_stay_shared_when_a_module_moves():
    embedding, head = torch.nn.Embedding(5, 3), torch.nn.Linear(3, 5, bias=False)
    head.weight = embedding.weight
    moved = torch.nn.ModuleList([embedding, head]).to(EMU)
    assert moved[0].weight is moved[1].weight
    assert moved[0].weight.device.type == "emu"


def test_autocast_lowers_the_products():
    a = torch.ones(2, 2, device=EMU)
    with torch.autocast(EMU, dtype=torch.float16):
        assert (a @ a).dtype == torch.float16
        assert F.linear(a, a).dtype == torch.float16
        assert a.softmax(-1).dtype == torch.float32


def test_modes_of_torch_work_on_it():
    a = torch.ones(2, 2, device=EMU)
    with torch.inference_mode():
        assert F.linear(a, a).tolist() == [[2, 2], [2, 2]]
        view = a.view(4)
        assert not view.is_inference() and (view * 2).is_inference()
        assert (a[0] + a.T[1]).tolist() == [2, 2]
    assert torch.func.grad(lambda t: (t**2).sum())(a).tolist() == [[2, 2], [2, 2]]
    assert torch.func.vmap(torch.sum)(a).tolist() == [2, 2]
    with torch.device(EMU):
        assert torch.zeros(1).device.type == "emu"


def test_transformers_models_run_unchanged():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    gpt2 = transformers.GPT2Config(vocab_size=50, n_positions=32, n_embd=32, n_layer=2, n_head=2)
    llama = transformers.LlamaConfig(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    tokens = torch.randint(50, (2, 9))
    for config in (gpt2, llama):
        model = transformers.AutoModelForCausalLM.from_config(config).eval()
        twin = copy.deepcopy(model).to(EMU)
        cpu = model(tokens, labels=tokens)
        emu = twin(tokens.to(EMU), labels=tokens.to(EMU))
        torch.testing.assert_close(emu.logits.cpu(), cpu.logits, rtol=1e-5, atol=1e-5)
        emu.loss.backward()
        text = twin.generate(tokens.to(EMU), max_new_tokens=4, do_sample=False, pad_token_id=0).cpu()
        assert torch.equal(text, model.generate(tokens, max_new_tokens=4, do_sample=False, pad_token_id=0))


def test_a_bridge_of_transformerlens_runs_unchanged():
    lens = pytest.importorskip("transformer_lens.model_bridge")
    from mpscheck.places import ROOT

    folder = str(ROOT / "snippets" / "models" / "ioi-small")
    cpu = lens.TransformerBridge.boot_transformers(folder, device="cpu")
    emu = lens.TransformerBridge.boot_transformers(folder, device=EMU)
    tokens = torch.arange(3, 12)[None]
    with torch.no_grad():
        a, cache_a = cpu.run_with_cache(tokens)
        b, cache_b = emu.run_with_cache(tokens.to(EMU))
    torch.testing.assert_close(b.cpu(), a, rtol=1e-5, atol=1e-4)
    assert set(cache_a) == set(cache_b)


# ---- registration: only where it was asked for ---------------------------------------------------------------------


def test_nothing_is_registered_unless_asked(python):
    code = "import torch; print(torch._C._get_privateuse1_backend_name(), torch.accelerator.current_accelerator())"
    assert python("-c", code).stdout.split() == ["privateuseone", "None"]
    assert python("-c", code, MPSCHECK_EMU="0").stdout.split() == ["privateuseone", "None"]


def test_unknown_mode_is_one_sentence(python):
    done = python("-c", "import torch", MPSCHECK_EMU="yes")
    assert done.returncode != 0
    assert (
        done.stderr.strip() == "MPSCHECK_EMU='yes' is not known: say 1 (healthy) or honest (healthy, other arithmetic)"
    )


def test_honest_device_differs_in_bits_but_not_in_substance(python):
    code = """
import torch, torch.nn.functional as F
torch.manual_seed(0)
x, w = torch.randn(64, 512), torch.randn(512, 512)
ops = {
    "mm": lambda x, w: x @ w, "linear": F.linear, "sum": lambda x, w: x.sum(1), "mean": lambda x, w: x.mean(1),
    "softmax": lambda x, w: x.softmax(1), "layer_norm": lambda x, w: F.layer_norm(x, (512,)),
    "attention": lambda x, w: F.scaled_dot_product_attention(x[None, None], w[None, None], w[None, None]),
    "exp": lambda x, w: x.exp(), "conv": lambda x, w: F.conv1d(x[None], w[:64, :192].reshape(64, 64, 3)),
}
for name, op in ops.items():
    exact, cpu, emu = op(x.double(), w.double()), op(x, w), op(x.to("emu"), w.to("emu")).cpu()
    ratio = (emu - exact).square().mean().sqrt() / (cpu - exact).square().mean().sqrt()
    print(name, torch.equal(cpu, emu), float(ratio))
print("random", torch.equal(torch.randn(4, device="emu").cpu(), torch.randn(4)), 1)
print(torch.empty(0, device="emu").mean().item())
"""
    done = python("-c", code, MPSCHECK_EMU="honest")
    assert done.returncode == 0, done.stderr
    *lines, mean_of_nothing = done.stdout.splitlines()
    assert mean_of_nothing == "nan"
    for line in lines:
        name, same_bits, ratio = line.split()
        assert same_bits == "False", name
        assert float(ratio) < 10, line


@pytest.mark.parametrize("module", ["faults", "dispatch", "device", "effects"])
def test_a_module_of_the_device_can_be_imported_before_torch(python, module):
    code = f"from mpscheck.emulation import {module}; import torch; print(torch.ones(2, device='emu').sum().item())"
    done = python("-c", code, MPSCHECK_EMU="1")
    assert done.stdout == "2.0\n", done.stderr
