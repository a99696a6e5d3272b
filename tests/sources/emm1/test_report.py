"""What can be trained on here, counted by hand beside the report."""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from pentad.core.errors import InputError, MissingExtra
from pentad.sources.emm1 import report_figure
from pentad.sources.emm1.convert import convert_emm1
from pentad.sources.emm1.dataset import open_emm1
from pentad.sources.emm1.report import TrainableReport, report_emm1
from pentad.sources.emm1.report_figure import draw_report, panels_of
from pentad.sources.emm1.report_rows import SECTIONS, Count
from tests.emm1_trees import FOLDERS, MEDIA, Tree, make_emm1, write_frame, write_pointer

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

ORDER = ("text", *MEDIA)


def numbers(report: TrainableReport, section: str) -> dict[tuple, tuple[int, int]]:
    """Return what is counted -> how many, how many present."""
    return {tuple(c.keys.values()): (c.rows, c.present) for c in report.section(section)}


def is_there(tree: Tree, split: str, modality: str, number: int | None) -> bool:
    path = None if number is None else tree.item_path(split, modality, number)
    return path is not None and Path(path).is_file()


def expected_items(tree: Tree, split: str, modality: str) -> dict[tuple, tuple[int, int]]:
    listed, present = Counter(), Counter()
    for row in tree.infos[split, modality].iter_rows(named=True):
        key = (split, modality, row["source_dataset"], row["dataset_license"])
        listed[key] += 1
        number = row[f"encord_{modality}_id"]
        present[key] += modality == "text" or is_there(tree, split, modality, number)
    return {key: (listed[key], present[key]) for key in listed}


def expected_groups(tree: Tree, rank: int) -> dict[tuple, tuple[int, int]]:
    found = {}
    pairs = [("-".join(p), p) for p in itertools.combinations(ORDER, 2)]
    for name, members in [*pairs, ("complete 5-tuples", ORDER)]:
        rows = present = 0
        for group in tree.groups[rank].iter_rows(named=True):
            ids = {m: group[f"encord_{m}_id"] for m in members}
            rows += None not in ids.values()
            present += all(
                tree.caption("100m", ids[m]) is not None
                if m == "text"
                else is_there(tree, "100m", m, ids[m])
                for m in members
            )
        found[rank, name] = (rows, present)
    return found


