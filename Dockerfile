# The plain Linux build of torch brings CUDA, 5 GB. For an image without it, name the package index of PyTorch's
# CPU builds: docker build --build-arg TORCH_INDEX=… .
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim AS build
ARG TORCH_INDEX
ENV PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/chromalab
WORKDIR /src
COPY requirements.lock ./
COPY scripts scripts
RUN TORCH_INDEX="${TORCH_INDEX}" scripts/install /opt/chromalab/bin/python requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY models models
COPY static static
COPY templates templates
# Optional parts: openvino runs networks faster; s3 keeps batches in an object storage:
# docker build --build-arg EXTRAS=openvino,s3 .
ARG EXTRAS=openvino
RUN /opt/chromalab/bin/python -m pip install --no-deps . \
    && if [ -n "${EXTRAS}" ]; then \
        /opt/chromalab/bin/python -m pip install --constraint requirements.lock ".[${EXTRAS}]"; \
    fi

FROM python:${PYTHON_VERSION}-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent chromalab \
    && install --directory --owner=chromalab --mode=0700 /data /data/batches /data/jobs
COPY --from=build /opt/chromalab /opt/chromalab
ENV PATH="/opt/chromalab/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    CHROMALAB_HOST=0.0.0.0 \
    CHROMALAB_PORT=8000 \
    CHROMALAB_DATA_DIR=/data \
    CHROMALAB_LOG_FORMAT=json
USER chromalab
VOLUME /data
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['CHROMALAB_PORT']}/healthz\", timeout=4)"]
CMD ["chromalab", "serve"]
