# Countersign in a container: built in one stage, served in another by nobody's user on a read-only root.
#   docker build -t countersign .
#   docker run --read-only --tmpfs /tmp -v countersign:/var/lib/countersign -p 127.0.0.1:8080:8080 countersign
FROM debian:12-slim AS build
WORKDIR /src
COPY tools/setup tools/packages tools/
RUN apt-get update && tools/setup --run && rm -rf /var/lib/apt/lists/*
COPY . .
RUN tools/build && strip --strip-debug build/countersign

FROM debian:12-slim
# the run-time halves of what tools/packages names, and curl for the health check
RUN apt-get update && apt-get install -y --no-install-recommends \
	ca-certificates curl libcairo2 libcrypt1 libcurl4 libevent-core-2.1-7 libevent-openssl-2.1-7 libfontconfig1 \
	libglib2.0-0 libjq1 libpango-1.0-0 libpangocairo-1.0-0 libpangoft2-1.0-0 libpcre2-8-0 libpng16-16 \
	libqrencode4 libseccomp2 libsqlite3-0 libssl3 libyaml-0-2 libzstd1 tzdata zlib1g \
	&& rm -rf /var/lib/apt/lists/* \
	&& useradd --system --uid 10001 --home-dir /var/lib/countersign --shell /usr/sbin/nologin countersign \
	&& install -d -m 700 -o countersign -g countersign /var/lib/countersign
COPY --from=build /src/build/countersign /usr/bin/countersign
USER countersign
WORKDIR /var/lib/countersign
VOLUME /var/lib/countersign
# Port 8080 of the container only: the host's side of -p decides who reaches it.
ENV COUNTERSIGN_DATA=/var/lib/countersign COUNTERSIGN_LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/ready"]
ENTRYPOINT ["/usr/bin/countersign"]
CMD ["serve"]
