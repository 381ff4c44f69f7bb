# syntax=docker/dockerfile:1
# Front-end assets: the few files that core/assets.py copies out of the locked npm packages.
FROM node:24-slim AS assets
RUN apt-get update && apt-get install --yes --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY core/__init__.py core/assets.py core/
COPY static static
RUN python3 -m core.assets

# The pinned packages, checked against their hashes, in an environment of their own.
FROM python:3.11-slim AS packages
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

FROM python:3.11-slim
RUN useradd --system --create-home --uid 10001 leads
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LEADS_HOME=/data PORT=8000
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
COPY --from=assets /app/static/vendor static/vendor
RUN python -m core.i18n compile && install -d -o leads -g leads /data
USER leads
VOLUME /data
EXPOSE 8000
CMD ["sh", "-c", "exec gunicorn app:app --bind 0.0.0.0:$PORT"]
