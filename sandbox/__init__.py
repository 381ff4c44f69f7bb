"""The offline world: one small server that speaks the providers' dialects, so the product runs with no
account anywhere.

It imports nothing of the house and nothing of the house imports it: it is reached over HTTP and SMTP like any
provider.

A dialect is one class in one file (see `sandbox.dialect.Dialect`), listed once in `sandbox.dialects`. It
names its routes, answers in the provider's own shapes, honours the switches it declares and writes what it
was sent into the ledger. The shared pieces are small files beside it: ledger, misbehaviour, magic numbers,
courier (webhooks), clock.
"""
