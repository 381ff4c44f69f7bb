"""Follow-ups: the sweep that brings people into a campaign's later steps."""

from services.sending.follow_up.arrive import due_walks, follow_up, let_arrive

__all__ = ["due_walks", "follow_up", "let_arrive"]
