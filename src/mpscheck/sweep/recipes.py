"""Our own calls, which OpInfo lacks: what programs do and what known bugs needed. They are swept first.

A recipe may return a truth value that it worked out itself, such as whether an index out of range was refused, or
whether random numbers look like what they should be: that is compared like any other result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import torch
import torch.nn.functional as F

from mpscheck.sweep import layouts
from mpscheck.sweep.entries import Entry

FLOATS = ("float32", "float16", "bfloat16")
WHOLE = ("int64", "uint8")
NUMBERS = (*FLOATS, *WHOLE)
ALL = (*NUMBERS, "bool", "complex64")
GRADIENT = ("float32",)
NAN, INF = float("nan"), float("inf")
Draw = Callable[[torch.dtype], Iterator[tuple[tuple, dict]]]


def values(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Random values of a dtype."""
    if dtype is torch.bool:
        return torch.rand(shape) < 0.5
    if dtype.is_floating_point or dtype.is_complex:
        return torch.randn(shape, dtype=torch.complex64 if dtype.is_complex else torch.float32).to(dtype)
    return torch.randint(0 if dtype is torch.uint8 else -100, 200, shape).to(dtype)


def recipe(name: str, call: Callable, draw: Draw, dtypes=FLOATS, op: str = "", **more) -> Entry:
    """One entry; `op` is what a rule knows it by."""
    return Entry(f"own/{name}", op or name, call, tuple(dtypes), draw, **more)


def shapes(*some: tuple) -> Draw:
    """Samples of tensors: each of `some` is a tuple of shapes."""

    def draw(dtype):
        for sample in some:
            yield tuple(values(*shape, dtype=dtype) for shape in sample), {}

    return draw


def drawn(make: Callable[[torch.dtype], list[tuple]]) -> Draw:
    """Samples as a function lists them: positional arguments each."""

    def draw(dtype):
        yield from ((args, {}) for args in make(dtype))

    return draw


def function(call: Callable) -> Callable:
    """A function that does not ask for the device."""
    return lambda device, *args, **kwargs: call(*args, **kwargs)


# ---- copies -------------------------------------------------------------------------------------------------------

COPIED = ("contiguous", "transposed", "stepped", "offset", "columns", "expanded")
CASTS = {"float32": ("float16", "int64", "uint8"), "float16": ("float32", "int64"), "bfloat16": ("float32",)}
CASTS |= {"int64": ("int32", "float32"), "uint8": ("float32", "float16", "bool"), "bool": ("float32", "int64")}
CASTS |= {"complex64": ()}


def _copies(dtype: torch.dtype) -> list[tuple]:
    name = str(dtype)[6:]
    casts = [getattr(torch, other) for other in (name, *CASTS[name])]
    return [
        (values(3, 5, dtype=dtype), *choice)
        for choice in product(("cpu", "device"), ("cpu", "device"), COPIED[:6], COPIED[:5], casts)
        if (choice[:2] != ("cpu", "cpu") and "contiguous" in choice[2:4]) or choice[2] == choice[3]
    ]


def copy_into(device, x, here, there, layout, target, dtype):
    """`target.copy_(source)` where each has a layout, a device and a dtype of its own; the memory of the target."""
    places = {"cpu": "cpu", "device": device}
    source = layouts.placed(x.cpu(), layout, places[here])[0]
    view, flat, _ = layouts.placed(torch.ones(x.shape, dtype=dtype), target, places[there])
    view.copy_(source)
    return flat


def _moves(dtype: torch.dtype) -> list[tuple]:
    name = str(dtype)[6:]
    casts = [getattr(torch, other) for other in (name, *CASTS[name])]
    return [
        (values(3, 5, dtype=dtype), *choice) for choice in product(("cpu", "device"), ("cpu", "device"), COPIED, casts)
    ]


def move(device, x, here, there, layout, dtype):
    """`source.to(device, dtype)` of a source in some layout."""
    places = {"cpu": "cpu", "device": device}
    return layouts.placed(x.cpu(), layout, places[here])[0].to(places[there], dtype)


def assign(device, x, layout, value):
    """A number, or a tensor of one, is assigned to a view."""
    view, flat, _ = layouts.placed(x.cpu(), layout, device)
    view[...] = value if not isinstance(value, torch.Tensor) else value.to(x.dtype)
    return flat


# ---- indices that are out of range --------------------------------------------------------------------------------


def refuses(call: Callable) -> Callable:
    """A call that tells whether the device refuses it, and gives nothing else."""

    def told(device, *args):
        try:
            tensors = call(*args)
            for tensor in tensors if isinstance(tensors, tuple) else (tensors,):
                tensor.cpu()
        except (IndexError, RuntimeError) as error:
            if isinstance(error, NotImplementedError):
                raise
            return torch.ones(1, dtype=torch.bool)
        return torch.zeros(1, dtype=torch.bool)

    return told


def _index_beyond(dtype) -> list[tuple]:
    return [(values(5, dtype=dtype), torch.tensor([0, 7])), (values(5, dtype=dtype), torch.tensor([1, 2]))]


OUT_OF_RANGE = {
    "index": (lambda x, i: x[i], _index_beyond),
    "index-put": (lambda x, i: x.clone().index_put_((i,), x[:1]), _index_beyond),
    "index-copy": (lambda x, i: x.clone().index_copy_(0, i, x[:2]), _index_beyond),
    "index-fill": (lambda x, i: x.clone().index_fill_(0, i, 1.0), _index_beyond),
    "index-reduce": (lambda x, i: x.clone().index_reduce_(0, i, x[:2], "amax"), _index_beyond),
    "index-copy-negative": (lambda x, i: x.clone().index_copy_(0, i - 3, x[:2]), _index_beyond),
    "index-reduce-negative": (lambda x, i: x.clone().index_reduce_(0, i - 3, x[:2], "amax"), _index_beyond),
    "gather": (lambda x, i: x.gather(0, i), _index_beyond),
    "scatter": (lambda x, i: x.clone().scatter_(0, i, x[:2]), _index_beyond),
    "one-hot": (lambda x, i: F.one_hot(i, 6), _index_beyond),
    "embedding": (lambda x, i: F.embedding(i, x[:, None]), _index_beyond),
    "embedding-bag": (
        lambda x, i: F.embedding_bag(i, x[:, None], torch.tensor([0], device=x.device)),
        lambda dtype: [(values(5, dtype=dtype), torch.tensor(some)) for some in ([0, 5], [-1, 2], [1, 9], [1, 2])],
    ),
    "embedding-bag-offsets": (
        lambda x, o: F.embedding_bag(torch.tensor([0, 1, 2], device=x.device), x[:, None], o),
        lambda dtype: [(values(5, dtype=dtype), torch.tensor(some)) for some in ([1, 2], [0, 9], [0, 2])],
    ),
}

# ---- random numbers -----------------------------------------------------------------------------------------------


