"""All requests of the centre to external servers: webhooks, mail, time stamps.

`rules` says which addresses may be asked, `connecting` looks at the address that a name leads to and connects to that very one,
`web` and `mail` carry something out within one term and with bounded memory, whatever the other side does.
"""
