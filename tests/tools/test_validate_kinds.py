"""validate_mps.py against models, inputs and faults that it was not made for: what it must see, and must not cry over."""

import copy
import dataclasses
import functools
import importlib.util
import inspect
import re
import sys
import threading
import types

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mpscheck.detection.faults import at
from mpscheck.emulation import faults


@pytest.fixture(scope="module")
def tool(root):
    spec = importlib.util.spec_from_file_location("validate_kinds", root / "snippets/validate_mps.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def check(tool):
    """validate on the emulated device, with these faults; gives the report and its verdicts by check."""

    def run(model, inputs, *sick, **options):
        with faults.only(*sick):
            report = tool.validate(model, inputs, "emu", **options)
        return report, {one.name: one.verdict for one in report.checks}

    return run


def drawn(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def ids(*shape):
    return torch.randint(90, shape, generator=torch.Generator().manual_seed(0))


def seeded(module):
    torch.manual_seed(0)
    return module().eval()


def slightly(op, when=None, columns=slice(None)):
    """A fault: that op is off by 1 %, in some columns."""
    return faults.fault("slightly", [op], at((..., columns), factor=1.01), when)


# --- what is compared ------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Answer:
    first: torch.Tensor
    rest: list


class Gives(nn.Module):
    """The second of what it gives goes through an op of its own."""

    def __init__(self, form):
        super().__init__()
        self.linear, self.form = nn.Linear(8, 8), form

    def forward(self, x):
        y = self.linear(x)
        return self.form(y.tanh(), F.gelu(y))


FORMS = {
    "tuple": lambda a, b: (a, b),
    "dict": lambda a, b: {"mean": a, "spread": b},
    "dataclass": lambda a, b: Answer(a, [b]),
    "in each other": lambda a, b: (a, {"more": [{"deep": (b,)}]}),
    "an object": lambda a, b: types.SimpleNamespace(a=a, b=types.SimpleNamespace(b=b)),
    "single numbers": lambda a, b: {"a": a.sum().item(), "b": b.sum().item()},
}


@pytest.mark.parametrize("form", FORMS)
def test_each_output_is_compared_whatever_form_the_model_gives_them(check, form):
    model = seeded(lambda: Gives(FORMS[form]))
    assert check(model, drawn(5, 8))[0].verdict == "agrees"
    report, found = check(model, drawn(5, 8), slightly("gelu"))
    assert found["logits"] == "disagrees" and report.verdict == "disagrees"
    assert "in 2 of 2" in next(one.text for one in report.checks if one.name == "logits")


def test_another_number_of_outputs_is_a_disagreement(check):
    class Fewer(nn.Module):
        def forward(self, x):
            return (x, x) if x.device.type == "cpu" else (x,)

    report, found = check(Fewer(), drawn(3, 4))
    assert found["logits"] == "disagrees" and "1 outputs, on the CPU 2" in report.checks[1].text


def test_an_empty_output_and_one_without_numbers_are_no_fault(check):
    class Empty(nn.Linear):
        def forward(self, x):
            return super().forward(x), x[:0], "words", None

    report, found = check(seeded(lambda: Empty(8, 8)), drawn(4, 8))
    assert report.verdict == "agrees" and found["logits"] == found["backward"] == "agrees"

    class Words(nn.Module):
        def forward(self, x):
            return "words"

    report, found = check(Words(), drawn(4, 8))
    assert report.verdict == "could not check" and found["logits"] == "not checked"


# --- gradients -------------------------------------------------------------------------------------------------------


def gpt2(**sizes):
    from transformers import GPT2Config, GPT2LMHeadModel

    usual = dict(n_embd=32, n_layer=2, n_head=2, vocab_size=97, n_positions=600, bos_token_id=1, eos_token_id=1)
    return seeded(lambda: GPT2LMHeadModel(GPT2Config(**usual | sizes)))


def test_the_gradient_of_an_embedding_is_seen_in_a_model_with_layers(check):
    model = gpt2(tie_word_embeddings=False)
    assert check(model, ids(2, 7))[1]["backward"] == "agrees"
    found = check(model, ids(2, 7), slightly("embedding_dense_backward"))[1]
    assert found["backward"] == "disagrees" and found["logits"] == "agrees"


def test_a_gradient_is_asked_for_in_each_column(check):
    model = seeded(lambda: nn.Sequential(nn.Linear(8, 300), nn.Sigmoid()))
    assert check(model, drawn(5, 8))[1]["backward"] == "agrees"
    found = check(model, drawn(5, 8), slightly("sigmoid_backward", columns=slice(7, 9)))[1]
    assert found["backward"] == "disagrees" and found["logits"] == "agrees"


def test_the_gradients_of_each_output_and_of_each_input_count(check):
    class Two(nn.Module):
        def forward(self, x, more):
            return {"a": x * 2, "b": more["y"].tanh()}

    inputs = (drawn(3, 5), {"more": {"y": drawn(3, 5)}})
    assert check(Two(), inputs)[1]["backward"] == "agrees"
    assert check(Two(), inputs, slightly("tanh_backward"))[1]["backward"] == "disagrees"


class Shifted(nn.Module):
    """A softmax does not change where all is shifted: the gradient in the shift is zero, and its roundings are not."""

    def __init__(self):
        super().__init__()
        self.linear, self.shift = nn.Linear(16, 40, bias=False), nn.Parameter(torch.tensor(0.3))

    def forward(self, x):
        return (self.linear(x) + self.shift).softmax(-1)


def test_a_gradient_that_is_zero_but_for_roundings_is_no_reason_for_no_verdict(check):
    model = seeded(Shifted)
    report, found = check(model, drawn(50, 16))
    assert report.verdict == "agrees" and found["backward"] == "agrees"
    assert (
        check(model, drawn(50, 16), faults.fault("f", ["sum"], lambda call, run: run(call.args) + 0.1))[1]["backward"]
        == "disagrees"
    )


def test_what_has_no_gradient_is_not_checked(check):
    report, found = check(nn.Embedding(97, 8).requires_grad_(False), ids(2, 5))
    assert found["backward"] == "not checked" and report.verdict == "agrees"


# --- inputs ----------------------------------------------------------------------------------------------------------


def saved(model, folder, root):
    import shutil

    model.save_pretrained(folder)
    for path in (root / "snippets/models/ioi-small").glob("token*"):
        shutil.copy(path, folder)
    return str(folder)


@pytest.mark.parametrize(
    "when",
    [
        ["self.size.-2 in 57,58,59,60,61,62,63"],
        ["self.size.-2 > 512"],
        ["self.size.-2 > 32", "self.size.-2 not-multiple-of 16"],
    ],
)
def test_what_shows_in_long_sequences_or_in_a_last_block_that_is_not_full(tool, root, tmp_path, capsys, when):
    folder = saved(gpt2(vocab_size=2000), tmp_path, root)
    arguments = ["--model", folder, "--device", "emu", "--entry", "transformers"]
    when = [one.replace("self", "query") for one in when]
    with faults.only(
        faults.fault("f", ["scaled_dot_product_attention"], at((..., -1, slice(None)), factor=1.01), when)
    ):
        assert tool.main(arguments) == 3
    assert tool.main(arguments) == 0
    assert ", longest sequence 523 tokens, " in capsys.readouterr().out.splitlines()[-1]


def test_the_last_line_names_what_was_compared_without_the_long_checks(check):
    assert ", longest sequence 7 tokens, " in str(check(gpt2(), ids(2, 7), quick=True)[0])
    assert ", inputs (4, 6), " in str(check(seeded(lambda: nn.Linear(6, 6)), drawn(4, 6))[0])


@pytest.mark.parametrize("form", ["keywords", "positional", "both"])
def test_masks_and_keyword_arguments_cost_no_check(check, form):
    from transformers import BertConfig, BertForMaskedLM

    model = seeded(
        lambda: BertForMaskedLM(
            BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, vocab_size=99)
        )
    )
    read, mask = ids(3, 13), torch.ones(3, 13, dtype=torch.int64)
    mask[0, 9:] = 0
    inputs = {
        "keywords": {"input_ids": read, "attention_mask": mask},
        "positional": (read, mask),
        "both": (read, {"attention_mask": mask, "token_type_ids": torch.zeros_like(read)}),
    }[form]
    _, found = check(model, inputs)
    wanted = {
        "logits",
        "residual stream",
        "attention patterns",
        "backward",
        "lengths",
        "square",
        "same input twice",
        "float16",
        "bfloat16",
    }
    assert {name for name, verdict in found.items() if verdict == "agrees"} >= wanted
    ignored = faults.fault("f", ["scaled_dot_product_attention"], "drops(attn_mask)", ["attn_mask.ndim >= 2"])
    assert check(model, inputs, ignored)[1]["logits"] == "disagrees"  # the reader's mask reached the model


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        (lambda: nn.Sequential(nn.Linear(40, 30), nn.ReLU(), nn.Linear(30, 3)), drawn(5, 40)),
        (lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 18 * 18, 5)), drawn(2, 3, 20, 20)),
        (lambda: nn.GRU(20, 10, batch_first=True), drawn(3, 30, 20)),
    ],
)
def test_half_types_are_checked_of_any_input(check, model, inputs):
    report, found = check(seeded(model), inputs)
    assert report.verdict == found["float16"] == found["bfloat16"] == "agrees"


