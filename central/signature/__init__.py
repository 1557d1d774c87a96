"""The medic's signature: providers that hold keys, and the memory that keeps an unlocked key for a limited time."""
