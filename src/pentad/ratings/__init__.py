"""What people say about pairs: judgements settled into triplets."""
