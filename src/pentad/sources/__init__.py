"""Readers that turn folders, tables and data sets into listings: one row per file and caption.

Nothing is decoded. What a source is, is told from what is there, or asked for by name; see
`pentad.sources.layouts.Layout` for the names.

*Neutral layout*: ``DIR/<modality>/captions.csv`` (or ``.jsonl``, ``.parquet``) with the columns
``file_name`` and ``caption``, and if wanted ``concept``, ``source_dataset``, ``dataset_license``.
The files lie in ``files/`` or beside the table; files that no row names are left out.
``DIR/text/captions.csv`` holds captions that belong to no file.

*Plain folder*: media files, nested as they may be, each with its captions in a ``.txt`` file of the
same name, one a line. A file without captions is an item that can be found but does not search.

*Table*: one CSV, JSON Lines or Parquet file beside the media, with the columns above and, unless
the modality is given or the extensions tell it, ``modality``. With ``start_time`` and ``end_time``
a row is about a part of a sound or video. A table of addresses, with a column ``url``, is fetched
first.

*Containers*: tars of WebDataset samples, Parquet and Arrow files of Hugging Face data sets. Their
members and cells are items under virtual paths, see `pentad.store.places`.

*Published layouts*: ESC-50, FSD50K, COCO captions, the metadata of clip-retrieval; E-MM1 has
readers of its own in `pentad.sources.emm1`.

A row that cannot be used is refused with its line, column and reason, and the others go on.
"""
