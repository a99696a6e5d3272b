"""The published E-MM1 data set in every shape it is found in: tables to groups, triplets, items."""
