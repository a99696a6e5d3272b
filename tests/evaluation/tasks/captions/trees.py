"""Small copies of the published layouts, written by hand after their descriptions."""

import json
from pathlib import Path

Tree = dict[str, str | bytes]
"""Path -> content; an empty content is that of a medium, which nothing here decodes."""

COCO: Tree = {
    "dataset_coco.json": json.dumps(
        {
            "dataset": "coco",
            "images": [
                {
                    "filepath": "val2014", "sentids": [770337, 771687], "imgid": 0,
                    "cocoid": 391895,
                    "filename": "COCO_val2014_000000391895.jpg", "split": "test",
                    "sentences": [
                        {"tokens": ["a", "man"], "raw": "A man with a red helmet.", "imgid": 0,
                         "sentid": 770337},
                        {"tokens": ["a", "dirt"], "raw": "A dirt path.", "imgid": 0,
                         "sentid": 771687},
                    ],
                },
                {
                    "filepath": "train2014", "sentids": [9], "imgid": 1, "cocoid": 9,
                    "filename": "COCO_train2014_000000000009.jpg", "split": "restval",
                    "sentences": [{"tokens": [], "raw": "Not a test.", "imgid": 1, "sentid": 9}],
                },
                {
                    "filepath": "val2014", "sentids": [5], "imgid": 2, "cocoid": 42,
                    "filename": "COCO_val2014_000000000042.jpg", "split": "test",
                    "sentences": [{"tokens": [], "raw": "A dirt path.", "imgid": 2, "sentid": 5}],
                },
            ],
        }
    ),
    "val2014/COCO_val2014_000000391895.jpg": "",
    "val2014/COCO_val2014_000000000042.jpg": "",
}  # fmt: skip

FLICKR_IMAGES: Tree = {
    "flickr30k-images/1007129816.jpg": "",
    "flickr30k-images/1009434119.jpg": "",
    "flickr30k-images/1000092795.jpg": "",
}

FLICKR_JSON: Tree = {
    "dataset_flickr30k.json": json.dumps(
        {
            "dataset": "flickr30k",
            "images": [
                {"sentids": [0], "imgid": 0, "filename": "1000092795.jpg", "split": "train",
                 "sentences": [{"tokens": [], "raw": "Two young guys.", "imgid": 0, "sentid": 0}]},
                {"sentids": [5, 6], "imgid": 1, "filename": "1007129816.jpg", "split": "test",
                 "sentences": [
                     {"tokens": [], "raw": "The man with pierced ears.", "imgid": 1, "sentid": 5},
                     {"tokens": [], "raw": "A man with glasses.", "imgid": 1, "sentid": 6}]},
                {"sentids": [7], "imgid": 2, "filename": "1009434119.jpg", "split": "test",
                 "sentences": [{"tokens": [], "raw": "A dog runs.", "imgid": 2, "sentid": 7}]},
            ],
        }
    ),
    **FLICKR_IMAGES,
}  # fmt: skip

FLICKR_CSV: Tree = {
    "flickr_annotations_30k.csv": (
        "raw,sentids,split,filename,img_id\n"
        '"[""Two young guys.""]","[0]",train,1000092795.jpg,0\n'
        '"[""The man with pierced ears."", ""A man with glasses.""]","[5, 6]",test,'
        "1007129816.jpg,1\n"
        '"[""A dog runs.""]","[7]",test,1009434119.jpg,2\n'
    ),
    **FLICKR_IMAGES,
}

FLICKR_TOKEN: Tree = {
    "results_20130124.token": (
        "1000092795.jpg#0\tTwo young guys .\n"
        "1007129816.jpg#0\tThe man with pierced ears .\n"
        "1007129816.jpg#1\tA man with glasses .\n"
        "1009434119.jpg#0\tA dog runs .\n"
    ),
    "test.txt": "1007129816\n1009434119\n",
    **FLICKR_IMAGES,
}

FLICKR_RESULTS: Tree = {
    "results.csv": (
        "image_name| comment_number| comment\n"
        "1000092795.jpg| 0| Two young guys .\n"
        "1007129816.jpg| 0| The man with pierced ears .\n"
        "1007129816.jpg| 1   A man with glasses .\n"
        "1009434119.jpg| 0| A dog runs .\n"
    ),
    "flickr30k_test.txt": "1007129816.jpg\n1009434119.jpg\n",
    **FLICKR_IMAGES,
}

