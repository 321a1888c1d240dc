"""What the demo shop 「山川集」 sells. Everything here was made up for it."""
