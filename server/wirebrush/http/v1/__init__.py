"""The native routes, one noun a file; each file ends with its part of the route table."""