AUDIOCAPS: Tree = {
    "test.csv": (
        "audiocap_id,youtube_id,start_time,caption\n"
        "103549,7fmOlUlwoNg,20,Constant rattling noise and sharp vibrations\n"
        "103548,6BJ455B1aAs,0,A rocket flies by followed by a loud explosion\n"
        '103550,7fmOlUlwoNg,20,"A motor, rattling"\n'
        "103551,-oR4mHh9vX8,130,Rain\n"
        "103552,GOD8Bt5LfDE,100,Wind\n"
        "103553,ZsTZ7jqbd9M,10,A bird\n"
        "103554,gone_from_yt,30,A clip that is not there\n"
    ),
    "test/7fmOlUlwoNg.wav": "",
    "test/Y6BJ455B1aAs.wav": "",
    "test/-oR4mHh9vX8_130.flac": "",
    "test/103552.wav": "",
    "test/ZsTZ7jqbd9M_10_20.mp4": "",
}

CLOTHO: Tree = {
    "clotho_captions_evaluation.csv": (
        "file_name,caption_1,caption_2,caption_3,caption_4,caption_5\n"
        'Santa Motor.wav,A machine whines,A person uses a tool,"A tool, turning",A saw,A drill\n'
        "Radio Garble.wav,A radio dispatcher,A radio with static,A voice,Static,A man speaks\n"
    ),
    "evaluation/Santa Motor.wav": "",
    "evaluation/Radio Garble.wav": "",
}

MSRVTT: Tree = {
    "MSRVTT_JSFUSION_test.csv": (
        "key,vid_key,video_id,sentence\n"
        "ret0,msr9770,video9770,a person is connecting something to system\n"
        "ret1,msr9771,video9771,a little girl does gymnastics\n"
    ),
    "MSRVTT_Videos/video9770.mp4": "",
    "MSRVTT_Videos/video9771.mp4": "",
}

MSVD_CLIPS: Tree = {
    "test_list.txt": "mv89psg6zh4_33_46\nmv89psg6zh4_60_66\n_O9kWD8nuRU_45_49\n",
    "YouTubeClips/mv89psg6zh4_33_46.avi": "",
    "YouTubeClips/mv89psg6zh4_60_66.avi": "",
    "YouTubeClips/_O9kWD8nuRU_45_49.avi": "",
}

MSVD: Tree = {
    "AllVideoDescriptions.txt": (
        "# All descriptions in English\n"
        "\n"
        "-4wsuPCjDBc_5_15 a squirrel is eating a peanut\n"
        "mv89psg6zh4_33_46 A bird is bathing in a sink.\n"
        "mv89psg6zh4_33_46 A bird is bathing in a sink.\n"
        "mv89psg6zh4_60_66 A faucet is running.\n"
        "_O9kWD8nuRU_45_49 Two men are talking.\n"
    ),
    **MSVD_CLIPS,
}

MSVD_CSV: Tree = {
    "MSR Video Description Corpus.csv": (
        "VideoID,Start,End,WorkerID,Source,AnnotationTime,Language,Description\n"
        "mv89psg6zh4,33,46,588702,unverified,55,Slovene,Papagaj se umiva\n"
        "mv89psg6zh4,33,46,362812,clean,120,English,A bird in a sink\n"
        'mv89psg6zh4,33,46,968828,unverified,110,English,"A bird,\nsplashing"\n'
        "mv89psg6zh4,60,66,203142,clean,33,English,\n"
        "_O9kWD8nuRU,45,49,203142,clean,33,English,Two men are talking.\n"
    ),
    **MSVD_CLIPS,
}

TREES: dict[str, tuple[str, Tree]] = {
    "coco": ("coco-karpathy", COCO),
    "flickr-json": ("flickr30k", FLICKR_JSON),
    "flickr-csv": ("flickr30k", FLICKR_CSV),
    "flickr-token": ("flickr30k", FLICKR_TOKEN),
    "flickr-results": ("flickr30k", FLICKR_RESULTS),
    "audiocaps": ("audiocaps", AUDIOCAPS),
    "clotho": ("clotho", CLOTHO),
    "msrvtt": ("msrvtt-1ka", MSRVTT),
    "msvd": ("msvd", MSVD),
    "msvd-csv": ("msvd", MSVD_CSV),
}
"""Name of a layout -> name of the benchmark, and the layout."""


def write(tree: Tree, root: Path, **changed: str | bytes | None) -> Path:
    """Write a layout; None leaves a file out."""
    for name, content in (tree | changed).items():
        if content is not None:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root
