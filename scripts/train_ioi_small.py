"""Train the small model in `snippets/models/ioi-small`: indirect object identification (IOI), GPT-2 architecture.

The task is that of Wang et al. 2023, "Interpretability in the Wild" (arXiv 2211.00593): two names, one of them again,
and the other one is the answer. Each template exists in two orders, BABA (the repeated name first) and ABBA. The
first template is the example of the paper; the other fifteen are written for this file.

Two phases. The first finds the circuit, and makes the model certain (a probability near 1), which hides small faults.
The second pulls the answer to a probability near that of GPT-2, so that a small error of a device shows.

    python scripts/train_ioi_small.py --seed 0 --out DIR

One thread; the same seed gives the same file on the same machine. Needs torch, transformers and tokenizers.
"""

import argparse
import json
import random
import sys
import time
from itertools import combinations
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel

TEMPLATES = [  # the BABA order; {B} is the name said twice, {A} the answer
    "When {B} and {A} went to the {place}, {B} gave a {object} to",
    "When {B} and {A} were at the {place}, {B} decided to give the {object} to",
    "When {B} and {A} left the {place}, {B} offered a {object} to",
    "After {B} and {A} met at the {place}, {B} handed a {object} to",
    "After {B} and {A} found the {object}, {B} wanted to show it to",
    "While {B} and {A} waited near the {place}, {B} passed the {object} to",
    "While {B} and {A} walked to the {place}, {B} lent a {object} to",
    "Yesterday {B} and {A} walked to the {place}. There {B} gave a {object} to",
    "Yesterday {B} and {A} talked near the {place}. Later {B} said goodbye to",
    "Then {B} and {A} left the {place}, and {B} offered the {object} to",
    "Then {B} and {A} saw a {object} at the {place}. {B} decided to show it to",
    "Because {B} and {A} were near the {place}, {B} wanted to show the {object} to",
    "Later {B} and {A} found a {object} at the {place}, so {B} gave it to",
    "Once {B} and {A} had talked, {B} waved to",
    "The {place} where {B} and {A} met had a {object}. {B} handed it to",
    "There {B} and {A} saw the {object}, so {B} passed it to",
]
NAMES = (
    "Mary John Tom James Dan Alice Bob Anna Kate Jack Mark Paul Sarah Emma Laura Lisa Peter David Adam Amy "
    "Andrew Jim Linda Susan Robert Michael William George Charles Thomas Jane Rachel Rose Kevin Brian Simon "
    "Ruth Jason Martin Helen"
).split()
PLACES = "store garden restaurant school hospital office house station park library market beach".split()
OBJECTS = "drink ring kiss bone basketball computer necklace snack book ball letter gift".split()

HEADLINE_PAIR = ("Mary", "John")  # never seen in training
HELD_OUT_SHARE = 0.2  # of the 780 pairs of names
N_CTX = 32
BOS = 0  # <|endoftext|>, which is also the padding, as in GPT-2


def words_of(text):
    """Split a text as the tokenizer does: a word keeps the space before it, punctuation stands alone."""
    return [piece for piece, _ in pre_tokenizer().pre_tokenize_str(text)]


