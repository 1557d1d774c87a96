"""The examination as pure functions: `decide(state, event)` gives the next state and the effects to run.

`model` is what is known of an exam, `events` what can happen, `effects` what has to be done about it,
`transitions` the one table of what may follow what, `limits` the rules that suggest, `record` what goes to the centre.
"""
