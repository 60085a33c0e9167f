"""The frame of every page: base templates, style, security headers, and what is said when something goes wrong."""
