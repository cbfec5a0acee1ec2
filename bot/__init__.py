"""deskbot: client messages become tickets, and the promises made about them are kept."""
