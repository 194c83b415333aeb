"""The words of triggers and effects as tables, made from the vocabularies themselves."""

from mpscheck.bugs import trigger
from mpscheck.bugs.effect import WORDS
from mpscheck.site.markup import table


def properties() -> str:
    """The properties of an argument that a trigger may name, each by an example and what it says."""
    rows = [[f"`{name}`", _compared_with(name), *_example(_condition(name))] for name in trigger.PROPERTIES]
    rows += [[f"`has {tag}`", "nothing", *_example(f"self has {tag}")] for tag in trigger.TAGS]
    return table(["Word", "Compared with", "Example", "It says"], rows, "Properties in a trigger")


_EXAMPLES = {  # of properties that are not compared with a whole number or a word of a list
    "order": "self.order == 0213",
    "value": "dropout_p.value > 0",
    "given": "attn_mask.given == false",
    "grad": "self.grad == false",
    "size": "key.size.-2 >= query.size.-2",
}


def _condition(name: str) -> str:
    if name in _EXAMPLES:
        return _EXAMPLES[name]
    return f"self.{name} == {trigger.NAMES[name][0]}" if name in trigger.NAMES else f"self.{name} > 8"


def _example(condition: str) -> list[str]:
    said = trigger.sentence([trigger.Trigger(("op",), (trigger.parse_condition(condition),))])
    return [f"`{condition}`", said.partition(" and ")[2]]


def _compared_with(name: str) -> str:
    if name in trigger.NAMES:
        return ", ".join(f"`{value}`" for value in trigger.NAMES[name])
    words = "by " + ", ".join(f"`{c}`" for c in trigger.WORD_COMPARATORS)
    if name == "order":
        return f"all dimensions, the outermost in memory first, {words}"
    numbers = "by " + ", ".join(f"`{c}`" for c in trigger.COMPARATORS)
    if name == "value":
        return f"numbers, {numbers}; `true`, `false` and words, {words}"
    return f"whole numbers, or such a property of another argument, {numbers}"


def effects() -> str:
    """The words for how a result is wrong."""
    rows = []
    for name, word in WORDS.items():
        target, _, value = word.takes.partition(", ")
        target = "dimension *dim* of *argument*" if ".size." in target else f"*{target}*"
        rows.append([f"`{name}({word.takes})`", word.means.format(target, f"*{value}*")])
    return table(["Word", "Meaning"], rows, "Words for an effect")
