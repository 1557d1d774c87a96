"""Long work that somebody asked for on a page: the table's rows in turn (`queue`), each done by a process of its own.

`order` is what such a process is given and how it speaks; `python -m central.jobs` is its program; `child` is the server's
hold on it; `kinds` says what work there is.
"""
