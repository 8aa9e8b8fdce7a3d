"""The app: one process that serves the page, answers it, and runs what takes longer in processes of their own."""
