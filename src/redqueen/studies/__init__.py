"""Studies answer a user's question with the lab and the indicators, one file a question."""
