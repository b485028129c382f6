"""Every setting, in one place: the only module that reads the environment.

`docs/settings.md` lists the same settings for operators; a test holds the two, and the compose file, together.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from app.errors import SettingsError
from app.secret_files import keep_secret
from app.settings_variables import VARIABLES, TrustedMode
from resolvers.guard import Limits

LIMITS = Limits()
"""How large a GraphQL request may be where nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the process can be told from outside. Units and defaults stand with each field."""

    neo4j_uri: str | None = None
    """NEO4J_URI: Bolt or neo4j address. Default: none, which means the local stack of `c360 up`."""

    neo4j_user: str = "neo4j"
    """NEO4J_USER: user name. Default: neo4j."""

    neo4j_password: str = field(default="", repr=False)
    """NEO4J_PASSWORD: that user's password. Default: empty; the local stack makes its own."""

    neo4j_database: str = "neo4j"
    """NEO4J_DATABASE: database name. Default: neo4j."""

    redis_url: str | None = field(default=None, repr=False)
    """REDIS_URL: redis:// or rediss:// address with its password. Default: none, which means the local stack."""

    host: str = "127.0.0.1"
    """C360_HOST: address that `c360 serve` listens on. Default: 127.0.0.1, this machine only."""

    port: int = 8000
    """C360_PORT: port that `c360 serve` listens on. Default: 8000."""

    home: Path = Path(".c360")
    """C360_HOME: folder of the local stack's data, secrets and logs. Default: .c360 in the working directory."""

    cache_home: Path = field(default_factory=lambda: _cache_home(os.environ))
    """C360_CACHE_HOME: folder of fetched jars. Default: customer360 under XDG_CACHE_HOME, else under ~/.cache."""

    maven_mirror: str | None = field(default=None, repr=False)
    """C360_MAVEN_MIRROR: address of a Maven repository to fetch jars from. Default: none, Maven's own."""

    java_home: Path | None = None
    """JAVA_HOME: folder of a Java 17 or 21 for the local Neo4j. Default: `java` on the PATH, else the one installed
    with the requirements."""

    local_bolt_port: int = 17687
    """C360_LOCAL_BOLT_PORT: port of the local Neo4j. Default: 17687, not the usual 7687."""

    local_redis_port: int = 16379
    """C360_LOCAL_REDIS_PORT: port of the local Redis. Default: 16379, not the usual 6379."""

    neo4j_heap: str = "768m"
    """C360_NEO4J_HEAP: heap of the local Neo4j, with k, m or g. Default: 768m."""

    neo4j_page_cache: str = "256m"
    """C360_NEO4J_PAGE_CACHE: page cache of the local Neo4j, with k, m or g. Default: 256m."""

    neo4j_transaction_memory: str = "384m"
    """C360_NEO4J_TRANSACTION_MEMORY: of the heap, for one transaction of the local Neo4j, with k, m or g. Default: 384m."""

    neo4j_transaction_timeout_seconds: float = 2.0
    """C360_NEO4J_TRANSACTION_TIMEOUT_SECONDS: whole seconds before a read of Neo4j is ended, there and here. Default: 2."""

    request_timeout_seconds: float = 5.0
    """C360_REQUEST_TIMEOUT_SECONDS: whole seconds before a GraphQL request is given up, or any that is not here. Default: 5."""

    redis_timeout_ms: int = 50
    """C360_REDIS_TIMEOUT_MS: milliseconds the cache may take before it is passed by. Default: 50."""

    cache_ttl_seconds: int = 3600
    """C360_CACHE_TTL_SECONDS: seconds a profile stays in the cache. Default: 3600."""

    cache_admission: str = "second"
    """C360_CACHE_ADMISSION: first or second: the miss of a customer within a minute or two from which on its profile is cached.
    Default: second."""

    reporting_currency: str = "USD"
    """C360_REPORTING_CURRENCY: ISO 4217 code that values are summed in. Default: USD."""

    currency_rates: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    """C360_CURRENCY_RATES: units of the reporting currency for one unit of each other, as EUR=1.08,JPY=0.0067.
    Default: none; an amount without a rate is kept and shown, but not summed."""

    cart_abandoned_after_minutes: int = 60
    """C360_CART_ABANDONED_AFTER_MINUTES: minutes without a change after which an open cart counts as abandoned.
    Default: 60."""

    identity_rules: Path | None = None
    """C360_IDENTITY_RULES: a TOML file with the rules of who is one person: limits, strengths, values that name nobody.
    Default: those of graph/identity/rules.toml."""

    referral_qualifying_days: int = 90
    """C360_REFERRAL_QUALIFYING_DAYS: days from the acceptance of an invitation within which the friend's purchase qualifies the
    referral. Default: 90."""

    referral_qualifying_amount: Decimal = Decimal(0)
    """C360_REFERRAL_QUALIFYING_AMOUNT: what that purchase must come to, in the reporting currency. Default: 0, any purchase."""

    referral_invitation_days: int | None = None
    """C360_REFERRAL_INVITATION_DAYS: days for which an invitation that is made from now on can be accepted. Default: for ever."""

    referral_old_customers: bool = False
    """C360_REFERRAL_OLD_CUSTOMERS: whether `acceptReferral` takes friends who have bought something before. Default: false."""

    referral_url: str | None = None
    """C360_REFERRAL_URL: where friends go with a code, such as https://shop.example/r/{code}. Default: codes have no url."""

    follow_marks: bool = True
    """C360_FOLLOW_MARKS: whether this process works off what writes have left to be done: totals of networks, and looks at
    suspicious referrals. One at least has to. Default: true."""

    referral_device_traits: tuple[str, ...] = ("deviceId", "deviceFingerprint")
    """C360_REFERRAL_DEVICE_TRAITS: traits that advocate and friend must not share, for they tell of one device; separated by
    commas. Default: deviceId,deviceFingerprint."""

    referral_payment_traits: tuple[str, ...] = ("paymentFingerprint", "cardFingerprint")
    """C360_REFERRAL_PAYMENT_TRAITS: the same of traits that tell of one means of payment.
    Default: paymentFingerprint,cardFingerprint."""

    referral_burst: int = 20
    """C360_REFERRAL_BURST: so many friends of one advocate who accept at about the same time are suspicious; 0: no number is.
    Default: 20."""

    referral_burst_minutes: int = 60
    """C360_REFERRAL_BURST_MINUTES: minutes within which they do. Default: 60."""

    write_queue: int = 5_000
    """C360_WRITE_QUEUE: events that may wait to be written; more are turned away with 429 or UNAVAILABLE. Default: 5000."""

    group_commit: bool = True
    """C360_GROUP_COMMIT: whether requests that come at once share a transaction: true or false. Default: true."""

    idempotency_hours: int = 24
    """C360_IDEMPOTENCY_HOURS: hours for which a request with an idempotency key has its first answer again. Default: 24."""

    anonymous_scopes: tuple[str, ...] = ()
    """C360_ANONYMOUS_SCOPES: what whoever comes without a key or token may do, as profile:read,referral:read.
    Default: none; nobody comes in without."""

    reads_by_get: bool = True
    """C360_GET: whether queries may come by GET: true or false. Default: true."""

    origins: tuple[str, ...] = ()
    """C360_ORIGINS: origins of pages that may ask from browsers, besides the service's own, as https://shop.example,https://crm.example.
    Default: none."""

    websocket_idle_seconds: int = 300
    """C360_WEBSOCKET_IDLE_SECONDS: seconds after which a WebSocket is closed that nothing is under way on. Default: 300."""

    purpose_required: bool = False
    """C360_PURPOSE_REQUIRED: whether each GraphQL request has to say its purpose in X-C360-Purpose: true or false.
    Default: false."""

    audit: bool = True
    """C360_AUDIT: whether it is recorded who reads whose data, and who writes what: true or false. Default: true."""

    audit_folder: Path | None = None
    """C360_AUDIT_FOLDER: folder of the audit trail, the same for every process of a machine. Default: `audit` in C360_HOME."""

    audit_days: int = 365
    """C360_AUDIT_DAYS: days after which files of the audit trail are deleted. Default: 365."""

    jwt_issuer: str | None = None
    """C360_JWT_ISSUER: who issues bearer tokens, as their claim iss says. Default: none; there are no tokens, only keys."""

    jwt_audience: str | None = None
    """C360_JWT_AUDIENCE: for whom tokens are, as their claim aud says; wanted with an issuer. Default: none."""

    jwt_jwks: str | None = None
    """C360_JWT_JWKS: https:// address, or file, of the issuer's public keys; wanted with an issuer. Default: none."""

    jwt_algorithms: tuple[str, ...] = ("RS256", "ES256", "EdDSA")
    """C360_JWT_ALGORITHMS: algorithms that tokens may be signed by. Default: RS256,ES256,EdDSA."""

    jwt_leeway_seconds: int = 30
    """C360_JWT_LEEWAY_SECONDS: seconds by which the clocks of issuer and service may differ. Default: 30."""

    jwt_customer_identifier: str | None = None
    """C360_JWT_CUSTOMER_IDENTIFIER: type of the identifier that the subject of a customer's own token is, such as user_id; such a
    token has the scope self. Default: none; customers have none."""

    cursor_secret: bytes = field(default=b"", repr=False)
    """C360_CURSOR_SECRET: key that signs cursors, 16 characters or more, the same for every copy of the service.
    Default: made once and kept in the file `secret` of C360_HOME, readable by its owner only."""

    limit_tokens: int = LIMITS.tokens
    """C360_LIMIT_TOKENS: most tokens of a GraphQL document. Default: 2000."""

    limit_depth: int = LIMITS.depth
    """C360_LIMIT_DEPTH: most levels of fields, root fields and leaves included. Default: 12."""

    limit_aliases: int = LIMITS.aliases
    """C360_LIMIT_ALIASES: most aliases of an operation. Default: 30."""

    limit_alias: int = LIMITS.alias
    """C360_LIMIT_ALIAS: most characters of an alias, which stands in the answer again and again. Default: 100."""

    limit_root_fields: int = LIMITS.root_fields
    """C360_LIMIT_ROOT_FIELDS: most root fields of an operation. Default: 10."""

    limit_directives: int = LIMITS.directives
    """C360_LIMIT_DIRECTIVES: most directives of an operation. Default: 20."""

    limit_selections: int = LIMITS.selections
    """C360_LIMIT_SELECTIONS: most fields and fragments of an operation, with its fragments expanded. Default: 1000."""

    limit_repeats: int = LIMITS.repeats
    """C360_LIMIT_REPEATS: how often a selection set may have the same leaf. Default: 100."""

    limit_introspection_depth: int = LIMITS.introspection_depth
    """C360_LIMIT_INTROSPECTION_DEPTH: most levels of fields in `__schema` and `__type`; 0: none. Default: 20."""

    limit_introspection_selections: int = LIMITS.introspection_selections
    """C360_LIMIT_INTROSPECTION_SELECTIONS: most fields and fragments in them, expanded. Default: 500."""

    limit_introspection_fields: int = LIMITS.introspection_fields
    """C360_LIMIT_INTROSPECTION_FIELDS: most fields of an answer that tells the schema. Default: 50000."""

    limit_errors: int = LIMITS.errors
    """C360_LIMIT_ERRORS: most errors that are told of a wrong document. Default: 5."""

    limit_values: int = LIMITS.values
    """C360_LIMIT_VALUES: most values in the variables of anything but recordEvents. Default: 1000."""

    limit_ids: int = LIMITS.ids
    """C360_LIMIT_IDS: most ids of `nodes`. Default: 50."""

    limit_cost: int = LIMITS.cost
    """C360_LIMIT_COST: most objects that an operation may ask for; docs/graphql.md says how they are counted. Default: 10000."""

    limit_cost_mode: Literal["off", "measure", "enforce"] = LIMITS.cost_mode
    """C360_LIMIT_COST_MODE: off, measure (show what operations cost, and refuse none), or enforce. Default: enforce."""

    limit_body: int = LIMITS.body
    """C360_LIMIT_BODY: most bytes of a GraphQL request. Default: 100000."""

    limit_events_body: int = LIMITS.events_body
    """C360_LIMIT_EVENTS_BODY: most bytes of a GraphQL request that only records events. Default: 1000000."""

    limit_answer: int = LIMITS.answer
    """C360_LIMIT_ANSWER: most bytes of an answer, before it is compressed. Default: 5000000."""

    limit_kept: int = LIMITS.kept
    """C360_LIMIT_KEPT: most tokens of all documents that a process remembers, and of their plans: 600 bytes. Default: 200000."""

    limit_rate: int = 100_000
    """C360_LIMIT_RATE: objects a second that one key, token or customer may ask for, as operations cost them; 0: no limit.
    Default: 100000."""

    limit_burst: int = 1_000_000
    """C360_LIMIT_BURST: objects that one may ask for at once, who asked for few before. Default: 1000000."""

    limit_waiting: int = LIMITS.waiting
    """C360_LIMIT_WAITING: most new documents that wait to be read; more are turned away with OVERLOADED. Default: 100."""

    plans: bool = True
    """C360_PLANS: whether queries are compiled, or all run on graphql-core: true or false. Default: true."""

    persisted: bool = True
    """C360_PERSISTED: whether clients may persist queries by their hashes, Apollo's way: true or false. Default: true."""

    persisted_kb: int = 8_192
    """C360_PERSISTED_KB: kilobytes of persisted queries that a process keeps, the least used go first. Default: 8192."""

    persisted_ttl_seconds: int = 86_400
    """C360_PERSISTED_TTL_SECONDS: seconds that Redis keeps a persisted query nobody asks for. Default: 86400."""

    trusted_documents: TrustedMode = "off"
    """C360_TRUSTED_DOCUMENTS: off; prefer: documents of the manifest are known by their ids; strict: and there are no others.
    Default: off."""

    trusted_manifest: Path | None = None
    """C360_TRUSTED_MANIFEST: file of the trusted documents, as docs/graphql.md describes it. Default: none."""

    graphiql: bool = True
    """C360_GRAPHIQL: whether /graphql shows the explorer to a browser: true or false. Default: true."""

    metrics: bool = True
    """C360_METRICS: whether Prometheus is answered: true or false. Default: true."""

    metrics_port: int | None = None
    """C360_METRICS_PORT: port of C360_HOST that answers GET /metrics, instead of the port of the service.
    Default: none; it is answered beside /graphql, and is to be kept behind the proxy."""

    log_format: Literal["json", "text", "auto"] = "auto"
    """C360_LOG_FORMAT: json, text, or auto, which is text on a terminal and json elsewhere. Default: auto."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """C360_LOG_LEVEL: the least that is logged: debug, info, warning or error. Default: info."""

    log_requests: bool = False
    """C360_LOG_REQUESTS: whether each GraphQL request is a line in the log: true or false. Default: false."""

    otlp_endpoint: str | None = None
    """OTEL_EXPORTER_OTLP_ENDPOINT: address of an OpenTelemetry collector that takes OTLP over HTTP. Default: none."""

    traces_exporter: Literal["otlp", "console", "none"] | None = None
    """OTEL_TRACES_EXPORTER: where spans go: otlp, console or none. Default: otlp where the endpoint above is set, else none."""

    @property
    def traces(self) -> Literal["otlp", "console"] | None:
        """Where spans go, if anywhere."""
        wanted = self.traces_exporter or ("otlp" if self.otlp_endpoint else "none")
        return None if wanted == "none" else wanted

    @property
    def trail(self) -> Path:
        """Where the audit trail is."""
        return self.audit_folder or self.home / "audit"

    @property
    def limits(self) -> Limits:
        """How large a GraphQL request may be."""
        return Limits(
            tokens=self.limit_tokens,
            depth=self.limit_depth,
            aliases=self.limit_aliases,
            root_fields=self.limit_root_fields,
            directives=self.limit_directives,
            selections=self.limit_selections,
            repeats=self.limit_repeats,
            errors=self.limit_errors,
            introspection_depth=self.limit_introspection_depth,
            introspection_selections=self.limit_introspection_selections,
            introspection_fields=self.limit_introspection_fields,
            alias=self.limit_alias,
            values=self.limit_values,
            characters=self.limit_body,
            ids=self.limit_ids,
            cost=self.limit_cost,
            cost_mode=self.limit_cost_mode,
            body=self.limit_body,
            events_body=self.limit_events_body,
            answer=self.limit_answer,
            kept=self.limit_kept,
            waiting=self.limit_waiting,
        )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Settings from environment variables; an empty variable counts as unset.

        Raises SettingsError naming the variable when a value can't be used.
        """
        values: dict[str, Any] = {}
        for name, (variable, read) in VARIABLES.items():
            if text := environ.get(variable, "").strip():
                values[name] = _read(variable, text, read)
        values.setdefault("cache_home", _cache_home(environ))
        if "cursor_secret" not in values:
            values["cursor_secret"] = keep_secret(values.get("home", Path(".c360")) / "secret").encode()
        if "jwt_issuer" in values:
            for name in ("jwt_audience", "jwt_jwks"):
                if name not in values:
                    raise SettingsError(VARIABLES[name][0], "is not set, and C360_JWT_ISSUER is: tokens need both")
        return cls(**values)


def _cache_home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "."), ".cache")) / "customer360"


def _read(variable: str, text: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(text)
    except (ValueError, ArithmeticError) as error:
        raise SettingsError(variable, str(error)) from None
