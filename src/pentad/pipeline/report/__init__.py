"""`report`: a run on disk becomes one page, with pictures of its media."""
