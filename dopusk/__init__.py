"""The command line and the composition roots: the one package that may import all the others."""
