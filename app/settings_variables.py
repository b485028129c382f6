"""By which variable of the environment each setting is set, and how its text is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from app import settings_values as reading
from resolvers.scopes import SCOPES

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""That tokens may be signed by: those with a public key. With a shared one whoever reads tokens could write them."""

TrustedMode = Literal["off", "prefer", "strict"]

VARIABLES: Mapping[str, tuple[str, Callable[[str], Any]]] = MappingProxyType(
    {
        "neo4j_uri": ("NEO4J_URI", reading.address("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")),
        "neo4j_user": ("NEO4J_USER", str),
        "neo4j_password": ("NEO4J_PASSWORD", str),
        "neo4j_database": ("NEO4J_DATABASE", str),
        "redis_url": ("REDIS_URL", reading.address("redis", "rediss")),
        "host": ("C360_HOST", str),
        "port": ("C360_PORT", reading.port),
        "home": ("C360_HOME", Path),
        "cache_home": ("C360_CACHE_HOME", Path),
        "maven_mirror": ("C360_MAVEN_MIRROR", reading.address("http", "https")),
        "java_home": ("JAVA_HOME", Path),
        "local_bolt_port": ("C360_LOCAL_BOLT_PORT", reading.port),
        "local_redis_port": ("C360_LOCAL_REDIS_PORT", reading.port),
        "neo4j_heap": ("C360_NEO4J_HEAP", reading.memory),
        "neo4j_page_cache": ("C360_NEO4J_PAGE_CACHE", reading.memory),
        "neo4j_transaction_memory": ("C360_NEO4J_TRANSACTION_MEMORY", reading.memory),
        "neo4j_transaction_timeout_seconds": ("C360_NEO4J_TRANSACTION_TIMEOUT_SECONDS", reading.seconds),
        "request_timeout_seconds": ("C360_REQUEST_TIMEOUT_SECONDS", reading.seconds),
        "redis_timeout_ms": ("C360_REDIS_TIMEOUT_MS", reading.whole(1, 10_000)),
        "cache_ttl_seconds": ("C360_CACHE_TTL_SECONDS", reading.whole(1, 604_800)),
        "cache_admission": ("C360_CACHE_ADMISSION", reading.one_of("first", "second")),
        "reporting_currency": ("C360_REPORTING_CURRENCY", reading.currency),
        "currency_rates": ("C360_CURRENCY_RATES", reading.rates),
        "cart_abandoned_after_minutes": ("C360_CART_ABANDONED_AFTER_MINUTES", reading.whole(1, 525_600)),
        "identity_rules": ("C360_IDENTITY_RULES", Path),
        "referral_qualifying_days": ("C360_REFERRAL_QUALIFYING_DAYS", reading.whole(1, 3_650)),
        "referral_qualifying_amount": ("C360_REFERRAL_QUALIFYING_AMOUNT", reading.amount),
        "referral_invitation_days": ("C360_REFERRAL_INVITATION_DAYS", reading.whole(1, 3_650)),
        "referral_old_customers": ("C360_REFERRAL_OLD_CUSTOMERS", reading.switch),
        "referral_url": ("C360_REFERRAL_URL", reading.with_code),
        "follow_marks": ("C360_FOLLOW_MARKS", reading.switch),
        "referral_device_traits": ("C360_REFERRAL_DEVICE_TRAITS", reading.names),
        "referral_payment_traits": ("C360_REFERRAL_PAYMENT_TRAITS", reading.names),
        "referral_burst": ("C360_REFERRAL_BURST", reading.whole(0, 200)),
        "referral_burst_minutes": ("C360_REFERRAL_BURST_MINUTES", reading.whole(1, 1_440)),
        "write_queue": ("C360_WRITE_QUEUE", reading.whole(1, 1_000_000)),
        "group_commit": ("C360_GROUP_COMMIT", reading.switch),
        "idempotency_hours": ("C360_IDEMPOTENCY_HOURS", reading.whole(1, 8_760)),
        "anonymous_scopes": ("C360_ANONYMOUS_SCOPES", reading.some_of(*SCOPES)),
        "reads_by_get": ("C360_GET", reading.switch),
        "origins": ("C360_ORIGINS", reading.origins),
        "websocket_idle_seconds": ("C360_WEBSOCKET_IDLE_SECONDS", reading.whole(1, 86_400)),
        "purpose_required": ("C360_PURPOSE_REQUIRED", reading.switch),
        "audit": ("C360_AUDIT", reading.switch),
        "audit_folder": ("C360_AUDIT_FOLDER", Path),
        "audit_days": ("C360_AUDIT_DAYS", reading.whole(1, 36_500)),
        "jwt_issuer": ("C360_JWT_ISSUER", str),
        "jwt_audience": ("C360_JWT_AUDIENCE", str),
        "jwt_jwks": ("C360_JWT_JWKS", reading.key_set),
        "jwt_algorithms": ("C360_JWT_ALGORITHMS", reading.some_of(*ALGORITHMS)),
        "jwt_leeway_seconds": ("C360_JWT_LEEWAY_SECONDS", reading.whole(0, 300)),
        "jwt_customer_identifier": ("C360_JWT_CUSTOMER_IDENTIFIER", str),
        "cursor_secret": ("C360_CURSOR_SECRET", reading.secret),
        "limit_tokens": ("C360_LIMIT_TOKENS", reading.whole(10, 100_000)),
        "limit_depth": ("C360_LIMIT_DEPTH", reading.whole(1, 100)),
        "limit_aliases": ("C360_LIMIT_ALIASES", reading.whole(0, 10_000)),
        "limit_alias": ("C360_LIMIT_ALIAS", reading.whole(1, 10_000)),
        "limit_root_fields": ("C360_LIMIT_ROOT_FIELDS", reading.whole(1, 1_000)),
        "limit_directives": ("C360_LIMIT_DIRECTIVES", reading.whole(0, 10_000)),
        "limit_selections": ("C360_LIMIT_SELECTIONS", reading.whole(1, 100_000)),
        "limit_repeats": ("C360_LIMIT_REPEATS", reading.whole(1, 100_000)),
        "limit_introspection_depth": ("C360_LIMIT_INTROSPECTION_DEPTH", reading.whole(0, 100)),
        "limit_introspection_selections": ("C360_LIMIT_INTROSPECTION_SELECTIONS", reading.whole(1, 100_000)),
        "limit_introspection_fields": ("C360_LIMIT_INTROSPECTION_FIELDS", reading.whole(1, 10_000_000)),
        "limit_errors": ("C360_LIMIT_ERRORS", reading.whole(1, 100)),
        "limit_values": ("C360_LIMIT_VALUES", reading.whole(1, 1_000_000)),
        "limit_ids": ("C360_LIMIT_IDS", reading.whole(1, 10_000)),
        "limit_cost": ("C360_LIMIT_COST", reading.whole(1, 10_000_000)),
        "limit_cost_mode": ("C360_LIMIT_COST_MODE", reading.one_of("off", "measure", "enforce")),
        "limit_body": ("C360_LIMIT_BODY", reading.whole(1_000, 32_000_000)),
        "limit_events_body": ("C360_LIMIT_EVENTS_BODY", reading.whole(1_000, 32_000_000)),
        "limit_answer": ("C360_LIMIT_ANSWER", reading.whole(10_000, 1_000_000_000)),
        "limit_kept": ("C360_LIMIT_KEPT", reading.whole(1_000, 100_000_000)),
        "limit_rate": ("C360_LIMIT_RATE", reading.whole(0, 1_000_000_000)),
        "limit_burst": ("C360_LIMIT_BURST", reading.whole(100, 1_000_000_000)),
        "limit_waiting": ("C360_LIMIT_WAITING", reading.whole(1, 10_000)),
        "plans": ("C360_PLANS", reading.switch),
        "persisted": ("C360_PERSISTED", reading.switch),
        "persisted_kb": ("C360_PERSISTED_KB", reading.whole(1, 1_048_576)),
        "persisted_ttl_seconds": ("C360_PERSISTED_TTL_SECONDS", reading.whole(1, 31_536_000)),
        "trusted_documents": ("C360_TRUSTED_DOCUMENTS", reading.one_of(*get_args(TrustedMode))),
        "trusted_manifest": ("C360_TRUSTED_MANIFEST", Path),
        "graphiql": ("C360_GRAPHIQL", reading.switch),
        "metrics": ("C360_METRICS", reading.switch),
        "metrics_port": ("C360_METRICS_PORT", reading.port),
        "log_format": ("C360_LOG_FORMAT", reading.one_of("json", "text", "auto")),
        "log_level": ("C360_LOG_LEVEL", reading.one_of("debug", "info", "warning", "error")),
        "log_requests": ("C360_LOG_REQUESTS", reading.switch),
        "otlp_endpoint": ("OTEL_EXPORTER_OTLP_ENDPOINT", reading.address("http", "https")),
        "traces_exporter": ("OTEL_TRACES_EXPORTER", reading.one_of("otlp", "console", "none")),
    }
)
"""The fields of app.settings.Settings."""
