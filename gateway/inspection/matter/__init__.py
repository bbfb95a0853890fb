"""Is a text about a private person or a confidential matter? A small linear model that says what made it think so."""
