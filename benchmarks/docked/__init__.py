"""The docked model: one small law of firms, imitation, markets and exit, written in redqueen's technology and in others."""
