"""Find which values of uncertain parameters figures do not rule out: history matching by waves of any simulator."""
