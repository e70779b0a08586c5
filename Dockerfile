FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cogs cogs
COPY config config
RUN python -m venv /app \
    && /app/bin/pip install --no-cache-dir --constraint config/constraints.txt .

FROM python:3.12-slim
RUN useradd --create-home --uid 1000 paperwire \
    && mkdir /data && chown paperwire /data
COPY --from=build /app /app
USER paperwire
ENV PATH=/app/bin:$PATH \
    PAPERWIRE_DATABASE=/data/paperwire.sqlite \
    PYTHONUNBUFFERED=1
VOLUME /data
WORKDIR /data
HEALTHCHECK --interval=60s --timeout=15s --start-period=60s CMD ["paperwire", "health"]
# SIGTERM: what is being sent is finished, then everything is closed, within ten seconds.
STOPSIGNAL SIGTERM
CMD ["paperwire", "run"]