def looks_drawn(sample: torch.Tensor, mean: float, deviation: float) -> torch.Tensor:
    """Whether numbers look drawn, one sign a fact: mean, deviation, all parts different, in range. Wrong by chance in 1e-9."""
    x = sample.detach().cpu()
    parts = x.reshape(2, -1) if x.numel() % 2 == 0 else x.reshape(1, -1)
    x = torch.view_as_real(x).double() / 0.5**0.5 if x.is_complex() else x.double()
    width = 7 / x.numel() ** 0.5
    facts = [
        abs(float(x.mean()) - mean) < width * max(deviation, 0.1),
        abs(float(x.std()) - deviation) < 3 * width * max(deviation, 0.1),
        len(parts) == 1 or not torch.equal(parts[0], parts[1]),
        bool(x.isfinite().all()),
    ]
    return torch.tensor(facts)


def drawn_twice(make: Callable, mean: float, deviation: float) -> Callable:
    """Two draws, neither the other nor strange."""

    def call(device, *args):
        first, second = make(device, *args), make(device, *args)
        different = torch.tensor([not torch.equal(first.cpu(), second.cpu())])
        return torch.cat([looks_drawn(first, mean, deviation), looks_drawn(second, mean, deviation), different])

    return call


SIZES = [((4000,),), ((2, 4, 10, 10, 10),)]


def _of_sizes(dtype) -> list[tuple]:
    return [(size[0], dtype) for size in SIZES]


def _of_likes(dtype) -> list[tuple]:
    return [(torch.zeros(40, 100).to(dtype),), (torch.zeros(2, 4, 10, 10, 10).to(dtype),)]


def _in_view(fill: Callable) -> Callable:
    """Random numbers into a tensor that has the strides of the one that the sweep lays out."""

    def make(device, x):
        view = x.new_empty(x.numel() * 4).fill_(-9).as_strided(x.size(), x.stride(), x.storage_offset())
        fill(view)
        return view

    return make


RANDOM = {
    "rand": (lambda d, s, t: torch.rand(s, dtype=t, device=d), _of_sizes, 0.5, 12**-0.5, FLOATS),
    "randn": (lambda d, s, t: torch.randn(s, dtype=t, device=d), _of_sizes, 0.0, 1.0, (*FLOATS, "complex64")),
    "randint": (lambda d, s, t: torch.randint(0, 2, s, device=d), _of_sizes, 0.5, 0.5, ("float32",)),
    "rand-like": (lambda d, x: torch.rand_like(x), _of_likes, 0.5, 12**-0.5, FLOATS),
    "randn-like": (lambda d, x: torch.randn_like(x), _of_likes, 0.0, 1.0, (*FLOATS, "complex64")),
    "normal": (lambda d, x: torch.normal(0.0, 1.0, x.shape, device=d), _of_likes, 0.0, 1.0, ("float32",)),
    "normal-in-place": (_in_view(lambda x: x.normal_()), _of_likes, 0.0, 1.0, FLOATS),
    "uniform-in-place": (_in_view(lambda x: x.uniform_()), _of_likes, 0.5, 12**-0.5, FLOATS),
    "exponential-in-place": (_in_view(lambda x: x.exponential_()), _of_likes, 1.0, 1.0, ("float32",)),
    "bernoulli-in-place": (_in_view(lambda x: x.bernoulli_(0.5)), _of_likes, 0.5, 0.5, ("float32",)),
    "random-in-place": (_in_view(lambda x: x.random_(0, 2)), _of_likes, 0.5, 0.5, ("float32", "int64")),
    "bernoulli": (lambda d, x: torch.bernoulli(x + 0.5), _of_likes, 0.5, 0.5, ("float32",)),
    "dropout": (lambda d, x: F.dropout(x + 1, 0.5) / 2, _of_likes, 0.5, 0.5, FLOATS),
    "native-dropout": (lambda d, x: torch.native_dropout(x + 1, 0.5, None)[0] / 2, _of_likes, 0.5, 0.5, ("float32",)),
    "multinomial": (
        lambda d, x: torch.multinomial(torch.ones(2, device=d), 4000, replacement=True),
        _of_likes,
        0.5,
        0.5,
        ("float32",),
    ),
}


def drawn_of(x, samples: int, replacement: bool):
    """Two draws that cannot be the same, none of what has no chance, each in range."""
    first, second = (torch.multinomial(x, samples, replacement).cpu() for _ in range(2))
    chance = x.cpu().gather(-1, first)
    return torch.tensor([bool((chance > 0).all()), not torch.equal(first, second), len(first.unique()) > 1])


def _weights(dtype) -> list[tuple]:
    some = values(60, 40).abs() + 0.1
    holes = some * (torch.arange(40) % 2)
    return [(some, 20, False), (holes, 1, False), (some, 20, True), (holes, 15, False)]


def aten_of(name: str) -> str:
    """The op that a recipe is about, by its name."""
    for ending in ("-in-place", "-negative", "-offsets"):
        name = name.removesuffix(ending)
    return {"one-hot": "scatter"}.get(name, name.replace("-", "_"))


# ---- the recipes --------------------------------------------------------------------------------------------------


def _masks(dtype) -> list[tuple]:
    """Queries, keys, values and what else attention takes: short and long queries, masks of each kind."""
    found = []
    for rows, columns, size in ((4, 16, 64), (12, 16, 64), (4, 1030, 64), (5, 5, 8), (12, 20, 32)):
        q, k, v = values(2, 2, rows, size, dtype=dtype), *(values(2, 2, columns, size, dtype=dtype) for _ in "kv")
        keep = torch.rand(2, 1, rows, columns) < 0.7
        keep[..., 0] = True
        rowless = keep.clone()
        rowless[:, :, 1] = False
        finite = torch.randn(2, 1, rows, columns).to(dtype)
        minus = torch.zeros(rows, columns).masked_fill(~keep[0, 0], -INF).to(dtype)
        found += [(q, k, v, mask) for mask in (None, keep, rowless, finite, minus, finite.abs() + 1, -finite.abs() - 1)]
    return found


def _attention(device, q, k, v, mask=None, causal=False, scale=None, dropout=0.0):
    return F.scaled_dot_product_attention(q, k, v, mask, dropout, causal, scale=scale)


def _other_attention(dtype) -> list[tuple]:
    q, k = values(2, 2, 12, 16, dtype=dtype), values(2, 2, 20, 16, dtype=dtype)
    spoiled = values(2, 2, 4, 64, dtype=dtype)
    spoiled[0, 0, 1, 3] = NAN
    wide = values(2, 2, 16, 64, dtype=dtype)
    return [
        (q, k, values(2, 2, 20, 24, dtype=dtype)),
        (q, q, q, None, True),
        (spoiled, wide, wide),
        (q, k, k, None, False, 0.7),
        (q, q, q, None, True, 0.3),
    ]


