"""Long work requested on a page: a queue of rows (`queue`), each done by a separate process.

`order` is what such a process is given and how it speaks; `python -m central.jobs` is its program; `child` is the server's
hold on it; `kinds` says what work there is.
"""
