"""Find which values of uncertain parameters are not ruled out by figures that a simulator should give: history matching by waves."""
