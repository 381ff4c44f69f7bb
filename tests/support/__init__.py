"""What tests share: real services, a world of tenants, the page client that lints what it fetches."""
