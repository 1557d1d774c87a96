"""The medic's decision: who may decide, what is signed, what follows from it."""
