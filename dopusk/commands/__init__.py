"""One module per group of commands; `dopusk.cli` puts them together."""