def _scales(device, q, k, v, scales):
    return tuple(_attention(device, q, k, v, scale=scale) for scale in scales)


def _dropped(device, q, k, v):
    """Whether attention with dropout drops anything."""
    plain, dropped = (_attention(device, q, k, v, dropout=p) for p in (0.0, 0.5))
    return torch.tensor([not torch.allclose(plain.float().cpu(), dropped.float().cpu())])


def _linear_shapes(dtype):
    for x, w, bias in (
        ((5, 8), (6, 8), False), ((2, 5, 8), (6, 8), True), ((80, 1, 2), (19, 2), True), ((3, 300), (7, 300), True),
        ((2, 16, 300), (1, 300), False), ((2, 3, 300), (7, 300), False), ((4, 5, 1024), (1, 1024), True),
    ):  # fmt: skip
        tensors = (values(*x, dtype=dtype), values(*w, dtype=dtype))
        yield (*tensors, values(w[0], dtype=dtype)) if bias else tensors, {}


def _recurrent(module: str):
    """A recurrent layer with its weights drawn: input, sizes, layers, batch first, both directions, dropout, training."""

    def call(device, x, weights, layers, batch_first, both, dropout, train):
        size, sides = 4, 2 if both else 1
        state = x.new_zeros(layers * sides, x.shape[0 if batch_first else 1], size)
        hx = (state, state) if module == "lstm" else state
        weights = list(weights)
        return getattr(torch, module)(x, hx, weights, True, layers, dropout, train, both, batch_first)

    def draw(dtype):
        for layers, first, both, p, train in (
            (1, False, False, 0.0, False), (1, True, False, 0.0, False), (1, False, True, 0.0, False),
            (3, False, False, 0.0, True), (2, False, False, 0.5, False), (2, False, False, 1.0, True),
        ):  # fmt: skip
            sides, weights = 2 if both else 1, []
            for layer in range(layers):
                inner = 3 if layer == 0 else 4 * sides
                gates = 16 if module == "lstm" else 12
                for _ in range(sides):
                    weights += [values(gates, inner), values(gates, 4), values(gates), values(gates)]
            yield (values(6, 5, 3), tuple(weights), layers, first, both, p, train), {}

    return call, draw


def _lstm_modes(device, x, train_first):
    """An LSTM with dropout in training and out of it, in both orders; what it gives out of training, and two masks."""
    torch.manual_seed(0)
    layer = torch.nn.LSTM(3, 4, 2, dropout=0.5).to(device)
    layer.train(train_first)
    drawn_first = layer(x)[0]
    layer.train()
    one, two = layer(x)[0], layer(x)[0]
    layer.eval()
    still, again = layer(x)[0], layer(x)[0]
    return still, again, torch.tensor([not torch.equal(one.cpu(), two.cpu())]), drawn_first[:0]


def _masked_gradient(device, x, dropout):
    """Whether the gradient of an LSTM in training is zero where its dropout dropped."""
    layer = torch.nn.LSTM(3, 4, 2, dropout=dropout).to(device)
    x = x.clone().requires_grad_()
    torch.manual_seed(0)
    out = layer(x)[0].sum()
    grad = torch.autograd.grad(out, x)[0]
    torch.manual_seed(0)
    step = 1e-2 * torch.ones_like(x)
    moved = (layer(x + step)[0].sum() - out).detach().cpu()
    return torch.isclose((grad * step).sum().cpu(), moved, rtol=0.3, atol=0.02)


def _cached(call: Callable):
    """A call with one number after another on the same tensor: all of the results."""
    return lambda device, x, numbers: tuple(call(x, number) for number in numbers)


def _filled(dtype, numbers) -> list[tuple]:
    return [(values(3, 5, dtype=dtype), number) for number in numbers]


def _empties(dtype) -> list[tuple]:
    return [(values(*shape, dtype=dtype),) for shape in ((0,), (0, 3), (3, 0))]


REDUCTIONS = (
    "sum mean prod all any count_nonzero var std median nanmedian nansum amax amin max min logsumexp norm".split()
)
TRIANGLES = ("triu", "tril")
IN_PLACE = (
    "add_ sub_ mul_ div_ zero_ fill_ clamp_ masked_fill_ index_put_ scatter_add_ index_add_ copy_ addcmul_".split()
)


def _reduction(name: str) -> Callable:
    def call(device, x, *args):
        found = getattr(torch, name)(x, *args)
        return found if isinstance(found, torch.Tensor) else tuple(found)

    return call


def _with_dims(dtype) -> list[tuple]:
    x = values(2, 3, 4, 5, 1, dtype=dtype)
    return [(x, -2), (x, -1), (x[:0], 0), (values(2, 3, 4, 1, 1, dtype=dtype), -3), (x, 0)]


def _long(dtype, *sizes) -> list[tuple]:
    return [(values(2, size, dtype=dtype),) for size in sizes]


