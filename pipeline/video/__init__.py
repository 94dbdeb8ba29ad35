"""Frame-accurate video: reading, proxies, clips, and the timeline that joins the cameras of a recording."""
