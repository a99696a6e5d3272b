"""The command line: what each verb prints, where, and with which exit code."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pentad.store.workspace import Workspace
from tests.cli.helpers import pentad, refused
from tests.pipeline.shared import ITEMS, MEDIA, K, content, differing, part_of_world, rows_of

VERBS = (
    "quickstart",
    "build",
    "search",
    "evaluate",
    "init",
    "add",
    "embed",
    "neighbors",
    "group",
    "train",
    "info",
    "verify",
    "list",
)
PROGRAM = str(Path(sys.executable).with_name("pentad"))


def objects(text: str) -> list[dict]:
    """Return the JSON objects of an output, one a line."""
    return [json.loads(line) for line in text.splitlines()]


def run(*arguments: object, **options) -> subprocess.CompletedProcess:
    """Run the installed program."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False, **options
    )


# ------------------------------------------------------------------------------------------- help


def test_help_names_every_verb():
    ran = pentad("--help")
    assert (ran.code, ran.err) == (0, "")
    for verb in VERBS:
        assert f"  {verb} " in ran.out
    assert "--debug" in ran.out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_without_running(verb):
    ran = pentad(verb, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: pentad {verb}") or f"Usage: pentad {verb}" in ran.out
    assert pentad(verb, "-h").out == ran.out


def test_the_version_is_that_of_the_package():
    import pentad as package

    assert pentad("--version").out == f"pentad {package.__version__}\n"


def test_without_arguments_the_help_is_shown():
    ran = pentad()
    assert ran.code in (0, 2)
    assert "Usage: pentad" in ran.out + ran.err


def test_the_installed_program_and_the_module_are_the_same():
    module = subprocess.run(
        [sys.executable, "-m", "pentad.cli", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run("--version").stdout == module.stdout


# ------------------------------------------------------------------------------------------ usage


@pytest.mark.parametrize(
    "arguments",
    [
        ["bild", "x", "y"],
        ["build", "x"],
        ["build", "x", "y", "--no-such-flag"],
        ["build", "x", "y", "-k", "0"],
        ["build", "x", "y", "-k", "many"],
        ["build", "x", "y", "--workers", "0"],
        ["search", "x"],
        ["search", "x", "y", "--modality", "smell"],
        ["add", "x", "y", "--modality", "smell"],
        ["group", "x", "--format", "xml"],
        ["group", "x", "--max-uses", "0"],
        ["list", "everything"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2_on_stderr(arguments):
    ran = pentad(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert "Usage: pentad" in ran.err
    assert "Traceback" not in ran.err


# ----------------------------------------------------------------------------------------- errors


def test_a_missing_folder(tmp_path):
    line = refused(pentad("build", tmp_path / "nowhere", tmp_path / "ws"))
    assert line == f"{tmp_path}/nowhere: there is no such file or folder"
    assert not (tmp_path / "ws").exists()


def test_an_empty_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    line = refused(pentad("build", tmp_path / "empty", tmp_path / "ws"))
    assert "empty: not a source" in line
    assert "an empty folder" in line
    assert not (tmp_path / "ws").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["add", "WS", "."],
        ["embed", "WS"],
        ["neighbors", "WS"],
        ["group", "WS"],
        ["train", "WS"],
        ["search", "WS", "a bell"],
        ["evaluate", "WS"],
        ["info", "WS"],
        ["verify", "WS"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_folder_that_is_no_workspace(arguments, tmp_path, little_world):
    given = [tmp_path if a == "WS" else little_world if a == "." else a for a in arguments]
    line = refused(pentad(*given))
    assert line == f"{tmp_path}: not a workspace (no pentad.toml); 'pentad init' makes one"


def test_an_unknown_encoder_is_told_with_the_nearest_before_anything_is_made(
    little_world, tmp_path
):
    line = refused(pentad("build", little_world, tmp_path / "ws", "-m", "image-descripter"))
    assert "unknown encoder 'image-descripter'; did you mean 'image-descriptor'" in line
    assert "pentad list encoders" in line
    assert not (tmp_path / "ws").exists()


def test_an_unknown_modality_of_an_encoder_is_told_with_the_nearest(little_world, tmp_path):
    line = refused(pentad("build", little_world, tmp_path / "ws", "-m", "imge=image-descriptor"))
    assert line == "unknown modality 'imge'; did you mean 'image'?"


def test_an_encoder_for_nothing(little_world, tmp_path):
    line = refused(pentad("build", little_world, tmp_path / "ws", "-m", "image="))
    assert "no encoder after '='" in line


def test_an_onnx_folder_without_a_card(little_world, tmp_path):
    (tmp_path / "net").mkdir()
    line = refused(pentad("build", little_world, tmp_path / "ws", "-m", f"onnx:{tmp_path}/net"))
    assert f"{tmp_path}/net" in line
    assert "card.toml" in line


def test_a_search_without_model(tmp_path):
    Workspace.create(tmp_path / "ws")
    line = refused(pentad("search", tmp_path / "ws", "a bell"))
    assert "no model here yet; run 'pentad build' or 'pentad train'" in line


@pytest.mark.parametrize(
    "text",
    [
        "not toml at all [",
        "format = 99\n",
        'format = 1\nsources = "world"\n',
        "format = 1\n[sources]\nworld = 3\n",
        "format = 1\n[sources.world]\npath = 'x'\n",
    ],
)
@pytest.mark.parametrize("verb", ["info", "verify", "search", "build"])
def test_a_workspace_with_a_damaged_configuration(pair, text, verb):
    (pair / "pentad.toml").write_text(text)
    before = content(pair)
    given = {"search": [pair, "a bell"], "build": [pair.parent / "world", pair]}.get(verb, [pair])
    line = refused(pentad(verb, *given))
    assert "pentad.toml" in line
    assert differing(before, content(pair)) == []


@pytest.mark.parametrize("name", ["items/items.json", "items/image.parquet", "items/pairs.parquet"])
@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_workspace_with_damaged_items(pair, name, damage):
    (pair / name).unlink()
    if damage is not None:
        (pair / name).write_bytes(damage)
    for arguments in (["info", pair], ["search", pair, "a bell"], ["embed", pair]):
        line = refused(pentad(*arguments))
        assert "items" in line


def test_a_workspace_with_a_damaged_model(pair):
    (pair / "models/unified/config.json").write_text("{")
    assert "unified" in refused(pentad("search", pair, "a bell"))


def test_a_folder_that_may_not_be_written_to(little_world, tmp_path):
    (tmp_path / "file").write_text("in the way")
    line = refused(pentad("build", little_world, tmp_path / "file" / "ws"))
    assert str(tmp_path / "file") in line


def test_debug_shows_the_traceback_and_the_line(tmp_path):
    ran = pentad("--debug", "info", tmp_path)
    assert ran.code == 1
    assert "Traceback (most recent call last)" in ran.err
    assert ran.err.splitlines()[-1].startswith(f"error: {tmp_path}: not a workspace")
    assert pentad("info", tmp_path, "--debug").err == ran.err


def test_a_mistake_of_our_own_is_shown_with_its_traceback(tmp_path, monkeypatch):
    def broken(workspace):
        raise ZeroDivisionError("our mistake")

    monkeypatch.setattr("pentad.pipeline.info.describe", broken)
    ran = pentad("info", tmp_path)
    assert ran.code == 1
    assert "Traceback" in ran.err
    assert "our mistake" in ran.err


def test_an_interrupted_command_says_how_to_go_on(tmp_path, monkeypatch):
    def interrupted(workspace):
        raise KeyboardInterrupt

    monkeypatch.setattr("pentad.pipeline.info.describe", interrupted)
    ran = pentad("info", tmp_path)
    assert ran.code == 130
    assert ran.err == "interrupted; run the same command again to go on\n"


# ---------------------------------------------------------------------------------------- results


@pytest.mark.usefixtures("short")
def test_build_json_ends_with_one_object_of_everything(pair):
    ran = pentad("build", pair.parent / "world", pair, "-k", K, "--json")
    assert ran.code == 0
    found = objects(ran.out)[-1]
    assert {
        "workspace",
        "items",
        "captions",
        "k",
        "models",
        "scores",
        "baselines",
        "seconds",
        "peak_memory_mb",
    } <= set(found)
    assert set(found["items"]["image"]) == {"added", "rejected", "encoded"}
    assert set(found["scores"][0]) == {
        "query",
        "corpus",
        "metric",
        "value",
        "low",
        "high",
        "chance",
        "n",
        "pool",
    }
    assert set(found["baselines"]) == {"ridge", "bridge"}
    assert len(ran.out.splitlines()) == 1
    assert f"next: pentad search {pair}" in ran.err


@pytest.mark.usefixtures("short")
def test_build_prints_tables_for_people(pair):
    broken = (
        pair.parent / "world/image/files" / rows_of(pair.parent / "world", "image")[0]["file_name"]
    )
    broken.write_bytes(b"no picture")
    ran = pentad("build", pair.parent / "world", pair, "-k", K)
    assert ran.code == 0
    assert "1 rejected; everything else went on:" in ran.out
    assert broken.name in ran.out
    assert "hit@5" in ran.out
    assert "chance" in ran.out
    assert "Traceback" not in ran.out + ran.err


def test_search_prints_one_object_a_hit(built):
    ran = pentad("search", built, "a large bell", "-k", "2", "--json")
    hits = objects(ran.out)
    assert ran.code == 0
    assert len(hits) == 2 * 5
    assert set(hits[0]) == {"modality", "id", "rank", "score", "space", "file", "captions"}


def test_search_prints_a_table_for_people(built):
    ran = pentad("search", built, "a large bell", "--modality", "audio", "-k", "3")
    header, *rows = ran.out.splitlines()
    assert header.split() == ["modality", "rank", "score", "file", "captions"]
    assert [row.split()[:2] for row in rows] == [["audio", "1"], ["audio", "2"], ["audio", "3"]]


def test_a_dash_reads_the_query_from_stdin(built):
    given = pentad("search", built, "a large bell", "-k", "1", "--json")
    read = pentad("search", built, "-", "-k", "1", "--json", stdin="a large bell\n")
    assert read.out == given.out


@pytest.mark.parametrize("stdin", ["", "\n \n"])
def test_an_empty_stdin_is_an_empty_query(built, stdin):
    assert "the query is empty" in refused(pentad("search", built, "-", stdin=stdin))


def test_stdin_that_is_no_text_is_refused(built):
    line = refused(pentad("search", built, "-", stdin=b"\xff\xfe\x00bell"))
    assert "UTF-8" in line


def test_a_query_can_be_a_file(built):
    row = rows_of(built.parent / "world", "image")[0]
    path = built.parent / "world/image/files" / row["file_name"]
    ran = pentad("search", built, path, "--modality", "image", "-k", "1", "--json")
    assert objects(ran.out)[0]["file"] == f"image/files/{row['file_name']}"


def test_a_broken_pipe_is_no_traceback(built):
    command = f"{PROGRAM} search {built} bell -k 16 --json | head -c 0; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr
    assert done.stdout.strip() in ("0", "1", "141")


def test_evaluate_prints_the_held_out_scores(built):
    stored = json.loads((built / "reports/held-out/result.json").read_bytes())
    assert objects(pentad("evaluate", built, "--json").out) == [stored]
    table = pentad("evaluate", built)
    assert "95 % interval" in table.out
    assert table.code == 0


def test_evaluate_scores_another_folder(built, other_world, tmp_path):
    folder = part_of_world(other_world, tmp_path / "part", ["image"], items=4)
    ran = pentad("evaluate", built, "--data", folder, "--json")
    (report,) = objects(ran.out)
    assert {"scores", "baselines", "skipped"} <= set(report)
    assert {(r["query"], r["corpus"]) for r in report["scores"]} == {
        ("text", "image"),
        ("image", "text"),
    }


@pytest.mark.usefixtures("short")
def test_the_verbs_one_by_one_each_name_the_next(little_world, tmp_path):
    world = part_of_world(little_world, tmp_path / "world", ["image"], items=8)
    workspace = tmp_path / "ws"
    for arguments, following in [
        (["init", workspace], f"pentad add {workspace}"),
        (["add", workspace, world], f"pentad embed {workspace}"),
        (["embed", workspace], f"pentad neighbors {workspace}"),
        (["neighbors", workspace, "-k", 2], f"pentad group {workspace}"),
        (["group", workspace], f"pentad train {workspace}"),
        (["train", workspace], f"pentad search {workspace}"),
    ]:
        ran = pentad(*arguments)
        assert ran.code == 0, ran
        assert ran.err.splitlines()[-1].startswith(f"next: {following}")
    assert pentad("verify", workspace).code == 0


@pytest.mark.parametrize("verb", ["add", "embed", "neighbors", "group", "train", "info", "list"])
@pytest.mark.usefixtures("short")
def test_json_is_one_object_a_line(pair, verb):
    given = {
        "add": [pair, pair.parent / "world"],
        "neighbors": [pair, "-k", K],
        "list": ["encoders"],
    }.get(verb, [pair])
    ran = pentad(verb, *given, "--json")
    assert ran.code == 0
    assert objects(ran.out)
    assert all(isinstance(found, dict) for found in objects(ran.out))


def test_info_counts_what_is_there(built):
    (facts,) = objects(pentad("info", built, "--json").out)
    assert {m: facts["items"][m] for m in MEDIA} == dict.fromkeys(MEDIA, ITEMS)
    assert "items: text" in pentad("info", built).out


def test_verify_is_silent_on_stdout_where_all_is_well(built):
    ran = pentad("verify", built)
    assert (ran.code, ran.out, ran.err) == (0, "", "all files are as recorded\n")


def test_verify_names_damaged_files_and_fails(pair):
    path = pair / "groups/default/nn_1.parquet"
    path.write_bytes(path.read_bytes()[::-1])
    ran = pentad("verify", pair)
    assert ran.code == 1
    assert ran.out.startswith("groups/default/nn_1.parquet: content differs from its record\n")
    assert ran.err.splitlines() == [ran.err.splitlines()[0]]
    assert objects(pentad("verify", pair, "--json").out)[0]["file"] == "groups/default/nn_1.parquet"


@pytest.mark.parametrize("kind", ["encoders", "metrics", "backends", "sources"])
def test_everything_that_can_be_named_is_listed(kind):
    ran = pentad("list", kind)
    assert ran.code == 0
    assert len(ran.out.splitlines()) > 1
    assert len(objects(pentad("list", kind, "--json").out)) == len(ran.out.splitlines()) - 1


def test_groups_as_csv(pair):
    ran = pentad("group", pair, "--format", "csv")
    assert ran.code == 0
    assert (pair / "groups/default-csv/nn_1/data_groups.csv").exists()


def test_an_item_count_of_one_line_each_way(pair, tmp_path):
    shutil.move(pair.parent / "world/audio", tmp_path / "audio")
    ran = pentad("add", pair, pair.parent / "world")
    rows = {line.split()[0]: line.split()[1:] for line in ran.out.splitlines()[1:]}
    assert rows["image"] == [str(ITEMS), "0"]
    assert "audio" not in rows


def test_help_loads_nothing_heavy():
    code = (
        "import sys; sys.argv = ['pentad', '--help']\n"
        "from pentad.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'polars', 'faiss', 'onnxruntime', 'numpy', 'av', 'scipy'}\n"
        "sys.exit(' '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_quickstart_runs_in_an_empty_folder_and_again(tmp_path):
    first = run("quickstart", "here", "--json", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    (found,) = objects(first.stdout)
    assert {s["query"] for s in found["searches"]} == {
        "three small bells",
        "a large frog",
        "two medium sized drums",
    }
    assert (tmp_path / "here/workspace/reports/groups.png").stat().st_size > 10_000
    again = run("quickstart", "here", "--json", cwd=tmp_path)
    (second,) = objects(again.stdout)
    assert second["scores"] == found["scores"]
    assert {c["encoded"] for c in second["items"].values()} == {0}
    assert {c["rejected"] for c in second["items"].values()} == {0}
