"""A tiny E-MM1 and the places that its files come from: a site, archives on it, a false yt-dlp."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from tests.emm1_trees import write_csv
from tests.sources.fetch.server import Site, content, status

ITEMS = 4
FOLDERS = ("e-mm1_100m_only", "shared")


@dataclass
class World:
    """The tables, the site and the folder of media.

    Attributes:
        root: What to open.
        media: Where media go.
        site: Holds pictures and archives.
        sources: A file that says so.
        videos: Counts runs of yt-dlp, and says which clips are gone.
    """

    root: Path
    media: Path
    site: Site
    sources: Path
    videos: Path
    names: dict[tuple[str, int], str] = field(default_factory=dict)

    def path(self, modality: str, number: int) -> Path:
        """Return where the file of an item of 100m belongs."""
        return self.media / self.names[modality, number]

    def files(self) -> list[str]:
        """Return every visible file of media, sorted; files may come and go meanwhile."""
        found = (Path(home, name) for home, _, names in os.walk(self.media) for name in names)
        names = [path.relative_to(self.media).as_posix() for path in found]
        return sorted(n for n in names if "/" in n and "/." not in n)

    def clips(self) -> list[str]:
        """Return the videos that yt-dlp was asked for."""
        log = self.videos / "log"
        return log.read_text().split() if log.exists() else []

    def gone(self, *ids: str) -> None:
        """Make yt-dlp say that videos are gone."""
        (self.videos / "gone").write_text("".join(f"{each}\n" for each in ids))


def make_world(folder: Path, site: Site) -> World:
    """Write the tables and fill the site; every item can be had."""
    root, videos = folder / "tables", folder / "videos"
    videos.mkdir(parents=True)
    world = World(root, folder / "media", site, folder / "sources.toml", videos)
    part = root / "e-mm1_100m"
    _write_images(part, world)
    _write_clips(part, world)
    _write_clouds(part, world)
    texts = [(n, "COCO", "CC BY 4.0", f"caption {n}") for n in range(ITEMS)]
    write_csv(part / "infos/text.csv", _header("text", "caption"), texts)
    write_groups(world, 1, [(n, n, n, n) for n in range(ITEMS)])
    write_groups(world, 2, [(n, 0, 3 - n, 1) for n in range(ITEMS)])
    world.sources.write_text(
        f"""
        [sources.COCO]
        locations = ["{site.url("/train2017.zip")}"]
        [sources.VidGen-1M]
        locations = ["{site.url("/vidgen.zip")}"]
        [sources.Objaverse]
        locations = ["{site.url("/objaverse.tar.gz")}"]
        """
    )
    return world


def write_groups(world: World, rank: int, rows: Sequence[Sequence[int]]) -> None:
    """Write groups of (video, audio, image, points), a caption each."""
    header = ("encord_text_id", *(f"encord_{m}_id" for m in ("video", "audio", "image", "points")))
    lines = [(text, *row, rank) for text, row in enumerate(rows)]
    path = world.root / f"e-mm1_100m/nn_{rank}/data_groups.csv"
    write_csv(path, (*header, "nn_index"), lines)


def write_rated(world: World, rows: Sequence[Sequence[Any]]) -> None:
    """Write a split 1m with the items of 100m and triplets of (text, paired, annotated, ids)."""
    part = world.root / "e-mm1_1m"
    for path in sorted((world.root / "e-mm1_100m/infos").iterdir()):
        (part / "infos").mkdir(parents=True, exist_ok=True)
        (part / "infos" / path.name).write_bytes(path.read_bytes())
    header = (
        "encord_text_id", "paired_modality", "annotated_modality", "encord_paired_id",
        "encord_annotated_id", "annotation",
    )  # fmt: skip
    write_csv(part / "triplets.csv", header, rows)
    mapping = [(1, "Good Match"), (2, "Partial Match"), (3, "Bad Match")]
    write_csv(part / "annotation_mapping.csv", ("annotation", "label"), mapping)


def write_eshot(world: World) -> None:
    """Write an EShot of two sounds and two clouds."""
    part = world.root / "eshot"
    header = ("eshot_audio_id", "youtube_id", "start_time", "end_time", "file_name", "save_folder")
    rows = [(n, _video(40 + n), 0, 2, f"{_video(40 + n)}_0.mp4", "eshot") for n in range(2)]
    write_csv(part / "eshot_audio_info.csv", header, rows)
    clouds = [(n, f"cloud{n}", f"cloud{n}.npy", "eshot") for n in range(2)]
    names = ("eshot_point_id", "file_id", "file_name", "save_folder")
    write_csv(part / "eshot_points_info.csv", names, clouds)


def _header(modality: str, *own: str) -> tuple[str, ...]:
    return (f"encord_{modality}_id", "source_dataset", "dataset_license", *own)


def _write_images(part: Path, world: World) -> None:
    """Even pictures lie in an archive, odd ones at addresses of their own."""
    rows, packed = [], io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(ITEMS):
            folder = FOLDERS[number % 2]
            if number % 2:
                url, name = world.site.add(f"/p/{number}.jpg", _picture(number)), f"{number}.jpg"
                rows.append((number, "Google Conceptual Captions", "x, y", url, name, folder))
            else:
                name = f"{number:012d}.jpg"
                archive.writestr(f"train2017/{name}", _picture(number))
                rows.append((number, "COCO", "CC BY 4.0", number, name, folder))
            world.names["image", number] = f"{folder}/image/{name}"
    world.site.add("/train2017.zip", content(packed.getvalue(), ETag='"1"'))
    world.site.add("/robots.txt", status(404))
    header = _header("image", "file_id", "file_name", "save_folder")
    write_csv(part / "infos/image.csv", header, rows)


def _write_clips(part: Path, world: World) -> None:
    """Sounds are cut from YouTube; so is every other video, the rest lie in an archive.

    Sound 2 and video 2 are one file.
    """
    clip, packed = make_clip(), io.BytesIO()
    (world.videos / "clip.mp4").write_bytes(clip)
    sounds, videos = [], []
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(ITEMS):
            folder = FOLDERS[number % 2]
            name = f"{_video(number)}_{number}.mp4"
            times = (_video(number), number, number + 2)
            sounds.append((number, "AudioSet", "CC BY 4.0", *times, name, folder))
            world.names["audio", number] = f"{folder}/video/{name}"
            if number % 2:
                archive.writestr(f"clips/scene-{number}.mp4", clip)
                name = f"scene-{number}.mp4"
                row = (number, "VidGen-1M", "CC BY 4.0", "", f"scene-{number}", None, None)
            elif number:
                row = (number, "InternVid", "CC BY 4.0", times[0], "", *times[1:])
            else:
                name = f"{_video(20)}_5.mp4"
                row = (number, "InternVid", "CC BY 4.0", _video(20), "", 5, 7)
            videos.append((*row, name, folder))
            world.names["video", number] = f"{folder}/video/{name}"
    world.site.add("/vidgen.zip", content(packed.getvalue(), ETag='"1"'))
    times = ("start_time", "end_time")
    header = _header("audio", "youtube_id", *times, "file_name", "save_folder")
    write_csv(part / "infos/audio.csv", header, sounds)
    header = _header("video", "youtube_id", "file_id", *times, "file_name", "save_folder")
    write_csv(part / "infos/video.csv", header, videos)


def _write_clouds(part: Path, world: World) -> None:
    rows, packed = [], io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for number in range(ITEMS):
            cloud = {
                "xyz": np.full((8, 3), number, np.float32),
                "rgb": np.full((8, 3), 0.5, np.float32),
                "text": ["a cloud"],
            }
            data = io.BytesIO()
            np.save(data, np.array(cloud, dtype=object), allow_pickle=True)
            entry = tarfile.TarInfo(f"000-000/cloud{number}.npy")
            entry.size = len(data.getvalue())
            archive.addfile(entry, io.BytesIO(data.getvalue()))
            folder = FOLDERS[number % 2]
            name = f"cloud{number}.npy"
            rows.append((number, "Objaverse", "ODC-By 1.0", f"cloud{number}", name, folder))
            world.names["points", number] = f"{folder}/points/{name}"
    world.site.add("/objaverse.tar.gz", content(packed.getvalue(), ETag='"1"'))
    header = _header("points", "file_id", "file_name", "save_folder")
    write_csv(part / "infos/points.csv", header, rows)


def _picture(number: int) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (8, 8), (20 * number, 90, 200)).save(data, "JPEG")
    return data.getvalue()


def _video(number: int) -> str:
    """Return the id of a video; some begin with a dash."""
    return f"{'-' if number % 2 else 'v'}ideo{number:06d}"


def make_clip() -> bytes:
    """Return two seconds of video with sound."""
    data = io.BytesIO()
    with av.open(data, "w", format="mp4") as container:
        pictures = container.add_stream("mpeg4", rate=5)
        pictures.width = pictures.height = 16
        pictures.pix_fmt = "yuv420p"
        sound = container.add_stream("aac", rate=8000)
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
        quiet = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), "fltp", "mono")
        quiet.sample_rate = 8000
        container.mux(sound.encode(quiet))
        container.mux(sound.encode(None))
    return data.getvalue()


_YT_DLP = """#!/bin/sh
for last; do :; done
id="${last##*v=}"
while [ "$1" != "--output" ]; do shift; done
echo "$id" >> "$VIDEOS/log"
if grep -q -x -e "$id" "$VIDEOS/gone" 2>/dev/null; then
  echo "ERROR: [youtube] $id: Video unavailable. This video has been removed by the uploader" >&2
  exit 1
fi
cp "$VIDEOS/clip.mp4" "$(dirname "$2")/clip.mp4"
"""


def install_yt_dlp(folder: Path, videos: Path) -> dict[str, str]:
    """Write a yt-dlp that copies one clip, and return the environment that finds it."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "yt-dlp"
    program.write_text(_YT_DLP.replace("$VIDEOS", str(videos)))
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
