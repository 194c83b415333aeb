"""The words of triggers and effects as tables, made from the vocabularies themselves."""

from mpscheck.bugs import effect, properties, trigger
from mpscheck.bugs.mps_names import GRADIENTS
from mpscheck.lint import plain
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table


def properties_table() -> str:
    """The properties of an argument that a trigger may name, each by an example and what it says."""
    rows = [[f"`{name}`", _compared_with(name), *_example(_condition(name))] for name in properties.PROPERTIES]
    rows += [[f"`has {tag}`", "nothing", *_example(f"self has {tag}")] for tag in properties.TAGS]
    return table(["Word", "Compared with", "Example", "It says"], rows, "Properties in a trigger")


_EXAMPLES = {  # of properties that are not compared with a whole number or a word of a list
    "order": "self.order == 0213",
    "value": "dropout_p.value > 0",
    "given": "attn_mask.given == false",
    "tensor": "other.tensor == false",
    "grad": "self.grad == false",
    "conj": "mat2.conj == true",
    "size": "key.size.-2 not-multiple-of 32",
    "stride": "self.stride.-1 != 1",
    "itemsize": "self.numel * self.itemsize > 4294967296",
    "max": "indices.max >= weight.size.0",
    "min": "indices.min < 0",
    "shape": "self.shape != src.shape",
    "strides": "self.strides == src.strides",
    "memory": "self.memory == other.memory",
}
_RELATIONS = (  # what several properties say together
    "key.size.-2 >= query.size.-2",
    "query.size.1 / key.size.1 > 1",
    "self.size.dim > 65536",
    "output_padding.value.0 >= stride.value.0",
    "self.dtype != other.dtype",
    "earlier.query.shape == query.shape",
    "earlier.scale.value != scale.value",
    "never.input.shape == input.shape",
)


def relations() -> str:
    """Conditions on more than one argument or call, each with what it says."""
    return table(["Condition", "It says"], [_example(condition) for condition in _RELATIONS], "Relations in a trigger")


def phases() -> str:
    """The passes that a trigger may ask for, each with what it says."""
    said = {phase: trigger.sentence([trigger.Trigger(("mul",), phase=phase)]) for phase in trigger.PHASES}
    return table(["Phase", "It says"], [[f"`{phase}`", words] for phase, words in said.items()], "Phases of a trigger")


def plain_words() -> str:
    """The words that are not written, and what is written in their place."""
    rows = [[word.instead_of, word.write] for word in plain.WORDS]
    return table(["Not", "But"], rows, "Words that are not written")


def gradients() -> str:
    """The gradients that mps alone has a kernel for, and what a CPU shows of them."""
    rows = [[f"`{name}`", f"the gradient that arrives at the result of `{one.of}`"] for name, one in GRADIENTS.items()]
    return table(["On `mps` and in a trigger", "On a CPU"], rows, "Gradients with a kernel on mps alone")


def _condition(name: str) -> str:
    if name in _EXAMPLES:
        return _EXAMPLES[name]
    return f"self.{name} == {properties.NAMES[name][0]}" if name in properties.NAMES else f"self.{name} > 8"


def _example(condition: str) -> list[str]:
    said = trigger.sentence([trigger.Trigger(("op",), (trigger.parse_condition(condition),))])
    return [f"`{condition}`", said.partition(" and ")[2]]


def _compared_with(name: str) -> str:
    words, numbers = (_by(comparators) for comparators in (properties.WORD_COMPARATORS, properties.COMPARATORS))
    if name in properties.YES_OR_NO:
        return "`true`, `false`"
    if name in properties.NAMES:
        return ", ".join(f"`{value}`" for value in properties.NAMES[name])
    if name in properties.ALIKE:
        return "that of another argument, by `==`, `!=`"
    if name == "order":
        return f"all dimensions, the outermost in memory first, {words}"
    if name == "value":
        return f"numbers, {numbers}; `true`, `false` and words, {words}"
    return f"numbers, {numbers}"


def _by(comparators) -> str:
    return "by " + ", ".join(f"`{comparator}`" for comparator in comparators)


def effects() -> str:
    """The words for how a result is wrong."""
    rows = [[f"`{name}({word.takes})`", _meaning(word)] for name, word in effect.WORDS.items()]
    return table(["Word", "Meaning"], rows, "Words for an effect")


def _meaning(word: effect.Word) -> str:
    target, _, value = word.takes.partition(", ")
    if value == "part":  # it may be left out
        return word.means.format(f"*{target}*", ", or a *part* of it")
    target = "dimension *dim* of *argument*" if ".size." in target else f"*{target}*"
    return word.means.format(target, f"*{value}*")


def parts() -> str:
    """The parts of a result that may be left unwritten."""
    rows = [[f"`{part} N`", f"what lies {where.format('*N* elements')}"] for part, where in effect.PARTS.items()]
    return table(["Part", "It is"], rows, "Parts of a result")


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that the page includes; they follow from the vocabulary alone."""
    return pieces(
        properties=properties_table(),
        relations=relations(),
        phases=phases(),
        gradients=gradients(),
        plain_words=plain_words(),
        effects=effects(),
        parts=parts(),
    )
