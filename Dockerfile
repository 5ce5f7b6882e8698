# The steps are those of the README: hash-pinned dependencies, then the package. No torch.
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/modbot modbot
WORKDIR /opt/modbot

COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY modbot modbot
COPY platforms platforms
COPY classifiers classifiers
COPY config config
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation .

USER modbot
WORKDIR /var/lib/modbot
VOLUME /var/lib/modbot
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/livez', timeout=4)"]
CMD ["modbot", "run"]
