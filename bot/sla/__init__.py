"""Service levels: calendars, promises, clocks, nudges; the arithmetic is pure, `service` and `scheduler` are the rim."""
