"""One file a policy, for any region of any world."""
