"""Reports at every level: self-evaluation, school, city, rectification."""
