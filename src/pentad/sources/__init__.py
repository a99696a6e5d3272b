"""Readers that turn folders and tables into listings: one row per file and caption.

Three layouts are read; nothing is decoded.

*Neutral layout*: ``DIR/<modality>/captions.csv`` (or ``.jsonl``, ``.parquet``) with the columns
``file_name`` and ``caption``, and if wanted ``concept``, ``source_dataset``, ``dataset_license``.
The files lie in ``files/`` or beside the table; files that no row names are left out.
``DIR/text/captions.csv`` holds captions that belong to no file.

*Plain folder*: media files, nested as they may be, each with its captions in a ``.txt`` file of the
same name, one a line. A file without captions is an item that can be found but does not search.

*Table*: one CSV, JSON Lines or Parquet file beside the media, with the columns above and, unless
the modality is given or the extensions tell it, ``modality``.

A row that cannot be used is refused with its line, column and reason, and the others go on.
"""