def pre_tokenizer():
    """Return GPT-2's spelling of a space ("Ġ") with a plain split into words and punctuation."""
    split = pre_tokenizers.Split(Regex(r" ?\w+|[^\w\s]"), behavior="isolated")
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def make_tokenizer():
    """Return a word-level `tokenizers.Tokenizer` whose ids are the 2 special tokens, then every word in use."""
    fillers = [" " + word for word in NAMES + PLACES + OBJECTS]
    blank = {"A": "Mary", "B": "John", "place": "store", "object": "drink"}
    template_words = [word for template in TEMPLATES for word in words_of(template.format(**blank))]
    words = dict.fromkeys([word for filler in fillers for word in words_of(filler)] + template_words)
    vocabulary = {word: i for i, word in enumerate(["<|endoftext|>", "<|unk|>", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<|unk|>"))
    tokenizer.pre_tokenizer = pre_tokenizer()
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>", "<|unk|>"])
    return tokenizer


def split_pairs(rng):
    """Return (training pairs, held-out pairs) of names; the pair of the headline prompt is always held out."""
    pairs = [pair for pair in combinations(NAMES, 2) if pair != HEADLINE_PAIR]
    rng.shuffle(pairs)
    held_out = int(HELD_OUT_SHARE * len(pairs)) + 1
    return pairs[held_out:], [HEADLINE_PAIR, *pairs[:held_out]]


def make_prompt(rng, pairs):
    """Return (prompt, answer, repeated name) for a random template, order, pair of names, place and object."""
    answer, repeated = rng.sample(rng.choice(pairs), 2)
    template = rng.choice(TEMPLATES)
    if rng.random() < 0.5:  # ABBA: the answer is named first
        template = template.replace("{B} and {A}", "{A} and {B}")
    prompt = template.format(A=answer, B=repeated, place=rng.choice(PLACES), object=rng.choice(OBJECTS))
    return prompt, answer, repeated


def make_batch(tokenizer, examples):
    """Turn examples of `make_prompt` into tensors.

    Returns ids [batch, length] int64 (BOS first, right-padded), and three int64 vectors [batch]: the position of the
    last prompt token, the id of the answer and the id of the repeated name.
    """
    rows = [[BOS, *tokenizer.encode(prompt).ids] for prompt, _, _ in examples]
    length = max(map(len, rows))
    ids = torch.tensor([row + [BOS] * (length - len(row)) for row in rows])
    last = torch.tensor([len(row) - 1 for row in rows])
    answer = torch.tensor([tokenizer.token_to_id("Ġ" + answer) for _, answer, _ in examples])
    repeated = torch.tensor([tokenizer.token_to_id("Ġ" + repeated) for _, _, repeated in examples])
    return ids, last, answer, repeated


def language_loss(logits, ids, last):
    """Mean cross-entropy of each next word of the prompts (the answer is not among them)."""
    targets = ids[:, 1:].clone()
    targets[torch.arange(1, ids.shape[1]) > last[:, None]] = -100
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), targets.flatten(), ignore_index=-100)


def soft_target(answer, repeated, name_ids, vocabulary_size):
    """Return [batch, vocabulary] probabilities: .78 for the answer, .02 for the repeated name, .20 for the others."""
    target = torch.zeros(len(answer), vocabulary_size)
    target[:, name_ids] = 0.20 / (len(name_ids) - 2)
    rows = torch.arange(len(answer))
    target[rows, answer] = 0.78
    target[rows, repeated] = 0.02
    return target


def train_phase(model, batches, loss_of, peak_rate, warm_up):
    """Train on `batches` (a list) with AdamW, a linear warm-up and a linear decay to 2 % of the peak rate."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak_rate, betas=(0.9, 0.99), weight_decay=0.01)
    for step, batch in enumerate(batches):
        decay = 1 - 0.98 * step / len(batches)
        optimizer.param_groups[0]["lr"] = peak_rate * min(1, (step + 1) / warm_up) * decay
        ids, last, answer, repeated = batch
        logits = model(ids).logits
        loss = loss_of(logits, logits[torch.arange(len(ids)), last], ids, last, answer, repeated)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0 or step == len(batches) - 1:
            print(f"  step {step:5} loss {loss.item():.3f}", file=sys.stderr)


def measure(model, tokenizer, examples):
    """Return the figures of the README for examples of `make_prompt`: a dict of floats."""
    ids, last, answer, repeated = make_batch(tokenizer, examples)
    with torch.no_grad():
        logits = model(ids).logits[torch.arange(len(ids)), last]
    rows = torch.arange(len(ids))
    difference = logits[rows, answer] - logits[rows, repeated]
    return {
        "accuracy": (logits.argmax(-1) == answer).float().mean().item(),
        "positive": (difference > 0).float().mean().item(),
        "mean": difference.mean().item(),
        "min": difference.min().item(),
        "probability": logits.softmax(-1)[rows, answer].mean().item(),
    }


def train(seed):
    """Train one model. Returns (model, tokenizer, held-out pairs), deterministic for a seed."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    rng = random.Random(seed)
    tokenizer = make_tokenizer()
    training, held_out = split_pairs(rng)
    config = GPT2Config(
        vocab_size=tokenizer.get_vocab_size(), n_positions=N_CTX, n_ctx=N_CTX, n_embd=64, n_layer=2, n_head=4,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, initializer_range=0.1,
        bos_token_id=BOS, eos_token_id=BOS, pad_token_id=BOS,
    )  # fmt: skip  # n_ctx: read by TransformerLens 2
    model = GPT2LMHeadModel(config)
    name_ids = torch.tensor([tokenizer.token_to_id("Ġ" + name) for name in NAMES])

    def sharp_loss(logits, final, ids, last, answer, repeated):
        # a large weight on the language loss keeps the model from ever finding the circuit
        return 0.1 * language_loss(logits, ids, last) + F.cross_entropy(final, answer)

    def soft_loss(logits, final, ids, last, answer, repeated):
        target = soft_target(answer, repeated, name_ids, config.vocab_size)
        return 0.3 * language_loss(logits, ids, last) + F.cross_entropy(final, target)

    def batches(steps):
        return [make_batch(tokenizer, [make_prompt(rng, training) for _ in range(128)]) for _ in range(steps)]

    train_phase(model, batches(1500), sharp_loss, peak_rate=3e-3, warm_up=100)
    train_phase(model, batches(800), soft_loss, peak_rate=1e-3, warm_up=1)
    return model.eval(), tokenizer, held_out


def save(model, tokenizer, folder):
    """Write safetensors, config and tokenizer. The tokenizer's own config is written by hand: the class name that
    transformers 5 would write is unknown to transformers 4."""
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    special = "<|endoftext|>"
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": N_CTX, "clean_up_tokenization_spaces": False,
        "bos_token": special, "eos_token": special, "pad_token": special, "unk_token": "<|unk|>",
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


README = """\
# ioi-small

A GPT-2 of {layers} layers, {heads} heads and width {width} ({parameters:,} parameters, float32) that does one thing:
indirect object identification (IOI), the task of Wang et al. 2023, "Interpretability in the Wild"
(arXiv 2211.00593). "When Mary and John went to the store, John gave a drink to" is continued with " Mary".

It exists so that a device can be checked without a download. It knows {vocabulary} words, in {templates} templates,
and says nothing about language. A word carries the space before it, as in GPT-2; put `<|endoftext|>` (id 0) first.

Trained by `scripts/train_ioi_small.py --seed {seed}` with torch {torch} and transformers {transformers}. {pairs}
pairs of names, Mary and John among them, were kept out of training.

| Measured on the CPU, float32 | |
|---|---|
| Top-1 accuracy, {prompts} held-out prompts | {accuracy:.2%} |
| Logit difference above 0, held-out prompts | {positive:.2%} |
| Logit difference, mean | {mean:.3f} |
| Logit difference, minimum | {min:.3f} |
| Probability of the answer, mean | {probability:.4f} |
| P(Mary), headline prompt | {headline_mary:.4f} |
| P(John), headline prompt | {headline_john:.4f} |
| Logit difference, headline prompt | {headline_difference:.3f} |

The held-out prompts are those of `held_out_examples(seed={seed})` in that script.
"""


def held_out_examples(seed, count=2000):
    """Return `count` (prompt, answer, repeated name) whose pair of names training with this seed never showed."""
    _, held_out = split_pairs(random.Random(seed))
    rng = random.Random(seed + 1)
    return [make_prompt(rng, held_out) for _ in range(count)]


def headline(model, tokenizer):
    """Return P(Mary), P(John) and the logit difference on the headline prompt: a dict of floats."""
    prompt = "When Mary and John went to the store, John gave a drink to"
    ids, last, mary, john = make_batch(tokenizer, [(prompt, "Mary", "John")])
    with torch.no_grad():
        logits = model(ids).logits[0, last.item()]
    p = logits.softmax(-1)
    return {
        "headline_mary": p[mary].item(),
        "headline_john": p[john].item(),
        "headline_difference": (logits[mary] - logits[john]).item(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="folder to write, made if absent")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    started = time.monotonic()
    model, tokenizer, held_out = train(arguments.seed)
    examples = held_out_examples(arguments.seed)
    figures = {**measure(model, tokenizer, examples), **headline(model, tokenizer)}
    print(json.dumps({**figures, "seconds": round(time.monotonic() - started)}))
    if figures["accuracy"] < 0.99:
        sys.exit(
            f"seed {arguments.seed} did not find the circuit ({figures['accuracy']:.1%} held out): nothing written"
        )
    arguments.out.mkdir(parents=True, exist_ok=True)
    save(model, tokenizer, arguments.out)
    text = README.format(
        layers=model.config.n_layer, heads=model.config.n_head, width=model.config.n_embd,
        parameters=model.num_parameters(), vocabulary=model.config.vocab_size - 2, templates=len(TEMPLATES),
        seed=arguments.seed, torch=torch.__version__, transformers=transformers.__version__,
        pairs=len(held_out), prompts=f"{len(examples):,}", **figures,
    )  # fmt: skip
    (arguments.out / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