# --- rare faults, and what is no causal model --------------------------------------------------------------------------


def test_a_rare_fault_needs_repeats_and_the_report_says_how_rare(check):
    model = seeded(lambda: nn.Linear(6, 6))
    calls = 0

    def now_and_then(call, run):
        nonlocal calls
        calls += 1
        return run(call.args) * (1.01 if calls % 61 == 0 else 1)

    report, _ = check(model, drawn(4, 6), faults.fault("f", ["linear"], now_and_then))
    assert report.verdict == "agrees" and "what goes wrong in fewer than 78% of runs" in str(report)
    calls = 0
    report, found = check(model, drawn(4, 6), faults.fault("f", ["linear"], now_and_then), repeat=200)
    assert found["same input twice"] == "disagrees" and "in fewer than 2% of runs" in str(report)
    assert check(model, drawn(4, 6), repeat=200)[0].verdict == "agrees"


def small(name, **sizes):
    import transformers

    usual = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    cls = getattr(transformers, name)
    return seeded(lambda: cls(cls.config_class(**usual | sizes)))


T5 = {
    "d_model": 32,
    "d_kv": 16,
    "d_ff": 64,
    "num_layers": 2,
    "num_heads": 2,
    "vocab_size": 99,
    "decoder_start_token_id": 0,
}


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("BertModel", {"vocab_size": 99}),
        ("T5ForConditionalGeneration", T5),
        ("ViTForImageClassification", {"image_size": 16, "patch_size": 8, "num_labels": 3}),
    ],
)
def test_a_folder_is_loaded_as_what_it_was_saved_from(tool, tmp_path, capsys, name, sizes):
    small(name, **sizes).save_pretrained(tmp_path)
    assert tool.main(["--model", str(tmp_path), "--device", "emu"]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert f"through {name} (--entry transformers), float32, " in said and "Checked: logits, residual stream, " in said


def test_missing_weights_are_no_agreement(tool, tmp_path, capsys):
    import json

    small("BertModel", vocab_size=99).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"architectures": ["BertForMaskedLM"]}))
    assert tool.main(["--model", str(tmp_path), "--device", "emu", "--entry", "transformers"]) == 2
    said = capsys.readouterr().out.splitlines()[-1]
    assert re.search("COULD NOT CHECK: .* has no weights for [0-9]+ parts of BertForMaskedLM: cls.predictions", said)


