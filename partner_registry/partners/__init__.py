"""Partners: communes and the Métropole, under their dated names, with their contacts and legal populations."""
