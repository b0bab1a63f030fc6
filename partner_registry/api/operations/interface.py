"""The interface itself."""

from partner_registry.api.operation import Operation

INTERFACE = (
    Operation(
        method="GET",
        path="/openapi.json",
        summary="Describe this interface (OpenAPI 3.1)",
        handler="interface:describe",
        public=True,
    ),
    Operation(
        method="GET",
        path="/problems/{problem}",
        summary="Explain a type of problem",
        handler="interface:explain",
        answer="problems:KindTold",
        public=True,
    ),
    Operation(
        method="GET",
        path="/me",
        summary="Say whom the token stands for, and what they may do",
        handler="interface:me",
        answer="problems:Me",
    ),
)