# --- any function ------------------------------------------------------------------------------------------------------


class Step:
    """No module: something that is called between the calls of a model."""

    def __init__(self):
        self.scale = torch.linspace(0.1, 1, 8)

    def step(self, x, at):
        return {"next": (x * self.scale.to(x.device)[at]).softmax(-1), "at": at + 1}


def test_any_function_is_compared(check):
    weight = drawn(8, 8)
    subjects = {
        "of torch": (torch.softmax, (drawn(3, 8), -1)),
        "that closes over tensors": (lambda x: F.linear(x, weight).softmax(-1), drawn(3, 8)),
        "with a default": (functools.partial(lambda x, w: (x @ w).softmax(-1), w=weight), drawn(3, 8)),
        "a method": (Step().step, (drawn(3, 8), 2)),
        "that reads a variable of its module": (of_the_module, drawn(3, 8)),
    }
    for name, (function, inputs) in subjects.items():
        report, found = check(function, inputs)
        assert report.verdict == "agrees", (name, str(report))
        assert all(
            found[one] == "agrees" for one in ("logits", "backward", "same input twice", "float16", "bfloat16")
        ), name
        assert check(function, inputs, slightly("softmax"))[1]["logits"] == "disagrees", name


WEIGHT = drawn(8, 8)


def of_the_module(x):
    return (x @ WEIGHT).softmax(-1)


class Counting(Step):
    """As schedulers do: each step is another one, and the state is a part of what it reads."""

    def __init__(self):
        super().__init__()
        self.at = 0

    def step(self, x):
        self.at += 1
        return super().step(x, self.at)


