"""Approximate search whose recall is measured on the queries it is for: `ApproximateSearch`."""
