from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.helpers import pentad, refused
from tests.pipeline.similarity.little import clips, families, names, tone, truth


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with vectors, labels and families, in which commands run."""
    monkeypatch.chdir(tmp_path)
    clips(tmp_path / "emb")
    truth(tmp_path / "gt.csv")
    families(tmp_path / "fam.json", {"Living": ["Dog", "Animal"], "Other": ["Müzik", "Wind"]})
    return tmp_path


def run(*words: object) -> str:
    ran = pentad("similarity", *words)
    assert ran.code == 0, ran.err
    return ran.out


def said(*words: object) -> str:
    ran = pentad("similarity", *words)
    assert ran.code == 1, ran
    assert "Traceback" not in ran.err
    return ran.err.strip().splitlines()[-1].removeprefix("error: ")


def test_the_commands_of_the_document(here: Path) -> None:
    """Every short flag and every default value that the published program has."""
    run("prepare", "emb", "-a", "median", "-N", "4", "--normalization", "-o", "p")
    run("prepare", "emb", "-a", "max", "-N", "-1", "--no-normalization", "--output-dir", "q")
    run("search", "p", "-s", "nn", "-N", "15", "--ground-truth", "gt.csv", "-o", "r.jsonl")
    run("search", "p", "-s", "dot", "-N", "-1", "-o", "all.jsonl")
    given = ("--ground-truth", "gt.csv", "--families-json", "fam.json", "--compat", "sss")
    run("evaluate", "r.jsonl", *given, "-N", "15", "-o", "res")
    run("evaluate", "p", *given, "-s", "nn", "--metric", "mr1", "--output-dir", "res")
    assert {file.name for file in (here / "res").iterdir()} == {
        "micro_mAP@15.txt", "balanced_mAP@15.txt", "labels_mAP@15.csv", "families_mAP@15.csv",
        "micro_MR1.txt", "balanced_MR1.txt", "labels_MR1.csv", "families_MR1.csv",
    }  # fmt: skip
    lines = [json.loads(line) for line in (here / "r.jsonl").read_text().splitlines()]
    assert {len(line["results"]) for line in lines} == {15}
    assert {line["search"] for line in lines} == {"nearest_neighbour"}
    whole = json.loads((here / "all.jsonl").read_text().splitlines()[0])
    assert (len(whole["results"]), whole["search"]) == (17, "dot_product")


def test_defaults_are_those_of_the_document(here: Path) -> None:
    assert "got 100" in said("prepare", "emb", "-o", "p")
    run("prepare", "emb", "-N", "3", "-o", "p")
    record = json.loads((here / "p" / "embeddings.json").read_text())
    assert record["recipe"]["aggregate"] == "mean"
    assert record["recipe"]["normalize"] is True
    run("search", "p", "-o", "r.jsonl")
    line = json.loads((here / "r.jsonl").read_text().splitlines()[0])
    assert (len(line["results"]), line["search"]) == (15, "nearest_neighbour")


def test_prepare_says_what_it_made(here: Path) -> None:
    ran = pentad("similarity", "prepare", "emb", "--pca", "3", "--out", "p")
    assert ran.out.startswith("18 items of 3 dimensions, ")
    assert ran.out.endswith("% of the variance: p\n")
    assert "next: pentad similarity search p" in ran.err
    found = json.loads(run("prepare", "p", "-a", "none", "--pca", "-1", "--out", "q", "--json"))
    assert (found["items"], found["dim"], found["recipe"]["aggregate"]) == (18, 3, "none")
    run("prepare", "emb", "--pca", "3", "--fit-on", "emb", "--fit-sample", "9", "--seed", "4",
        "--out", "s")  # fmt: skip
    run("prepare", "emb", "--pca", "3", "--format", "json", "--out", "clips")
    assert len(list((here / "clips").glob("[!.]*.json"))) == 18


def test_json_has_every_kind_of_mean(here: Path) -> None:
    run("prepare", "emb", "-N", "-1", "-o", "p")
    given = ("--ground-truth", "gt.csv", "--families", "fam.json", "--metric", "map@15")
    found = json.loads(run("evaluate", "p", *given, "--metric", "mr1", "--search", "dot", "--json"))
    assert list(found) == ["map@15", "mr1"]
    for each in found.values():
        assert {"micro", "macro", "class", "family"} <= each.keys()
        assert set(each["class"]) == {"Animal", "Dog", "Müzik", "Wind"}
        assert set(each["family"]) == {"Living", "Other"}
    sss = (*given[:2], "--metric", "mr1", "--compat", "sss", "--json")
    theirs = [json.loads(run("evaluate", "p", *sss, "--search", s)) for s in ("dot", "euclidean")]
    assert theirs[0] == theirs[1]


def test_tables_for_people(here: Path) -> None:
    run("prepare", "emb", "-N", "-1", "-o", "p")
    out = run("evaluate", "p", "--ground-truth", "gt.csv", "--families", "fam.json")
    assert out.splitlines()[0].split() == ["metric", "micro", "macro", "queries", "left", "out"]
    assert "Living" in out
    rows = [f'{name},"{",".join(f"label{(n + k) % 12:02}" for k in range(2))}"'
            for n, name in enumerate(names())]  # fmt: skip
    (here / "many.csv").write_text("\n".join(["fname,labels", *rows]) + "\n")
    out = run("evaluate", "p", "--ground-truth", "many.csv", "--metric", "mr1")
    assert "... 2 more, all in --json" in out


def test_names_with_extensions_in_the_labels(here: Path) -> None:
    rows = [f"{name}.wav,0,{'dog' if n % 3 else 'cat'}" for n, name in enumerate(names())]
    (here / "esc50.csv").write_text("\n".join(["filename,fold,category", *rows]) + "\n")
    run("prepare", "emb", "-N", "-1", "-o", "p")
    found = json.loads(run("evaluate", "p", "--ground-truth", "esc50.csv", "--json"))
    assert found["mr1"]["n"]["queries"] == 18


def test_grid_and_figures(here: Path) -> None:
    given = ("--ground-truth", "gt.csv", "--families", "fam.json", "--workers", "1")
    few = ("-a", "mean", "-a", "max", "-N", "3", "-s", "cosine", "-s", "nn", "--metric", "map@5")
    out = run("grid", "emb", *given, *few, "-o", "g")
    assert out.splitlines()[0].split()[:3] == ["aggregate", "pca", "search"]
    assert "4 cells; results.csv, results.parquet" in out
    rows = [
        json.loads(line)
        for line in run("grid", "emb", *given, *few, "-o", "g", "--json").splitlines()
    ]
    assert [(row["aggregate"], row["search"]) for row in rows] == [
        ("mean", "cosine"), ("mean", "euclidean"), ("max", "cosine"), ("max", "euclidean"),
    ]  # fmt: skip
    run("grid", "emb", *given, *few, "--normalize", "both", "-o", "h")
    out = run("figures", "g", "theirs=h", "--out", "f")
    assert out.splitlines()[0].split() == ["model", "variant"]
    assert (here / "f" / "models.csv").is_file()
    found = run("figures", "g", "h", "-a", "max", "-N", "3", "-s", "nn", "--no-normalize",
                "--metric", "map@5", "--out", "f", "--json")  # fmt: skip
    assert [json.loads(line) for line in found.splitlines()] == [
        {"model": name, "variant": "Agg_max-PCA_3-Norm_False", "search": "euclidean"}
        for name in "gh"
    ]
    refusal = refused(pentad("similarity", "figures", "g", "nowhere", "--out", "f"))
    assert "name the folder of 'pentad similarity grid'" in refusal


def test_extract_and_on(here: Path) -> None:
    for number in range(4):
        tone(here / "snd" / f"{100 + number}.wav", 300 * (number + 1))
    (here / "list.csv").write_text("fname\n100\n101\n103\n")
    out = run("extract", "snd", "-m", "audio-descriptor", "--list", "list.csv", "--out", "ws")
    assert "one vector an item: 3 encoded, 0 there before, 0 rejected" in out
    found = json.loads(run("extract", "snd", "-m", "audio-descriptor", "-o", "ws", "--json"))
    assert (found["encoded"], found["kept"]) == (1, 3)
    run("prepare", "ws", "-N", "2", "-o", "p")
    run("search", "p", "--metric", "cosine", "-k", "-1", "--out", "r.jsonl")
    run("evaluate", "r.jsonl", "--ground-truth", "gt.csv", "--metric", "mr1")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["prepare", "gt.csv", "-o", "x"], "does not tell the format"),
        (["prepare", "empty", "-o", "x"], "no embeddings in a format that is known"),
        (["prepare", "emb", "-N", "2", "-o", "gt.csv"], "is a file"),
        (["prepare", "emb", "-N", "2", "-o", "emb"], "is the source"),
        (["prepare", "emb", "-a", "none", "-o", "x"], "'100' has 3 frames"),
        (["search", "emb", "-o", "x"], "'100' has 3 frames"),
        (["search", "nowhere", "-o", "x"], "no such file or folder"),
        (["search", "one", "-o", "empty"], "is a folder"),
        (["search", "one", "-s", "near", "-o", "x"], "unknown search"),
        (["search", "one", "--ground-truth", "empty.csv", "-o", "x"], "the file is empty"),
        (["evaluate", "one", "--ground-truth", "empty"], "Is a directory"),
        (["evaluate", "gt.csv", "--ground-truth", "gt.csv"], "no ranking"),
        (["evaluate", "one", "--ground-truth", "gt.csv", "--families", "gt.csv"], "no JSON"),
        (["evaluate", "one", "--ground-truth", "gt.csv", "--metric", "medr"], "is a median"),
        (["evaluate", "one", "--ground-truth", "gt.csv", "--out", "gt.csv"], "is a file"),
        (["grid", "one", "--ground-truth", "gt.csv", "-N", "99", "-o", "x"], "got 99"),
        (["grid", "one", "--ground-truth", "gt.csv", "-o", "one"], "another folder"),
        (["extract", "gt.csv", "-m", "audio-descriptor", "-o", "x"], "of no kind"),
        (["extract", "empty", "-m", "audio-descriptor", "-o", "x"], "no files"),
        (["figures", "empty", "-o", "x"], "pentad similarity grid"),
    ],
)
def test_mistakes_are_one_line(here: Path, words: list[str], message: str) -> None:
    (here / "empty").mkdir()
    (here / "empty.csv").write_text("")
    clips(here / "one", frames=0)
    assert message in said(*words)
    assert not (here / "x").exists()