def expected_triplets(tree: Tree) -> dict[tuple, tuple[int, int]]:
    names = {1: "good", 2: "partial", 3: "bad"}
    listed, present = Counter(), Counter()
    for row in tree.triplets.iter_rows(named=True):
        sides = ("paired", "annotated")
        key = (*(row[f"{s}_modality"] for s in sides), names[row["annotation"]])
        listed[key] += 1
        present[key] += all(
            is_there(tree, "1m", row[f"{s}_modality"], row[f"encord_{s}_id"]) for s in sides
        )
    return {key: (listed[key], present[key]) for key in listed}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A tree with media and with groups that name no item, or one that no table has."""
    made = make_emm1(tmp_path / "e-mm1", captions=14, nn=3, items=12, eshot=True, media=True)
    odd = made.groups[1].with_row_index("row")
    odd = odd.with_columns(
        pl.when(pl.col("row") == 0).then(None).otherwise("encord_image_id").alias(
            "encord_image_id"
        ),
        pl.when(pl.col("row") == 1).then(4_000_000).otherwise("encord_audio_id").alias(
            "encord_audio_id"
        ),
        pl.when(pl.col("row") == 2).then(4_000_001).otherwise("encord_text_id").alias(
            "encord_text_id"
        ),
    )  # fmt: skip
    made.groups[1] = odd.drop("row")
    write_frame(made.path("100m", "nn_1/data_groups.csv"), made.groups[1])
    return made


def test_every_number_is_what_counting_by_hand_gives(tree):
    report = report_emm1(open_emm1(tree.root), ranks=[3, 1])
    items = numbers(report, "items")
    for split, modality in itertools.product(("100m", "1m"), ORDER):
        expected = expected_items(tree, split, modality)
        assert {k: v for k, v in items.items() if k[:2] == (split, modality)} == expected
    groups = expected_groups(tree, 3) | expected_groups(tree, 1)
    assert numbers(report, "groups") == groups
    assert numbers(report, "triplets") == expected_triplets(tree)
    eshot = {("audio",): (4, 4), ("points",): (4, 4), ("categories",): (2, 2)}
    assert numbers(report, "eshot") == eshot
    assert (report.ranks, report.counted) == ((1, 2, 3), (3, 1))
    assert groups[1, "text-image"][0] == 13
    assert groups[1, "complete 5-tuples"][0] == 13


def test_sources_add_up_to_the_pairs_with_text(tree):
    report = report_emm1(open_emm1(tree.root), ranks=[1, 2])
    groups, sources = numbers(report, "groups"), numbers(report, "sources")
    for rank, modality in itertools.product((1, 2), MEDIA):
        mine = [v for k, v in sources.items() if k[:2] == (rank, modality)]
        rows, present = (sum(column) for column in zip(*mine, strict=True))
        assert rows == groups[rank, f"text-{modality}"][0]
        missing_caption = rank == 1
        assert present - groups[rank, f"text-{modality}"][1] in (0, int(missing_caption))
    assert sources[1, "audio", "(no such item)", ""] == (1, 0)
    assert sources[1, "text", "(no such item)", ""] == (1, 0)


def test_without_ranks_the_first_one_here_is_counted(tree):
    report = report_emm1(open_emm1(tree.root))
    assert report.counted == (1,)
    assert {row.keys["rank"] for row in report.section("groups")} == {1}


@pytest.mark.parametrize("layout", FOLDERS)
def test_all_folder_layouts_give_the_same_numbers(tmp_path, layout):
    reports = [
        report_emm1(open_emm1(make_emm1(tmp_path / name, name, media=True, eshot=True).root))
        for name in {"git", layout}
    ]
    assert len({str([row.to_json() for row in report.rows]) for report in reports}) == 1


def test_a_converted_copy_gives_the_same_numbers(tree, tmp_path):
    convert_emm1(tree.root, tmp_path / "out")
    reports = [
        report_emm1(open_emm1(root, media_root=tree.root), ranks=[1, 2, 3])
        for root in (tree.root, tmp_path / "out")
    ]
    assert reports[0].rows == reports[1].rows


def test_the_hubs_files_give_the_same_groups_and_triplets(tmp_path):
    tables, hub = (
        report_emm1(open_emm1(make_emm1(tmp_path / name, name, media=True).root), ranks=[1, 2])
        for name in ("git", "hub")
    )
    for section in ("groups", "sources", "triplets"):
        assert numbers(tables, section) == numbers(hub, section)
    listed = numbers(tables, "items")
    assert numbers(hub, "items").keys() <= listed.keys()
    assert all(value <= listed[key] for key, value in numbers(hub, "items").items())
    assert (hub.splits, hub.ranks) == (("hub",), (1, 2))


def test_media_elsewhere_are_found_and_none_at_all_is_zero(tree, tmp_path):
    (tmp_path / "nothing").mkdir()
    empty = report_emm1(open_emm1(tree.root, media_root=tmp_path / "nothing"))
    assert {c.present for c in empty.section("groups")} == {0}
    assert {c.present for c in empty.section("items") if c.keys["modality"] != "text"} == {0}


@pytest.mark.parametrize("splits", [("100m",), ("1m",), ("eshot",)])
def test_each_part_alone_is_counted(tmp_path, splits):
    tree = make_emm1(
        tmp_path,
        captions=12 * ("100m" in splits),
        triplets=24 * ("1m" in splits),
        eshot="eshot" in splits,
    )
    report = report_emm1(open_emm1(tree.root))
    assert report.splits == splits
    found = {row.section for row in report.rows}
    assert found == {
        "100m": {"items", "groups", "sources"}, "1m": {"items", "triplets"}, "eshot": {"eshot"},
    }[splits[0]]  # fmt: skip


def test_pointers_are_told_and_the_rest_is_counted(tree, caplog):
    write_pointer(tree.path("1m", "triplets.csv"))
    write_pointer(tree.path("100m", "infos/video.csv"))
    report = report_emm1(open_emm1(tree.root))
    assert numbers(report, "triplets") == {}
    assert numbers(report, "groups") == {}
    kinds = {(c.keys["split"], c.keys["modality"]) for c in report.section("items")}
    assert kinds == set(itertools.product(("100m", "1m"), ORDER)) - {("100m", "video")}
    assert [("Git LFS pointer" in s) for s in report.skipped] == [True, True]
    assert len([r for r in caplog.records if "not counted" in r.message]) == 2


def test_nothing_but_pointers_is_an_error_that_says_how_to_fetch(tmp_path):
    tree = make_emm1(tmp_path, triplets=0, nn=1)
    for path in tree.root.rglob("*.csv"):
        write_pointer(path)
    with pytest.raises(InputError, match="Git LFS pointer"):
        report_emm1(open_emm1(tree.root))


def test_a_damaged_table_is_an_error(tree):
    path = tree.path("1m", "infos/points.csv")
    path.write_text(path.read_text() + "one cell\n")
    with pytest.raises(InputError, match=r"points\.csv:14: the row does not fit the header"):
        report_emm1(open_emm1(tree.root))


def test_a_rank_that_is_not_here_is_refused(tree):
    with pytest.raises(InputError, match="there is no nn_9 here; there is: nn_1, nn_2, nn_3"):
        report_emm1(open_emm1(tree.root), ranks=[9])


def test_the_json_names_root_ranks_and_sections(tree):
    found = report_emm1(open_emm1(tree.root), ranks=[2]).to_json()
    assert set(found) == {"root", "media_root", "splits", "ranks", *SECTIONS, "skipped"}
    assert found["ranks"] == {"there": [1, 2, 3], "counted": [2]}
    assert set(found["items"][0]) == {"split", "modality", "source", "license", "rows", "present"}


# ------------------------------------------------------------------------------------------ figure


def test_a_panel_has_each_modality_and_its_sources_largest_first():
    rows = [
        Count("items", {"split": "1m", "modality": m, "source": s, "license": c}, n, p)
        for m, s, c, n, p in (
            ("audio", "A", "x", 3, 1),
            ("audio", "B", "x", 5, 2),
            ("audio", "A", "y", 4, 4),
            ("image", "C", "x", 1, 0),
            ("text", "C", "x", 9, 9),
        )
    ]
    report = TrainableReport(Path(), Path(), ("1m",), (), (), tuple(rows))
    bars = [(b.label, b.items, b.present) for b in panels_of(report)["1m"]]
    assert bars == [
        ("image", None, 0), ("C", 1, 0), ("audio", None, 0), ("A", 7, 5), ("B", 5, 2),
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_figure_has_the_same_bytes_every_time_and_no_date(tree, tmp_path, suffix):
    report = report_emm1(open_emm1(tree.root))
    files = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for file in files:
        draw_report(report, file)
    data = [file.read_bytes() for file in files]
    assert data[0] == data[1]
    assert b"dc:date" not in data[0]
    assert b"Software" not in data[0]
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == [f.name for f in files]


def test_a_figure_leaves_the_settings_of_matplotlib_as_they_were(tree, tmp_path):
    import matplotlib

    def settings() -> dict[str, object]:
        return {k: matplotlib.rcParams[k] for k in matplotlib.rcParams if k != "backend"}

    report = report_emm1(open_emm1(tree.root))
    with matplotlib.rc_context({"axes.titlesize": 31.0}):
        before = settings()
        draw_report(report, tmp_path / "a.svg")
        assert settings() == before
    draw_report(report, tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_figure_of_another_format_or_of_nothing_is_refused(tree, tmp_path):
    report = report_emm1(open_emm1(tree.root))
    with pytest.raises(InputError, match=r"expected a name that ends in \.png or \.svg"):
        draw_report(report, tmp_path / "a.pdf")
    nothing = TrainableReport(tree.root, tree.root, (), (), (), ())
    with pytest.raises(InputError, match="nothing to draw"):
        draw_report(nothing, tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


def test_without_matplotlib_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match=r"pip install 'pentad\[figures\]'"):
        report_figure.check_figure(tmp_path / "a.png")
