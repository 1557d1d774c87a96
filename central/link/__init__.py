"""The link to the terminals: the connection to the broker, and the rows that wait to be sent."""
