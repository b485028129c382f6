"""Events in over HTTP, in the form of Segment's tracking API (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/),
whose libraries deliver here unchanged."""

from app.segment.endpoint import segment_routes

__all__ = ["segment_routes"]
