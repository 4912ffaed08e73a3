"""Run the notebooks as reports (guard, engine, batch, journal) and render what they show (html, index)."""
