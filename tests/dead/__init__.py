"""What is written and never used: code, columns of the stores, words of the catalogues. `make check` names it by file and line."""
