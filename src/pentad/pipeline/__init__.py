"""The whole chain from files to a searchable model, and the generated world it can be tried on."""
