"""Access to the console: accounts, second factor, locks after wrong secrets."""
