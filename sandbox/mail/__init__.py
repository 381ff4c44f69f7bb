"""The mailbox that catches every e-mail of the app."""