@pytest.mark.parametrize("form", ["a method", "that closes over it"])
def test_a_function_with_a_state_starts_anew_each_time(check, form):
    counting = Counting()
    function = counting.step if form == "a method" else lambda x: counting.step(x)["next"] + torch.randn_like(x)
    report, found = check(function, drawn(3, 8))
    assert report.verdict == found["same input twice"] == "agrees" and counting.at == 0
    assert check(function, drawn(3, 8), slightly("softmax"))[1]["logits"] == "disagrees"


def test_a_function_around_a_module_has_its_gradients(check):
    model = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5), nn.Tanh())
    function = lambda x: {"y": model(x)}  # noqa: E731
    report, found = check(function, drawn(3, 8))
    assert report.verdict == found["backward"] == "agrees" and not report.lines  # in eval mode nothing is dropped
    assert check(function, drawn(3, 8), slightly("tanh_backward"))[1]["backward"] == "disagrees"


class Noisy(nn.Module):
    def __init__(self, draw):
        super().__init__()
        self.linear, self.draw = nn.Linear(8, 8), draw

    def forward(self, x):
        y = self.linear(x)
        return self.draw(y)


@pytest.mark.parametrize(
    "draw",
    [
        lambda y: y + torch.randn_like(y),
        lambda y: y + torch.randn(y.shape, device=y.device, dtype=y.dtype),
        lambda y: F.dropout(y, 0.5, training=True),
        lambda y: y + torch.empty_like(y).exponential_(),
        lambda y: torch.distributions.Normal(y, 1.0).rsample(),
        lambda y: y.sigmoid().bernoulli() + y,
    ],
)
def test_random_draws_are_made_the_same(check, draw):
    report, found = check(seeded(lambda: Noisy(draw)), drawn(30, 8))
    assert report.verdict == found["logits"] == found["backward"] == found["float16"] == "agrees", str(report)
    assert "random draws were made on the CPU" in " ".join(report.lines)
    assert check(seeded(lambda: Noisy(draw)), drawn(30, 8), slightly("linear"))[1]["logits"] == "disagrees"


def test_a_generator_among_the_inputs_starts_anew_each_time(check):
    def step(x, generator):
        return x.tanh() + torch.randn(x.shape, generator=generator).to(x.device)

    generator = torch.Generator().manual_seed(3)
    before = generator.get_state()
    assert check(step, (drawn(4, 4), {"generator": generator}))[1]["logits"] == "agrees"
    assert torch.equal(generator.get_state(), before)


def test_draws_that_cannot_be_repeated_are_named(check):
    def hidden(x):
        return F.scaled_dot_product_attention(x, x, x, dropout_p=0.5)

    report, found = check(hidden, drawn(2, 4, 8))
    assert found["logits"] == "not checked" or report.verdict == "could not check"
    assert "draws random numbers in a way that cannot be repeated" in str(report)


def test_the_readers_own_inputs_and_random_numbers_are_left_alone(check):
    def spoils(x, more):
        more["y"].mul_(0)
        return x.add_(1).tanh()

    x, more = drawn(3, 4), {"y": torch.ones(3)}
    torch.manual_seed(5)
    state = torch.get_rng_state()
    assert check(spoils, (x, {"more": more}))[1]["logits"] == "agrees"
    assert torch.equal(x, drawn(3, 4)) and more["y"].sum() == 3 and torch.equal(torch.get_rng_state(), state)


# --- false alarms ------------------------------------------------------------------------------------------------------


class AtTheKink(nn.Module):
    """One of its sums of 2,000 terms is zero but for roundings: those decide which gradient there is."""

    def __init__(self, decide):
        super().__init__()
        self.first, self.last, self.decide = nn.Linear(2000, 50, bias=False), nn.Linear(50, 8), decide
        with torch.no_grad():
            self.first.weight[7, 1000:] = -self.first.weight[7, :1000]

    def forward(self, x):
        return self.last(self.decide(self.first(x)))


KINKS = {
    "relu": torch.relu,
    "abs": torch.abs,
    "max": lambda y: torch.maximum(y[..., :8], torch.zeros_like(y[..., :8])).repeat(1, 7)[..., :50],
    "sign": lambda y: y + 0.1 * y.sign(),
    "mask": lambda y: y.masked_fill(y > 0, 0.5),
}


