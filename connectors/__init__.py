"""The outside world, one small file per provider.

A connector is sans-IO: it turns our words into a `core.http.HttpRequest` and the provider's answer (an
`HttpResponse`, or an `HttpFailure` that says whether the request had left) into ours. It opens no
connection, reads no clock, no environment and no database, knows no model and no service. So it is tested
with bytes, and one transport serves all: `core.http.send` in pages and jobs, `core.http_async` in the sender.

    connector = connectors.whatsapp.connector(instance.connector)
    request = connector.send_text(account, to, text)     # prepare; commit here; then send
    outcome = connector.read_send(answer)                # Sent | Refused | Unclear

How to write one for WhatsApp (an hour; `whatsapp/mega_api.py` is the model):

1. Copy the method list of `whatsapp.base.WhatsAppConnector`. Build requests with `base.json_body`, quote
   every part that goes into a path, take time-outs from the provider's habits. What the provider lacks
   raises `NotOffered`, and `info` says so beforehand; `base.Gateway` says it for every unofficial one. Reading
   webhooks is a second idea and gets a file of its own (`evolution_webhook.py`).
2. Write two tables: HTTP status -> `RefusalCode`, provider's error code (or words) -> `RefusalCode`.
   `base.refuse(code)` adds what follows from it: `permanent`, `pauses_instance`, the Portuguese sentence.
3. `read_send` answers one of three, and the middle way is the safe one:
   `Sent` - there is a message id (or the provider is known to accept without one);
   `Refused` - surely not taken: a 4xx, an error body, or `HttpFailure` of kind `not_sent`;
   `Unclear` - everything else: time-out, reset, 5xx, 200 without an id, a body that isn't JSON.
   An answer that contradicts itself is `Unclear`: a message lost in doubt is shown to a person, a
   message sent twice can't be taken back.
4. `verify_webhook` compares in constant time, over the raw bytes; `read_webhook` yields only what we act
   upon and never raises. Read with `connectors.reading`, which turns everything malformed into emptiness.
   Baileys' shapes (Mega, Evolution, WAHA NOWEB) are read by `whatsapp/baileys.py`.
5. Put it into `whatsapp/registry.py` and its tests into `tests/connectors/`: one from bytes per table row. The
   fuzz tests of `test_never_raises.py` run over every registered connector by themselves, and so do the round
   trips of `test_round_trips.py` once the sandbox speaks its dialect. Its row in `docs/connectors.md` comes last.

Facts about providers that no vendor confirmed are marked in the file that relies on them.
"""
