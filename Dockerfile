# An always-on node for a room whose members are often offline:
#
#   docker build -t rumormill .
#   docker run -d --name rumormill --network host -v rumormill:/home/rumormill rumormill
#   docker exec -it rumormill rumormill join TICKET
#
# With the host's network, peers on the LAN find the node, and the page and the API are reachable at 127.0.0.1 of the
# host only.
FROM rust:1-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin rumormill

FROM debian:bookworm-slim
RUN useradd --create-home --uid 10001 --shell /usr/sbin/nologin rumormill \
 && install -d -m 700 -o rumormill -g rumormill /home/rumormill/home
COPY --from=build /src/target/release/rumormill /usr/local/bin/rumormill
USER rumormill
ENV RUMORMILL_HOME=/home/rumormill/home
VOLUME /home/rumormill
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=10s CMD ["rumormill", "rooms"]
ENTRYPOINT ["rumormill"]
CMD ["serve"]
