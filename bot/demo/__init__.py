"""`deskbot demo`: invented clients and agents play a morning of a desk at a faster clock, through the real code."""
