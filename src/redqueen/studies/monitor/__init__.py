"""Monitor goals: where a region stands against its forecast, what holds it back, and what to change."""
