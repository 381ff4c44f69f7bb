"""The shop's pages: buy, see the purchases, press the other events. The same addresses take JSON for
tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.commerce.hotmart_events import ACTIONS, other_offers
from sandbox.commerce.purchases import OFFERS, Purchase
from sandbox.pages.render import is_json, json_error, read_fields, render

if TYPE_CHECKING:
    from sandbox.commerce.hotmart import Hotmart


ORDER_FIELDS = ("offer", "name", "email", "phone")


def _result(purchase: Purchase) -> dict[str, Any]:
    return {
        "event": purchase.last_event,
        "http_status": purchase.last_http_status,
        "error": purchase.last_error,
        "purchase": {key: value for key, value in purchase.as_json().items() if key != "last_event"},
    }


class ShopPages:
    """Thin handlers around the dialect."""

    def __init__(self, hotmart: Hotmart) -> None:
        self.hotmart = hotmart

    async def offers(self, request: web.Request) -> web.Response:
        """What is sold."""
        return self._offers(request, dict.fromkeys(ORDER_FIELDS, ""))

    async def buy(self, request: web.Request) -> web.Response:
        """Buy (form or JSON `{offer, name, email, phone}`)."""
        fields = await read_fields(request)
        order = {name: str(fields.get(name) or "") for name in ORDER_FIELDS}
        try:
            purchase = await self.hotmart.buy(**order)
        except ValueError as error:
            if is_json(request):
                return json_error("bad_order", str(error))
            return self._offers(request, order, error=str(error))
        if is_json(request):
            return web.json_response(_result(purchase))
        return render(request, "bought.html", purchase=purchase, webhook_url=self.hotmart.webhook_url)

    async def purchases(self, request: web.Request) -> web.Response:
        """Every purchase, newest first, with its buttons."""
        return render(
            request,
            "purchases.html",
            purchases=list(reversed(self.hotmart.purchases)),
            actions={action: label for action, (label, _) in ACTIONS.items()},
            other_offers=other_offers,
            webhook_url=self.hotmart.webhook_url,
        )

    async def act(self, request: web.Request) -> web.Response:
        """Press a button (form, or JSON `{offer}` for a change of plan)."""
        fields = await read_fields(request)
        try:
            purchase = self.hotmart.find(int(request.match_info["number"]))
            await self.hotmart.act(purchase, request.match_info["action"], offer=str(fields.get("offer") or ""))
        except ValueError as error:
            if is_json(request):
                return json_error("bad_action", str(error))
            raise web.HTTPBadRequest(text=str(error)) from None
        if is_json(request):
            return web.json_response(_result(purchase))
        raise web.HTTPSeeOther(f"/sandbox/shop/purchases#compra-{purchase.id}")

    def _offers(self, request: web.Request, order: dict[str, str], *, error: str = "") -> web.Response:
        return render(
            request,
            "shop.html",
            offers=OFFERS.values(),
            order=order,
            error=error,
            webhook_url=self.hotmart.webhook_url,
            status=400 if error else 200,
        )


def pages(hotmart: Hotmart) -> list[web.RouteDef]:
    """Routes below `/sandbox`."""
    shop = ShopPages(hotmart)
    return [
        web.get("/shop", shop.offers),
        web.post("/shop/buy", shop.buy),
        web.get("/shop/purchases", shop.purchases),
        web.post(r"/shop/purchases/{number:\d{1,9}}/{action}", shop.act),
    ]
