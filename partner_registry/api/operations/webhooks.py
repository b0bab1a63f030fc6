"""Addresses that are told of events: for administrators of the registry."""

from partner_registry.api.operation import Operation

ENDPOINT, DELIVERY = "webhooks:ENDPOINT", "webhooks:DELIVERY"
MAY = ("webhook.edit",)

WEBHOOKS = (
    Operation(
        method="GET",
        path="/webhooks",
        summary="List the addresses that are told of events",
        handler="webhooks:endpoints",
        query="webhooks:Endpoints",
        answer="webhooks:EndpointTold",
        listed=True,
        may=MAY,
    ),
    Operation(
        method="POST",
        path="/webhooks",
        summary="Have an address told of events; the secret that signs is told this once",
        handler="webhooks:subscribe",
        creates=ENDPOINT,
        body="webhooks:NewEndpoint",
        answer="webhooks:EndpointAndSecret",
        may=MAY,
    ),
    Operation(method="GET", path="/webhooks/{endpoint}", summary="Show such an address", on=ENDPOINT, may=MAY),
    Operation(
        method="POST",
        path="/webhooks/{endpoint}/disable",
        summary="Tell an address nothing more",
        handler="webhooks:disable",
        on=ENDPOINT,
        body="base:Motivated",
        may=MAY,
    ),
    Operation(
        method="POST",
        path="/webhooks/{endpoint}/enable",
        summary="Tell an address again; what waited is sent",
        handler="webhooks:enable",
        on=ENDPOINT,
        may=MAY,
    ),
    Operation(
        method="GET",
        path="/webhooks/{endpoint}/deliveries",
        summary="List what an address was told, newest first",
        handler="webhooks:deliveries",
        on=ENDPOINT,
        query="webhooks:Deliveries",
        answer="webhooks:DeliveryTold",
        listed=True,
        may=MAY,
    ),
    Operation(
        method="GET",
        path="/webhooks/{endpoint}/deliveries/{delivery}",
        summary="Show what an address was told, and how that went",
        on=DELIVERY,
        may=MAY,
    ),
    Operation(
        method="POST",
        path="/webhooks/{endpoint}/deliveries/{delivery}/replays",
        summary="Send a message once more, under the same event identifier",
        handler="webhooks:replay",
        on=DELIVERY,
        creates=DELIVERY,
        may=MAY,
    ),
)
