"""Whatever a caption is, it comes back as it is: from the tables, and after a conversion."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pentad.sources.emm1.convert import convert_emm1
from pentad.sources.emm1.dataset import open_emm1
from tests.emm1_trees import TRAPPY_CAPTIONS, write_csv

ANYTHING = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=24),
    st.text("\",\r\n \t'\\#=", max_size=10),
    st.from_regex(r"\A ?[-+]?0*[0-9]{1,12}(\.[0-9]+)?(e[0-9])?\Z"),
    st.sampled_from(
        ["null", "NaN", "None", "true", "NA", "#N/A", "0x1F", "\ufeff", "\x1a", "\x85"]
    ),
)
ODD = ["\ufeffmark", "\r", "\u2028", "e\u0301", "  ", "\\", "''", '"",""', "a" * 70_000]


def write(root: Path, captions: list[str], end: str) -> Path:
    """Write a part 100m of captions alone; the ids are sparse and the table is in no order."""
    folder = root / "e-mm1_100m"
    ids = [7 * place + 3 for place in range(len(captions))]
    texts = [(number, "COCO", text) for number, text in zip(ids, captions, strict=True)]
    header = ("encord_text_id", "source_dataset", "caption")
    write_csv(folder / "infos/text.csv", header, texts[::-1], end=end)
    groups = ("encord_text_id", "encord_image_id", "nn_index")
    write_csv(folder / "nn_1/data_groups.csv", groups, [(number, 5, 1) for number in ids])
    return root


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow], database=None
)
@example(captions=list(TRAPPY_CAPTIONS), converted=True)
@example(captions=ODD, converted=False)
@example(captions=ODD, converted=True)
@given(captions=st.lists(ANYTHING, min_size=1, max_size=12), converted=st.booleans())
def test_any_captions_come_back(
    captions: list[str], converted: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("captions")
    # Rows end as the module ends them by itself: then it quotes every line break in a cell.
    root = write(folder / "in", captions, "\r\n")
    if converted:
        convert_emm1(root, folder / "out")
        root = folder / "out"
    ds = open_emm1(root)
    assert ds.groups().collect()["caption"].to_list() == captions
    assert sorted(ds.infos("text")["caption"]) == sorted(captions)


def test_the_same_text_with_other_line_ends(tmp_path: Path) -> None:
    captions = [text for text in (*TRAPPY_CAPTIONS, *ODD) if text != "\r"]
    for end in ("\n", "\r\n"):
        ds = open_emm1(write(tmp_path / str(len(end)), captions, end))
        assert ds.groups().collect()["caption"].to_list() == captions
