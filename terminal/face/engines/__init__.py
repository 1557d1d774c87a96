"""Engines: detection, landmarks and embeddings by different networks behind one protocol."""
