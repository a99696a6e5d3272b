"""What may stay in a data set: for now the policy of licenses."""
