"""The versioned wire contract: pure, shared by both sides."""