def other_order(call, run):
    """Healthy: the sum in another order."""
    x, weight = call.args["input"], call.args["weight"]
    order = torch.arange(x.shape[-1]).flip(0)
    bias = call.args.get("bias")
    product = x.cpu()[..., order] @ weight.cpu()[:, order].T
    return (product if bias is None else product + bias.cpu()).to(x.device)


def beside_zero(weight):
    """Inputs of which one has a sum on one side of zero on the CPU and in float64, on the other side in another order."""
    for seed in range(1000):
        x = torch.randn(20, 2000, generator=torch.Generator().manual_seed(seed))
        x[-1, 1000:] = x[-1, :1000] * (1 + 1e-6)
        cpu, other = F.linear(x, weight)[-1, 7], (x.flip(1) @ weight.flip(1).T)[-1, 7]
        exact = (x.double() @ weight.double().T)[-1, 7]
        if cpu * exact > 0 > cpu * other:
            return x
    raise AssertionError("the CPU adds in that order too")


@pytest.mark.parametrize("kink", KINKS)
def test_a_small_error_that_decides_is_no_fault(check, kink):
    torch.manual_seed(0)
    model = AtTheKink(KINKS[kink])
    x = beside_zero(model.first.weight.detach())
    report, _ = check(model, x, faults.fault("f", ["linear"], other_order))
    assert report.verdict == "agrees", str(report)


def test_a_fault_beside_a_kink_is_one(check):
    torch.manual_seed(0)
    model, x = (
        nn.Sequential(nn.Linear(200, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 8)),
        drawn(50, 200),
    )
    assert check(model, x)[0].verdict == "agrees"
    assert check(model, x, slightly("threshold_backward"))[1]["backward"] == "disagrees"
    assert check(model, x, slightly("relu"))[1]["logits"] == "disagrees"


def last_of_equals(call, run):
    """Healthy: of equal values the last ones."""
    x, k = call.args["self"].cpu(), call.args["k"]
    values, places = x.flip(-1).topk(k)
    return values.to(call.args["self"].device), (x.shape[-1] - 1 - places).to(call.args["self"].device)


class Largest(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 30)

    def forward(self, x):
        return self.linear(x).relu().topk(25)  # half of them are zero


def test_order_that_torch_leaves_open_is_no_fault(check):
    model = seeded(Largest)
    report, found = check(model, drawn(6, 8), faults.fault("f", ["topk"], last_of_equals))
    assert report.verdict == found["logits"] == "agrees", str(report)

    def wrong_place(call, run):
        values, places = run(call.args)
        places[0, 0] += 1
        return values, places

    assert check(model, drawn(6, 8), faults.fault("f", ["topk"], wrong_place))[1]["logits"] == "disagrees"


class Tracer:
    """As libraries do that trace: no module, calling it gives something else than the module in it."""

    def __init__(self, model):
        self._model, self.log = model, []

    def __call__(self, *inputs):
        return torch.zeros(1)


def test_a_wrapper_is_unwrapped_or_refused(check, tool):
    model = seeded(lambda: nn.Sequential(nn.Linear(8, 8), nn.GELU()))
    assert check(Tracer(model), drawn(3, 8))[0].verdict == "agrees"
    assert check(Tracer(model), drawn(3, 8), slightly("gelu"))[1]["logits"] == "disagrees"
    for other in (Tracer(None), types.SimpleNamespace(a=nn.Linear(1, 1), b=nn.Linear(1, 1))):
        with pytest.raises(tool.CouldNotCheck, match="is no torch.nn.Module and no function"):
            check(other, drawn(3, 8))


# --- copies, and words -------------------------------------------------------------------------------------------------


