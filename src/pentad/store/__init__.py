"""The workspace folder: which columns each file has, atomic writes, records, the writer lock."""
