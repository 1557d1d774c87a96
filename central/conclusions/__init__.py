"""What is handed out of the centre as evidence: dossiers that others can check without us."""
