"""Who may come in: accounts, second factor, doors that close after wrong secrets."""
