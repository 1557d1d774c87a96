"""What somebody is told of outside the pages: alerts, notices, letters, web calls."""
