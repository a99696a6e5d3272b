import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pentad.evaluation.units import unit_codes, units_of_items, units_of_keys


def test_a_caption_takes_the_concept_most_of_its_items_have() -> None:
    captions = [["pet", "cat"], ["pet"], ["pet"], ["cat"]]
    units = units_of_keys(captions, ["cats", "dogs", "dogs", None])
    assert units == {"pet": ("concept", "dogs"), "cat": ("concept", "cats")}


def test_equally_frequent_concepts_go_by_the_alphabet() -> None:
    assert units_of_keys([["x"], ["x"]], ["b", "a"]) == {"x": ("concept", "a")}


def test_without_concepts_captions_that_share_items_hang_together() -> None:
    captions = [["d", "c"], ["c", "b"], ["z"], []]
    units = units_of_keys(captions, [None] * 4)
    assert units == dict.fromkeys("bcd", ("caption", "b")) | {"z": ("caption", "z")}


def test_items_take_their_concept_then_their_caption_then_themselves() -> None:
    captions, concepts = [["b"], ["b", "a"], [], ["c"]], ["k", None, None, None]
    keys = units_of_keys(captions, concepts)
    units = units_of_items(captions, concepts, np.array([4, 5, 6, 7]), keys)
    assert units == [("concept", "k"), ("caption", "a"), ("item", "6"), ("caption", "c")]


def test_codes_are_numbered_by_the_alphabet() -> None:
    assert unit_codes([("b", "x"), ("a", "y"), ("b", "x")]).tolist() == [1, 0, 1]
    assert unit_codes([]).tolist() == []


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=3), max_size=8), st.randoms())
def test_components_are_those_of_repeated_merging_in_any_order(
    captions: list[list[str]], random: object
) -> None:
    merged = [set(keys) for keys in captions if keys]
    for _ in captions:
        merged = [set().union(*(b for b in merged if a & b)) for a in merged]
    expected = {key: ("caption", min(group)) for group in merged for key in group}
    assert units_of_keys(captions, [None] * len(captions)) == expected
    random.shuffle(captions)  # type: ignore[attr-defined]
    assert units_of_keys(captions, [None] * len(captions)) == expected
