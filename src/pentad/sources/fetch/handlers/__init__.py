"""One way of getting files each: a page, a video site, archives, tables, a local folder."""
