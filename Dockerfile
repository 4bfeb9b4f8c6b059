# The single executable, made beside Node and npm, then moved into an image that has neither.
FROM node:24-bookworm-slim AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends binutils \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
# The SQLite addon lies beside the executable, so that a container with a read-only root needs no folder to unpack it into.
RUN npm run build:exe \
 && mkdir -p /image/opt/midwatch /image/usr/local/bin \
 && cp dist/midwatch LICENSE /image/opt/midwatch/ \
 && cp "dist/assets/sqlite/linux-$(node --print process.arch).node" /image/opt/midwatch/better_sqlite3.node \
 && ln -s /opt/midwatch/midwatch /image/usr/local/bin/midwatch

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="midwatch" \
      org.opencontainers.image.description="The night watch for small teams: probes, metrics, audit, alerts and SLOs in one process and one SQLite file" \
      org.opencontainers.image.licenses="Apache-2.0"
# ping is what the icmp check asks with. It may take the capability when the container has it; were it to need it, as
# Debian has it, ping could not even start in a container that dropped it, although most engines let it ask without.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends iputils-ping libcap2-bin \
 && rm -rf /var/lib/apt/lists/* \
 && setcap cap_net_raw=p /bin/ping \
 && groupadd --gid 10001 midwatch \
 && useradd --uid 10001 --gid midwatch --no-create-home --home-dir /data --shell /usr/sbin/nologin midwatch \
 && install --directory --owner midwatch --group midwatch --mode 0750 /data \
 && install --directory /etc/midwatch
COPY --from=build /image /
# A config is read when there is one: midwatch.yml of the working folder.
WORKDIR /etc/midwatch
# The last two are for the C library: memory that is free goes back to the system rather than being kept for each thread.
ENV MIDWATCH_LISTEN=0.0.0.0:8420 \
    MIDWATCH_DATA=/data \
    MALLOC_ARENA_MAX=2 \
    MALLOC_MMAP_THRESHOLD_=131072
USER 10001:10001
VOLUME /data
EXPOSE 8420
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=20s --retries=3 CMD ["midwatch", "healthcheck"]
ENTRYPOINT ["midwatch"]
CMD ["run"]
