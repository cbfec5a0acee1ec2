"""The phone log: calls as lines of a CSV file or as `/call` entries of the staff chat."""
