# Two stages: the first installs from the lock file, the second holds Python and the result.
FROM python:3.13-slim AS build

WORKDIR /build
RUN python -m venv /opt/glc
ENV PATH=/opt/glc/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1

# The packages change less often than the code: a layer of their own.
COPY requirements.lock .
RUN pip install --require-hashes -r requirements.lock

# Without isolation, so that the pinned setuptools builds the project; then nothing needs setuptools nor pip.
COPY . .
RUN pip install --no-deps --no-build-isolation . && pip uninstall --yes setuptools pip


FROM python:3.13-slim

RUN useradd --system --create-home --home-dir /srv/glc --uid 8040 glc
COPY --from=build /opt/glc /opt/glc
ENV PATH=/opt/glc/bin:$PATH PYTHONUNBUFFERED=1

# SQLite's file, when no GLC_DATABASE_URL says otherwise, is /srv/glc/var/glc.sqlite3.
USER glc
WORKDIR /srv/glc
EXPOSE 8040

HEALTHCHECK --interval=5s --timeout=5s --start-period=10s CMD ["python", "-c", \
    "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8040, timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]

# Serving does not migrate: several servers may start at once. Run `glc database upgrade` and `glc seed` before.
CMD ["glc", "serve", "--host", "0.0.0.0"]
