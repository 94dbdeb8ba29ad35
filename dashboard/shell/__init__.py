"""The frame around the pages: rail, top bar, routing, live jobs, forms of jobs."""
