"""The lab asks the model questions: trials of several policies on the same luck, and their paired effects."""
