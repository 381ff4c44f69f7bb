"""The outside world, sans-IO: our words into an HTTP request, the provider's answer into ours."""
