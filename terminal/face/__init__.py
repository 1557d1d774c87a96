"""Faces: detection, quality, comparison. Off but for presence unless the law's conditions are configured."""
