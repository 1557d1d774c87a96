"""The interface for other programs: employers' systems and gates. Versioned, described by OpenAPI, without medical values."""
