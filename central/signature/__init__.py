"""The medic's signature: providers that hold keys, and the memory in which an unlocked key lives for a while."""
