# One image for worker, gateway, topics, reports and the demo's publisher: `docker build -t salespulse:0.1.0 .`
# The builder has compilers for C and C++, for the core; what runs has none. Both are the same Debian with the same Python at the
# same path: the compiled core is found under a digest of Python and sources, and finds its libraries.

FROM python:3.11.15-bookworm AS builder
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never XDG_CACHE_HOME=/opt/salespulse/cache
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /opt/salespulse
# What changes seldom first: the packages of the lock are a layer of their own.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --group native --no-install-project
COPY LICENSE README.md CHANGELOG.md ./
COPY schemas ./schemas
COPY stream ./stream
COPY native ./native
COPY views ./views
COPY config ./config
COPY agents ./agents
COPY gateway ./gateway
COPY cli ./cli
# `salespulse native` only warns where it can't compile: an image without either part of it must not be built.
RUN uv sync --frozen --no-dev --group native \
    && .venv/bin/salespulse native \
    && .venv/bin/python -c "from config.machine import cache_folder as at; from config.native import core, use; assert core(at()) and use(at())"

FROM python:3.11.15-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin salespulse
COPY --from=builder /opt/salespulse /opt/salespulse
ENV PATH=/opt/salespulse/.venv/bin:$PATH XDG_CACHE_HOME=/opt/salespulse/cache PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    SALESPULSE_HOST=0.0.0.0
USER 10001:10001
WORKDIR /tmp
EXPOSE 8080 9101 9102
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=4 CMD ["salespulse", "health", "gateway"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["salespulse"]
CMD ["gateway"]