class ClosesOverItself(nn.Module):
    """As the wrappers of sparse autoencoders do, with a hook besides and what an earlier run left."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(8, 8)
        self.decode = lambda x: F.linear(x, self.inner.weight.T)
        relu = F.relu
        self.steps = {"norm": lambda x: relu(x) / self.inner.weight.norm()}
        self.inner.register_forward_hook(lambda module, args, output: output + self.inner.bias)
        self.kept = {"earlier": [self.inner(drawn(2, 8))]}  # with a gradient, which deepcopy refuses

    def forward(self, x):
        return self.steps["norm"](self.decode(self.inner(x).relu()))


@pytest.mark.parametrize("version", ["here", "3.14"])
def test_what_closes_over_its_model_is_copied_with_it(check, tool, monkeypatch, version):
    if version == "3.14":  # its deepcopy gives functions back without a look into the memo
        first = "    if isinstance(x, type(deepcopy)):\n        return x\n    if memo is None:"
        exec(inspect.getsource(copy).replace("    if memo is None:", first, 1), there := {"__name__": "copy"})
        monkeypatch.setattr(copy, "deepcopy", there["deepcopy"])
    model = seeded(ClosesOverItself)
    assert check(model, drawn(4, 8))[0].verdict == "agrees"
    assert check(model, drawn(4, 8), slightly("linear"))[1]["logits"] == "disagrees"
    copied = tool.copy_to(model, "emu")
    assert copied.decode(drawn(2, 8).to("emu")).device.type == "emu" and model.decode(drawn(2, 8)).device.type == "cpu"


class Frozen(dict):
    """The configuration of a model of diffusers: it lets nobody change it."""

    def update(self, *_):
        raise Exception("not here")


def test_a_module_with_a_frozen_configuration_is_compared(check):
    model = nn.Linear(8, 4)
    model.settings = Frozen(scale=2.0, act=lambda x: model(x))
    assert check(model, drawn(3, 8))[0].verdict == "agrees"


@pytest.mark.parametrize(
    "model, verdict, words",
    [
        (
            lambda x: x * (2 if x.device.type == "cpu" else torch.nan),
            "disagrees",
            "(logits: NaN or Inf: 32, on the CPU 0)",
        ),
        (lambda x: x * (2 if x.device.type == "cpu" else 0), "disagrees", "allowed, all 32 numbers are 0)"),
        (lambda x: x * torch.nan, "could not check", "logits (the CPU itself gives no finite number: NaN 32, Inf 0)"),
        (
            lambda x: (x.abs() + 1).half() * 60000 * 2,
            "could not check",
            "logits (the CPU itself gives no finite number: NaN 0, Inf 32)",
        ),
    ],
)
def test_nan_on_the_device_alone_nan_on_both_and_black_are_told_apart(check, model, verdict, words):
    report, _ = check(model, drawn(4, 8), quick=True)
    assert report.verdict == verdict and words in str(report)


def test_nan_that_the_cpu_has_too_is_no_fault_and_is_named(check):
    report, _ = check(torch.log, drawn(4, 8))
    number = int(drawn(4, 8).log().isnan().sum())
    assert report.verdict == "agrees" and f"NaN or Inf: {number} of 32, as on the CPU" in report.checks[1].text


def test_what_cannot_be_copied_is_one_sentence(check, tool):
    model = nn.Linear(2, 2)
    model.lock = threading.Lock()
    with pytest.raises(tool.CouldNotCheck, match="cannot be copied to the device .*lock.*: hand over the module in it"):
        check(model, drawn(2, 2))


@pytest.mark.parametrize(
    ("words", "memory"),
    [
        ("MPS backend out of memory (MPS allocated: 1 GB)", True),
        (
            "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes",
            True,
        ),
        ("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes.", True),
        ("Some elements of the input tensor and the written-to tensor refer to a single memory location.", False),
        ("memory_format is not supported", False),
    ],
)
def test_only_a_lack_of_memory_is_called_one(tool, words, memory):
    assert tool.explain(RuntimeError(words)).startswith("not enough memory") == memory


def test_the_loss_of_a_single_token_says_nothing_of_longer_texts(check):
    """A model with labels has no number where a text has one token; that must not end the check of all lengths."""

    class Loss(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.head = nn.Embedding(90, 16), nn.Linear(16, 90)

        def forward(self, input_ids, labels):
            logits = self.head(self.embedding(input_ids))
            return {"loss": F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()), "logits": logits}

    inputs = {"input_ids": ids(2, 11), "labels": ids(2, 11)}
    report, verdicts = check(seeded(Loss), inputs)
    assert (report.verdict, verdicts["lengths"]) == ("agrees", "agrees"), str(report)
    _, verdicts = check(seeded(Loss), inputs, slightly("linear", columns=slice(0, 8)))
    assert verdicts["lengths"] == "disagrees"


def test_a_model_with_float64_is_told_how_to_be_checked(tool, monkeypatch):
    def refused(*_):
        raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64.")

    monkeypatch.setattr(tool, "copy_to", refused)
    with pytest.raises(tool.CouldNotCheck, match=r"float64.*: make it float32 first, model\.float\(\)"):
        tool.validate(nn.Linear(2, 2), drawn(3, 2), "emu")
