"""Client messages become tickets. Everything but `service` is pure: text in, values out."""
