"""The workers' door: RQ functions that take ids, open a scope, call one service and commit."""