def recipes() -> tuple[Entry, ...]:
    """All of them."""
    lstm, lstm_draw = _recurrent("lstm")
    gru, gru_draw = _recurrent("gru")
    found = [
        recipe("attention-mask", _attention, drawn(_masks), op="scaled_dot_product_attention", cap=35),
        recipe("attention", _attention, drawn(_other_attention), cap=5, op="scaled_dot_product_attention", backward=GRADIENT),
        recipe("attention-scales", _scales, drawn(lambda t: [
            (*(values(2, 2, n, 16, dtype=t) for n in (12, 20, 20)), (None, 0.7, 0.2)),
        ]), op="scaled_dot_product_attention", whole=False),
        recipe("attention-dropout", _dropped, shapes(((2, 2, 12, 16),) * 3), whole=False),
        recipe("linear", function(F.linear), _linear_shapes, cap=7, backward=GRADIENT),
        recipe("linear-long", function(F.linear), shapes(
            ((65600, 1, 2), (3, 2), (3,)), ((16, 32800), (16, 32800)), ((33000, 16), (16, 16)),
        ), dtypes=("float32",), cap=3, whole=False, backward=GRADIENT),
        recipe("linear-long-gradient", _gradient_of(F.linear), shapes(
            ((33000, 16), (16, 16)), ((2, 2100, 4), (1, 4)), ((16, 8), (33000, 8)),
        ), dtypes=("float32",), cap=3, whole=False),
        recipe("mm", function(torch.mm), shapes(((5, 8), (8, 6)), ((8, 8), (8, 8)), ((5, 0), (0, 6)), ((1, 3), (3, 32800))),
               dtypes=(*FLOATS, "complex64"), cap=4, out=True, backward=GRADIENT),
        recipe("mm-long", function(torch.mm), shapes(((17, 32800), (32800, 17)), ((4, 2060), (2060, 4))),
               dtypes=("float32", "complex64"), whole=False),
        recipe("addmm-long", function(torch.addmm), shapes(((17, 17), (17, 32800), (32800, 17)), ((4, 4), (4, 2060), (2060, 4))),
               dtypes=("float32", "complex64"), whole=False),
        recipe("addmm", function(torch.addmm), shapes(((6, 6), (6, 6), (6, 6)), ((5, 4), (5, 0), (0, 4))), cap=2,
               dtypes=(*FLOATS, "complex64"), out=True),
        recipe("bmm-long", function(torch.bmm), shapes(((1, 16, 32770), (1, 32770, 16)),), dtypes=("float32",), whole=False),
        recipe("baddbmm-long", function(torch.baddbmm), shapes(((1, 16, 16), (1, 16, 32770), (1, 32770, 16)),),
               dtypes=("float32",), whole=False),
        recipe("bmm", function(torch.bmm), shapes(((2, 4, 5), (2, 5, 6))), dtypes=(*FLOATS, "complex64"), out=True),
        recipe("matmul", function(torch.matmul), shapes(((2, 2, 4, 5), (2, 2, 5, 6)), ((4, 5), (5, 6))),
               dtypes=(*FLOATS, "complex64"), cap=2, out=True),
        recipe("einsum", lambda d, a, b: torch.einsum("ij,jk->ik", a, b), shapes(((3, 4), (4, 5))), dtypes=("float32", "complex64")),
        recipe("baddbmm-beta", lambda d, c, a, b: torch.baddbmm(c, a, b, beta=0), drawn(lambda t: [
            (torch.full((2, 4, 6), number).to(t), values(2, 4, 5, dtype=t), values(2, 5, 6, dtype=t)) for number in (NAN, INF, 1.0)
        ]), cap=3, whole=False, op="baddbmm"),
        recipe("copy-into", copy_into, drawn(_copies), dtypes=ALL, cap=400, whole=False, op="copy"),
        recipe("copy-broadcast", lambda d, x, y: x.clone().copy_(y), shapes(((4, 6), (4, 1)), ((4, 6), (1, 6)), ((4, 6), (6,))), cap=3, op="copy"),
        recipe("to", move, drawn(_moves), dtypes=ALL, cap=400, whole=False, op="copy"),
        recipe("to-float64", lambda d, x: x.to("cpu", torch.float64), shapes(((3, 5),)), dtypes=("float32", "int64"), op="copy"),
        recipe("to-int8", lambda d, x: x.to(torch.int8), drawn(lambda t: [(torch.tensor([1.5, -3, 129, 200.7]).to(t),)]), whole=False, op="copy"),
        recipe("non-blocking", lambda d, x: torch.stack([x.cpu().to(d, non_blocking=True) for _ in range(40)]), shapes(((3, 5),)), whole=False, op="copy"),
        recipe("assign", assign, drawn(lambda t: [
            (values(3, 5, dtype=t), layout, number) for layout in COPIED[:5] for number in (0, 1, torch.tensor(1.0))
        ] + [(values(dtype=t), "offset", number) for number in (0, 1)]), dtypes=NUMBERS, cap=20, whole=False, op="fill"),
        recipe("assign-element", lambda d, x, n: _element(d, x, n), drawn(lambda t: [(values(9, dtype=t), n) for n in (0, 3, 8)]),
               dtypes=NUMBERS, cap=3, whole=False, op="copy"),
        recipe("element", lambda d, x: tuple(x[n] + 1 for n in range(4)) + tuple(x[n] * 2 - x[n] / 2 for n in range(4)), shapes(((9,),)), dtypes=FLOATS, op="add"),
        recipe("add-cpu-number", lambda d, x, y: (x + y.cpu()[3], x * y.cpu()[3], x - y.cpu()[3], x / y.cpu()[3]), shapes(((3, 5), (9,))), dtypes=FLOATS, op="add"),
        recipe("copysign", lambda d, x: (torch.copysign(x, -2.0), torch.copysign(x, torch.tensor(-2.0))), shapes(((3, 5),)), op="copysign"),
        recipe("lerp-cpu-weight", lambda d, x, y: torch.lerp(x, y, torch.tensor(0.3)), shapes(((3, 5), (3, 5))), op="lerp"),
        recipe("stack", function(lambda *t: torch.stack(t)), shapes(((3, 4),) * 3, ((),) * 3), dtypes=ALL, op="stack"),
        recipe("stack-elements", lambda d, x: torch.stack([x[n] for n in range(4)]), shapes(((6,), ), ((6, 3),)), dtypes=NUMBERS, op="stack"),
        recipe("lstm", lambda d, *a: lstm(d, *a), lstm_draw, dtypes=("float32",), cap=6, backward=GRADIENT),
        recipe("gru", lambda d, *a: gru(d, *a), gru_draw, dtypes=("float32",), cap=5),
        recipe("lstm-modes", _lstm_modes, drawn(lambda t: [(values(6, 5, 3), first) for first in (True, False)]), dtypes=("float32",), cap=2, whole=False),
        recipe("lstm-dropout-gradient", _masked_gradient, drawn(lambda t: [(values(6, 5, 3), 0.5)]), dtypes=("float32",), whole=False),
        recipe("clamp-again", _cached(lambda x, n: torch.clamp(x, min=n)), drawn(lambda t: [
            (values(3, 5, dtype=t) * 1e-6, (1e-8, 1e-9, 0.0, 4e-7)),
        ]), dtypes=("float32",), whole=False, op="clamp"),
        recipe("clamp-bounds", lambda d, x, low, high: torch.clamp(x, low, high), drawn(lambda t: [
            (values(3, 5, dtype=t), low, high) for low, high in (
                (-0.5, 0.5), (-0.5, None), (None, 1.5), (torch.zeros(3, 5), torch.ones(3, 5)), (1, 3),
            )
        ]), dtypes=NUMBERS, cap=5, op="clamp"),
        recipe("clamp-in-place", lambda d, x: x.clamp_(-0.5, 0.5), shapes(((3, 5),)), op="clamp"),
        recipe("layer-norm", lambda d, x, *w: F.layer_norm(x, x.shape[-1:], *w), shapes(
            ((4, 7, 16), (16,), (16,)), ((4, 16),), ((5, 16), (16,)),
        ), cap=3, backward=GRADIENT),
        recipe("layer-norm-mixed", lambda d, x, w, b: F.layer_norm(x, (16,), w.float(), b.float()), shapes(((4, 16), (16,), (16,))), dtypes=("float16", "bfloat16"), op="layer_norm"),
        recipe("layer-norm-small", lambda d, x: F.layer_norm(x * 1e-4, (16,)), shapes(((4, 16),)), dtypes=("float32",), op="layer_norm"),
        recipe("batch-norm", lambda d, x, w, b: F.batch_norm(x, None, None, w, b, True), shapes(((3, 4, 5, 6), (4,), (4,)), ((3, 4), (4,), (4,)), ((3, 4, 5), (4,), (4,))), dtypes=("float32",), cap=3, backward=GRADIENT),
        recipe("conv1d", lambda d, x, w, stride: F.conv1d(x, w, stride=stride), drawn(lambda t: [
            (values(2, 4, 12, dtype=t), values(5, 4, 3, dtype=t), stride) for stride in (1, 2)
        ]), cap=2, backward=GRADIENT),
        recipe("conv2d", lambda d, x, w, stride, groups: F.conv2d(x, w, stride=stride, groups=groups), drawn(lambda t: [
            (values(2, 4, 9, 8, dtype=t), values(6, 4 // groups, 3, 3, dtype=t), stride, groups)
            for stride, groups in ((1, 1), ((1, 2), 1), (1, 2))
        ]), cap=3, backward=GRADIENT),
        recipe("conv2d-wide", lambda d, x, w: F.conv2d(x, w, groups=2), shapes(((2, 4, 1, 300), (4, 2, 1, 260)), ((2, 4, 300, 1), (4, 2, 260, 1))), dtypes=("float32",), cap=2, whole=False),
        recipe("conv-many", lambda d, x, w: (F.conv1d(x, w), F.conv2d(x[..., None], w[..., None])), shapes(((1, 1, 3), (65600, 1, 1))), dtypes=("float32",), whole=False, op="conv1d"),
        recipe("conv-many-gradient", _gradient_of(F.conv1d), shapes(((65600, 1, 2), (2, 1, 1))), dtypes=("float32",), whole=False, op="conv1d"),
        recipe("conv3d", function(F.conv3d), shapes(((2, 3, 5, 6, 7), (4, 3, 3, 3, 3)), ((1, 2, 4, 5, 6), (3, 2, 1, 3, 3)), ((1, 2, 4, 5, 6), (3, 2, 3, 1, 1))), dtypes=("float32",), cap=3),
        recipe("conv-transpose", lambda d, x, w, stride, padding: F.conv_transpose1d(x, w, stride=stride, output_padding=padding, dilation=padding + 1), drawn(lambda t: [
            (values(2, 3, 6, dtype=t), values(3, 4, 3, dtype=t), stride, padding) for stride, padding in ((1, 0), (2, 1), (1, 1), (3, 0))
        ]), dtypes=("float32",), cap=4, whole=False),
        recipe("conv-transpose2d", lambda d, x, w, padding: F.conv_transpose2d(x, w, stride=1, output_padding=padding, dilation=padding + 1), drawn(lambda t: [
            (values(2, 3, 6, 5, dtype=t), values(3, 4, 3, 3, dtype=t), padding) for padding in (0, 1)
        ]), dtypes=("float32",), cap=2, whole=False),
        recipe("pool", lambda d, x: (F.adaptive_max_pool2d(x, 4), F.avg_pool2d(x, 3, 2, 1), F.max_pool2d(x, 2)), shapes(((2, 3, 8, 8), ), ((2, 3, 9, 11),)), dtypes=("float32",), cap=2),
        recipe("avg-pool2d", lambda d, x: F.avg_pool2d(x, 2), shapes(((2, 3, 8, 8),)), dtypes=("float32",)),
        recipe("interpolate", lambda d, x: F.interpolate(x, scale_factor=2, mode="bilinear"), shapes(((1, 3, 4, 4), ), ((2, 3, 4, 4),)), dtypes=("float32",), cap=2),
        recipe("interpolate-permuted", lambda d, x: F.interpolate(x.permute(0, 3, 1, 2), scale_factor=2, mode="bilinear"), shapes(((1, 4, 4, 3), ), ((2, 1, 4, 3),)), dtypes=("float32",), cap=2, whole=False),
        recipe("interpolate-linear", lambda d, x: F.interpolate(x, size=4, mode="linear", align_corners=True), shapes(((1, 3, 1), ), ((1, 3, 5),)), dtypes=("float32",), cap=2),
        recipe("pad-long", lambda d, x: F.pad(x, (0, 0, 0, 0, 1, 1)), shapes(((1, 1, 2, 260, 260),)), dtypes=("float32",), whole=False, op="pad"),
        recipe("pad-gradient", lambda d, x: _gradient_of(lambda t: F.pad(t, (1, 2), mode="reflect"))(d, x), shapes(((1, 65600),)), dtypes=("float32",), whole=False, op="pad"),
        recipe("replicate-gradient", lambda d, x: _gradient_of(lambda t: F.pad(t, (1, 1, 1, 1), mode="replicate"))(d, x), shapes(((1, 65600, 1, 2),)), dtypes=("float32",), whole=False, op="pad"),
        recipe("replicate-gradient-1d", lambda d, x: _gradient_of(lambda t: F.pad(t, (1, 1), mode="replicate"))(d, x), shapes(((1, 65600, 2),)), dtypes=("float32",), whole=False, op="pad"),
        recipe("topk", lambda d, x: torch.topk(x, 20), shapes(((3, 40),)), dtypes=("float32", "int64"), op="topk", whole=False),
        recipe("sort", lambda d, x: torch.sort(x, dim=-1, stable=True), shapes(((2, 300),)), dtypes=("float32", "int64", "uint8")),
        recipe("cumsum", lambda d, x: torch.cumsum(x, -1), drawn(lambda t: [*_long(t, 130, 5), (torch.ones(2, 130).to(t),)]), dtypes=("float32", "int64", "bool"), cap=3),
        recipe("cumsum-to", lambda d, x: torch.cumsum(x, -1, dtype=torch.int64), shapes(((2, 6),)), dtypes=("float32", "bool")),
        recipe("amax-int", lambda d, x: (x.amax(), x.amax(-1), (-x).amin(), (-x).amin(-1)), drawn(lambda t: [(-values(2, 100).abs().mul(9).to(t) - 1,)]), dtypes=("int64",), op="amax"),
        recipe("count-large", lambda d, x: (torch.abs(x), x.remainder(7), x.fmod(7), x // 3), drawn(lambda t: [(torch.tensor([2**24 + 1, 2**24 + 3, -(2**25) - 1, 5]),), (torch.tensor([2**24 + 1, 7, 5]).int(),)]), dtypes=("int64",), cap=2, op="abs"),
        recipe("unique", lambda d, x: torch.unique(x, return_inverse=True), drawn(lambda t: [(torch.tensor([2**24 + 1, 2**24, 2**24 + 1, 3]),), (torch.tensor([[1, 2, 2, 3]]),), (torch.tensor([[1, 2], [2, 3]]),)]), dtypes=("int64",), cap=3, whole=False),
        recipe("unique-consecutive", lambda d, x: torch.unique_consecutive(x), drawn(lambda t: [(torch.tensor([[1, 2, 2, 3]]),)]), dtypes=("int64",), whole=False),
        recipe("linspace", lambda d, a, b: torch.linspace(a, b, 9, dtype=torch.int64, device=d), drawn(lambda t: [(0, 2**24 + 9), (2**24 + 9, 2**24 + 29), (0.5, 9.75), (0, 8)]), dtypes=("int64",), cap=4),
        recipe("full", lambda d, n, t: torch.full((7,), n, dtype=t, device=d), drawn(lambda t: [(200, t), (3, t)]), dtypes=("uint8", "float32"), cap=2),
        recipe("whole-numbers", lambda d, x: (x + 2, x * 3, x - 1, 3 - x, torch.rsub(x, 2), x.double().cpu()), drawn(lambda t: [(values(3, 5, dtype=t),)]), dtypes=("int64", "uint8", "float32", "bool")[:3], op="add"),
        recipe("rsub", lambda d, x: torch.rsub(x, 2), shapes(((3, 5),)), dtypes=("float32", "float16")),
        recipe("int32", lambda d, x: (x.int() + 2, x.int() * 3, x.int() - 1, x.int().exp(), x.int().abs().add(1).log(), x.int().argmax(), x.int().cumsum(0)), drawn(lambda t: [(values(9, dtype=t).remainder(9),)]), dtypes=("int64",), op="add"),
        recipe("large-add", lambda d, x: x + 2**33, drawn(lambda t: [(torch.arange(6),)]), dtypes=("int64",), op="add"),
        recipe("bool-times", lambda d, x: (x * 3, x * 1, x * True), drawn(lambda t: [(values(9, dtype=t),)]), dtypes=("bool",), op="mul"),
        recipe("by-zero", lambda d, x: (x / 0, x // 3), drawn(lambda t: [(values(9, dtype=t),)]), dtypes=WHOLE, op="div"),
        recipe("floor-mixed", lambda d, x, y: torch.floor_divide(x, y.float().abs() + 0.3), shapes(((9,), (9,))), dtypes=("int64",), op="floor_divide"),
        recipe("mixed", lambda d, x, y: (torch.fmax(x, y.float()), torch.fmin(x, y.float()), torch.addcmul(x, x, x)), shapes(((9,), (9,))), dtypes=("float16", "bfloat16", "int64"), op="fmax"),
        recipe("shift", lambda d, x, n: (2 << n, 2 >> n, x << n, x >> n, x[0] << n), drawn(lambda t: [(values(5, dtype=t).abs(), torch.arange(5).to(t))]), dtypes=WHOLE, op="bitwise_left_shift"),
        recipe("nextafter", function(torch.nextafter), drawn(lambda t: [(torch.tensor([1.0, -1.0, 0.0, 3.0]).to(t), torch.tensor([2.0, 2.0, 2.0, -3.0]).to(t)), (torch.tensor([1.0, 2.0]).to(t), torch.tensor([2.0, 9.0]).to(t))]), dtypes=("float32", "bfloat16"), cap=2),
        recipe("far-values", lambda d, x: (x.log_softmax(-1), torch.hypot(x * 1e18, x * 1e18), F.gelu(x, approximate="tanh"), torch.softmax(x, -1)), drawn(lambda t: [(torch.linspace(-120, 120, 25).to(t),), (torch.linspace(-12, 12, 25).to(t),)]), cap=2, op="log_softmax"),
        recipe("log-softmax-minus", lambda d, x: x.log_softmax(-1), drawn(lambda t: [(torch.full((2, 5), -INF).to(t),), (torch.tensor([[1.0, -100.0], [-3.0, 100.0]]).to(t),)]), cap=2),
        recipe("norms", lambda d, x: (x.norm(0), torch.linalg.vector_norm(x, 0), x.norm(), x.var(), x.std(), x.var(0), x.var(-2)), shapes(((3, 5),)), dtypes=("float32", "complex64"), op="norm"),
        recipe("complex-parts", lambda d, x: (x.imag, x.real, x.abs(), x.pow(2)), drawn(lambda t: [(values(9, dtype=t),), (torch.tensor([0j, 1 + 2j, 0j]),)]), dtypes=("complex64",), cap=2, op="abs"),
        recipe("triangles", lambda d, x: (x.triu(), x.tril(), x.triu(1), x.tril(-1)), drawn(lambda t: [(torch.full((4, 4), -INF).to(t),), (torch.full((4, 4), INF).to(t),), (values(2, 3, 2, 4, 4, dtype=t),)]), cap=3, op="triu"),
        recipe("flip", lambda d, x, *dims: x.flip(dims), drawn(lambda t: [(values(3, 4, dtype=t), 0), (values(1, 4, dtype=t), 0), (values(1, 4, dtype=t), 0, 1)]), cap=3),
        recipe("mask-assign", lambda d, x, n: _mask_assign(x, n), drawn(lambda t: [(values(3, 5, dtype=t), n) for n in (9.0, -INF)]), dtypes=FLOATS, cap=2, op="index_put"),
        recipe("mask-assign-1d", lambda d, x, n: _mask_assign(x, n), drawn(lambda t: [(values(9, dtype=t), 2.0)]), dtypes=FLOATS, op="index_put"),
        recipe("masked-fill", lambda d, x, m, n: x.clone().masked_fill_(m, n), drawn(lambda t: [(values(3, 5, dtype=t), torch.rand(3, 5) < 0.5, n) for n in (2, 1)]), dtypes=("float32", "bool", "uint8"), cap=2, op="masked_fill"),
        recipe("index-assign", lambda d, x, i, v: _index_assign(x, i, v), drawn(lambda t: [(values(6, 4, dtype=t), torch.tensor([0, 3]), values(2, 4, dtype=t))]), dtypes=NUMBERS, op="index_put"),
        recipe("index-accumulate", lambda d, x, i, v: (x.index_put_((i,), v, accumulate=True), x.index_add_(0, i, v), x.scatter_add_(0, i, v))[-1], drawn(lambda t: [(values(6, dtype=t), torch.tensor([0, 3]), values(2, dtype=t))]), dtypes=(*NUMBERS, "bool", "complex64"), op="index_put"),
        recipe("index-reduce", lambda d, x, i, v: x.index_reduce_(0, i, v, "amax"), drawn(lambda t: [(values(6, dtype=t), torch.tensor([0, 3]), values(2, dtype=t))]), dtypes=FLOATS, op="index_reduce"),
        recipe("index-copy", lambda d, x, i, v: x.clone().index_copy_(0, i, v), drawn(lambda t: [(values(6, dtype=t), torch.tensor([0, 3]), values(2, dtype=t)), (values(dtype=t), torch.tensor([0]), values(1, dtype=t))]), dtypes=FLOATS, cap=2, op="index_copy"),
        recipe("scatter", lambda d, x, i, v: x.scatter_(0, i, v), drawn(lambda t: [(values(6, 4, dtype=t), torch.tensor([[0, 3, 1, 2]]), values(1, 4, dtype=t))]), dtypes=FLOATS, op="scatter"),
        recipe("slices", lambda d, x, y: (x[2:] <= y[2:], x[2:] == y[2:], x[1:].mean(), x[1:].softmax(-1), x[1:].float()), shapes(((6, 4), (6, 4))), op="le"),
        recipe("select-sliced", lambda d, x: x[:, ::2][0] + 0, shapes(((6, 4), ), ((3, 8, 4),)), cap=2, op="select"),
        recipe("views", lambda d, x: (x.permute(*reversed(range(x.ndim))) + x.new_zeros(()), x.unsqueeze(0).expand(2, *x.shape) & x if x.dtype is torch.bool else x.unsqueeze(0).expand(2, *x.shape) * 1), shapes(((3, 5), ), ((2, 3, 4),)), dtypes=ALL, cap=2, op="permute"),
        recipe("zeros-like", lambda d, x: (torch.zeros_like(x), torch.ones_like(x), x.new_zeros(3)), shapes(((3, 5),)), dtypes=NUMBERS, op="zeros"),
        recipe("eye", lambda d, x: torch.eye(3, out=x), shapes(((3, 3),)), dtypes=("float32",)),
        recipe("eye-slice", lambda d, x: torch.eye(3, out=x[1]), shapes(((2, 3, 3),)), dtypes=("float32",)),
        recipe("zero", lambda d, x: x.zero_(), shapes(((3, 5), ), ((),)), dtypes=NUMBERS, cap=2, in_place=lambda x: x.zero_()),
        recipe("fill", lambda d, x: x.fill_(2), shapes(((3, 5), ), ((),)), dtypes=ALL[:-1], cap=2, in_place=lambda x: x.fill_(2)),
        recipe("fill-zero", lambda d, x: x.fill_(0), shapes(((3, 5), ), ((),)), dtypes=("float32", "uint8"), cap=2, in_place=lambda x: x.fill_(0)),
        recipe("std-dims", lambda d, x: (x.std(-2), x.var(-2), x.std(0), x.std(), torch.std(x, unbiased=True)), shapes(((3, 4, 5),)), dtypes=("float32",), op="std"),
        recipe("grid-sample-nan", lambda d, x, g: F.grid_sample(x, g), drawn(lambda t: [(values(1, 2, 4, 4, 4), torch.full((1, 2, 2, 2, 3), NAN)), (values(1, 2, 4, 4, 4), values(1, 2, 2, 2, 3))]), dtypes=("float32",), cap=2, op="grid_sampler_3d"),
        recipe("kl-div", lambda d, x, y: F.kl_div(x, y, reduction="none"), drawn(lambda t: [(values(3, 4), torch.tensor([0.0, 0.5, 0.5, 0.0]).expand(3, 4).clone())]), dtypes=("float32",)),
        recipe("cross-entropy", lambda d, x, y, ignored: F.cross_entropy(x, y, ignore_index=ignored), drawn(lambda t: [(values(6, 5), torch.tensor([0, -100, 2, -100, 4, 1]), -100), (values(6, 5), torch.tensor([0, 1, 2, 3, 4, 1]), -100)]), dtypes=("float32",), cap=2, backward=GRADIENT),
        recipe("losses", lambda d, x, y: (F.smooth_l1_loss(x, y), F.mse_loss(x, y, reduction="none"), F.binary_cross_entropy_with_logits(x, y.sigmoid())), shapes(((3, 4), (3, 4)), ((0, 4), (0, 4))), dtypes=("float32",), cap=2, backward=GRADIENT),
        recipe("bce", lambda d, x, y: F.binary_cross_entropy(x.sigmoid(), y.sigmoid(), reduction="none"), shapes(((3, 1, 1), (3, 1, 1)), ((3, 4), (3, 4))), dtypes=("float32",), cap=2, backward=GRADIENT),
        recipe("embedding-gradient", lambda d, i, w, pad, by_count: _gradient_of(lambda t: F.embedding(i, t, padding_idx=pad, scale_grad_by_freq=by_count))(d, w), drawn(lambda t: [(torch.tensor([1, 2, 2, 0]), values(4, 3), *o) for o in ((None, True), (2, False), (0, False), (None, False))]), dtypes=("float32",), cap=4, whole=False, op="embedding"),
        recipe("embedding-bag", lambda d, i, w, o, last: F.embedding_bag(i, w, o, include_last_offset=last), drawn(lambda t: [(torch.tensor([1, 2, 2, 0]), values(4, 3), torch.tensor(o), last) for o, last in (([0, 2, 3], True), ([0, 2], False), ([0, 2, 4], True))]), dtypes=("float32",), cap=3),
        recipe("embedding-bag-gradient", lambda d, i, w, by_count: _gradient_of(lambda t: F.embedding_bag(i, t, i.new_zeros(1), mode="sum", scale_grad_by_freq=by_count))(d, w), drawn(lambda t: [(torch.tensor([1, 2, 2, 0]), values(4, 3), by) for by in (True, False)]), dtypes=("float32",), cap=2, whole=False),
        recipe("norm-frozen", lambda d, x, w, b: _frozen(lambda w, b: F.layer_norm(x, (8,), w, b), w, b), shapes(((4, 8), (8,), (8,))), dtypes=("float32",), whole=False, op="layer_norm"),
        recipe("batch-norm-frozen", lambda d, x, w, b: _frozen(lambda w, b: F.batch_norm(x, None, None, w, b, True), w, b), shapes(((4, 8, 3), (8,), (8,))), dtypes=("float32",), whole=False, op="batch_norm"),
        recipe("activations-1d", lambda d, x: _gradient_of(lambda t: (F.gelu(t) + F.leaky_relu(t) + F.mish(t) + F.silu(t)).sum())(d, x), shapes(((9,), ), ((),), ((3, 4),)), dtypes=("float32",), cap=3, op="gelu"),
        recipe("solve", lambda d, a, b: torch.linalg.solve(a + 9 * torch.eye(4).to(a.device), b), shapes(((4, 4), (4,)), ((3, 4, 4), (4, 2)), ((3, 4, 4), (3, 4, 2)), ((4, 4), (3, 4, 2))), dtypes=("float32",), cap=4, backward=GRADIENT),
        recipe("inverse", lambda d, a: torch.linalg.inv((a + 9 * torch.eye(4).to(a.device))[1]), shapes(((3, 4, 4),)), dtypes=("float32",)),
        recipe("lu-large", lambda d, a: (lambda f: torch.linalg.lu_solve(*f, a.sum(-1, keepdim=True)))(torch.linalg.lu_factor(a + 99 * torch.eye(256).to(a.device))), shapes(((2, 256, 256),)), dtypes=("float32",), whole=False, op="linalg_lu_factor"),
        recipe("lstsq", lambda d, a, b: torch.linalg.lstsq(a, b).solution, shapes(((60, 140), (60, 2)), ((9, 5), (9, 2))), dtypes=("float32", "complex64"), cap=2, whole=False),
        recipe("irfft", lambda d, x: torch.fft.irfft(torch.fft.rfft(x), n=x.shape[-1]), shapes(((2, 9), ), ((2, 8),)), dtypes=("float32",), cap=2),
        recipe("histogram", lambda d, x: (torch.histc(x, 5, -1, 1), torch.histc(x, 4, 0, 1)), drawn(lambda t: [(torch.tensor([0.1, 0.5, 1.0, 1.0000002, 0.9999999, -1.0]),), (values(40),)]), dtypes=("float32",), cap=2, whole=False, op="histc"),
        recipe("isin", lambda d, x: torch.isin(x, x[:3]), shapes(((9,),)), dtypes=("float32", "int64")),
        recipe("argmax", lambda d, x: (x.argmax(), x.argmax(-1), x.argmin(), x.argmin(-1), x.max(-1)[0], x.max(), x.min(), torch.maximum(x, x.flip(0))), drawn(lambda t: [(torch.tensor([[1.0, NAN, 3.0], [-INF, -INF, -INF], [INF, INF, INF]]).to(t),), (torch.full((4,), INF).to(t),), (values(3, 5, dtype=t),)]), cap=3),
        recipe("nan-clamp", lambda d, x: (x.relu(), x.clamp(0, 1), x.clamp_min(0), F.hardsigmoid(x), F.softshrink(x), torch.div(x, 3, rounding_mode="floor"), x // 2), drawn(lambda t: [(torch.tensor([1.0, NAN, -3.0, INF, -INF]).to(t),), (values(7, dtype=t),)]), cap=2, op="clamp"),
        recipe("adam", lambda d, x, found: _fused_adam(x, found), drawn(lambda t: [(values(9), 0.0), (values(9), 1.0)]), dtypes=("float32",), cap=2, whole=False, op="_fused_adam_"),
        recipe("unscale", lambda d, x: _unscaled(x), shapes(((9,),)), op="_amp_foreach_non_finite_check_and_unscale_"),
        recipe("multinomial", lambda d, *a: drawn_of(*a), drawn(_weights), dtypes=("float32",), cap=4),
        recipe("gumbel-softmax", lambda d, x: F.gumbel_softmax(x, hard=True).sum(-1), shapes(((30, 5),)), dtypes=("float32",), op="gumbel_softmax"),
        recipe("binary-0d-bool", lambda d, x, y: (x & y[3], x | y[3], x ^ y[3]), shapes(((9,), (9,))), dtypes=("bool", "uint8"), op="bitwise_and"),
        recipe("uint8-sum", lambda d, x: (x.sum(dtype=torch.uint8), x.sum(), x.float(), x.half(), x.bfloat16()), drawn(lambda t: [(torch.arange(100, 140).to(t),)]), dtypes=("uint8",), op="sum"),
        recipe("out-strided", lambda d, x: _out_same_strides(x), shapes(((4, 6),)), dtypes=("float32",), op="sqrt", whole=False),
        *(recipe(f"empty-{name}", _reduction(name), drawn(_empties), dtypes=("float32", "int64", "bool"), cap=3, op=name) for name in REDUCTIONS),
        *(recipe(f"dims-{name}", _reduction(name), drawn(_with_dims), dtypes=("float32", "int64"), cap=5, whole=False, op=name) for name in REDUCTIONS),
        *(recipe(f"out-of-range-{name}", refuses(call), drawn(some), dtypes=("float32",), cap=4, whole=False, op=aten_of(name)) for name, (call, some) in OUT_OF_RANGE.items()),
        *(recipe(f"random-{name}", drawn_twice(make, mean, deviation), drawn(some), dtypes, cap=2, op=aten_of(name)) for name, (make, some, mean, deviation, dtypes) in RANDOM.items()),
        *(recipe(f"into-view-{name}", _into_view(name), shapes(((4, 6), (4, 6))), dtypes=("float32", "float16", "uint8"), op=name.rstrip("_")) for name in IN_PLACE),
    ]  # fmt: skip
    return tuple(found)


def _gradient_of(call: Callable) -> Callable:
    """The gradients of a weighted sum of what a call gives."""

    def gradient(device, *tensors):
        tensors = [t.detach().requires_grad_() for t in tensors]
        out = call(*tensors)
        weights = torch.linspace(-1, 1, max(out.numel(), 1))[: out.numel()].reshape(out.shape).to(device, out.dtype)
        return torch.autograd.grad(out, tensors, weights)

    return gradient


def _frozen(call: Callable, *tensors):
    tensors = [t.detach().requires_grad_() for t in tensors]
    return torch.autograd.grad(call(*tensors).square().sum(), tensors)


def _element(device, x, n):
    x = x.clone()
    x[n] = x[0] + 1 if n else x[1]
    x[n] += 2
    y = x.float().cpu()
    y[n] = x[n].float()
    z = x.clone()
    z[n] = torch.tensor(3.0, device=device)
    return x, y, z


def _mask_assign(x, number):
    x = x.clone()
    x[x < 0.2] = number
    x[x == x.max()] = 3.0
    return x


def _index_assign(x, index, source):
    x[index] = source
    x[index] -= 1
    x[:, 1] = 2
    x[::2] = 1
    return x


def _into_view(name: str) -> Callable:
    """A write in place through a view of the tensor: the whole tensor after it."""

    def call(device, x, y):
        arguments = {
            "zero_": (), "fill_": (2,), "clamp_": (0, 1), "masked_fill_": (y > 0, 1),
            "index_put_": ((torch.tensor([0, 2], device=y.device),), y[:2]),
            "scatter_add_": (0, torch.zeros(1, 6, dtype=torch.int64, device=y.device), y[:1]),
            "index_add_": (0, torch.tensor([0, 2], device=y.device), y[:2]),
            "addcmul_": (y, y),
        }.get(name, (y,))  # fmt: skip
        getattr(x, name)(*arguments)
        return x

    return call


def _fused_adam(x, found):
    params, device = [x.clone()], x.device
    rest = [[torch.zeros_like(x)] for _ in range(2)]
    step = [torch.ones((), device=device)]
    torch._fused_adam_(
        params, [x.sin()], *rest, [], step, lr=0.1, beta1=0.9, beta2=0.99, weight_decay=0.0, eps=1e-8, amsgrad=False,
        maximize=False, grad_scale=torch.ones((), device=device), found_inf=torch.full((), found, device=device),
    )  # fmt: skip
    return params[0]


def _unscaled(x):
    x, found = x.clone(), torch.zeros(1, device=x.device)
    torch._amp_foreach_non_finite_check_and_unscale_([x], found, torch.full((1,), 0.5, device=x.device))
    return x, found


def _out_same_strides(x):
    big, out = torch.cat([x, x]).abs() + 1, x.new_zeros(8, 6)
    torch.sqrt(big[::2, ::2], out=out[::2, ::2])
    return out
