"""What a unified space is like: every direction, who comes first in mixed lists, gaps and hubs."""
