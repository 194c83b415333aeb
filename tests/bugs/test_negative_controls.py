"""Of a bug that only some calls of an op meet: a user's call meets it, the library's usual call does not."""

import pytest
import torch
from torch import nn

from mpscheck.bugs import catalogue, recorder
from mpscheck.bugs.trigger import Earlier


def met(slug: str, run) -> int:
    """How many of the calls that `run()` makes meet the bug."""
    bug, seen, earlier = catalogue.find(slug), [], Earlier()

    def look(call):
        seen.append(any([earlier.matches(one, call) for one in bug.triggers]))

    with recorder.calls("cpu", look):
        run()
    return sum(seen)


def train_with_a_scaler(dtype):
    """One step of a linear layer with parameters in this dtype, with `GradScaler`."""
    model = nn.Linear(4, 2).to(dtype)
    optimizer = torch.optim.SGD(model.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    scaler.scale(model(torch.ones(3, 4, dtype=dtype)).square().mean()).backward()
    scaler.step(optimizer)


def test_grad_scaler_meets_184286_with_parameters_in_bfloat16_alone():
    slug = "amp-unscale-zeroes-half-grads"
    assert met(slug, lambda: train_with_a_scaler(torch.bfloat16)) == 1
    assert met(slug, lambda: train_with_a_scaler(torch.float32)) == 0


def test_clamp_meets_167767_after_another_bound_near_zero_alone():
    slug, p = "clamp-min-cached-bound", torch.tensor([0.5, 0.5, 0.0])

    def clamped(*bounds, shape=(3,)):
        for bound in bounds:
            p.clamp(min=bound)
        p.reshape(shape).clamp(min=1e-7)

    assert met(slug, lambda: clamped(0.0)) == 1, "the user's call of the thread"
    assert met(slug, lambda: clamped(1e-8)) == 1, "kornia's"
    assert met(slug, lambda: clamped(1e-7)) == 0, "the same bound"
    assert met(slug, lambda: clamped(1e-6)) == 0, "a bound with digits of its own"
    assert met(slug, lambda: clamped(0.0, shape=(1, 3))) == 0, "another shape"


def test_normalising_meets_167767_where_its_eps_changes_alone():
    slug, x = "clamp-min-cached-bound", torch.eye(3)
    assert met(slug, lambda: [nn.functional.normalize(x) for _ in range(3)]) == 0
    assert met(slug, lambda: [nn.functional.normalize(x, eps=eps) for eps in (1e-12, 1e-8)]) == 1


def test_mse_loss_meets_124621_with_a_permuted_prediction_and_no_reduction_alone():
    slug, target = "mse-loss-strided", torch.zeros(8, 5, 3)
    prediction = nn.Conv1d(3, 3, 1)(torch.randn(8, 10, 3).permute(0, 2, 1)).permute(0, 2, 1)[:, :5, :]
    assert met(slug, lambda: nn.MSELoss(reduction="none")(prediction, target)) == 1, "the call of the thread"
    assert met(slug, lambda: nn.MSELoss()(prediction, target)) == 0, "the mean"
    assert met(slug, lambda: nn.MSELoss(reduction="none")(nn.Linear(3, 3)(target), target)) == 0, "not permuted"


def test_layer_norm_meets_131750_with_a_slice_that_is_contiguous_alone():
    slug, norm, hidden = "layer-norm-slice-offset", nn.LayerNorm(8), torch.randn(1, 3, 8)
    assert met(slug, lambda: norm(hidden[0, 1:])) == 1, "the slice of the thread"
    assert met(slug, lambda: norm(hidden[:, -1:])) == 1, "the last token of one prompt"
    assert met(slug, lambda: norm(hidden[:, -1:].clone())) == 0
    assert met(slug, lambda: norm(hidden.repeat(2, 1, 1)[:, -1:])) == 0, "of two prompts: it is copied first"


def test_an_encoder_layer_does_not_meet_131750():
    layer = nn.TransformerEncoderLayer(8, 2, 16, norm_first=True)
    assert met("layer-norm-slice-offset", lambda: layer(torch.randn(3, 1, 8))) == 0


def trained(name: str, **shape):
    """A step forward and back through a small model of transformers with random weights."""
    import transformers

    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(vocab_size=30, hidden_size=16, num_hidden_layers=2, **shape)
    model = getattr(transformers, f"{name}Model")(config)
    return lambda: model(torch.arange(6)[None]).last_hidden_state.sum().backward()


def test_mamba2_meets_175188_in_training_llama_and_mamba_do_not():
    slug = "activation-backward-permuted"
    assert met(slug, trained("Mamba2", state_size=4, num_heads=4, head_dim=8, n_groups=1)) == 2, "in both layers"
    assert met(slug, trained("Mamba", state_size=4)) == 0
    assert met(slug, trained("Llama", num_attention_heads=2, intermediate_size=32)) == 0


@pytest.mark.parametrize("activation", [nn.SiLU(), nn.Sigmoid(), nn.Tanh()])
def test_an_activation_meets_175188_backwards_and_permuted_alone(activation):
    slug, x = "activation-backward-permuted", torch.randn(1, 7, 4, 3)
    leaf = x.permute(0, 3, 1, 2).requires_grad_()
    assert met(slug, lambda: activation(leaf).sum().backward()) == 1, "the call of the thread"
    assert met(slug, lambda: activation(leaf)) == 0, "forward alone"
    plain = x.clone().requires_grad_()
    assert met(slug, lambda: activation(plain).sum().backward()) == 0


def test_an_lstm_meets_180744_evaluated_after_training_on_the_same_shape_alone():
    x = torch.randn(3, 5, 2)

    def times_met(probe=x, train=True, **options):
        lstm = nn.LSTM(2, 4, **{"num_layers": 2, "dropout": 0.1, "batch_first": True} | options)

        def run():
            if train:
                lstm(x)[0].mean().backward()
            lstm.eval()(probe)

        return met("lstm-eval-uses-train-graph", run)

    assert times_met() == 1, "the call of the thread"
    assert times_met(probe=torch.randn(10, 5, 2)) == 0, "its other batch"
    assert times_met(dropout=0.0) == 0
    assert times_met(num_layers=1, dropout=0.0) == 0
    assert times_met(train=False) == 0
