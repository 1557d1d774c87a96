"""That nothing is lost or changed: verification, copies, rebuilding, a new centre."""
