"""Say why a policy has the effect that it has: which assumptions it hangs on, which turn its sign, and where it holds."""
